//! Sync: one request takes a phone's edits in and gives back what is new.

pub mod cursor;
pub mod pull;
pub mod push;

use crate::app::{Error, hand_over};
use crate::program::Program;
use crate::store::devices::Contact;
use domain::Instant;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The envelope (wire, "Request"). Only this can fail as a request; each edit stands alone.
#[derive(Deserialize)]
pub struct Request {
    #[serde(default)]
    pub catalogue: u32,
    /// The app's version, for lists of devices.
    pub app: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<usize>,
    /// The phone's clock at sending, to measure its skew.
    pub sent_at: Option<Instant>,
    /// Records come with their documents: the phone carries a CRDT itself.
    #[serde(default)]
    pub documents: bool,
    #[serde(default)]
    pub edits: Vec<Box<RawValue>>,
    #[serde(default)]
    pub dropped: Vec<(Uuid, i64)>,
    #[serde(default)]
    pub digests: BTreeMap<Uuid, Digest>,
    #[serde(default)]
    pub have: BTreeMap<Uuid, Vec<(Uuid, String)>>,
}

/// Count and digest of a grid as one side has it.
#[derive(Deserialize, PartialEq, Eq)]
pub struct Digest {
    pub count: i64,
    pub digest: String,
}

/// A signed-in phone: its registration, who uses it, which grids it may carry.
#[derive(Clone)]
pub struct Phone {
    pub device: Uuid,
    pub account: Uuid,
    /// As provenance shows the worker.
    pub name: String,
    pub grids: Vec<Uuid>,
    /// Changes whenever what the account may see changes.
    pub grant_epoch: i32,
}

/// Takes the edits in, then pulls. The answer leaves after both are committed.
pub async fn sync(program: &Program, phone: &Phone, request: &Request) -> Result<String, Error> {
    let now = program.clock.now();
    program.contacts.note(phone.device, contact(request, now));
    let taken = push::take_in(program, phone, request, now).await?;
    let from = request
        .cursor
        .as_deref()
        .and_then(|c| cursor::read(&program.keys, phone.device, c));
    let gone = |c: &cursor::Cursor| {
        c.grant_epoch != phone.grant_epoch || c.grids.keys().any(|grid| !phone.grids.contains(grid))
    };
    if from.as_ref().is_none_or(gone) {
        hand_over::release_phone(program, phone.device, &phone.grids, now).await?;
    }
    let pulled = pull::pull(program, phone, request, from, &taken.touched, now).await?;
    let mut out = json!({
        "receipts": taken.receipts,
        "standing": { "received": taken.received, "through": taken.through, "safe": Json::Null },
        "cursor": pulled.cursor, "more": pulled.more, "now": now.to_string(),
        "catalogue": program.catalogue.version,
    });
    if !pulled.more {
        out["grids"] = pulled.grids;
    }
    // Items are stored as JSON text: they are put in as they are.
    let mut text = out.to_string();
    text.pop();
    text.push_str(",\"items\":[");
    text.push_str(&pulled.items.join(","));
    text.push_str("]}");
    Ok(text)
}

/// The one door that is open after token, account or grant has ended: edits go to held, receipts come back, and
/// one item that says that everything is to be dropped.
pub async fn hand_in(
    program: &Program,
    device: Uuid,
    account: Uuid,
    request: &Request,
) -> Result<String, Error> {
    let now = program.clock.now();
    program.contacts.note(device, contact(request, now));
    let phone = Phone {
        device,
        account,
        name: String::new(),
        grids: Vec::new(),
        grant_epoch: 0,
    };
    let taken = push::hand_in(program, &phone, request, now).await?;
    let out = json!({
        "receipts": taken.receipts,
        "standing": { "received": taken.received, "through": taken.through, "safe": Json::Null },
        "items": [{ "kind": "drop_everything", "reason": "grant_ended" }],
        "cursor": "", "more": false, "now": now.to_string(), "catalogue": program.catalogue.version, "grids": {},
    });
    Ok(out.to_string())
}

/// What a request tells of its device. An app's version is a few letters, digits and marks; anything else is none.
fn contact(request: &Request, now: Instant) -> Contact {
    let mark = |b: u8| b.is_ascii_alphanumeric() || b"._-+/ ".contains(&b);
    let version = |text: &&String| (1..=40).contains(&text.len()) && text.bytes().all(mark);
    Contact {
        at: now.millis(),
        app: request.app.as_ref().filter(version).cloned(),
        catalogue: i32::try_from(request.catalogue).ok().filter(|n| *n > 0),
    }
}
