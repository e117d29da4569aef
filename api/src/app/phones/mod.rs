//! Phones as cadres, town officers and the bureau see them: how far each is in sync, what it still carries, what of it
//! never arrived.

pub(in crate::app) mod gap;
mod lost;

pub use gap::{Gap, Known, gap};
pub use lost::{Arrived, Lost, Was, lost};

use crate::actor::Actor;
use crate::app::Error;
use crate::program::Program;
use crate::store::phones::{self, Carries, Wanted};
use crate::store::{accounts, grants};
use domain::Instant;
use domain::catalogue::Role;
use entity::device;
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use uuid::Uuid;

/// One registration of a worker, with all that is known of it.
pub struct Phone {
    pub row: device::Model,
    pub worker: String,
    /// Grids that the worker has today.
    pub grids: Vec<Uuid>,
    pub carries: Carries,
    /// Ranges of numbers that the phone has given and that are not here.
    pub missing: Vec<(i64, i64)>,
}

/// What narrows the list.
pub struct Filter {
    pub village: Option<Uuid>,
    pub grid: Option<Uuid>,
    pub undropped: bool,
}

const RANGES: usize = 20;

/// Phones of workers who have or had a grid in the actor's scope, oldest registration first.
///
/// # Errors
/// `Forbidden` for roles that look after no workers.
pub async fn list(
    program: &Program,
    actor: &Actor,
    filter: &Filter,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Phone>, Error> {
    actor.ready()?;
    actor.must_be(&[Role::Cadre, Role::TownOfficer, Role::BureauAdmin])?;
    let mut villages = (!actor.is_county()).then(|| actor.villages.clone());
    if let Some(village) = filter.village {
        let seen = villages.is_none_or(|all| all.contains(&village));
        villages = Some(seen.then_some(village).into_iter().collect());
    }
    let wanted = Wanted {
        villages,
        grid: filter.grid,
        undropped: filter.undropped,
    };
    let db = program.db.read();
    let rows = phones::page(db, &wanted, after, limit).await?;
    shown(db, program, rows).await
}

async fn shown<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    rows: Vec<device::Model>,
) -> Result<Vec<Phone>, Error> {
    let today = program.clock.now().date().to_string();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut owners: Vec<Uuid> = rows.iter().map(|row| row.account).collect();
    owners.sort();
    owners.dedup();
    let mut names = BTreeMap::new();
    for row in accounts::some(db, &owners).await? {
        names.insert(row.id, accounts::person(&program.keys, &row)?.name);
    }
    let mut grids: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for grant in grants::of(db, &owners).await? {
        if grant.is_valid(&today) {
            grids.entry(grant.account).or_default().extend(grant.grant.grid);
        }
    }
    let mut carry = phones::carry(db, &ids).await?;
    let mut out = Vec::new();
    for row in rows {
        out.push(Phone {
            worker: names.get(&row.account).cloned().unwrap_or_default(),
            grids: grids.get(&row.account).cloned().unwrap_or_default(),
            carries: carry.remove(&row.id).unwrap_or_default(),
            missing: missing(db, &row).await?,
            row,
        });
    }
    Ok(out)
}

/// What a phone has numbered and never brought. A phone that does not say how far it has counted is known by its
/// furthest edit.
async fn missing<C: ConnectionTrait>(db: &C, row: &device::Model) -> Result<Vec<(i64, i64)>, Error> {
    if row.received <= row.through && row.made.is_none_or(|made| made <= row.through) {
        return Ok(Vec::new());
    }
    let there = phones::numbers_above(db, row.id, row.through).await?;
    let last = there.last().copied().unwrap_or(0).max(row.made.unwrap_or(0));
    let mut out = Vec::new();
    let mut from = row.through + 1;
    for number in there.into_iter().chain([last + 1]) {
        if from < number {
            out.push((from, number - 1));
        }
        from = number + 1;
    }
    out.truncate(RANGES);
    Ok(out)
}

/// An instant as the edge writes it.
pub fn at(millis: i64) -> String {
    Instant::from_millis(millis).to_string()
}
