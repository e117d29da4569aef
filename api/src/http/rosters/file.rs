//! A file by ranges (RFC 9110 14): one range, or all of it.

use super::shapes::{attachment, media};
use crate::app::Error;
use crate::app::rosters::Format;
use crate::app::rosters::download::Ready;
use crate::store::files::FileInfo;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use poem::http::{StatusCode, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Binary, Payload};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use std::ops::Range;

/// What a part's answer says of it.
pub struct Head {
    format: Format,
    name: String,
    tag: String,
    size: u64,
    part: Range<u64>,
    whole: bool,
}

impl Head {
    pub fn of(ready: &Ready, part: Range<u64>, whole: bool) -> Result<Head, Error> {
        let format = Format::parse(&ready.view.spec.format).ok_or(Error::Damaged("export format"))?;
        Ok(Head {
            format,
            name: ready.view.spec.name.clone(),
            tag: tag(&ready.file),
            size: ready.file.size,
            part,
            whole,
        })
    }
}

pub fn tag(file: &FileInfo) -> String {
    format!("\"{}\"", file.sha256.as_deref().unwrap_or_default())
}

/// The part that is wanted, and whether it is all; `None` for one that lies behind the end. What cannot be read, several
/// ranges, and a range of another state of the file are answered with all of it.
pub fn range(
    wanted: Option<&str>,
    only_if: Option<&str>,
    tag: &str,
    size: u64,
) -> Option<(Range<u64>, bool)> {
    let all = Some((0..size, true));
    let Some(spec) = wanted.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return all;
    };
    if only_if.is_some_and(|given| given.trim() != tag) {
        return all;
    }
    let Some((from, to)) = spec.split_once('-').filter(|_| !spec.contains(',')) else {
        return all;
    };
    let number = |text: &str| text.trim().parse::<u64>();
    let part = match (from.trim(), to.trim()) {
        ("", "") => return all,
        ("", last) => match number(last) {
            Ok(0) => return None,
            Ok(last) => size.saturating_sub(last)..size,
            Err(_) => return all,
        },
        (from, to) => {
            let Ok(from) = number(from) else { return all };
            let to = match to {
                "" => size,
                to => match number(to) {
                    Ok(to) if to >= from => to.saturating_add(1).min(size),
                    _ => return all,
                },
            };
            from..to
        }
    };
    (part.start < part.end).then_some((part, false))
}

/// The file or a part of it, or that there is no such part.
pub enum RosterFile {
    Part(Head, BoxStream<'static, Result<Vec<u8>, Error>>),
    Beyond(u64),
}

impl RosterFile {
    pub fn part(head: Head, bytes: BoxStream<'static, Result<Vec<u8>, Error>>) -> RosterFile {
        RosterFile::Part(head, bytes)
    }

    pub fn beyond(size: u64) -> RosterFile {
        RosterFile::Beyond(size)
    }
}

impl IntoResponse for RosterFile {
    fn into_response(self) -> Response {
        let (head, bytes) = match self {
            RosterFile::Part(head, bytes) => (head, bytes),
            RosterFile::Beyond(size) => {
                let body =
                    r#"{"code":"range_unsatisfiable","message":"请求的范围超出文件","fields":["Range"]}"#;
                return Response::builder()
                    .status(StatusCode::RANGE_NOT_SATISFIABLE)
                    .header(header::CONTENT_RANGE, format!("bytes */{size}"))
                    .content_type("application/json; charset=utf-8")
                    .body(body);
            }
        };
        let bytes = bytes.map(|part| part.map_err(|_| std::io::Error::other("the file broke off")));
        let Range { start, end } = head.part;
        let mut answer = Response::builder()
            .header(header::CONTENT_TYPE, media(head.format))
            .header(header::CONTENT_DISPOSITION, attachment(head.format, &head.name))
            .header(header::CACHE_CONTROL, "no-store")
            .header(header::ACCEPT_RANGES, "bytes")
            .header(header::ETAG, head.tag)
            .header(header::CONTENT_LENGTH, end - start);
        if !head.whole {
            let told = format!("bytes {start}-{}/{}", end.saturating_sub(1), head.size);
            answer = answer
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_RANGE, told);
        }
        answer.body(Body::from_bytes_stream(bytes))
    }
}

impl ApiResponse for RosterFile {
    fn meta() -> MetaResponses {
        let content = |content_type| MetaMediaType {
            content_type,
            schema: <Binary<Body> as Payload>::schema_ref(),
        };
        let of = |status, description| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: [Format::Csv, Format::Ndjson, Format::Xlsx]
                .map(|format| content(media(format)))
                .into(),
            headers: vec![],
        };
        let beyond = MetaResponse {
            description: "The range lies behind the end; `Content-Range` says the size.",
            status: Some(416),
            status_range: None,
            content: vec![],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                of(200, "The file."),
                of(206, "The range that was asked for."),
                beyond,
            ],
        }
    }

    fn register(_registry: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let tag = "\"abc\"";
        for (wanted, only_if, expected) in [
            (None, None, Some((0..10, true))),
            (Some("bytes=0-4"), None, Some((0..5, false))),
            (Some("bytes=5-"), None, Some((5..10, false))),
            (Some("bytes=5-99"), None, Some((5..10, false))),
            (Some("bytes=-3"), None, Some((7..10, false))),
            (Some("bytes=-99"), None, Some((0..10, false))),
            (Some("bytes=10-"), None, None),
            (Some("bytes=-0"), None, None),
            (Some("bytes=4-2"), None, Some((0..10, true))),
            (Some("bytes=0-1,3-4"), None, Some((0..10, true))),
            (Some("lines=0-1"), None, Some((0..10, true))),
            (Some("bytes=x-1"), None, Some((0..10, true))),
            (Some("bytes=0-4"), Some(tag), Some((0..5, false))),
            (Some("bytes=0-4"), Some("\"other\""), Some((0..10, true))),
        ] {
            assert_eq!(
                range(wanted, only_if, tag, 10),
                expected,
                "{wanted:?} {only_if:?}"
            );
        }
    }
}
