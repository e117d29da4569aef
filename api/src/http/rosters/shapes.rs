//! Shapes of exports and changes, and files as answers.

use crate::app::Error;
use crate::app::rosters::job::View;
use crate::app::rosters::{Export, Format, Wanted};
use domain::Instant;
use domain::date::parse_wire;
use futures_util::StreamExt;
use poem::http::{StatusCode, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::payload::{Binary, Payload};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{Any, Example, ToJSON, Type};
use poem_openapi::{ApiResponse, Enum, Object};
use serde_json::Value;
use std::fmt::Write;
use uuid::Uuid;

#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
pub(super) enum FormatParam {
    /// UTF-8 with BOM.
    Csv,
    /// An object a line, values as records have them.
    Ndjson,
    /// Every cell is text.
    Xlsx,
}

impl From<FormatParam> for Format {
    fn from(format: FormatParam) -> Format {
        match format {
            FormatParam::Csv => Format::Csv,
            FormatParam::Ndjson => Format::Ndjson,
            FormatParam::Xlsx => Format::Xlsx,
        }
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[oai(rename_all = "snake_case")]
pub(super) enum As {
    /// Streamed where it is small, made in the background where it is large.
    Auto,
    /// Made in the background, however small.
    Job,
}

/// A roster that is wanted, and what for.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct RosterRequest {
    /// Key of the category.
    #[oai(validator(max_length = 60))]
    pub category: String,
    /// County, town or village; everything in the actor's scope without one.
    pub division: Option<Uuid>,
    /// `csv`, `ndjson` or `xlsx`.
    pub format: FormatParam,
    /// 1 to 200 characters; kept in the audit trail, so it names nobody.
    #[oai(validator(max_length = 400))]
    pub purpose: String,
    /// The source's status: `active`, `suspended`, `ended`, `none`.
    #[oai(validator(max_length = 40))]
    pub status: Option<String>,
    /// The village's verdict: `confirmed`, `unconfirmed`, `disputed`.
    #[oai(validator(max_length = 40))]
    pub village_status: Option<String>,
    /// `minor`, `adult`, `60s`, `70s`, `80s`, `90s`, `100s`; instead of `age_from` and `age_to`.
    #[oai(validator(max_length = 40))]
    pub age_band: Option<String>,
    /// Whole years, this one included.
    pub age_from: Option<i16>,
    /// Whole years, this one included.
    pub age_to: Option<i16>,
    /// `YYYY-MM-DD`: the day on which ages are counted; today by default, and always for who sees no birth dates.
    #[oai(validator(max_length = 10))]
    pub age_on: Option<String>,
    /// Whether a CSV ends with a line that says who took it, when, for what and by which request: `true` by default for
    /// files made in the background, `false` for streamed ones. Workbooks and NDJSON always say it.
    pub watermark: Option<bool>,
    /// `auto` by default.
    #[oai(rename = "as")]
    pub how: Option<As>,
}

impl Example for RosterRequest {
    fn example() -> Self {
        RosterRequest {
            category: "disabled".into(),
            division: None,
            format: FormatParam::Xlsx,
            purpose: "季度补贴核对".into(),
            status: None,
            village_status: None,
            age_band: None,
            age_from: None,
            age_to: None,
            age_on: None,
            watermark: None,
            how: None,
        }
    }
}

impl RosterRequest {
    pub fn read(self) -> Result<Wanted, Error> {
        let malformed = || Error::field("date_malformed", "日期格式应为 YYYY-MM-DD", "age_on");
        let age_on = self.age_on.map(|text| parse_wire(&text).ok_or_else(malformed));
        Ok(Wanted {
            category: self.category,
            division: self.division,
            format: self.format.into(),
            purpose: self.purpose,
            status: self.status,
            village_status: self.village_status,
            age_band: self.age_band,
            age_from: self.age_from,
            age_to: self.age_to,
            age_on: age_on.transpose()?,
            watermark: self.watermark,
            as_job: self.how == Some(As::Job),
        })
    }
}

/// An export that is made in the background.
#[derive(Object)]
#[oai(skip_serializing_if_is_none, example)]
pub(super) struct ExportView {
    /// Its id.
    id: Uuid,
    /// `queued`, `running`, `done`, `failed`, or `expired` once the file is gone.
    state: String,
    /// A stable code of the last failure.
    last_error: Option<String>,
    /// Key of the category.
    category: String,
    /// County, town or village, where one was named.
    division: Option<Uuid>,
    /// `csv`, `ndjson` or `xlsx`.
    format: String,
    /// What it is for.
    purpose: String,
    /// Rows that are made.
    progress: i64,
    /// Rows in all, as counted at the beginning; ages are looked at row by row, so it may become fewer.
    total: i64,
    /// Rows of the file.
    rows: Option<i64>,
    /// What the file is called.
    name: String,
    /// Bytes of the file.
    size: Option<u64>,
    /// SHA-256 of the file, in hexadecimal digits; its ETag too.
    sha256: Option<String>,
    /// RFC 3339: until when it can be fetched.
    expires_at: Option<String>,
    /// RFC 3339.
    created_at: String,
    /// For `list_roster_changes`: what has happened since the file's state.
    cursor: Option<String>,
}

impl Example for ExportView {
    fn example() -> Self {
        ExportView {
            id: Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0501),
            state: "running".into(),
            last_error: None,
            category: "low_income".into(),
            division: None,
            format: "csv".into(),
            purpose: "季度补贴核对".into(),
            progress: 120_000,
            total: 400_000,
            rows: None,
            name: "低保底册-2026-11-30.csv".into(),
            size: None,
            sha256: None,
            expires_at: None,
            created_at: "2026-11-30T01:02:03.000Z".into(),
            cursor: None,
        }
    }
}

impl From<View> for ExportView {
    fn from(view: View) -> ExportView {
        let View { row, spec, job, file } = view;
        let state = match (&row.file, &file, &job) {
            (Some(_), Some(_), _) => "done",
            (Some(_), None, _) => "expired",
            (None, _, Some(job)) => &job.state,
            (None, _, None) => "failed",
        };
        let made = row.file.is_some();
        ExportView {
            id: row.id,
            state: state.to_owned(),
            last_error: job
                .as_ref()
                .filter(|_| !made)
                .and_then(|job| job.last_error.clone()),
            category: spec.category,
            division: spec.division,
            format: spec.format,
            purpose: spec.purpose,
            progress: row.rows.unwrap_or(job.map_or(0, |job| job.progress.into())),
            total: row.planned,
            rows: row.rows,
            name: spec.name,
            size: file.as_ref().map(|f| f.size),
            expires_at: file
                .as_ref()
                .and_then(|f| f.expires_at)
                .map(|at| Instant::from_millis(at).to_string()),
            sha256: file.and_then(|f| f.sha256),
            created_at: Instant::from_millis(row.created_at).to_string(),
            cursor: spec.cursor,
        }
    }
}

/// One page of exports.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ExportPage {
    /// One page of them, newest first.
    pub items: Vec<ExportView>,
    /// To give as `before` for the next page; absent on the last.
    pub next: Option<Uuid>,
}

