//! Rosters as files.

use super::auth::Caller;
use super::contract::Tag;
use super::error::Answer;
use crate::app::rosters::{self, Export, Format, Wanted};
use crate::program::Program;
use futures_util::StreamExt;
use poem::http::header;
use poem::web::Data;
use poem::{Body, IntoResponse, Response};
use poem_openapi::payload::{Binary, Json, Payload};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use std::fmt::Write;
use uuid::Uuid;

pub struct Rosters;

#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum FormatParam {
    /// UTF-8 with BOM, streamed.
    Csv,
    /// Every cell is text; at most 100,000 rows.
    Xlsx,
}

/// A roster that is wanted, and what for.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct RosterRequest {
    /// Key of the category.
    #[oai(validator(max_length = 60))]
    category: String,
    /// County, town or village; everything in the actor's scope without one.
    division: Option<Uuid>,
    /// `csv` or `xlsx`.
    format: FormatParam,
    /// 1 to 200 characters; kept in the audit trail, so it names nobody.
    #[oai(validator(max_length = 400))]
    purpose: String,
}

impl Example for RosterRequest {
    fn example() -> Self {
        RosterRequest {
            category: "disabled".into(),
            division: None,
            format: FormatParam::Xlsx,
            purpose: "季度补贴核对".into(),
        }
    }
}

const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file with its name; broken off in the middle when it cannot be made to its end.
struct RosterFile(Export, Format);

impl IntoResponse for RosterFile {
    fn into_response(self) -> Response {
        let RosterFile(export, format) = self;
        let bytes = export
            .bytes
            .map(|part| part.map_err(|_| std::io::Error::other("the roster broke off")));
        let plain = format!("roster.{}", format.name());
        Response::builder()
            .header(
                header::CONTENT_TYPE,
                match format {
                    Format::Csv => CSV,
                    Format::Xlsx => XLSX,
                },
            )
            .header(
                header::CONTENT_DISPOSITION,
                format!(
                    "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
                    percent(&export.name)
                ),
            )
            .header(header::CACHE_CONTROL, "no-store")
            .body(Body::from_bytes_stream(bytes))
    }
}

impl ApiResponse for RosterFile {
    fn meta() -> MetaResponses {
        let content = |content_type| MetaMediaType {
            content_type,
            schema: <Binary<Body> as Payload>::schema_ref(),
        };
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The file.",
                status: Some(200),
                status_range: None,
                content: vec![content(CSV), content(XLSX)],
                headers: vec![],
            }],
        }
    }

    fn register(_registry: &mut Registry) {}
}

/// A name as a header holds it (RFC 8187).
pub(super) fn percent(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_') => out.push(char::from(b)),
            // Writing to a string cannot fail.
            b => _ = write!(out, "%{b:02X}"),
        }
    }
    out
}

#[OpenApi(prefix_path = "/api/v1/rosters", tag = "Tag::Rosters")]
impl Rosters {
    /// Export the enrolments of one category as a file
    ///
    /// Masked by what the actor may see. The audit trail has purpose and rows before the first byte is sent.
    #[oai(path = "/export", method = "post", operation_id = "export_roster")]
    async fn export(
        &self,
        program: Data<&Program>,
        who: Caller,
        body: Json<RosterRequest>,
    ) -> Answer<RosterFile> {
        let body = body.0;
        let format = match body.format {
            FormatParam::Csv => Format::Csv,
            FormatParam::Xlsx => Format::Xlsx,
        };
        let wanted = Wanted {
            category: body.category,
            division: body.division,
            format,
            purpose: body.purpose,
        };
        let export = rosters::export(&program, &who.0, &wanted).await?;
        Ok(RosterFile(export, format))
    }
}
