//! Erasing a person, and who was erased.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::Answer;
use super::json::Json;
use crate::app::erasure::{self, Reason, Tombstone};
use crate::program::Program;
use domain::Instant;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json as Body;
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Erasures;

/// Why somebody is erased.
#[derive(Enum, Clone, Copy)]
#[oai(rename = "ErasureReason", rename_all = "snake_case")]
enum ReasonCode {
    /// The person, or who acts for them, asked for it.
    Requested,
    /// What was kept is needed no longer.
    Expired,
    /// Entered by mistake.
    Mistaken,
    /// Ordered by an authority or a court.
    Ordered,
}

/// An erasure.
#[derive(Object)]
#[oai(deny_unknown_fields, example, skip_serializing_if_is_none)]
struct NewErasure {
    /// Why; the only thing that stays beside the date.
    reason: ReasonCode,
    /// The version that the answer `needs_confirmation` named; absent the first time.
    #[oai(validator(max_length = 40))]
    confirm: Option<String>,
}

impl Example for NewErasure {
    fn example() -> Self {
        NewErasure {
            reason: ReasonCode::Requested,
            confirm: Some("AAEAAAAHc2hlbmdodW8".into()),
        }
    }
}

/// What is left of an erased person.
#[derive(Object)]
#[oai(example)]
struct ErasureView {
    /// The id that the person had.
    resident: Uuid,
    /// Why.
    reason: String,
    /// Who did it.
    by: Uuid,
    /// RFC 3339.
    at: String,
    /// It had been done already.
    repeat: bool,
}

impl Example for ErasureView {
    fn example() -> Self {
        ErasureView {
            resident: Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_000a),
            reason: "requested".into(),
            by: Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_00ad),
            at: "2026-11-20T03:00:00.000Z".into(),
            repeat: false,
        }
    }
}

fn view(stone: Tombstone, repeat: bool) -> ErasureView {
    ErasureView {
        resident: stone.resident,
        reason: stone.reason,
        by: stone.account,
        at: Instant::from_millis(stone.at).to_string(),
        repeat,
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Residents")]
impl Erasures {
    /// Erase a person
    ///
    /// Everything goes at once: facts, document, history, visits, rows of lists, and the files that name the person.
    /// Phones are told to drop the record. The first request answers 409 `needs_confirmation`: `present` says how much
    /// there is, with the `version` that a second request must name. A later list that names the person asks somebody.
    #[oai(
        path = "/residents/:id/erasure",
        method = "post",
        operation_id = "erase_resident"
    )]
    async fn erase_resident(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The resident.
        id: Path<Uuid>,
        body: Body<NewErasure>,
    ) -> Answer<Json<ErasureView>> {
        let reason = match body.0.reason {
            ReasonCode::Requested => Reason::Requested,
            ReasonCode::Expired => Reason::Expired,
            ReasonCode::Mistaken => Reason::Mistaken,
            ReasonCode::Ordered => Reason::Ordered,
        };
        let confirm = body.0.confirm.as_deref();
        let done = erasure::erase(&program, &who.0, id.0, reason, confirm).await?;
        Ok(Json(view(done.stone, done.repeat)))
    }

    /// Who was erased, the newest first
    #[oai(path = "/erasures", method = "get", operation_id = "list_erasures")]
    async fn list_erasures(&self, program: Data<&Program>, who: SignedIn) -> Answer<Json<Vec<ErasureView>>> {
        let all = erasure::list(&program, &who.0).await?;
        Ok(Json(all.into_iter().map(|stone| view(stone, true)).collect()))
    }
}
