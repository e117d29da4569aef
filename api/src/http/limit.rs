//! Bounds what a request's body may be, counted after unpacking and while it is read: nothing is kept beyond it.
//!
//! What is somewhat too large is read to its end all the same: a client that is still sending when the answer comes
//! and the connection closes sees a broken line instead of 413, and sends the same again for ever.

use super::error::ApiError;
use crate::app::files;
use crate::lists;
use domain::catalogue::LIMITS;
use futures_util::{StreamExt, stream};
use poem::http::header;
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};
use std::io::{Error as IoError, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of a body where nothing else is said.
const USUAL: usize = 1024 * 1024;
/// What a form adds around a file.
const FORM: usize = 64 * 1024;
/// Bytes beyond the bound that are read and thrown away before the line is cut.
const SPARE: usize = 16 * 1024 * 1024;

pub struct Limited<E>(E);

impl<E> Limited<E> {
    pub fn new(inner: E) -> Limited<E> {
        Limited(inner)
    }
}

impl<E: Endpoint> Endpoint for Limited<E> {
    type Output = Response;

    async fn call(&self, mut req: Request) -> Result<Response> {
        let most = most(req.uri().path());
        let declared = req.headers().get(header::CONTENT_LENGTH);
        if declared.is_some_and(|d| {
            d.to_str()
                .ok()
                .and_then(|d| d.parse().ok())
                .is_none_or(|d: usize| d > most)
        }) {
            let mut rest = bounded(req.take_body(), most, Arc::default()).into_bytes_stream();
            while let Some(Ok(_)) = rest.next().await {}
            return Err(ApiError::too_large(most).into());
        }
        let passed = Arc::new(AtomicBool::new(false));
        let body = bounded(req.take_body(), most, passed.clone());
        req.set_body(body);
        let answer = self.0.call(req).await;
        // Whatever the reader made of a body that broke off: the reason is that it was too large.
        if passed.load(Ordering::Relaxed) {
            return Err(ApiError::too_large(most).into());
        }
        answer.map(IntoResponse::into_response)
    }
}

/// Bytes that a body may have on this path. More is taken only where files and phones' edits go in.
fn most(path: &str) -> usize {
    match path {
        "/api/v1/sync" => LIMITS.request_bytes,
        "/api/v1/lists" => lists::MOST_TEXT as usize,
        "/api/v1/grids/import" | "/api/v1/divisions/import" => files::MOST + FORM,
        _ => USUAL,
    }
}

/// Fails at its end, or once it is far too long, when there was more than `most`; `passed` says so.
fn bounded(body: Body, most: usize, passed: Arc<AtomicBool>) -> Body {
    let parts = (body.into_bytes_stream(), 0, passed);
    let within = stream::try_unfold(parts, move |(mut parts, mut read, passed)| async move {
        while let Some(part) = parts.next().await {
            let part = part?;
            read += part.len();
            if read <= most {
                return Ok(Some((part, (parts, read, passed))));
            }
            passed.store(true, Ordering::Relaxed);
            if read > most + SPARE {
                break;
            }
        }
        match read > most {
            true => Err(IoError::new(ErrorKind::FileTooLarge, "body too large")),
            false => Ok(None),
        }
    });
    Body::from_bytes_stream(within)
}
