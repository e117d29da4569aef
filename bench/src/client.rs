//! One connection to the program, and how long each answer took to the last byte.

use crate::Fault;
use flate2::read::GzDecoder;
use reqwest::Method;
use serde_json::Value;
use std::io::Read;
use std::time::{Duration, Instant};

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What came back, still packed.
pub struct Answer {
    pub status: u16,
    /// From sending the request to the last byte of the answer; unpacking and parsing come after.
    pub took: Duration,
    /// Bytes of the body as they came over the line.
    pub wire: usize,
    bytes: Vec<u8>,
    is_gzip: bool,
}

impl Client {
    pub fn new(base: &str) -> Result<Client, Fault> {
        // The bytes on the line are what is counted: nothing unpacks them on the way.
        let http = reqwest::Client::builder().no_proxy().gzip(false).build()?;
        Ok(Client {
            http,
            base: base.to_owned(),
            token: None,
        })
    }

    pub fn with_token(&self, token: &str) -> Client {
        Client {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub async fn get(&self, path: &str) -> Result<Answer, Fault> {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, Fault> {
        let body = ("application/json", body.to_string().into_bytes());
        self.send(Method::POST, path, Some(body)).await
    }

    /// The answer as it comes, not packed: for files that are to be measured by themselves.
    pub async fn post_plain(&self, path: &str, body: &Value) -> Result<reqwest::Response, Fault> {
        let mut request = self.http.post(format!("{}{path}", self.base)).json(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Ok(request.send().await?)
    }

    pub async fn upload(&self, path: &str, content: Vec<u8>) -> Result<Answer, Fault> {
        let body = ("application/octet-stream", content);
        self.send(Method::POST, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Result<Answer, Fault> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        request = request.header("accept-encoding", "gzip");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some((kind, bytes)) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        let began = Instant::now();
        let response = request.send().await?;
        let status = response.status().as_u16();
        let is_gzip = response
            .headers()
            .get("content-encoding")
            .is_some_and(|kind| kind == "gzip");
        let bytes = response.bytes().await?.to_vec();
        Ok(Answer {
            status,
            took: began.elapsed(),
            wire: bytes.len(),
            bytes,
            is_gzip,
        })
    }
}

impl Answer {
    /// The body of a success.
    pub fn ok(&self) -> Result<Value, Fault> {
        let mut plain = Vec::new();
        if self.is_gzip {
            GzDecoder::new(self.bytes.as_slice()).read_to_end(&mut plain)?;
        } else {
            plain.clone_from(&self.bytes);
        }
        if !(200..300).contains(&self.status) {
            // Only invented people are in it.
            return Err(format!("{}: {}", self.status, String::from_utf8_lossy(&plain)).into());
        }
        Ok(serde_json::from_slice(&plain)?)
    }
}

/// Text as a query parameter carries it.
pub fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (byte as char).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}
