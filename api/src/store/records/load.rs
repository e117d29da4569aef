//! Records out of their rows.

use super::Loaded;
use crate::seal::{Keyring, Place};
use crate::store::{Fault, PER_THREAD, lookups, sealed};
use entity::{document, facts, resident};
use rayon::prelude::*;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, BTreeSet};
use sync::record::Kept;
use sync::{Record, State};
use uuid::Uuid;

/// The records of these residents, locked in the order of their ids until commit. Unknown ids are absent.
pub async fn lock_all<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Loaded>, Fault> {
    let all = load_all(db, keys, ids, true).await?.into_iter();
    all.map(|(id, loaded)| Ok((id, loaded?))).collect()
}

/// The records of these residents as they stand, for whoever writes nothing.
pub async fn look_at<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Loaded>, Fault> {
    let all = load_all(db, keys, ids, false).await?.into_iter();
    all.map(|(id, loaded)| Ok((id, loaded?))).collect()
}

/// The same of those that open, for whoever only compares with them: a damaged record must not keep others from being
/// written. `verify` tells of it.
pub async fn look_at_sound<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Loaded>, DbErr> {
    let all = load_all(db, keys, ids, false).await?.into_iter();
    Ok(all.filter_map(|(id, loaded)| Some((id, loaded.ok()?))).collect())
}

async fn load_all<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    ids: &BTreeSet<Uuid>,
    lock: bool,
) -> Result<Vec<(Uuid, Result<Loaded, Fault>)>, DbErr> {
    let mut out = Vec::new();
    let all: Vec<Uuid> = ids.iter().copied().collect();
    for part in all.chunks(200) {
        let mut rows = resident::Entity::find()
            .filter(resident::Column::Id.is_in(part.iter().copied()))
            .order_by_asc(resident::Column::Id);
        if lock {
            rows = rows.lock_exclusive();
        }
        let rows = rows.all(db).await?;
        let docs = document::Entity::find().filter(document::Column::Resident.is_in(part.iter().copied()));
        let docs: BTreeMap<Uuid, Vec<u8>> = docs
            .all(db)
            .await?
            .into_iter()
            .map(|d| (d.resident, d.sealed))
            .collect();
        let facts = facts::Entity::find().filter(facts::Column::Resident.is_in(part.iter().copied()));
        let facts: BTreeMap<Uuid, facts::Model> = facts
            .all(db)
            .await?
            .into_iter()
            .map(|f| (f.resident, f))
            .collect();
        let loaded = rows.into_par_iter().with_min_len(PER_THREAD).map(|row| {
            let (doc, fact) = (docs.get(&row.id), facts.get(&row.id));
            (row.id, load(keys, row, doc, fact))
        });
        out.extend(loaded.collect::<Vec<_>>());
    }
    Ok(out)
}

/// The part of a record that does not open or does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    Document,
    Facts,
    State,
}

impl From<Unreadable> for Fault {
    fn from(part: Unreadable) -> Fault {
        Fault::Damaged(match part {
            Unreadable::Document => "document",
            Unreadable::Facts => "facts",
            Unreadable::State => "state",
        })
    }
}

/// The record of its three rows, without stamps.
pub fn read(
    keys: &Keyring,
    row: &resident::Model,
    doc: &[u8],
    fact: &facts::Model,
) -> Result<Record, Unreadable> {
    let place = Place {
        table: "document",
        row: row.id.as_bytes(),
        group: "all",
    };
    let plain = keys.open(place, doc).map_err(|_| Unreadable::Document)?;
    let doc = sync::document::load(&plain).map_err(|_| Unreadable::Document)?;
    let kept: Kept = sealed::open(keys, "facts", row.id, &fact.sealed).map_err(|_| Unreadable::Facts)?;
    Ok(Record {
        resident: row.id.into(),
        epoch: row.epoch as u16,
        n: row.n as u32,
        state: State::parse(&row.state).ok_or(Unreadable::State)?,
        facts_version: row.facts_version as u32,
        doc,
        kept,
        stamps: Vec::new(),
        past: Vec::new(),
    })
}

fn load(
    keys: &Keyring,
    row: resident::Model,
    doc: Option<&Vec<u8>>,
    fact: Option<&facts::Model>,
) -> Result<Loaded, Fault> {
    let doc = doc.ok_or(Fault::Damaged("document missing"))?;
    let fact = fact.ok_or(Fault::Damaged("facts missing"))?;
    let record = read(keys, &row, doc, fact)?;
    let lookups = lookups::plain(&record);
    Ok(Loaded {
        record,
        village: row.village,
        grid: row.grid,
        merged_into: row.merged_into,
        created_at: row.created_at,
        lookups,
        stood_in: row.village,
        placed: row.grid.filter(|_| row.state == "present"),
        before: (row.state != "departed").then_some((row.grid, row.version)),
        new: false,
    })
}
