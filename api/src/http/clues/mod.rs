//! Clues that comparison rules found, and the rules.

mod rules;
mod shapes;

pub use rules::ClueRules;

use super::auth::Caller;
use super::contract::Tag;
use super::error::Answer;
use super::json::Json;
use super::page;
use crate::app::clues::deciding::{self, Wish};
use crate::app::clues::{export, see};
use crate::program::Program;
use crate::store::clues::Filter;
use domain::Instant;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Binary;
use shapes::*;
use uuid::Uuid;

pub struct Clues;

#[OpenApi(prefix_path = "/api/v1/clues", tag = "Tag::Clues")]
impl Clues {
    /// Clues in reach, in the order in which they were first found
    ///
    /// A department sees those that are about its categories and tell nothing of any other; villages and towns see those of
    /// their people. Each is one for its rule and person, for ever, with the states that it went through.
    #[oai(path = "/", method = "get", operation_id = "list_clues")]
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the contract")]
    async fn list(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// `open`, `sent`, `confirmed`, `refuted` or `closed`.
        #[oai(validator(max_length = 20))]
        state: Query<Option<String>>,
        /// Code of one rule.
        #[oai(validator(max_length = 60))]
        rule: Query<Option<String>>,
        /// Kind of the list that is answered for.
        #[oai(validator(max_length = 40))]
        kind: Query<Option<String>>,
        /// Key of the category that is answered for.
        #[oai(validator(max_length = 60))]
        category: Query<Option<String>>,
        /// One village.
        village: Query<Option<Uuid>>,
        /// One resident.
        resident: Query<Option<Uuid>>,
        /// Only what has changed at or after this moment (RFC 3339).
        #[oai(validator(max_length = 40))]
        changed_since: Query<Option<String>>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<CluePage>> {
        let (after, limit) = (page::after(after.as_deref())?, page::limit(*limit)?);
        let since = changed_since.0.as_deref().map(|text| {
            Instant::parse(text)
                .map(Instant::millis)
                .ok_or_else(|| page::bad("changed_since", "时间须为 RFC 3339"))
        });
        let filter = Filter {
            state: state.0,
            rule: rule.0,
            kind: kind.0,
            category: category.0,
            village: *village,
            resident: *resident,
            changed_since: since.transpose()?,
        };
        let views = see::page(&program, &who.0, &filter, after, limit).await?;
        let next = page::next(&views, limit, |view| (view.row.opened_at, view.row.id));
        Ok(Json(CluePage {
            items: views.into_iter().map(ClueView::from).collect(),
            next,
        }))
    }

    /// Clues as a CSV file, at most 50,000 (422 `too_many_rows`)
    ///
    /// The audit trail has purpose and rows before the first byte is sent. Cells that a spreadsheet would calculate are made
    /// text.
    #[oai(path = "/export", method = "post", operation_id = "export_clues")]
    async fn export(&self, program: Data<&Program>, who: Caller, body: Json<ClueExport>) -> Answer<ClueFile> {
        let filter = Filter {
            state: body.0.state.map(findable),
            rule: body.0.rule.map(findable),
            kind: body.0.kind.map(findable),
            category: body.0.category.map(findable),
            village: body.0.village,
            ..Filter::default()
        };
        let text = export::export(&program, &who.0, &filter, &body.0.purpose).await?;
        Ok(ClueFile::Made(
            Binary(text.into_bytes()),
            "attachment; filename=\"clues.csv\"".to_owned(),
            "no-store".to_owned(),
        ))
    }

    /// One clue with both sides and its states
    #[oai(path = "/:id", method = "get", operation_id = "get_clue")]
    async fn get(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The clue.
        id: Path<Uuid>,
    ) -> Answer<Json<ClueView>> {
        Ok(Json(see::one(&program, &who.0, *id).await?.into()))
    }

    /// Take a clue on that is no open question: close what was acted on, refute what was confirmed, open again
    ///
    /// Departments close only. Villages decide open clues in their inbox, where they are sent to workers too. 409
    /// `changed_meanwhile` where the clue is no longer the version that was seen, `unfit_state` where it cannot go there.
    #[oai(path = "/:id/state", method = "post", operation_id = "change_clue")]
    async fn change(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The clue.
        id: Path<Uuid>,
        body: Json<ClueChange>,
    ) -> Answer<Json<ClueView>> {
        let wish = Wish {
            to: &body.0.state,
            n: body.0.n,
            reason: &body.0.reason,
        };
        Ok(Json(deciding::change(&program, &who.0, *id, &wish).await?.into()))
    }
}

/// A word of a body as it may stand in a question: NUL stands in no text of PostgreSQL, and such a word finds nothing. In
/// a query none comes so far (`http/query`).
fn findable(word: String) -> String {
    word.replace('\0', "\u{fffd}")
}
