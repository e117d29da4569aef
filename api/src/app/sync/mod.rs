//! Sync: one request takes a phone's edits in and gives back what is new.

pub mod cursor;
mod fitting;
pub mod live;
pub mod pull;
pub mod push;
mod still;

use crate::actor::Actor;
use crate::app::phones::gap;
use crate::app::{Error, hand_over, sign_in};
use crate::program::Program;
use crate::rates::{Over, Turn};
use crate::store::devices::Contact;
use crate::store::meta::{self, Life};
use crate::store::{accounts, devices};
use domain::Instant;
use domain::catalogue::Role;
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
    /// Edits that are left on the phone after this request, and the last number that it gave to one.
    pub unsent: Option<i64>,
    pub made: Option<i64>,
    /// Bytes that are free on the phone.
    pub storage_free: Option<i64>,
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
    /// The phone carried out a `drop_everything`.
    #[serde(default)]
    pub dropped_everything: bool,
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

impl Phone {
    /// # Errors
    /// `Forbidden`: `must_change_password`, `role_required`, `device_needed`.
    pub fn of(actor: &Actor) -> Result<Phone, Error> {
        actor.ready()?;
        actor.must_be(&[Role::Worker])?;
        let device = actor.device.ok_or(Error::Forbidden {
            code: "device_needed",
            message: "请在手机上登录后再同步",
        })?;
        Ok(Phone {
            device,
            account: actor.account,
            name: actor.name.clone(),
            grids: actor.grids(),
            grant_epoch: actor.epoch,
        })
    }

    /// A registration's, as its worker stands now, whoever asks.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn of_device(program: &Program, device: Uuid, now: Instant) -> Result<Phone, Error> {
        let db = program.db.read();
        let row = devices::find(db, device).await?.ok_or(Error::NotFound)?;
        let account = accounts::find(db, row.account).await?.ok_or(Error::NotFound)?;
        let of = sign_in::of_account(
            &program.db,
            &program.keys,
            &account,
            Uuid::nil(),
            Some(device),
            now,
        );
        let owner = of.await?;
        Ok(Phone {
            device,
            account: account.id,
            name: owner.name.clone(),
            // What has ended may go nowhere any more.
            grids: match row.state.as_str() {
                devices::ACTIVE => owner.grids(),
                _ => Vec::new(),
            },
            grant_epoch: owner.epoch,
        })
    }
}

/// Takes the edits in, then pulls. The answer leaves after both are committed.
pub async fn sync(program: &Program, phone: &Phone, request: &Request) -> Result<String, Error> {
    let _turn = may_ask(program, phone.device, phone.account).await?;
    let now = program.clock.now();
    let contact = contact(request, now);
    program.contacts.note(phone.device, contact.clone());
    let from = request
        .cursor
        .as_deref()
        .and_then(|c| cursor::read(&program.keys, phone.device, c));
    let (taken, pulled) = match still::answer(program, phone, request, from.as_ref()).await? {
        Some(nothing_new) => nothing_new,
        None => exchange(program, phone, request, from, now).await?,
    };
    let mut out = json!({
        "receipts": taken.receipts,
        "standing": standing(&taken, &pulled.life),
        "cursor": pulled.cursor, "more": pulled.more, "now": now.to_string(),
        "catalogue": program.catalogue.version,
    });
    if pulled.have_wanted {
        out["have_wanted"] = true.into();
    }
    if !pulled.more {
        out["grids"] = pulled.grids;
        let in_sync_at = Some(now.millis());
        program.contacts.note(
            phone.device,
            Contact {
                in_sync_at,
                ..contact
            },
        );
    }
    // Items are stored as JSON text: they are put in as they are.
    let mut text = out.to_string();
    text.pop();
    text.push_str(",\"items\":[");
    text.push_str(&pulled.items.join(","));
    text.push_str("]}");
    Ok(text)
}

