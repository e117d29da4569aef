//! Records as rows: resident, document, facts, projection, search card and look-ups, loaded and saved together.

mod load;

pub use load::{Unreadable, lock_all, look_at, look_at_sound, read};

use super::fault::Fault;
use super::{PER_THREAD, cards, edits, lookups, sealed};
use crate::seal::{Keyring, Place};
use domain::catalogue::Catalogue;
use domain::{EditId, ResidentId};
use entity::{document, facts, projection, resident, search_card};
use rayon::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use std::collections::{BTreeMap, BTreeSet};
use sync::project::Projection;
use sync::record::Stamp;
use sync::{ChangeHash, Record, State};
use uuid::Uuid;

/// A record with the row it stands in.
pub struct Loaded {
    pub record: Record,
    pub village: Option<Uuid>,
    pub grid: Option<Uuid>,
    pub merged_into: Option<Uuid>,
    pub created_at: i64,
    /// Its look-ups as they stand in the database, before they are hashed.
    pub lookups: BTreeSet<lookups::Plain>,
    /// Grid and version as they stand in the grid's feed; none for a new record, and for who has departed.
    pub before: Option<(Option<Uuid>, String)>,
    /// The village in the database.
    pub stood_in: Option<Uuid>,
    /// The grid of its open placement row: none for who is only reported.
    pub placed: Option<Uuid>,
    /// Made by the transaction that holds it.
    pub new: bool,
}

impl Loaded {
    /// The grid where the person is to be found; none for who has departed.
    pub fn stands(&self) -> Option<Uuid> {
        self.grid.filter(|_| self.record.state != State::Departed)
    }

    /// The same before this transaction.
    pub fn stood(&self) -> Option<Uuid> {
        self.before.as_ref().and_then(|(grid, _)| *grid)
    }
}

/// The year that stands in the clear beside a record, for lists by age.
pub fn birth_year(record: &Record) -> Option<i32> {
    record.fact("birth_date").as_text()?.get(..4)?.parse().ok()
}

/// A record that is new.
pub fn fresh(
    id: Uuid,
    catalogue: &Catalogue,
    state: State,
    place: (Option<Uuid>, Option<Uuid>),
    now: i64,
) -> Loaded {
    Loaded {
        record: Record::new(ResidentId::from(id), catalogue, state),
        village: place.0,
        grid: place.1,
        merged_into: None,
        created_at: now,
        lookups: BTreeSet::new(),
        before: None,
        stood_in: None,
        placed: None,
        new: true,
    }
}

/// Gives each record the stamps that bases from number `n` on may name.
pub async fn stamp<C: ConnectionTrait>(
    db: &C,
    records: &mut BTreeMap<Uuid, Loaded>,
    from: &[(Uuid, i32)],
) -> Result<(), DbErr> {
    for s in edits::stamps(db, from).await? {
        let Some(loaded) = records.get_mut(&s.resident) else {
            continue;
        };
        if s.epoch as u16 != loaded.record.epoch {
            continue;
        }
        loaded.record.stamps.push(Stamp {
            edit: EditId::from(s.id),
            device: s.device.map(Into::into),
            seq: s.seq,
            n: s.n as u32,
            heads: hashes(&s.heads),
            changes: hashes(s.change_hash.as_deref().unwrap_or_default()),
            facts_version: s.facts_version as u32,
        });
    }
    Ok(())
}

/// Hashes as rows keep them, one by one.
pub fn hashes(bytes: &[u8]) -> Vec<ChangeHash> {
    bytes
        .chunks_exact(32)
        .map(|c| ChangeHash(c.try_into().expect("chunks have 32 bytes")))
        .collect()
}

/// Hashes end to end, as rows keep them.
pub fn joined(hashes: &[ChangeHash]) -> Vec<u8> {
    hashes.iter().flat_map(|h| h.0).collect()
}