/// One change of a roster.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct RosterChangeView {
    /// `joined`, `changed` or `left`.
    pub change: String,
    /// The person's id, 人员编号 in a table.
    pub resident: Uuid,
    /// RFC 3339: when it happened last.
    pub at: String,
    /// The row as it is now, as a line of an NDJSON export; absent for who left and for single steps.
    pub row: Option<Any<Value>>,
}

/// One page of changes.
#[derive(Object)]
pub(super) struct RosterChangePage {
    /// What has changed, in the order of residents' ids; single steps village by village.
    pub items: Vec<RosterChangeView>,
    /// To give next time, and at once where there is more. It names nobody and is good for 400 days.
    pub cursor: String,
    /// Whether there is more to fetch now.
    pub more: bool,
}

const CSV: &str = "text/csv; charset=utf-8";
const NDJSON: &str = "application/x-ndjson";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) const fn media(format: Format) -> &'static str {
    match format {
        Format::Csv => CSV,
        Format::Ndjson => NDJSON,
        Format::Xlsx => XLSX,
    }
}

/// A file at once, broken off in the middle when it cannot be made to its end, or an export in the background.
pub(super) enum Exported {
    File(Export),
    Job(Box<ExportView>),
}

impl IntoResponse for Exported {
    fn into_response(self) -> Response {
        let export = match self {
            Exported::Job(view) => {
                return Response::builder()
                    .status(StatusCode::ACCEPTED)
                    .content_type("application/json; charset=utf-8")
                    .body(view.to_json_string());
            }
            Exported::File(export) => export,
        };
        let bytes = export
            .bytes
            .map(|part| part.map_err(|_| std::io::Error::other("the roster broke off")));
        let mut answer = Response::builder()
            .header(header::CONTENT_TYPE, media(export.format))
            .header(
                header::CONTENT_DISPOSITION,
                attachment(export.format, &export.name),
            )
            .header(header::CACHE_CONTROL, "no-store");
        if let Some(cursor) = export.cursor {
            answer = answer.header("x-roster-cursor", cursor);
        }
        answer.body(Body::from_bytes_stream(bytes))
    }
}

impl ApiResponse for Exported {
    fn meta() -> MetaResponses {
        let content = |content_type| MetaMediaType {
            content_type,
            schema: <Binary<Body> as Payload>::schema_ref(),
        };
        let job = MetaMediaType {
            content_type: "application/json; charset=utf-8",
            schema: ExportView::schema_ref(),
        };
        let of = |status, description, content| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                of(
                    200,
                    "The file. `x-roster-cursor` is the cursor of its state, for `list_roster_changes`.",
                    vec![content(CSV), content(NDJSON), content(XLSX)],
                ),
                of(
                    202,
                    "It is made in the background: `get_export` says how far it is.",
                    vec![job],
                ),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        ExportView::register(registry);
    }
}

pub(super) fn attachment(format: Format, name: &str) -> String {
    let plain = format!("roster.{}", format.name());
    format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        percent(name)
    )
}

/// A name as a header holds it (RFC 8187).
pub(in crate::http) fn percent(name: &str) -> String {
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
