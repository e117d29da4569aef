//! The outermost layer: gives each request an id and its client's address, logs one line, sets the headers that
//! protect browsers, and says nothing but the request id in a 500.
//!
//! The line names the operation, never the path, the query or the body: a path can hold what somebody typed.

use super::error;
use super::frame::{ClientAddress, RequestId};
use crate::metrics::Metrics;
use crate::net::{Network, client_address};
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response, Result};
use poem_openapi::OperationId;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// An answer's own content policy, where the usual one would leave it empty (`/docs`).
#[derive(Clone, Copy)]
pub struct Policy(pub &'static str);

pub struct Envelope<E> {
    inner: E,
    trusted: Arc<[Network]>,
    metrics: Arc<Metrics>,
}

impl<E> Envelope<E> {
    pub fn new(inner: E, trusted: Arc<[Network]>, metrics: Arc<Metrics>) -> Envelope<E> {
        Envelope {
            inner,
            trusted,
            metrics,
        }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Envelope<E> {
    type Output = Response;

    async fn call(&self, mut req: Request) -> Result<Response> {
        let began = Instant::now();
        let id = Uuid::new_v4();
        let (client, secure) = came_from(&req, &self.trusted);
        req.extensions_mut().insert(RequestId(id));
        req.extensions_mut().insert(ClientAddress(client));
        let span = tracing::info_span!("request", id = %id);
        let mut answer = match self.inner.call(req).instrument(span.clone()).await {
            Ok(answer) => answer,
            Err(cause) => error::answer(cause).await,
        };
        if answer.status() == StatusCode::INTERNAL_SERVER_ERROR {
            answer.headers_mut().remove(header::CONTENT_ENCODING);
            answer.set_body(error::internal_text(id));
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            answer.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        let operation = answer.data::<OperationId>().map_or("-", |o| o.0);
        let status = answer.status().as_u16();
        self.metrics.answered(operation, status, began.elapsed());
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        span.in_scope(|| tracing::info!(operation, status, ms, "answered"));
        let policy = answer.data::<Policy>().map_or(POLICY, |p| p.0);
        let unknown = answer.status() == StatusCode::UNAUTHORIZED;
        protect(answer.headers_mut(), policy, secure, unknown);
        let value = HeaderValue::from_str(&id.to_string()).expect("an id is ASCII");
        answer.headers_mut().insert(REQUEST_ID, value);
        Ok(answer)
    }
}

/// The client's address, and whether it came over TLS. Only a trusted proxy is believed.
fn came_from(req: &Request, trusted: &[Network]) -> (Option<IpAddr>, bool) {
    let Some(peer) = req.remote_addr().as_socket_addr().map(|a| a.ip()) else {
        return (None, false);
    };
    let all = |name: &str| {
        let values = req.headers().get_all(name).iter();
        let texts: Vec<&str> = values.filter_map(|v| v.to_str().ok()).collect();
        texts.join(",")
    };
    let behind_proxy = trusted.iter().any(|n| n.contains(peer));
    let secure = behind_proxy && all("x-forwarded-proto").trim().eq_ignore_ascii_case("https");
    (
        Some(client_address(peer, &all("x-forwarded-for"), trusted)),
        secure,
    )
}

fn protect(headers: &mut HeaderMap, policy: &'static str, secure: bool, unknown: bool) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if unknown {
        let how = headers.entry(header::WWW_AUTHENTICATE);
        how.or_insert(HeaderValue::from_static("Bearer"));
    }
    // Answers are about people: no cache between here and the reader may keep one.
    let kept = headers.entry(header::CACHE_CONTROL);
    kept.or_insert(HeaderValue::from_static("no-store"));
}