/// Saves records with their projections: each table in few statements.
pub async fn save<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    all: &[(&Loaded, &Projection)],
    now: i64,
) -> Result<(), Fault> {
    for part in all.chunks(100) {
        let rows = part.iter().map(|(l, _)| resident::ActiveModel {
            id: Set(id(l)),
            village: Set(l.village),
            grid: Set(l.grid),
            state: Set(l.record.state.name().into()),
            birth_year: Set(birth_year(&l.record)),
            merged_into: Set(l.merged_into),
            epoch: Set(i32::from(l.record.epoch)),
            n: Set(l.record.n as i32),
            facts_version: Set(l.record.facts_version as i32),
            version: Set(l.record.version().to_string()),
            changed_at: Set(now),
            created_at: Set(l.created_at),
        });
        use resident::Column as R;
        let on = OnConflict::column(R::Id)
            .update_columns([
                R::Village,
                R::Grid,
                R::State,
                R::BirthYear,
                R::MergedInto,
                R::Epoch,
                R::N,
                R::FactsVersion,
                R::Version,
                R::ChangedAt,
            ])
            .to_owned();
        resident::Entity::insert_many(rows)
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
        let rows = part.par_iter().with_min_len(PER_THREAD).map(|(l, _)| {
            let place = Place {
                table: "document",
                row: l.record.resident.bytes(),
                group: "all",
            };
            let sealed = keys.seal(place, &l.record.doc.save_nocompress());
            document::ActiveModel {
                resident: Set(id(l)),
                sealed: Set(sealed),
            }
        });
        let on = OnConflict::column(document::Column::Resident)
            .update_column(document::Column::Sealed)
            .to_owned();
        document::Entity::insert_many(rows.collect::<Vec<_>>())
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
        let rows = part
            .par_iter()
            .with_min_len(PER_THREAD)
            .map(|(l, _)| facts::ActiveModel {
                resident: Set(id(l)),
                version: Set(l.record.facts_version as i32),
                sealed: Set(sealed::seal(keys, "facts", id(l), &l.record.kept)),
            });
        let on = OnConflict::column(facts::Column::Resident)
            .update_columns([facts::Column::Version, facts::Column::Sealed])
            .to_owned();
        facts::Entity::insert_many(rows.collect::<Vec<_>>())
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
        let rows = part
            .par_iter()
            .with_min_len(PER_THREAD)
            .map(|(l, p)| projection::ActiveModel {
                resident: Set(id(l)),
                n: Set(l.record.n as i32),
                open: Set(seal_part(keys, id(l), "open", p.open.to_string().as_bytes())),
                rest: Set(seal_part(keys, id(l), "rest", p.rest.to_string().as_bytes())),
            });
        use projection::Column as P;
        let on = OnConflict::column(P::Resident)
            .update_columns([P::N, P::Open, P::Rest])
            .to_owned();
        projection::Entity::insert_many(rows.collect::<Vec<_>>())
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
        let rows = part
            .par_iter()
            .with_min_len(PER_THREAD)
            .map(|(l, p)| search_card::ActiveModel {
                resident: Set(id(l)),
                sealed: Set(sealed::seal(keys, "search_card", id(l), &cards::card(p))),
            });
        let on = OnConflict::column(search_card::Column::Resident)
            .update_column(search_card::Column::Sealed)
            .to_owned();
        search_card::Entity::insert_many(rows.collect::<Vec<_>>())
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
        let records: Vec<&Loaded> = part.iter().map(|(l, _)| *l).collect();
        lookups::save(db, keys, &records).await?;
    }
    Ok(())
}

/// The stored items of some residents, as JSON text.
pub async fn items<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, String>, Fault> {
    let mut out = BTreeMap::new();
    for part in ids.chunks(500) {
        let rows =
            projection::Entity::find().filter(projection::Column::Resident.is_in(part.iter().copied()));
        for row in rows.all(db).await? {
            let place = Place {
                table: "projection",
                row: row.resident.as_bytes(),
                group: "open",
            };
            let plain = keys.open(place, &row.open)?;
            out.insert(
                row.resident,
                String::from_utf8(plain).map_err(|_| Fault::Damaged("projection"))?,
            );
        }
    }
    Ok(out)
}

/// The documents of some residents, as they are saved.
pub async fn documents<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<u8>>, Fault> {
    let mut out = BTreeMap::new();
    for part in ids.chunks(500) {
        let rows = document::Entity::find().filter(document::Column::Resident.is_in(part.iter().copied()));
        for row in rows.all(db).await? {
            let place = Place {
                table: "document",
                row: row.resident.as_bytes(),
                group: "all",
            };
            out.insert(row.resident, keys.open(place, &row.sealed)?);
        }
    }
    Ok(out)
}

fn seal_part(keys: &Keyring, row: Uuid, group: &'static str, plain: &[u8]) -> Vec<u8> {
    keys.seal(
        Place {
            table: "projection",
            row: row.as_bytes(),
            group,
        },
        plain,
    )
}

fn id(l: &Loaded) -> Uuid {
    l.record.resident.uuid()
}
