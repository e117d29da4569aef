//! `POST /api/v1/sync` and the catalogue that phones read first.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::{Answer, ApiError, Problem};
use super::json::Json;
use super::payload::Raw;
use super::who::{Door, SyncDoor};
use crate::app::sync::{self, Request};
use crate::program::Program;
use domain::catalogue::LIMITS;
use poem::web::Data;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::{Value, json};

pub struct Sync;

/// What a phone sends. Unknown members are passed over; each edit is read by itself.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SyncRequest {
    /// Catalogue version that the phone has.
    catalogue: u32,
    /// The app's version, at most 40 letters, digits and marks: shown in lists of devices.
    app: Option<String>,
    /// Edits that are left on the phone after this request: shown in lists of phones.
    unsent: Option<i64>,
    /// The last number that the phone has given to an edit: what of them never arrived is found by it.
    made: Option<i64>,
    /// Bytes that are free for the app on the phone.
    storage_free: Option<i64>,
    /// From the last answer; absent at the first load.
    cursor: Option<String>,
    /// Most items wanted in the answer, at most 500.
    limit: Option<u32>,
    /// Whether records come with their documents, for clients that carry a CRDT themselves: then at most 100 in an
    /// answer.
    documents: Option<bool>,
    /// The phone's clock at sending (RFC 3339), to measure how far it is off.
    sent_at: Option<String>,
    /// At most 200 edits; their shape is in docs/sync.md.
    edits: Vec<Any<Value>>,
    /// Drops that the phone carried out: pairs of resident and holding number.
    dropped: Option<Vec<Any<Value>>>,
    /// At the hand-in door: the phone removed everything that it held.
    dropped_everything: Option<bool>,
    /// Per grid what the phone holds: count and digest.
    digests: Option<Any<Value>>,
    /// Per grid every record with its version; the answer says what to fetch and what to remove.
    have: Option<Any<Value>>,
}

/// What became of the edits, and what is new.
#[derive(Object)]
pub struct SyncAnswer {
    /// One per edit: `merged`, `conflict`, `proposed` or `held`, and why.
    receipts: Vec<Any<Value>>,
    /// How many edits of this device are durably here, and up to which number without a gap.
    standing: Any<Value>,
    /// Records, drops, changed receipts, decisions and notices.
    items: Vec<Any<Value>>,
    /// To send with the next request.
    cursor: String,
    /// There is more: ask again.
    more: bool,
    /// The server's clock.
    now: String,
    /// The newest catalogue version.
    catalogue: u32,
    /// The phone comes from another life of the database: its next request should say in `have` what it has.
    have_wanted: Option<bool>,
    /// With `more: false`, count and digest of each grid.
    grids: Any<Value>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Sync")]
impl Sync {
    /// Push edits and pull what is new, in one round trip; safe to repeat at any point
    #[oai(path = "/sync", method = "post", operation_id = "sync")]
    async fn sync(
        &self,
        program: Data<&Program>,
        who: SyncDoor,
        body: Raw<SyncRequest>,
    ) -> Answer<Raw<SyncAnswer>> {
        let request: Request = serde_json::from_slice(&body.bytes)
            .map_err(|_| ApiError::BadRequest(Problem::new("bad_request", "请求的格式不对")))?;
        if request.edits.len() > LIMITS.edits {
            return Err(ApiError::TooLarge(Problem::new(
                "too_many_edits",
                "一次最多发送 200 条修改，请分批发送",
            )));
        }
        let text = match who.0 {
            Door::Phone(phone) => sync::sync(&program, &phone, &request).await?,
            Door::HandIn { device, account } => sync::hand_in(&program, device, account, &request).await?,
        };
        Ok(Raw::new(text.into_bytes()))
    }

    /// The field catalogue: what can be recorded, by whom, within which limits
    #[oai(path = "/catalogue", method = "get", operation_id = "get_catalogue")]
    async fn catalogue(&self, program: Data<&Program>, _who: SignedIn) -> Answer<Json<Any<Value>>> {
        let catalogue = &program.catalogue;
        let shown = json!({
            "version": catalogue.version, "limits": LIMITS,
            "fields": catalogue.fields, "categories": catalogue.categories,
        });
        Ok(Json(Any(shown)))
    }
}
