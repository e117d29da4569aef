//! Two residents who turn out to be one person, and two again.
//!
//! The survivor's values win, and what the other one says otherwise is offered value by value. Documents are never
//! merged: the absorbed record stays as it was, and whatever still names it is taken by the survivor
//! ([`crate::app::desk`]). So it can be given back.

mod back;
mod carry;
mod given;
mod join;
mod offers;
mod part;
mod roster;
mod told;
mod values_back;

pub(in crate::app) use join::join;
pub use part::{Part, Parted, part};
pub use roster::{Half, Page, Pair, duplicates_of};
pub use told::{Since, Told, merges_of};

use crate::app::Error;
use crate::app::desk::Desk;
use crate::app::inbox::{Decider, reaches};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::db::Txn;
use crate::store::edits::{self, Body, EditRow};
use crate::store::{duplicates, merges, records};
use domain::{EditId, Instant};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::record::Source;
use uuid::Uuid;

/// What somebody decides. `id` is the client's: the same merge may be sent again.
#[derive(Clone)]
pub struct Merge {
    pub id: Uuid,
    pub survivor: Uuid,
    pub absorbed: Uuid,
    /// The versions of both that were seen.
    pub survivor_version: String,
    pub absorbed_version: String,
    /// Where the person lives; the survivor's grid where it is absent.
    pub grid: Option<Uuid>,
    pub reason: Option<String>,
}

pub struct Merged {
    /// The survivor's version after it.
    pub version: String,
    /// Values of the other that wait for a decision.
    pub offers: usize,
    /// It had been done already.
    pub repeat: bool,
}

/// Merges one resident into another. Phones that carry the other drop it and hear whom it became, where they may see
/// the survivor.
///
/// # Errors
/// `NotFound` unless both are in reach; `Refused` `same_resident`, `grid_unknown`, `reason_required` where both have
/// valid numbers that differ; `Conflict` `changed_meanwhile` with the present versions, `resident_merged`,
/// `resident_departed`, `survivor_reported`, `id_reused`.
pub async fn merge(program: &Program, who: &Decider, what: &Merge) -> Result<Merged, Error> {
    let now = program.clock.now();
    program
        .db
        .write(|txn| async move { in_transaction(&txn, program, who, what, now).await })
        .await
}

async fn in_transaction(
    txn: &Txn,
    program: &Program,
    who: &Decider,
    what: &Merge,
    now: Instant,
) -> Result<Merged, Error> {
    let ids = everybody(txn, &[what.survivor, what.absorbed]).await?;
    let mut desk = Desk::open(txn, program, &ids, &[], now).await?;
    if repeats(txn, program, who, what.id, &said(what)).await? {
        let loaded = desk.records.get(&what.survivor).ok_or(Error::NotFound)?;
        return Ok(Merged {
            version: loaded.record.version().to_string(),
            offers: 0,
            repeat: true,
        });
    }
    let offers = join(&mut desk, who, what).await?;
    let version = desk.records[&what.survivor].record.version().to_string();
    desk.save().await?;
    for id in [what.survivor, what.absorbed] {
        note(txn, "merge_residents", who, id, what.id, now).await?;
    }
    Ok(Merged {
        version,
        offers,
        repeat: false,
    })
}

/// Everybody whose rows a merge or its undoing touches, for the locks: both, whoever was merged into them, and those
/// with whom they may be one.
pub(in crate::app) async fn everybody(txn: &Txn, ids: &[Uuid]) -> Result<BTreeSet<Uuid>, Error> {
    let mut all: BTreeSet<Uuid> = ids.iter().copied().collect();
    all.extend(
        merges::absorbed(&**txn, ids)
            .await?
            .into_iter()
            .map(|(was, _)| was),
    );
    let pairs = duplicates::open_of(&**txn, ids).await?;
    all.extend(
        pairs
            .iter()
            .filter_map(duplicates::pair)
            .flat_map(|(a, b)| [a, b]),
    );
    Ok(all)
}

/// Whether this very thing was done before.
///
/// # Errors
/// `Conflict` `id_reused`.
async fn repeats(txn: &Txn, program: &Program, who: &Decider, id: Uuid, said: &Json) -> Result<bool, Error> {
    let Some(known) = edits::by_ids(&**txn, &[id]).await?.pop() else {
        return Ok(false);
    };
    let same = known.account == who.account && edits::body(&program.keys, &known)?.edit == *said;
    match same {
        true => Ok(true),
        false => Err(Error::conflict("id_reused", "该编号已用于不同内容")),
    }
}

/// Both people are in reach, or nobody is there.
fn in_reach(desk: &Desk<'_>, who: &Decider, ids: &[Uuid]) -> Result<(), Error> {
    let seen = |id: &Uuid| {
        let loaded = desk.records.get(id);
        loaded.is_some_and(|loaded| reaches(&who.reach, loaded.village))
    };
    match ids.iter().all(seen) {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

fn said(what: &Merge) -> Json {
    json!({
        "merge": what.absorbed, "into": what.survivor, "grid": what.grid, "reason": what.reason,
        "versions": [what.survivor_version, what.absorbed_version],
    })
}

async fn note(
    txn: &Txn,
    action: &'static str,
    who: &Decider,
    id: Uuid,
    edit: Uuid,
    now: Instant,
) -> Result<(), Error> {
    let entry = Entry::done(action, who.account).on("resident", id);
    Ok(audit::insert(&**txn, entry.detail(edit.to_string()), now.millis()).await?)
}

/// What one record's history says of something that was done to it here.
struct Line {
    edit: Uuid,
    account: Uuid,
    kind: &'static str,
    outcome: &'static str,
    said: Json,
    changes: Vec<(String, Json, Json)>,
    source: Source,
}

/// Gives the record its next number for `line`, and keeps its row.
fn write_line(desk: &mut Desk<'_>, id: Uuid, line: Line) -> Result<i32, Error> {
    let now = desk.now.millis();
    let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
    let edit = EditId::from(line.edit);
    loaded.record.kept.sources.insert(edit, line.source);
    let stamp = loaded.record.stamp(edit, None, None, Vec::new()).clone();
    let row = EditRow {
        id: line.edit,
        device: None,
        seq: None,
        account: line.account,
        resident: id,
        named: id,
        epoch: i32::from(loaded.record.epoch),
        n: stamp.n as i32,
        kind: line.kind,
        outcome: line.outcome.into(),
        change_hash: None,
        heads: records::joined(&stamp.heads),
        facts_version: stamp.facts_version as i32,
        digest: Vec::new(),
        made_at: now,
        skew: 0,
        received_at: now,
        body: Body {
            edit: line.said,
            receipt: json!({ "edit": line.edit, "outcome": line.outcome }),
            changes: line.changes,
        },
    };
    desk.push_edit_row(row);
    Ok(stamp.n as i32)
}

/// An id that follows from another, so that the same done again is the same.
fn derived(desk: &Desk<'_>, what: &[u8], parts: &[&[u8]]) -> Uuid {
    let all: Vec<&[u8]> = [what].into_iter().chain(parts.iter().copied()).collect();
    Uuid::from_bytes(desk.program.keys.derive(&all))
}

/// The decider, as provenance shows it.
fn source(who: &Decider, edit: Uuid, at: Instant) -> Source {
    Source::Edit {
        edit: EditId::from(edit),
        by: who.name.clone(),
        at,
    }
}
