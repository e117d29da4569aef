//! Rosters as files, at once or made in the background, and what has changed in them.

mod file;
mod shapes;

use super::auth::{Caller, Done};
use super::contract::Tag;
use super::error::Answer;
use super::page;
use crate::app::rosters::changes::{self, Asked};
use crate::app::rosters::{self, Started, download, job};
use crate::program::Program;
use file::{RosterFile, range};
use poem::Request;
use poem::http::header;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use shapes::*;
use uuid::Uuid;

pub(super) use shapes::percent;

pub struct Rosters;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Rosters")]
impl Rosters {
    /// Export the enrolments of one category as a file
    ///
    /// Columns and masks follow what the actor may see. The audit trail has purpose and rows before the first byte is
    /// sent. Large files are made in the background (202).
    #[oai(path = "/rosters/export", method = "post", operation_id = "export_roster")]
    async fn export(
        &self,
        program: Data<&Program>,
        who: Caller,
        body: Json<RosterRequest>,
    ) -> Answer<Exported> {
        let wanted = body.0.read()?;
        match rosters::export(&program, &who.0, &wanted).await? {
            Started::Streamed(export) => Ok(Exported::File(export)),
            Started::InBackground(id) => {
                let view = job::get(&program, &who.0, id).await?;
                Ok(Exported::Job(Box::new(view.into())))
            }
        }
    }

    /// What has changed in a roster since a cursor: who joined, left, or shows something else
    ///
    /// Without a cursor there is nothing but the cursor of now; an export gives that of its own state. The roster of the
    /// cursor with these changes is the roster of now. Costs what changed.
    #[oai(
        path = "/rosters/changes",
        method = "get",
        operation_id = "list_roster_changes"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is one part of the question")]
    async fn changes(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// Key of the category.
        #[oai(validator(max_length = 60), example = "category_example")]
        category: Query<String>,
        /// County, town or village, as with the export.
        division: Query<Option<Uuid>>,
        /// `cursor` of the pull before, or of an export.
        cursor: Query<Option<String>>,
        /// `all` tells every single step instead of what they come to.
        detail: Query<Option<String>>,
        /// 1 to 5000, 1000 by default: people, or steps, that are looked at.
        limit: Query<Option<u64>>,
        /// What for, as with the export.
        #[oai(example = "purpose_example")]
        purpose: Query<String>,
    ) -> Answer<Json<RosterChangePage>> {
        let asked = Asked {
            category: &category,
            division: *division,
            cursor: cursor.as_deref(),
            limit: limit.unwrap_or(1000).clamp(1, 5000),
            every: detail.as_deref() == Some("all"),
            purpose: &purpose,
        };
        let pulled = changes::pull(&program, &who.0, &asked).await?;
        let items = pulled.items.into_iter().map(|item| RosterChangeView {
            change: item.kind.to_owned(),
            resident: item.resident,
            at: item.at.to_string(),
            row: item.row.map(|row| Any(row.into())),
        });
        Ok(Json(RosterChangePage {
            items: items.collect(),
            cursor: pulled.cursor,
            more: pulled.more,
        }))
    }

    /// The actor's own exports that were made in the background, newest first
    #[oai(path = "/exports", method = "get", operation_id = "list_exports")]
    async fn list(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// `next` of the page before.
        before: Query<Option<Uuid>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<ExportPage>> {
        let limit = page::limit(*limit)?;
        let found = job::list(&program, &who.0, *before, limit).await?;
        let next = found
            .last()
            .filter(|_| found.len() as u64 == limit)
            .map(|v| v.row.id);
        let items = found.into_iter().map(ExportView::from).collect();
        Ok(Json(ExportPage { items, next }))
    }

    /// One export: how far it is, and its file's size and checksum
    #[oai(path = "/exports/:id", method = "get", operation_id = "get_export")]
    async fn get(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The export.
        id: Path<Uuid>,
    ) -> Answer<Json<ExportView>> {
        Ok(Json(job::get(&program, &who.0, *id).await?.into()))
    }

    /// An export's file, whole or in parts
    ///
    /// One `Range` is answered with 206, what lies behind the end with 416; `If-Range` takes the `ETag`. Parts that
    /// belong together are one download in the audit trail.
    #[oai(path = "/exports/:id/file", method = "get", operation_id = "get_export_file")]
    async fn file(
        &self,
        program: Data<&Program>,
        who: Caller,
        request: &Request,
        /// The export.
        id: Path<Uuid>,
    ) -> Answer<RosterFile> {
        let ready = download::ready(&program, &who.0, *id).await?;
        let text = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
        let size = ready.file.size;
        let tag = file::tag(&ready.file);
        let wanted = range(text(header::RANGE), text(header::IF_RANGE), &tag, size);
        let Some((part, whole)) = wanted else {
            return Ok(RosterFile::beyond(size));
        };
        let head = file::Head::of(&ready, part.clone(), whole)?;
        let bytes = download::hand_out(&program, &who.0, ready, part).await?;
        Ok(RosterFile::part(head, bytes))
    }

    /// Remove one of the actor's exports with its file
    #[oai(path = "/exports/:id", method = "delete", operation_id = "remove_export")]
    async fn remove(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The export.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        job::remove(&program, &who.0, *id).await?;
        Ok(Done::Done)
    }
}

fn category_example() -> String {
    "disabled".to_owned()
}

fn purpose_example() -> String {
    "check".to_owned()
}
