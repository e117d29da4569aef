//! Divisions 区划: who sees which, and how the bureau changes them.

pub mod import;
pub mod names;
mod write;

pub(crate) use write::current;
pub use write::{DivisionPatch, FormerName, NewDivision, create, patch};

use crate::actor::Actor;
use crate::app::Error;
use crate::lists::encoding;
use crate::store::audit::{self, Entry};
use crate::store::db::Db;
use crate::store::divisions::{self, Division};
use crate::store::grids;
use domain::Instant;
use domain::catalogue::Role;
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The part of the county that somebody may read about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    County,
    /// Departments: the whole tree, by its names; no grids.
    Names,
    /// These divisions with all below them, and the villages of these grids.
    Places {
        divisions: Vec<Uuid>,
        grids: Vec<Uuid>,
    },
}

/// What `actor` may read of divisions and grids.
///
/// # Errors
/// `Forbidden` for auditors and for accounts without a grant.
pub fn reach(actor: &Actor) -> Result<Reach, Error> {
    actor.ready()?;
    let places = |divisions: &[Uuid], grids| Reach::Places {
        divisions: divisions.to_vec(),
        grids,
    };
    match actor.role() {
        Some(Role::BureauAdmin) => Ok(Reach::County),
        Some(Role::TownOfficer) => Ok(places(&actor.towns, Vec::new())),
        Some(Role::Cadre) => Ok(places(&actor.villages, Vec::new())),
        Some(Role::Worker) => Ok(places(&[], actor.grids())),
        Some(Role::Department) => Ok(Reach::Names),
        Some(Role::Auditor) | None => Err(Error::Forbidden {
            code: "role_required",
            message: "您的角色不能进行此操作",
        }),
    }
}

/// Only the bureau changes divisions and grids.
pub(crate) fn must_be_bureau(actor: &Actor) -> Result<(), Error> {
    actor.ready()?;
    actor.must_be(&[Role::BureauAdmin])
}

/// Makes and corrects divisions as a handed-in CSV file says; see [`import::csv`].
///
/// # Errors
/// `Forbidden` for all but the bureau; `Refused` `no_table` for a file that is no such table.
pub async fn import_file(
    db: &Db,
    actor: &Actor,
    content: &[u8],
    now: Instant,
) -> Result<import::Imported, Error> {
    must_be_bureau(actor)?;
    let decoded = encoding::decode(content);
    let done = import::csv(db, &decoded.text, now).await?;
    let entry = Entry {
        count: Some(i64::from(done.created + done.changed)),
        ..Entry::done("divisions_imported", actor.account)
    };
    let entry = &entry.by_device(actor.device);
    db.write(|txn| async move { audit::insert(&*txn, entry.clone(), now.millis()).await })
        .await?;
    Ok(done)
}

/// The divisions in reach, and the way up from them: in the order of the tree, parents before children.
pub async fn list(db: &Db, actor: &Actor, ended: bool) -> Result<Vec<Division>, Error> {
    let reach = &reach(actor)?;
    let conn = db.read();
    let mut all = divisions::tree(conn).await?;
    if let Some(seen) = seen(conn, reach, &all).await? {
        all.retain(|d| seen.contains(&d.id));
    }
    if !ended {
        all.retain(Division::is_current);
    }
    if *reach == Reach::Names {
        all.iter_mut().for_each(|d| d.names.clear());
    }
    Ok(all)
}

/// One division in reach.
///
/// # Errors
/// [`Error::NotFound`] for what does not exist and for what is out of reach.
pub async fn get(db: &Db, actor: &Actor, id: Uuid) -> Result<Division, Error> {
    let all = list(db, actor, true).await?;
    all.into_iter().find(|d| d.id == id).ok_or(Error::NotFound)
}

/// Ids of what is in reach; `None` is everything.
async fn seen<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    all: &[Division],
) -> Result<Option<BTreeSet<Uuid>>, Error> {
    let Reach::Places {
        divisions: roots,
        grids: own,
    } = reach
    else {
        return Ok(None);
    };
    let mut seen: BTreeSet<Uuid> = roots.iter().copied().collect();
    // Parents stand before children, so one pass down is enough.
    for division in all {
        if division.parent.is_some_and(|parent| seen.contains(&parent)) {
            seen.insert(division.id);
        }
    }
    seen.extend(grids::villages_of(db, own).await?);
    for division in all.iter().rev() {
        if seen.contains(&division.id) {
            seen.extend(division.parent);
        }
    }
    Ok(Some(seen))
}
