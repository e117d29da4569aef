//! Lists in: hand a file in, look at what was read, commit it.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::{Answer, ApiError, Problem};
use crate::app::lists::{self, ListView, NewList, Reach};
use crate::lists::ListKind;
use crate::program::Program;
use crate::store::lists::Row;
use domain::Instant;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

pub struct Lists;

/// 名单种类
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum Kind {
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
struct ColumnView {
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
struct ListBody {
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
    /// When it was handed in (RFC 3339, UTC).
    uploaded_at: String,
    /// When it was committed; absent before.
    committed_at: Option<String>,
    /// The job that does the work.
    job: Option<JobView>,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListJob")]
struct JobView {
    /// Its id.
    /// Its id.
    id: Uuid,
    /// `queued`, `running`, `done` or `failed`.
    /// How far it is.
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
struct Page {
    /// One page of them, in order.
    items: Vec<ListBody>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

#[derive(Object)]
#[oai(rename = "ListUploaded")]
struct UploadedView {
    /// Its id.
    id: Uuid,
    /// The same file was there already.
    repeat: bool,
}

#[derive(Object)]
#[oai(rename = "ListCommit")]
struct Started {
    /// The job that does the work.
    job: Uuid,
    /// The same had been asked for before.
    repeat: bool,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListRow")]
struct RowView {
    /// The sheet, counted from 0.
    sheet: i32,
    /// As the spreadsheet counts.
    row: i32,
    /// `new`, `same`, `changed`, `contradicted`, `ambiguous`, `invalid`; absent before the commit.
    verdict: Option<String>,
    /// Why, in Chinese.
    reason: Option<String>,
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
struct Rows {
    /// One page of them, in order.
    items: Vec<RowView>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

#[OpenApi(prefix_path = "/api/v1/lists", tag = "Tag::Lists")]
impl Lists {
    /// Hand in a file; its rows are read and shown, nothing is written yet
    #[oai(path = "/", method = "post", operation_id = "upload_list")]
    #[expect(clippy::too_many_arguments, reason = "each says one thing about the file")]
    async fn upload(
        &self,
        program: Data<&Program>,
        who: SignedIn,

        /// The kind of list.
        kind: Query<Kind>,
        /// The department it comes from (`残联`, `民政`, …).
        source: Query<String>,
        /// The division that it covers.
        division: Query<Uuid>,
        /// `YYYY-MM`.
        month: Query<String>,
        /// The file's name.
        name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Answer<Json<UploadedView>> {
        let reach = Reach::of(&who.0)?;
        let new = NewList {
            source: source.0,
            kind: kind.0.into(),
            division: division.0,
            month: month.0,
            name: name.0,
            content: body.0,
        };
        let done = lists::upload(&program, &reach, who.0.account, new, program.clock.now()).await?;
        Ok(Json(UploadedView {
            id: done.id,
            repeat: done.repeat,
        }))
    }

    /// Lists that were handed in, newest first
    #[oai(path = "/", method = "get", operation_id = "list_lists")]
    async fn list(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<Page>> {
        let reach = Reach::of(&who.0)?;
        let after = page_after(after.0.as_deref())?;
        let limit = limit.0.unwrap_or(50).clamp(1, 200);
        let page = lists::page(&program, &reach, after, limit).await?;
        let last = page.last().filter(|_| page.len() as u64 == limit);
        let next = last.map(|l| format!("{}.{}", l.row.uploaded_at, l.row.id));
        Ok(Json(Page {
            items: page.into_iter().map(ListBody::from).collect(),
            next,
        }))
    }

    /// One list: its columns as understood, its rows by verdict, its job
    #[oai(path = "/:id", method = "get", operation_id = "get_list")]
    async fn get(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Json<ListBody>> {
        let reach = Reach::of(&who.0)?;
        Ok(Json(lists::get(&program, &reach, id.0).await?.into()))
    }

    /// Rows of a list in the order of the file
    #[oai(path = "/:id/rows", method = "get", operation_id = "list_list_rows")]
    async fn rows(
        &self,
        program: Data<&Program>,
        who: SignedIn,

        /// The id of what is meant.
        id: Path<Uuid>,
        /// One verdict only.
        verdict: Query<Option<String>>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<Rows>> {
        let reach = Reach::of(&who.0)?;
        let after = page_after(after.0.as_deref())?;
        let limit = limit.0.unwrap_or(50).clamp(1, 200);
        let page = lists::rows(&program, &reach, id.0, verdict.0.as_deref(), after, limit).await?;
        let last = page.last().filter(|_| page.len() as u64 == limit);
        let next = last.map(|r| format!("{}.{}", r.sheet, r.row));
        Ok(Json(Rows {
            items: page.into_iter().map(RowView::from).collect(),
            next,
        }))
    }

    /// Write the list's rows into register, grids or records, in the background
    #[oai(path = "/:id/commit", method = "post", operation_id = "commit_list")]
    async fn commit(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Json<Started>> {
        let reach = Reach::of(&who.0)?;
        let done = lists::commit(&program, &reach, who.0.account, id.0, program.clock.now()).await?;
        Ok(Json(Started {
            job: done.job,
            repeat: done.repeat,
        }))
    }
}

/// Where a page goes on: two values with a dot between.
fn page_after<A: std::str::FromStr, B: std::str::FromStr>(text: Option<&str>) -> Answer<Option<(A, B)>> {
    let read = |text: &str| {
        let (a, b) = text.split_once('.')?;
        Some((a.parse().ok()?, b.parse().ok()?))
    };
    match text {
        None => Ok(None),
        Some(text) => read(text)
            .map(Some)
            .ok_or_else(|| ApiError::BadRequest(Problem::new("bad_page", "分页参数无效"))),
    }
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
            job: view.job.map(|job| JobView {
                id: job.id,
                state: job.state,
                progress: job.progress,
                total: job.total,
                error: job.last_error,
            }),
        }
    }
}

impl From<Row> for RowView {
    fn from(row: Row) -> RowView {
        RowView {
            sheet: row.sheet,
            row: row.row,
            verdict: row.verdict,
            reason: row.reason,
            resident: row.resident,
            values: row.content.values,
            faults: Any(serde_json::json!(row.content.faults)),
            notes: row.content.notes,
            handed_in: Any(serde_json::json!(row.content.handed_in)),
        }
    }
}
