//! gzip both ways, and nothing else: other codings are refused on the way in and never chosen on the way out.
//!
//! Unpacked bodies have no bound here; [`super::limit`] counts them further in.

use super::error::{ApiError, Problem};
use async_compression::tokio::bufread::GzipDecoder;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::web::{Compress, CompressionAlgo};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};
use tokio::io::BufReader;

pub struct Gzip<E>(pub E);

impl<E: Endpoint> Endpoint for Gzip<E> {
    type Output = Response;

    async fn call(&self, mut req: Request) -> Result<Response> {
        unpack(&mut req)?;
        let wanted = wants_gzip(req.headers());
        let mut answer = self.0.call(req).await?.into_response();
        if !worth_packing(&answer) {
            return Ok(answer);
        }
        let headers = answer.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if !wanted {
            return Ok(answer);
        }
        headers.remove(header::CONTENT_LENGTH);
        Ok(Compress::new(answer, CompressionAlgo::GZIP).into_response())
    }
}

fn unpack(req: &mut Request) -> Result<(), ApiError> {
    let Some(coding) = req.headers_mut().remove(header::CONTENT_ENCODING) else {
        return Ok(());
    };
    match coding.to_str().map(str::to_ascii_lowercase).as_deref() {
        Ok("identity") => Ok(()),
        Ok("gzip" | "x-gzip") => {
            let mut decoder = GzipDecoder::new(BufReader::new(req.take_body().into_async_read()));
            // Several members in a row are one body, as every other reader of gzip sees it.
            decoder.multiple_members(true);
            req.set_body(Body::from_async_read(decoder));
            req.headers_mut().remove(header::CONTENT_LENGTH);
            Ok(())
        }
        _ => Err(ApiError::Unsupported(Problem::new(
            "unsupported_encoding",
            "请求体只接受 gzip 压缩",
        ))),
    }
}

/// `Accept-Encoding` names gzip (or anything) and does not refuse it.
fn wants_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).iter();
    let text = all.filter_map(|v| v.to_str().ok()).collect::<Vec<_>>().join(",");
    let mut any = false;
    for part in text.split(',') {
        let (name, rest) = part.split_once(';').unwrap_or((part, ""));
        let weight = rest.trim().strip_prefix("q=").unwrap_or("1");
        let taken = weight.trim().parse::<f32>().is_ok_and(|q| q > 0.0);
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return taken,
            "*" => any = taken,
            _ => {}
        }
    }
    any
}

/// Text that does not fit into one packet as it is: packing less takes more memory and time than it spares. Spreadsheets and
/// archives are packed already; a stream of unknown length is worth it.
fn worth_packing(answer: &Response) -> bool {
    const LEAST: u64 = 1_400;
    let headers = answer.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let text = kind.is_some_and(|k| {
        let k = k.split(';').next().unwrap_or_default().trim();
        k.starts_with("text/") || k.ends_with("json") || k.ends_with("yaml")
    });
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse().ok());
    // A file that is handed out by ranges is counted in its own bytes, which its checksum names.
    let by_range = headers.contains_key(header::ACCEPT_RANGES);
    text && !by_range
        && !headers.contains_key(header::CONTENT_ENCODING)
        && length.is_none_or(|l: u64| l >= LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_encoding() {
        for (text, expected) in [
            ("gzip", true),
            ("br, gzip, zstd", true),
            ("br;q=1.0, gzip;q=0", false),
            ("*", true),
            ("*;q=0", false),
            ("gzip;q=0.5, *;q=0", true),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap());
            assert_eq!(wants_gzip(&headers), expected, "{text}");
        }
    }
}
