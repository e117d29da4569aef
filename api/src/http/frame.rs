//! What stands around every operation: request ids, sizes, security headers, logs, panics.

use super::error::foreign;
use crate::config::Config;
use crate::store::audit;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::middleware::{CatchPanic, Compression, Cors};
use poem::web::CompressionAlgo;
use poem::{Body, Endpoint, EndpointExt, IntoResponse, Middleware, Request, Response, Result};
use std::net::IpAddr;
use std::time::Instant;
use uuid::Uuid;

/// Bytes of a body, unpacked.
const BODY: usize = 8 * 1024 * 1024;
/// Bytes of an uploaded file with its envelope.
const UPLOAD: usize = 65 * 1024 * 1024;

/// The address that a request comes from, proxies believed only where configured.
#[derive(Clone, Copy)]
pub struct ClientAddress(pub Option<IpAddr>);

/// An id that the answer names and the log knows; never taken from the client.
#[derive(Clone, Copy)]
pub struct RequestId(pub Uuid);

/// Puts the frame around the routes.
pub fn around(
    routes: impl Endpoint + 'static,
    config: &Config,
) -> impl Endpoint<Output = Response> + 'static {
    let proxies = config.trusted_proxies.clone();
    let mut cors = Cors::new().allow_credentials(false);
    for origin in &config.cors {
        cors = cors.allow_origin(origin.as_str());
    }
    let closed = config.cors.is_empty();
    routes
        .with_if(!closed, cors)
        .with(Limited)
        .with(Compression::new().algorithms([CompressionAlgo::GZIP]))
        .with(CatchPanic::new().with_handler(|_| {
            tracing::error!("an operation panicked");
            foreign(poem::Error::from_status(StatusCode::INTERNAL_SERVER_ERROR))
        }))
        .catch_all_error(|error: poem::Error| async move { foreign(error) })
        .with(Outermost { proxies })
}

struct Limited;

impl<E: Endpoint> Middleware<E> for Limited {
    type Output = LimitedEndpoint<E>;

    fn transform(&self, inner: E) -> LimitedEndpoint<E> {
        LimitedEndpoint { inner }
    }
}

/// Reads the body to its end after decompression: a declared length says nothing of what is unpacked.
struct LimitedEndpoint<E> {
    inner: E,
}

impl<E: Endpoint> Endpoint for LimitedEndpoint<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<E::Output> {
        let most = if request.uri().path().ends_with("/lists") {
            UPLOAD
        } else {
            BODY
        };
        let body = request.take_body().into_bytes_limit(most).await?;
        request.set_body(Body::from_bytes(body));
        self.inner.call(request).await
    }
}

struct Outermost {
    proxies: Vec<IpAddr>,
}

impl<E: Endpoint> Middleware<E> for Outermost {
    type Output = OutermostEndpoint<E>;

    fn transform(&self, inner: E) -> OutermostEndpoint<E> {
        OutermostEndpoint {
            inner,
            proxies: self.proxies.clone(),
        }
    }
}

struct OutermostEndpoint<E> {
    inner: E,
    proxies: Vec<IpAddr>,
}

impl<E: Endpoint> Endpoint for OutermostEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let (id, began) = (Uuid::now_v7(), Instant::now());
        request.extensions_mut().insert(RequestId(id));
        let address = ClientAddress(client(&request, &self.proxies));
        request.extensions_mut().insert(address);
        let method = request.method().clone();
        // Paths hold ids of ours at most; what people type stands in the query, which is not logged.
        let path = request.uri().path().to_owned();
        let answered = audit::in_request(id.to_string(), self.inner.call(request)).await;
        let mut response = match answered {
            Ok(response) => response.into_response(),
            Err(error) => foreign(error),
        };
        let took = began.elapsed().as_millis() as u64;
        tracing::info!(%id, %method, path, status = response.status().as_u16(), took, "answered");
        secure(&mut response, &path);
        let id = HeaderValue::from_str(&id.to_string()).expect("a UUID is ASCII");
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), id);
        Ok(response)
    }
}

fn secure(response: &mut Response, path: &str) {
    // The page at /docs has its script and style inline; nothing else shows pages.
    let policy = if path.ends_with("/docs") {
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
    } else {
        "default-src 'none'; frame-ancestors 'none'"
    };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// The peer, or behind trusted proxies the last address that one of them did not write itself.
fn client(request: &Request, proxies: &[IpAddr]) -> Option<IpAddr> {
    let peer = request.remote_addr().as_socket_addr().map(|a| a.ip());
    if !peer.is_some_and(|ip| proxies.contains(&ip)) {
        return peer;
    }
    let forwarded = request.header("x-forwarded-for").unwrap_or_default();
    let chain = forwarded
        .rsplit(',')
        .filter_map(|part| part.trim().parse::<IpAddr>().ok());
    chain.into_iter().find(|ip| !proxies.contains(ip)).or(peer)
}
