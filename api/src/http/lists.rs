//! Lists in: hand a file in, look at what was read, commit it.

mod mapping;
mod row;
mod verdicts;
mod views;

pub use self::mapping::ListMappings;

use self::row::RowView;
use self::views::{Kind, ListBody, Page, Rows, Started, UploadedView, Workbook};
use super::auth::Caller;
use super::contract::Tag;
use super::error::{Answer, ApiError, Problem};
use super::rosters::percent;
use crate::app::lists::{self, Named, NewList, Reach};
use crate::program::Program;
use crate::store::lists::{Part, Row};
use poem::Body;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use uuid::Uuid;

pub use verdicts::Verdicts;

pub struct Lists;

#[OpenApi(prefix_path = "/api/v1/lists", tag = "Tag::Lists")]
impl Lists {
    /// Hand in a file; its rows are read and shown, nothing is written yet
    #[oai(path = "/", method = "post", operation_id = "upload_list")]
    #[expect(clippy::too_many_arguments, reason = "each says one thing about the file")]
    async fn upload(
        &self,
        program: Data<&Program>,
        who: Caller,

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
        /// Whether it names everybody of its division; `true` by default. Of lists that say `false` nobody is missing.
        complete: Query<Option<bool>>,
        body: Binary<Body>,
    ) -> Answer<Json<UploadedView>> {
        let reach = Reach::of(&who.0)?;
        let new = NewList {
            source: source.0,
            kind: kind.0.into(),
            division: division.0,
            month: month.0,
            name: name.0,
            complete: complete.0.unwrap_or(true),
        };
        let content = body.0.into_async_read();
        let now = program.clock.now();
        let done = lists::upload(&program, &reach, who.0.account, new, content, now).await?;
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
        who: Caller,
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
            items: page
                .into_iter()
                .map(|l| ListBody::from(l).without_samples())
                .collect(),
            next,
        }))
    }

    /// One list: its columns as understood, its rows by verdict, its job
    #[oai(path = "/:id", method = "get", operation_id = "get_list")]
    async fn get(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Json<ListBody>> {
        let reach = Reach::of(&who.0)?;
        Ok(Json(lists::get(&program, &reach, id.0).await?.into()))
    }

    /// Rows of a list in the order of the file
    #[oai(path = "/:id/rows", method = "get", operation_id = "list_list_rows")]
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the contract")]
    async fn rows(
        &self,
        program: Data<&Program>,
        who: Caller,

        /// The id of what is meant.
        id: Path<Uuid>,
        /// One verdict only: what became of a row, or before the commit what the dry run says.
        verdict: Query<Option<String>>,
        /// Only rows whose reason contains these words.
        reason: Query<Option<String>>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<Rows>> {
        let reach = Reach::of(&who.0)?;
        let after = page_after(after.0.as_deref())?;
        let limit = limit.0.unwrap_or(50).clamp(1, 200);
        let part = Part {
            verdict: verdict.0.as_deref(),
            reason: reason.0.as_deref(),
            after,
            limit: Some(limit),
            of_file: false,
            ..Part::default()
        };
        let page = lists::rows(&program, &reach, id.0, part).await?;
        let last = page.rows.last().filter(|_| page.rows.len() as u64 == limit);
        let next = last.map(|r| format!("{}.{}", r.sheet, r.row));
        let decided = |row: &Row| page.decisions.get(&(row.sheet, row.row)).cloned();
        Ok(Json(Rows {
            items: page
                .rows
                .iter()
                .map(|row| RowView::of(row.clone(), decided(row)))
                .collect(),
            next,
        }))
    }

    /// The file with what became of each row behind its last column, as a workbook
    ///
    /// Before the commit with what the dry run says. Cells of the file stand where they stood; people whom it does not
    /// name stand on a sheet of their own. At most 100,000 rows (422 `too_many_rows`).
    #[oai(path = "/:id/file", method = "get", operation_id = "get_list_file")]
    async fn file(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Workbook> {
        let reach = Reach::of(&who.0)?;
        let file = lists::verdict_file(&program, &reach, who.0.account, id.0).await?;
        let name = percent(&file.name);
        Ok(Workbook::Made(
            Binary(file.bytes),
            format!("attachment; filename=\"list.xlsx\"; filename*=UTF-8''{name}"),
            "no-store".to_owned(),
        ))
    }

    /// Say what a commit would make of each row, in the background; nothing is written into any record
    #[oai(path = "/:id/dry-run", method = "post", operation_id = "try_list")]
    async fn dry_run(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Json<Started>> {
        let reach = Reach::of(&who.0)?;
        Ok(Json(
            lists::dry_run(&program, &reach, who.0.account, id.0)
                .await?
                .into(),
        ))
    }

    /// Write the list's rows into register, grids or records, in the background
    ///
    /// Where the source has handed in such a list before, a dry run comes first (409 `dry_run_needed`). More than 10 %
    /// missing, more than 30 % changed, and a month before one that is committed need a second request that names the
    /// figures of the first one's `present` (409 `needs_confirmation`); of an older month only history is kept.
    #[oai(path = "/:id/commit", method = "post", operation_id = "commit_list")]
    async fn commit(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The id of what is meant.
        id: Path<Uuid>,
        /// How many are missing, where that must be named.
        missing: Query<Option<i64>>,
        /// How many have changed, where that must be named.
        changed: Query<Option<i64>>,
        /// The later month that is committed, where that must be named.
        later_month: Query<Option<String>>,
    ) -> Answer<Json<Started>> {
        let reach = Reach::of(&who.0)?;
        let named = Named {
            missing: missing.0,
            changed: changed.0,
            later_month: later_month.0,
        };
        let now = program.clock.now();
        let done = lists::commit(&program, &reach, who.0.account, id.0, &named, now).await?;
        Ok(Json(done.into()))
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
