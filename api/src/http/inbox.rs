//! The inbox: pages of what waits, and decisions.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::{Answer, ApiError, Problem};
use super::json::Json;
use super::who::decider;
use crate::app::inbox::{self, Decision, ItemView};
use crate::program::Program;
use crate::store::inbox::Filter;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

pub struct Inbox;

/// Something that waits for a decision.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Item {
    /// Its id.
    id: Uuid,
    /// Its version: a decision names the one that the decider saw.
    n: i32,
    /// `proposal`, `conflict`, `merged_note`, `new_resident`, `departure`, `held_edit`, `unplaced`, `clue`, …
    reason: String,
    /// The resident concerned.
    resident: Option<Uuid>,
    /// The field concerned.
    key: String,
    /// The village concerned.
    village: Option<Uuid>,
    /// Whose inbox: `village`, `town`, `county`.
    level: String,
    /// `open`, `decided`, `superseded`, `applied`.
    state: String,
    /// When it was opened (RFC 3339, UTC).
    opened_at: String,
    /// Both sides, with who, when and source.
    content: Any<Value>,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Items {
    /// One page of them, in order.
    items: Vec<Item>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

/// A decision on an item. The same one may be sent again and gets the same answer.
#[derive(Object)]
struct NewDecision {
    /// Made by the client, once per decision.
    id: Uuid,
    /// The item's version that was seen.
    n: i32,
    /// `approve`, `reject`, `choose`, `accept` or `discard`; for a list's row that asks whom it is about, `same` (one of
    /// the item's `candidates`), `new` (somebody else) or `discard`. A held edit: `apply`,
    /// `assign` (to the person whose id is the `value`), `create` (somebody new in the grid whose id is the `value`) or
    /// `discard`. A clue: `send` (to the worker whose account is the `value`, or to whoever has the grid), `confirm`, `refute`
    /// or `close`.
    #[oai(validator(max_length = 20))]
    choice: String,
    /// Which side is meant, where an item has several.
    edit: Option<Uuid>,
    /// For `choose`: the value to keep; `null` clears, `{add, remove}` for sets. For `same`: the `id` of the candidate.
    /// For `new`: the ids of all candidates that were shown, none of whom it is (409 `changed_meanwhile` where one was
    /// not seen).
    value: Option<Any<Value>>,
    /// Needed to reject, discard, refute or close; told to the worker with `send`.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
    /// `true` to choose "empty": JSON's `null` and an absent value look alike.
    clear: Option<bool>,
}

#[derive(Object)]
struct DecisionView {
    /// What was chosen.
    choice: String,
    /// Who, by name.
    by: String,
    /// When (RFC 3339, UTC).
    at: String,
    /// It had been taken already.
    repeat: bool,
}

#[OpenApi(prefix_path = "/api/v1/inbox", tag = "Tag::Inbox")]
impl Inbox {
    /// What waits in the actor's villages, oldest first
    #[oai(path = "/", method = "get", operation_id = "list_inbox_items")]
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the contract")]
    async fn list(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// One reason only.
        reason: Query<Option<String>>,
        /// One village only.
        village: Query<Option<Uuid>>,
        /// Items of one resident.
        resident: Query<Option<Uuid>>,
        /// One category only.
        category: Query<Option<String>>,
        /// `open` by default.
        state: Query<Option<String>>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<Items>> {
        let who = decider(&who.0)?;
        let after = match after.0.as_deref() {
            None => None,
            Some(text) => Some(
                read_after(text)
                    .ok_or_else(|| ApiError::BadRequest(Problem::new("bad_page", "分页参数无效")))?,
            ),
        };
        let filter = Filter {
            reason: reason.0,
            village: village.0,
            resident: resident.0,
            category: category.0,
            list: None,
            state: state.0,
        };
        let limit = limit.0.unwrap_or(50).clamp(1, 200);
        let page = inbox::page(&program, &who, &filter, after, limit).await?;
        let full = page.len() as u64 == limit;
        let next = page
            .last()
            .filter(|_| full)
            .map(|i| format!("{}.{}", i.opened_at.millis(), i.id));
        Ok(Json(Items {
            items: page.into_iter().map(Item::from).collect(),
            next,
        }))
    }

    /// One item with both sides
    #[oai(path = "/:id", method = "get", operation_id = "get_inbox_item")]
    async fn get(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Json<Item>> {
        let who = decider(&who.0)?;
        Ok(Json(inbox::one(&program, &who, id.0).await?.into()))
    }

    /// Decide an item, once, at the version that was seen
    #[oai(path = "/:id/decision", method = "post", operation_id = "decide_inbox_item")]
    async fn decide(
        &self,
        program: Data<&Program>,
        who: SignedIn,

        /// The id of what is meant.
        id: Path<Uuid>,
        body: Json<NewDecision>,
    ) -> Answer<Json<DecisionView>> {
        let who = decider(&who.0)?;
        let body = body.0;
        let value = if body.clear == Some(true) {
            Some(Value::Null)
        } else {
            body.value.map(|v| v.0)
        };
        let what = Decision {
            id: body.id,
            item: id.0,
            n: body.n,
            choice: body.choice,
            edit: body.edit,
            value,
            reason: body.reason,
        };
        let done = inbox::decide(&program, &who, &what).await?;
        let (by, at) = (done.by, done.at.to_string());
        Ok(Json(DecisionView {
            choice: done.choice,
            by,
            at,
            repeat: done.repeat,
        }))
    }
}

fn read_after(text: &str) -> Option<(i64, Uuid)> {
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, Uuid::try_parse(id).ok()?))
}

impl From<ItemView> for Item {
    fn from(view: ItemView) -> Item {
        Item {
            id: view.id,
            n: view.n,
            reason: view.reason,
            resident: view.resident,
            key: view.key,
            village: view.village,
            level: view.level,
            state: view.state,
            opened_at: view.opened_at.to_string(),
            content: Any(view.body),
        }
    }
}
