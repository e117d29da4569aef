//! Erasing a person: everything gone at once from live data, phones told to drop, a tombstone left.

pub mod ledger;
pub mod noting;
mod proof;

pub use crate::store::tombstones::Tombstone;
pub use proof::{Leftover, Place, Proof, proof};

use crate::actor::Actor;
use crate::app::Error;
use crate::app::desk::Desk;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::db::Txn;
use crate::store::duplicates;
use crate::store::erasing::{self, Extent};
use crate::store::held;
use crate::store::merges;
use crate::store::tombstones;
use crate::store::unlinked::{self, At};
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
    // Looked for before: every row of every list that is about nobody has to be opened for it.
    let hashes = identity(program.db.read(), &everybody(program.db.read(), id).await?).await?;
    let asked = &Asked {
        by: actor.account,
        id,
        reason,
        confirm,
        rows: unlinked::naming(program.db.read(), &program.keys, &hashes).await?,
    };
    let erased = program
        .db
        .write(|txn| async move { in_transaction(&txn, program, asked, now).await })
        .await?;
    // It is done, whatever becomes of the notes.
    noting::everywhere(program).await;
    Ok(erased)
}

/// The person, and whom they were merged from.
async fn everybody<C: sea_orm::ConnectionTrait>(db: &C, id: Uuid) -> Result<BTreeSet<Uuid>, Error> {
    let mut all: BTreeSet<Uuid> = erasing::absorbed(db, id).await?.into_iter().collect();
    all.insert(id);
    Ok(all)
}

async fn identity<C: sea_orm::ConnectionTrait>(
    db: &C,
    all: &BTreeSet<Uuid>,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut hashes = Vec::new();
    for one in all {
        hashes.extend(erasing::identity(db, *one).await?);
    }
    hashes.sort();
    hashes.dedup();
    Ok(hashes)
}

/// What an administrator asked for.
struct Asked<'a> {
    by: Uuid,
    id: Uuid,
    reason: Reason,
    confirm: Option<&'a str>,
    rows: Vec<At>,
}

async fn in_transaction(
    txn: &Txn,
    program: &Program,
    asked: &Asked<'_>,
    now: Instant,
) -> Result<Erased, Error> {
    let Asked { id, reason, .. } = *asked;
    if let Some(stone) = tombstones::find(&**txn, id).await? {
        return Ok(Erased { stone, repeat: true });
    }
    let all = everybody(&**txn, id).await?;
    let desk = desk_of(txn, program, &all, now).await?;
    let loaded = desk.records.get(&id).ok_or(Error::NotFound)?;
    if let Some(into) = loaded.merged_into {
        return Err(Error::Conflict {
            code: "resident_merged",
            message: "该记录已并入另一条，请抹除合并后的记录，或先撤销合并".into(),
            present: Some(json!({ "into": into })),
        });
    }
    let (version, village) = (loaded.record.version().to_string(), loaded.village);
    if asked.confirm != Some(version.as_str()) {
        let mut extent = erasing::extent(&**txn, id).await?;
        extent.list_rows += asked.rows.len() as u64;
        return Err(Error::Conflict {
            code: "needs_confirmation",
            message: "抹除后无法恢复：请核对以下数量，并以此版本号再次确认".into(),
            present: Some(told(&version, &extent)),
        });
    }
    let stone = Tombstone {
        resident: id,
        reason: reason.name().into(),
        account: asked.by,
        village,
        at: now.millis(),
    };
    let order = Order {
        stone: stone.clone(),
        hashes: Vec::new(),
        rows: asked.rows.clone(),
        again: false,
    };
    take_out(txn, desk, &all, &order).await?;
    Ok(Erased { stone, repeat: false })
}

/// Who is erased, and by what they are known again.
struct Order {
    stone: Tombstone,
    /// Beside those of the record.
    hashes: Vec<(String, Vec<u8>)>,
    /// Rows of lists that were never linked to anybody, and name the person.
    rows: Vec<At>,
    /// It was done before, in a later life of the database.
    again: bool,
}

/// Everybody who is erased, and those with whom they were asked to be one: that is asked no more.
async fn desk_of<'a>(
    txn: &Txn,
    program: &'a Program,
    all: &BTreeSet<Uuid>,
    now: Instant,
) -> Result<Desk<'a>, Error> {
    let ids: Vec<Uuid> = all.iter().copied().collect();
    let pairs = duplicates::open_of(&**txn, &ids).await?;
    let mut open = all.clone();
    open.extend(pairs.iter().filter_map(|row| row.resident));
    let renewed = merges::not_renewed(&**txn, &ids).await?;
    open.extend(renewed.iter().copied());
    let mut desk = Desk::open(txn, program, &open, &[], now).await?;
    for id in renewed {
        // Where a merged note still waits for a person, that note's next epoch ends it.
        let _waits = desk.begin_epoch(id);
    }
    for id in all {
        desk.close_pairs(*id, None, &json!({}));
    }
    Ok(desk)
}

/// Takes a person out of everything that is there, and leaves the tombstone. Nobody need be there any more.
async fn take_out(txn: &Txn, mut desk: Desk<'_>, all: &BTreeSet<Uuid>, order: &Order) -> Result<(), Error> {
    let (program, now, stone) = (desk.program, desk.now, &order.stone);
    let mut hashes = identity(&**txn, all).await?;
    hashes.extend(order.hashes.iter().cloned());
    hashes.sort();
    hashes.dedup();
    for one in all {
        // Out of the grid, its feed and its rosters like everybody who leaves, and phones hear why.
        let Some(loaded) = desk.records.get_mut(one) else {
            continue;
        };
        loaded.record.state = State::Departed;
        desk.leaves(*one, "erased");
        desk.close_all(*one, None, &json!({}));
        desk.touch(*one);
    }
    desk.save().await?;
    unlinked::remove(&**txn, &program.keys, &order.rows).await?;
    for one in all {
        erasing::remove(&**txn, &program.keys, *one, &hashes).await?;
        let own = Tombstone {
            resident: *one,
            ..stone.clone()
        };
        tombstones::insert(&**txn, &own, &hashes).await?;
        let detail = format!(
            "reason={}{}",
            stone.reason,
            if order.again { " again" } else { "" }
        );
        let entry = Entry::done("erase_resident", stone.account)
            .on("resident", *one)
            .detail(detail);
        audit::insert(&**txn, entry, now.millis()).await?;
    }
    Ok(())
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
