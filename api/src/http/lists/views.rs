//! Lists, their rows and their jobs as the contract shows them.

use crate::app::lists::{self, ListView};
use crate::lists::ListKind;
use crate::store::jobs;
use crate::store::lists::{MISSING_SHEET, Row};
use domain::Instant;
use poem_openapi::payload::Binary;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Enum, Object};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// 名单种类
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
pub(super) enum Kind {
    /// 人口底册
    Population,
    /// 残疾人名单
    Disabled,
    /// 低保、低保边缘、特困名单
    LowIncome,
    /// 高龄津贴名单
    OldAgeAllowance,
    /// 死亡登记
    Deaths,
    /// 网格划分
    Grids,
}

/// How a column was understood.
#[derive(Object)]
pub(super) struct ColumnView {
    /// The standard key; one that begins with a dot is read beyond the standard ones.
    key: String,
    /// The header as the file writes it.
    header: String,
    /// The sheet, counted from 0.
    sheet: i32,
    /// `certain`, `likely` or `doubtful`.
    sure: String,
    /// Rows in which it says something.
    filled: u32,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "List")]
pub(super) struct ListBody {
    /// Its id.
    id: Uuid,
    /// The department that hands it in.
    source: String,
    /// The kind of list.
    kind: String,
    /// The division concerned.
    division: Uuid,
    /// `YYYY-MM`.
    month: String,
    /// `uploaded`, `committing` or `committed`.
    state: String,
    /// Whether it names everybody of its division: only then is somebody missing from it.
    complete: bool,
    /// Its name.
    name: String,
    /// Rows found in the file.
    rows: i32,
    /// People found in the file.
    persons: usize,
    /// Sheets that hold data.
    sheets: Vec<String>,
    /// Columns found, with their headers.
    columns: Vec<ColumnView>,
    /// What a clerk should know about the file.
    notes: Vec<String>,
    /// Rows by verdict, as far as the commit has come.
    verdicts: BTreeMap<String, i64>,
    /// Rows by what the newest dry run says of them; empty before one.
    planned: BTreeMap<String, i64>,
    /// When the newest dry run came to its end (RFC 3339, UTC).
    planned_at: Option<String>,
    /// When it was handed in (RFC 3339, UTC).
    uploaded_at: String,
    /// When it was committed; absent before.
    committed_at: Option<String>,
    /// The job that commits it.
    job: Option<JobView>,
    /// The job of the newest dry run.
    dry_run: Option<JobView>,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListJob")]
pub(super) struct JobView {
    /// Its id.
    id: Uuid,
    /// `queued`, `running`, `done` or `failed`.
    state: String,
    /// Steps done.
    progress: i32,
    /// Steps in all.
    total: i32,
    /// A stable code.
    error: Option<String>,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListPage")]
pub(super) struct Page {
    /// One page of them, in order.
    pub(super) items: Vec<ListBody>,
    /// To give as `after` for the next page; absent on the last.
    pub(super) next: Option<String>,
}

#[derive(Object)]
#[oai(rename = "ListUploaded")]
pub(super) struct UploadedView {
    /// Its id.
    pub(super) id: Uuid,
    /// The same file was there already.
    pub(super) repeat: bool,
}

#[derive(Object)]
#[oai(rename = "ListCommit")]
pub(super) struct Started {
    /// The job that does the work.
    job: Uuid,
    /// The same had been asked for before.
    repeat: bool,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListRow")]
pub(super) struct RowView {
    /// The sheet, counted from 0; absent for people whom the file does not name.
    sheet: Option<i32>,
    /// As the spreadsheet counts; absent for people whom the file does not name.
    row: Option<i32>,
    /// What became of it: `new`, `same`, `changed`, `missing`, `contradicted`, `ambiguous`, `invalid`; absent before
    /// the commit.
    verdict: Option<String>,
    /// Why, in Chinese.
    reason: Option<String>,
    /// What the newest dry run says that it becomes, in the same words; absent before a dry run.
    planned: Option<String>,
    /// Why, in Chinese.
    planned_reason: Option<String>,
    /// The resident concerned.
    resident: Option<Uuid>,
    /// Values in normal form, by standard key.
    values: BTreeMap<String, String>,
    /// Key and code of each value that cannot be.
    faults: Any<Value>,
    /// What the reader noticed.
    notes: Vec<String>,
    /// The cells as handed in: pairs of header and text.
    handed_in: Any<Value>,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListRows")]
pub(super) struct Rows {
    /// One page of them, in order.
    pub(super) items: Vec<RowView>,
    /// To give as `after` for the next page; absent on the last.
    pub(super) next: Option<String>,
}

impl From<lists::Started> for Started {
    fn from(started: lists::Started) -> Started {
        Started {
            job: started.job,
            repeat: started.repeat,
        }
    }
}

impl From<jobs::Job> for JobView {
    fn from(job: jobs::Job) -> JobView {
        JobView {
            id: job.id,
            state: job.state,
            progress: job.progress,
            total: job.total,
            error: job.last_error,
        }
    }
}

/// A workbook with its name.
#[derive(ApiResponse)]
pub(super) enum Workbook {
    /// The workbook.
    #[oai(
        status = 200,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )]
    Made(
        Binary<Vec<u8>>,
        /// Its name (RFC 6266).
        #[oai(header = "Content-Disposition")]
        String,
        /// `no-store`: it names people.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

impl From<Kind> for ListKind {
    fn from(kind: Kind) -> ListKind {
        match kind {
            Kind::Population => ListKind::Population,
            Kind::Disabled => ListKind::Disabled,
            Kind::LowIncome => ListKind::LowIncome,
            Kind::OldAgeAllowance => ListKind::OldAgeAllowance,
            Kind::Deaths => ListKind::Deaths,
            Kind::Grids => ListKind::Grids,
        }
    }
}

impl From<ListView> for ListBody {
    fn from(view: ListView) -> ListBody {
        let (row, head) = (view.row, view.head);
        let at = |ms: i64| Instant::from_millis(ms).to_string();
        ListBody {
            id: row.id,
            source: row.source,
            kind: row.kind,
            division: row.division,
            month: row.month,
            state: row.state,
            complete: row.complete,
            name: head.name,
            rows: row.rows,
            persons: head.persons,
            sheets: head.sheets,
            columns: head
                .columns
                .into_iter()
                .map(|c| ColumnView {
                    key: c.key,
                    header: c.header,
                    sheet: c.sheet,
                    sure: c.sure,
                    filled: c.filled,
                })
                .collect(),
            notes: head.notes,
            verdicts: view.verdicts,
            uploaded_at: at(row.uploaded_at),
            committed_at: row.committed_at.map(at),
            planned: view.planned,
            planned_at: row.planned_at.map(at),
            job: view.job.map(JobView::from),
            dry_run: view.dry_run.map(JobView::from),
        }
    }
}

impl From<Row> for RowView {
    fn from(row: Row) -> RowView {
        let in_file = row.sheet != MISSING_SHEET;
        RowView {
            sheet: in_file.then_some(row.sheet),
            row: in_file.then_some(row.row),
            verdict: row.verdict,
            reason: row.reason,
            planned: row.planned,
            planned_reason: row.planned_reason,
            resident: row.resident,
            values: row.content.values,
            faults: Any(serde_json::json!(row.content.faults)),
            notes: row.content.notes,
            handed_in: Any(serde_json::json!(row.content.handed_in)),
        }
    }
}
