//! Erasing a person: everything gone at once from live data, phones told to drop, a tombstone left.

mod proof;

pub use crate::store::tombstones::Tombstone;
pub use proof::{Leftover, Place, Proof, proof};

use crate::actor::Actor;
use crate::app::Error;
use crate::app::desk::Desk;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::db::Txn;
use crate::store::erasing::{self, Extent};
use crate::store::held;
use crate::store::tombstones;
use domain::Instant;
use domain::catalogue::Role;
use entity::inbox_item;
use serde_json::json;
use std::collections::BTreeSet;
use sync::State;
use uuid::Uuid;

/// Why somebody is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The person, or who acts for them, asked for it.
    Requested,
    /// What was kept is needed no longer.
    Expired,
    /// Entered by mistake.
    Mistaken,
    /// Ordered by an authority or a court.
    Ordered,
}

impl Reason {
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Requested => "requested",
            Reason::Expired => "expired",
            Reason::Mistaken => "mistaken",
            Reason::Ordered => "ordered",
        }
    }
}

/// What was done, or had been.
#[derive(Clone, Debug)]
pub struct Erased {
    pub stone: Tombstone,
    pub repeat: bool,
}

/// Erases a person. `confirm` is the version of the record that the administrator was shown with its extent: without
/// it nothing happens.
///
/// # Errors
/// `Forbidden` for whoever is no administrator; `NotFound`; `Conflict` `needs_confirmation` with the version and how
/// much there is, also where the record has changed since.
pub async fn erase(
    program: &Program,
    actor: &Actor,
    id: Uuid,
    reason: Reason,
    confirm: Option<&str>,
) -> Result<Erased, Error> {
    actor.must_be(&[Role::BureauAdmin])?;
    let now = program.clock.now();
    program
        .db
        .write(
            |txn| async move { in_transaction(&txn, program, actor.account, id, reason, confirm, now).await },
        )
        .await
}

async fn in_transaction(
    txn: &Txn,
    program: &Program,
    by: Uuid,
    id: Uuid,
    reason: Reason,
    confirm: Option<&str>,
    now: Instant,
) -> Result<Erased, Error> {
    if let Some(stone) = tombstones::find(&**txn, id).await? {
        return Ok(Erased { stone, repeat: true });
    }
    let mut all: BTreeSet<Uuid> = erasing::absorbed(&**txn, id).await?.into_iter().collect();
    all.insert(id);
    let mut desk = Desk::open(txn, program, &all, &[], now).await?;
    let loaded = desk.records.get(&id).ok_or(Error::NotFound)?;
    let (version, village) = (loaded.record.version().to_string(), loaded.village);
    if confirm != Some(version.as_str()) {
        let extent = erasing::extent(&**txn, id).await?;
        return Err(Error::Conflict {
            code: "needs_confirmation",
            message: "抹除后无法恢复：请核对以下数量，并以此版本号再次确认".into(),
            present: Some(told(&version, &extent)),
        });
    }
    let mut hashes = Vec::new();
    for one in &all {
        hashes.extend(erasing::identity(&**txn, *one).await?);
        // Out of the grid, its feed and its rosters like everybody who leaves, and phones hear why.
        if let Some(loaded) = desk.records.get_mut(one) {
            loaded.record.state = State::Departed;
        }
        desk.leaves(*one, "erased");
        desk.close_all(*one, None, &json!({}));
        desk.touch(*one);
    }
    hashes.sort();
    hashes.dedup();
    desk.save().await?;
    let stone = Tombstone {
        resident: id,
        reason: reason.name().into(),
        account: by,
        village,
        at: now.millis(),
    };
    for one in &all {
        erasing::remove(&**txn, &program.keys, *one, &hashes).await?;
        let own = Tombstone {
            resident: *one,
            ..stone.clone()
        };
        tombstones::insert(&**txn, &own, &hashes).await?;
        let entry = Entry::done("erase_resident", by)
            .on("resident", *one)
            .detail(format!("reason={}", reason.name()));
        audit::insert(&**txn, entry, now.millis()).await?;
    }
    Ok(Erased { stone, repeat: false })
}

/// What arrived for an erased person and is discarded goes at once; answers whether the item is such a one.
pub async fn forget(txn: &Txn, program: &Program, item: &inbox_item::Model) -> Result<bool, Error> {
    let Some(id) = item.held else { return Ok(false) };
    let row = held::by_id(&**txn, id).await?;
    let Some(row) = row.filter(|row| row.reason == ARRIVED) else {
        return Ok(false);
    };
    let receipt = held::body(&program.keys, &row)?.receipt;
    let emptied = held::Body {
        raw: String::new(),
        receipt,
        writes: None,
    };
    held::settle(&**txn, &program.keys, id, "discarded", &emptied).await?;
    Ok(true)
}

/// Why an edit is held that arrives for somebody who was erased.
pub const ARRIVED: &str = "resident_erased";

fn told(version: &str, extent: &Extent) -> serde_json::Value {
    json!({
        "version": version, "edits": extent.edits, "visits": extent.visits, "held": extent.held,
        "list_rows": extent.list_rows, "files": extent.files, "phones": extent.phones,
    })
}

/// Who was erased, the newest first.
///
/// # Errors
/// `Forbidden` for whoever is no administrator.
pub async fn list(program: &Program, actor: &Actor) -> Result<Vec<Tombstone>, Error> {
    actor.must_be(&[Role::BureauAdmin])?;
    Ok(tombstones::all(program.db.read()).await?)
}
