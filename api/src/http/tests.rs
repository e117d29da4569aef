//! The layers around the routes, tried with routes of the tests' own.

use super::{Answer, ApiError, Json, around};
use crate::app::Error;
use crate::config::Config;
use poem::http::{HeaderMap, Method, StatusCode};
use poem::test::TestClient;
use poem::{Endpoint, Request, Response, Route};
use poem_openapi::{Object, OpenApi, OpenApiService};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Note {
    text: String,
    #[oai(default)]
    count: Option<u32>,
    #[oai(default)]
    parts: Vec<Part>,
}

#[derive(Object)]
struct Part {
    id: uuid::Uuid,
}

struct Trial;

#[OpenApi]
impl Trial {
    #[oai(path = "/echo", method = "post", operation_id = "echo")]
    async fn echo(&self, note: Json<Note>) -> Answer<Json<Note>> {
        Ok(note)
    }

    #[oai(path = "/panic", method = "get", operation_id = "panic")]
    async fn panic(&self) -> Answer<Json<Note>> {
        panic!("黎阿妹 440784194802262463")
    }

    #[oai(path = "/damaged", method = "get", operation_id = "damaged")]
    async fn damaged(&self) -> Answer<Json<Note>> {
        Err(ApiError::from(Error::Damaged("sealed value")))
    }

    #[oai(path = "/number/:id", method = "get", operation_id = "number")]
    async fn number(&self, id: poem_openapi::param::Path<u32>) -> Answer<Json<Note>> {
        Err(ApiError::from(Error::field("odd", format!("{}", id.0), "id")))
    }
}

fn counted() -> Arc<crate::metrics::Metrics> {
    Arc::new(crate::metrics::Metrics::new(Default::default()))
}

fn config(pairs: &[(&str, &str)]) -> Config {
    let env: BTreeMap<String, String> = pairs
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect();
    Config::from(&env).unwrap()
}

fn trial(pairs: &[(&str, &str)]) -> TestClient<impl Endpoint<Output = Response>> {
    let routes = Route::new().nest("/", OpenApiService::new(Trial, "t", "1"));
    TestClient::new(around(routes, &config(pairs), TaskTracker::new(), counted()))
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Request {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = Request::builder().method(method).uri(path.parse().unwrap());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into())
}