async fn exchange(
    program: &Program,
    phone: &Phone,
    request: &Request,
    from: Option<cursor::Cursor>,
    now: Instant,
) -> Result<(push::TakenIn, pull::Pulled), Error> {
    if !request.have.is_empty() {
        // Before its own edits make it hard to see what else there was.
        let life = meta::life(program.db.read()).await?;
        gap::note(program, phone, request, &life, now).await?;
    }
    let taken = push::take_in(program, phone, request, now).await?;
    push::others::take_up(program, phone, &taken.came, now).await;
    let gone = |c: &cursor::Cursor| {
        c.grant_epoch != phone.grant_epoch || c.grids.keys().any(|grid| !phone.grids.contains(grid))
    };
    if from.as_ref().is_none_or(gone) {
        hand_over::release_phone(program, phone.device, &phone.grids, now).await?;
    }
    let pulled = pull::pull(program, phone, request, from, &taken.touched, now).await?;
    Ok((taken, pulled))
}

/// The one door that is open after token, account or grant has ended: edits go to held, receipts come back, and
/// one item that says that everything is to be dropped.
pub async fn hand_in(
    program: &Program,
    device: Uuid,
    account: Uuid,
    request: &Request,
) -> Result<String, Error> {
    let _turn = may_ask(program, device, account).await?;
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
    let life = meta::life(program.db.read()).await?;
    let out = json!({
        "receipts": taken.receipts,
        "standing": standing(&taken, &life),
        "items": [{ "kind": "drop_everything", "reason": "grant_ended" }],
        "cursor": "", "more": false, "now": now.to_string(), "catalogue": program.catalogue.version, "grids": {},
    });
    Ok(out.to_string())
}

/// Writes that may stand in line before phones are asked to come again later.
const LINE: i64 = 400;

/// Counts a request of a phone, and waits until fewer of the same worker's are at work.
///
/// # Errors
/// `OverQuota`: `rate_device`, `rate_account`, `busy`.
pub async fn may_ask(program: &Program, device: Uuid, account: Uuid) -> Result<Turn, Error> {
    let over = |code, message, seconds| Error::OverQuota {
        code,
        message,
        seconds,
    };
    if program.db.queue().length() > LINE {
        return Err(over("busy", "服务器正忙，请稍后自动重试", 5));
    }
    let counted = program.limiter.count(device, account, std::time::Instant::now());
    counted.map_err(|passed| match passed {
        Over::Device(seconds) => over("rate_device", "本机请求过于频繁，请稍后自动重试", seconds),
        Over::Account(seconds) => over("rate_account", "该账号请求过于频繁，请稍后自动重试", seconds),
    })?;
    let turn = program.limiter.turn(account).await;
    turn.ok_or_else(|| over("busy", "该账号同时请求过多，请稍后自动重试", 5))
}

/// What is durably here of a device's edits, and up to where they are in a backup, where there ever was one.
fn standing(taken: &push::TakenIn, life: &Life) -> Json {
    let (received, through) = (taken.received, taken.through);
    match life.safe_at {
        None => json!({ "received": received, "through": through, "safe": Json::Null }),
        Some(at) => json!({
            "received": received, "through": through, "safe": taken.safe,
            "safe_at": Instant::from_millis(at).to_string(),
        }),
    }
}

/// What a request tells of its device. An app's version is a few letters, digits and marks; anything else is none.
fn contact(request: &Request, now: Instant) -> Contact {
    let mark = |b: u8| b.is_ascii_alphanumeric() || b"._-+/ ".contains(&b);
    let version = |text: &&String| (1..=40).contains(&text.len()) && text.bytes().all(mark);
    Contact {
        at: now.millis(),
        app: request.app.as_ref().filter(version).cloned(),
        catalogue: i32::try_from(request.catalogue).ok().filter(|n| *n > 0),
        in_sync_at: None,
        unsent: request.unsent.filter(|n| *n >= 0),
        made: request.made.filter(|n| *n >= 0),
        storage_free: request.storage_free.filter(|n| *n >= 0),
    }
}
