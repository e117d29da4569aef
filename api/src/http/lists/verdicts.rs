//! What follows from verdicts: two months laid beside each other, and a committed list taken back.

use super::views::Started;
use crate::app::lists::{self, Reach};
use crate::http::auth::Caller;
use crate::http::contract::Tag;
use crate::http::error::Answer;
use crate::program::Program;
use crate::store::lists::in_file;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Verdicts;

/// A field that a person's row says differently.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ListFieldChange {
    /// The standard key; one that begins with a dot is read beyond the standard ones.
    key: String,
    /// The header that the list has for it.
    header: Option<String>,
    /// What the earlier list says; absent where it says nothing.
    from: Option<String>,
    /// What the later list says; absent where it says nothing.
    to: Option<String>,
}

/// What became of one person from the earlier list to the later one.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ListChange {
    /// `joined`, `left` or `changed`.
    kind: String,
    /// The resident, where the row is linked.
    resident: Option<Uuid>,
    /// The sheet, counted from 0.
    sheet: i32,
    /// As the spreadsheet counts: in the later list, of who left in the earlier one.
    row: i32,
    /// Which further member of the household that the row names, counted from 1; absent for whom the row is about.
    member: Option<i32>,
    /// The name as the list has it.
    name: Option<String>,
    /// What changed; empty for who joined or left.
    fields: Vec<ListFieldChange>,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ListDifference {
    /// The earlier list.
    since: Uuid,
    /// Its month, `YYYY-MM`.
    since_month: String,
    /// How many people the later list names and the earlier one does not.
    joined: usize,
    /// How many people the earlier list names and the later one does not.
    left: usize,
    /// How many people both name with something different.
    changed: usize,
    /// One page of them, in a fixed order.
    items: Vec<ListChange>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

#[OpenApi(prefix_path = "/api/v1/lists", tag = "Tag::Lists")]
impl Verdicts {
    /// What changed from an earlier list of the same source and kind: who joined, who left, which field of whom
    ///
    /// Without `since` it is the committed list of the month before (409 `no_earlier_list` where there is none). Both
    /// lists must be of one source and kind and cover some of the same places (422 `not_comparable`).
    #[oai(
        path = "/:id/difference",
        method = "get",
        operation_id = "get_list_difference"
    )]
    async fn difference(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The id of what is meant.
        id: Path<Uuid>,
        /// The earlier list.
        since: Query<Option<Uuid>>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// People of a page: 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<ListDifference>> {
        let reach = Reach::of(&who.0)?;
        let limit = limit.0.unwrap_or(50).clamp(1, 200) as usize;
        let found = lists::difference(&program, &reach, id.0, since.0, after.0.as_deref(), limit).await?;
        Ok(Json(found.into()))
    }

    /// Take back what a committed list wrote, in the background, as long as nothing was built on it
    ///
    /// Values, enrolments and open items become what they were before; people whom only this list had entered are
    /// withdrawn, and dropped from phones. 409 `built_upon` says how many records were changed since, why, and names some
    /// rows. The list is `undone` then, with its verdicts; the same file can be handed in and committed again.
    #[oai(path = "/:id/undo", method = "post", operation_id = "undo_list")]
    async fn undo(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Json<Started>> {
        let reach = Reach::of(&who.0)?;
        let now = program.clock.now();
        Ok(Json(
            lists::undo(&program, &reach, who.0.account, id.0, now)
                .await?
                .into(),
        ))
    }
}

impl From<lists::Difference> for ListDifference {
    fn from(found: lists::Difference) -> ListDifference {
        let field = |f: lists::FieldChange| ListFieldChange {
            key: f.key,
            header: f.header,
            from: f.from,
            to: f.to,
        };
        let change = |c: lists::Change| ListChange {
            kind: c.kind.to_owned(),
            resident: c.resident,
            sheet: in_file(c.place.0).0,
            row: c.place.1,
            member: in_file(c.place.0).1,
            name: c.name,
            fields: c.fields.into_iter().map(field).collect(),
        };
        ListDifference {
            since: found.since,
            since_month: found.since_month,
            joined: found.joined,
            left: found.left,
            changed: found.changed,
            items: found.items.into_iter().map(change).collect(),
            next: found.next,
        }
    }
}