/// Status and body as text.
async fn ask(pairs: &[(&str, &str)], request: Request) -> (StatusCode, HeaderMap, String) {
    let routes = Route::new().nest("/", OpenApiService::new(Trial, "t", "1"));
    let app = around(routes, &config(pairs), TaskTracker::new(), counted());
    let answer = app.get_response(request).await;
    let (parts, body) = answer.into_parts();
    let text = body.into_vec().await.unwrap();
    (
        parts.status,
        parts.headers,
        String::from_utf8_lossy(&text).into_owned(),
    )
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn every_error_has_the_same_body() {
    let gzip = ("content-encoding", "gzip");
    let large = format!("{{\"text\":\"{}\"}}", "长".repeat(400_000));
    let cases = [
        (request("GET", "/nowhere", &[], ""), 404, "not_found", "[]"),
        (
            request("PUT", "/echo", &[JSON], "{}"),
            405,
            "method_not_allowed",
            "[]",
        ),
        (
            request("POST", "/echo", &[("content-type", "text/plain")], "{}"),
            415,
            "unsupported_media_type",
            "[]",
        ),
        (
            request("POST", "/echo", &[], "{}"),
            415,
            "unsupported_media_type",
            "[]",
        ),
        (request("POST", "/echo", &[JSON], "{"), 400, "invalid_json", "[]"),
        (request("POST", "/echo", &[JSON], ""), 400, "invalid_json", "[]"),
        (
            request("POST", "/echo", &[JSON], "[]"),
            400,
            "invalid_fields",
            r#"["body"]"#,
        ),
        (
            request("POST", "/echo", &[JSON], "{}"),
            400,
            "invalid_fields",
            r#"["text"]"#,
        ),
        (
            request("POST", "/echo", &[JSON], r#"{"text":3,"count":"x"}"#),
            400,
            "invalid_fields",
            r#"["text","count"]"#,
        ),
        (
            request("POST", "/echo", &[JSON], r#"{"text":"a","more":1}"#),
            400,
            "invalid_fields",
            r#"["more"]"#,
        ),
        (
            request("POST", "/echo", &[JSON], r#"{"text":"a","parts":[{"id":"7"}]}"#),
            400,
            "invalid_fields",
            r#"["parts[0].id"]"#,
        ),
        (
            request("POST", "/echo", &[JSON], r#"{"text":"\ud800"}"#),
            400,
            "invalid_json",
            "[]",
        ),
        (
            request("POST", "/echo", &[JSON], large.clone()),
            413,
            "too_large",
            "[]",
        ),
        (
            request("POST", "/echo", &[JSON, gzip], packed(large.as_bytes())),
            413,
            "too_large",
            "[]",
        ),
        (
            request("POST", "/echo", &[JSON, gzip], packed(&vec![b' '; 200 << 20])),
            413,
            "too_large",
            "[]",
        ),
        (
            request("POST", "/echo", &[JSON, gzip], "{}"),
            400,
            "unreadable_body",
            "[]",
        ),
        (
            request("POST", "/echo", &[JSON, ("content-encoding", "br")], "{}"),
            415,
            "unsupported_encoding",
            "[]",
        ),
        (request("GET", "/number/x", &[], ""), 404, "not_found", "[]"),
        (request("GET", "/number/7", &[], ""), 422, "odd", r#"["id"]"#),
        (request("GET", "/panic", &[], ""), 500, "internal", "[]"),
        (request("GET", "/damaged", &[], ""), 500, "internal", "[]"),
    ];
    for (request, status, code, fields) in cases {
        let asked = format!("{} {}", request.method(), request.uri());
        let (got, headers, body) = ask(&[], request).await;
        assert_eq!(got.as_u16(), status, "{asked} {body}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (body["code"].as_str(), body["fields"].to_string()),
            (Some(code), fields.to_owned()),
            "{asked}"
        );
        let id = headers["x-request-id"].to_str().unwrap();
        let told = body["message"].as_str().unwrap();
        assert_eq!(told.contains(id), status == 500, "{asked} {told}");
        assert!(!told.contains("黎"), "{told}");
        assert_eq!(
            headers["content-type"], "application/json; charset=utf-8",
            "{asked}"
        );
    }
}

#[tokio::test]
async fn every_answer_is_protected() {
    for request in [
        request(
            "POST",
            "/echo",
            &[JSON, ("x-request-id", "chosen")],
            r#"{"text":"a"}"#,
        ),
        request("GET", "/nowhere", &[], ""),
        request("GET", "/panic", &[], ""),
    ] {
        let (_, headers, _) = ask(&[], request).await;
        assert_ne!(headers["x-request-id"], "chosen");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert!(
            headers["content-security-policy"]
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'")
        );
        assert!(
            !headers.contains_key("strict-transport-security"),
            "nobody said that this came over TLS"
        );
    }
}

#[tokio::test]
async fn bodies_are_packed_with_gzip_only() {
    let text = format!(r#"{{"text":"{}"}}"#, "沙坪街道良围村".repeat(100));
    for (accepted, expected) in [
        ("gzip, deflate, br, zstd", Some("gzip")),
        ("br", None),
        ("", None),
    ] {
        let request = request(
            "POST",
            "/echo",
            &[JSON, ("accept-encoding", accepted)],
            text.clone(),
        );
        let (_, headers, _) = ask(&[], request).await;
        let coding = headers.get("content-encoding").map(|v| v.to_str().unwrap());
        assert_eq!(coding, expected, "{accepted}");
        assert_eq!(headers["vary"], "Accept-Encoding");
    }
    let sent = request(
        "POST",
        "/echo",
        &[JSON, ("content-encoding", "gzip")],
        packed(text.as_bytes()),
    );
    let (status, _, body) = ask(&[], sent).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("沙坪街道"), "{body}");
}

#[tokio::test]
async fn other_origins_are_shut_out_unless_listed() {
    let listed = [("HESHAN_CORS", "https://console.example")];
    let ask_first = ("access-control-request-method", "POST");
    for (pairs, origin, allowed) in [
        (&[][..], "https://console.example", false),
        (&listed[..], "https://console.example", true),
        (&listed[..], "https://evil.example", false),
        (&listed[..], "null", false),
    ] {
        let origin = ("origin", origin);
        let (status, headers, _) = ask(pairs, request("OPTIONS", "/echo", &[origin, ask_first], "")).await;
        assert_eq!(
            status == StatusCode::NO_CONTENT,
            allowed,
            "{pairs:?} {origin:?} {status}"
        );
        assert_eq!(headers.contains_key("access-control-allow-origin"), allowed);
        let (_, headers, _) = ask(pairs, request("POST", "/echo", &[origin, JSON], "{}")).await;
        let named = headers
            .get("access-control-allow-origin")
            .map(|v| v.to_str().unwrap());
        assert_eq!(
            named,
            allowed.then_some(origin.1),
            "errors are readable for the listed origin too"
        );
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn a_base_path_is_the_only_way_in() {
    let client = trial(&[("HESHAN_BASE_PATH", "/grid")]);
    client
        .get("/grid/number/7")
        .send()
        .await
        .assert_status(StatusCode::UNPROCESSABLE_ENTITY);
    client
        .get("/number/7")
        .send()
        .await
        .assert_status(StatusCode::NOT_FOUND);
}
