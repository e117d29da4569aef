//! From bytes to our own changes, or to the reason why not.

use super::operations::{Objects, Step};
use super::refusal::Refusal;
use super::replay::replay;
use super::scan::{Scanned, scan};
use super::told::{said, told};
use super::{BASES, MESSAGE};
use crate::arrived::Edit;
use crate::record::Record;
use crate::write::actor;
use automerge::legacy::ObjectId;
use automerge::{Automerge, Change, ChangeHash, ExpandedChange, ReadDoc};
use domain::catalogue::{Catalogue, LIMITS};
use serde_json::{Map, Value as Json};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of an edit's changes together once unpacked: a small edit must not become a large one.
const UNPACKED: usize = 1024 * 1024;

/// Honest changes, made again on our own document.
pub struct Admitted {
    /// The record's document with them.
    pub doc: Automerge,
    pub hashes: Vec<ChangeHash>,
    /// What they write, by key, in the shapes of a light edit's `fields`.
    pub fields: Map<String, Json>,
}

/// Changes that are kept for a person.
pub struct Refused {
    pub why: Refusal,
    /// What they write, as far as it can be told; text for people, in no shape to be written.
    pub told: Option<Json>,
}

impl From<Refusal> for Refused {
    fn from(why: Refusal) -> Refused {
        Refused { why, told: None }
    }
}

/// Makes the changes of a full client's edit again on a copy of the record's document. The record stays as it is.
///
/// # Errors
/// The first thing that is wrong with them, found before anything that it could make dear.
pub fn admit(record: &Record, edit: &Edit, catalogue: &Catalogue) -> Result<Admitted, Refused> {
    let scanned = scan_all(edit)?;
    // Bytes that pass the scan can still break the library; nothing of ours is touched until it is done.
    let work = || decode(record, edit, catalogue, scanned);
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Refusal::Unreadable.into()))
}

/// Where a full client's edit stands, as its bytes say it: nothing is parsed for that.
pub(crate) fn stands_on(edit: &Edit) -> Option<Vec<ChangeHash>> {
    let first = edit.changes.first()?;
    Some(scan(first).ok()?.deps)
}

pub(super) fn scan_all(edit: &Edit) -> Result<Vec<Scanned>, Refusal> {
    let (mut all, mut rows, mut bytes) = (Vec::with_capacity(edit.changes.len()), 0, 0);
    for change in &edit.changes {
        let scanned = scan(change)?;
        if scanned.actor != edit.id.bytes() {
            return Err(Refusal::ForgedActor);
        }
        if scanned.message > MESSAGE {
            return Err(Refusal::MessageTooLong);
        }
        if scanned.deps.is_empty() {
            return Err(Refusal::NoBase);
        }
        rows += scanned.rows;
        bytes += scanned.bytes.len();
        if bytes > UNPACKED {
            return Err(Refusal::TooLarge);
        }
        all.push(scanned);
    }
    match rows {
        0 => Err(Refusal::Empty),
        n if n > LIMITS.change_operations => Err(Refusal::TooManyOperations),
        _ => Ok(all),
    }
}

/// Whether a full client's changes stand on something that the record's document does not have.
///
/// Nothing is parsed for that.
pub fn is_elsewhere(record: &Record, edit: &Edit) -> bool {
    let missing = |hash: &ChangeHash| record.doc.get_change_meta_by_hash(hash).is_none();
    stands_on(edit).is_some_and(|deps| deps.iter().any(missing))
}

fn decode(
    record: &Record,
    edit: &Edit,
    catalogue: &Catalogue,
    scanned: Vec<Scanned>,
) -> Result<Admitted, Refused> {
    let changes = expand(scanned)?;
    let objects = Objects::of(&record.doc, catalogue).ok_or(Refusal::Unreadable)?;
    let refused = |why| Refused {
        why,
        told: Some(told(&changes, &objects)),
    };
    stand(record, &changes).map_err(refused)?;
    let mut steps = Vec::with_capacity(changes.len());
    for change in &changes {
        let read = change.operations.iter().map(|op| objects.step(op, edit.id));
        steps.push(read.collect::<Result<Vec<Step>, Refusal>>().map_err(refused)?);
    }
    let made = make(record, edit, &changes, &steps, &objects).map_err(refused)?;
    let fields = said(record, &changes[0].deps, &made.seen, &steps, catalogue, &objects);
    Ok(Admitted {
        doc: made.doc,
        hashes: made.hashes,
        fields,
    })
}

/// Changes that passed the scan, decoded: only where a panic harms nothing.
pub(super) fn expand(scanned: Vec<Scanned>) -> Result<Vec<ExpandedChange>, Refusal> {
    let mut changes = Vec::with_capacity(scanned.len());
    for change in scanned {
        let change = Change::from_bytes(change.bytes).map_err(|_| Refusal::Unreadable)?;
        let change = change.decode();
        if change.operations.is_empty() {
            return Err(Refusal::Empty);
        }
        changes.push(change);
    }
    Ok(changes)
}

/// Whether everything that the changes stand on is there.
fn stand(record: &Record, changes: &[ExpandedChange]) -> Result<(), Refusal> {
    let epoch = record.epoch.to_be_bytes();
    let of_another = |object: &ObjectId| match object {
        ObjectId::Id(id) => {
            let actor = id.actor().to_bytes();
            let (resident, of) = actor.split_at(actor.len().min(16));
            actor.len() == 18 && resident == record.resident.bytes() && of != epoch
        }
        ObjectId::Root => false,
    };
    if changes
        .iter()
        .flat_map(|c| &c.operations)
        .any(|op| of_another(&op.obj))
    {
        return Err(Refusal::StaleEpoch);
    }
    let mut own: Vec<ChangeHash> = Vec::new();
    for change in changes {
        let known = |dep: &ChangeHash| own.contains(dep) || record.doc.get_change_meta_by_hash(dep).is_some();
        if !change.deps.iter().all(known) {
            return Err(Refusal::Missing);
        }
        own.extend(change.hash);
    }
    Ok(())
}

struct Made {
    doc: Automerge,
    hashes: Vec<ChangeHash>,
    /// What the author saw at the end.
    seen: Automerge,
}

fn make(
    record: &Record,
    edit: &Edit,
    changes: &[ExpandedChange],
    steps: &[Vec<Step>],
    objects: &Objects,
) -> Result<Made, Refusal> {
    let (mut doc, mut hashes, mut bases) = (record.doc.clone(), Vec::new(), 0);
    let mut seen = doc.clone();
    for (change, steps) in changes.iter().zip(steps) {
        let mut deps = change.deps.clone();
        deps.sort();
        if change.actor_id != actor(edit.id, 0) {
            return Err(Refusal::ForgedActor);
        }
        if deps != seen.get_heads() {
            bases += 1;
            if bases > BASES {
                return Err(Refusal::TooManyBases);
            }
            seen = match deps == doc.get_heads() {
                true => doc.clone(),
                false => doc.fork_at(&deps).map_err(|_| Refusal::Missing)?,
            };
        }
        let hash = replay(&mut seen, change, steps, objects, edit.id)?;
        if change.hash != Some(hash) || hashes.contains(&hash) {
            return Err(Refusal::NotReplayed);
        }
        let ours = seen.get_change_by_hash(&hash).ok_or(Refusal::NotReplayed)?;
        doc.apply_changes([ours]).map_err(|_| Refusal::NotReplayed)?;
        hashes.push(hash);
    }
    Ok(Made { doc, hashes, seen })
}
