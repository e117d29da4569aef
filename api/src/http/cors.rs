//! Pages of other origins: closed, but for the origins that configuration lists.

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response, Result};

pub struct Cors<E> {
    inner: E,
    origins: Vec<String>,
}

impl<E> Cors<E> {
    pub fn new(inner: E, origins: Vec<String>) -> Cors<E> {
        Cors { inner, origins }
    }

    fn allowed(&self, req: &Request) -> Option<HeaderValue> {
        let origin = req.headers().get(header::ORIGIN)?;
        let text = origin.to_str().ok()?;
        self.origins
            .iter()
            .any(|o| o.eq_ignore_ascii_case(text))
            .then(|| origin.clone())
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Cors<E> {
    type Output = Response;

    async fn call(&self, req: Request) -> Result<Response> {
        // Without a list, answers do not depend on the origin and say nothing about it.
        if self.origins.is_empty() {
            return self.inner.call(req).await;
        }
        let allowed = self.allowed(&req);
        let asks_first = req.method() == Method::OPTIONS
            && req.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut answer = match &allowed {
            Some(_) if asks_first => Response::builder().status(StatusCode::NO_CONTENT).finish(),
            _ => self.inner.call(req).await?,
        };
        let headers = answer.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = allowed {
            allow(headers, origin, asks_first);
        }
        Ok(answer)
    }
}

/// No `Access-Control-Allow-Credentials`: tokens travel in a header that the page sets itself.
fn allow(headers: &mut HeaderMap, origin: HeaderValue, asks_first: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let exposed = HeaderValue::from_static("x-request-id, retry-after, content-disposition");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    if asks_first {
        let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let names = HeaderValue::from_static("authorization, content-type, content-encoding");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}
