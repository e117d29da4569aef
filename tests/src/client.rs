//! A client of the program over HTTP, and what it is answered.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;

/// Knows the program's address and, once signed in, a token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// The value of the `Authorization` header.
    authorization: Option<String>,
}

impl Client {
    /// `base` is the program's address without a slash at the end, such as `http://127.0.0.1:8080`.
    pub fn new(base: impl Into<String>) -> Client {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Client {
            http,
            base: base.into(),
            authorization: None,
        }
    }

    /// The program's address, for requests of another kind.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Host and port of the program, for tests that speak to it without HTTP's manners.
    pub fn host(&self) -> &str {
        let rest = self.base.trim_start_matches("http://");
        rest.split('/').next().unwrap_or(rest)
    }

    /// The same client for whom `token` was made.
    pub fn with_token(&self, token: impl Into<String>) -> Client {
        Client {
            authorization: Some(format!("Bearer {}", token.into())),
            ..self.clone()
        }
    }

    /// The token that it has.
    pub fn token(&self) -> &str {
        let header = self.authorization.as_deref().unwrap_or_default();
        header.trim_start_matches("Bearer ")
    }

    /// The same client with nothing but a device's secret.
    pub fn with_device(&self, device: &str, secret: &str) -> Client {
        Client {
            authorization: Some(format!("Device {device}.{secret}")),
            ..self.clone()
        }
    }

    /// The same client before it signed in.
    pub fn anonymous(&self) -> Client {
        Client {
            authorization: None,
            ..self.clone()
        }
    }

    /// The same client, as somebody who turns to the program at another address.
    pub fn moved_to(&self, other: &Client) -> Client {
        Client {
            authorization: self.authorization.clone(),
            ..other.clone()
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
        self.send_bytes(method, path, body).await
    }

    /// Sends a body as it is, with its content type: also one that no JSON writer would make.
    pub async fn send_bytes(&self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let method: Method = method.to_uppercase().parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some((kind, bytes)) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        self.finish(request).await
    }

    /// As [`Client::post`] to a program that may not be there: nothing when no whole answer came.
    pub async fn post_into_the_dark(&self, path: &str, body: &Value) -> Option<Answer> {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        self.try_finish(request).await.ok()
    }

    /// Sends a body under headers of the test's own, whose values may be any bytes that a header can carry.
    pub async fn send_under(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &[u8])],
        body: Vec<u8>,
    ) -> Answer {
        let method: Method = method.to_uppercase().parse().unwrap();
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
        }
        self.finish(request).await
    }

    /// Sends one file as a form's part `file`, with further parts as text.
    pub async fn upload(&self, path: &str, name: &str, bytes: Vec<u8>, parts: &[(&str, &str)]) -> Answer {
        let file = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let mut form = reqwest::multipart::Form::new();
        for (key, value) in parts {
            form = form.text(key.to_string(), value.to_string());
        }
        let form = form.part("file", file);
        self.finish(self.http.post(format!("{}{path}", self.base)).multipart(form))
            .await
    }

    async fn finish(&self, request: reqwest::RequestBuilder) -> Answer {
        self.try_finish(request).await.unwrap()
    }

    async fn try_finish(&self, mut request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let response = request.send().await?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes().await?.to_vec(),
        })
    }
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON, whatever the status.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{}: {}", self.status, self.text()))
    }

    /// The body of a success, `null` where there is none; anything else ends the test and shows the answer.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{}: {}",
            self.status,
            self.text()
        );
        if self.bytes.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// Status and `code` of an error, such as `409 changed_meanwhile`; a success has only its status.
    #[track_caller]
    pub fn code(&self) -> String {
        if self.status < 400 {
            return self.status.to_string();
        }
        let body = self.json();
        let code = body["code"]
            .as_str()
            .unwrap_or_else(|| panic!("{}: {body}", self.status));
        format!("{} {code}", self.status)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
