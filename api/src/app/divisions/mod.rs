//! Divisions 区划: who sees which, and how the bureau changes them.

pub mod import;
pub mod names;
mod write;

pub(crate) use write::current;
pub use write::{DivisionPatch, FormerName, NewDivision, create, patch};

use crate::app::Error;
use crate::store::db::Db;
use crate::store::divisions::{self, Division};
use crate::store::grids;
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

/// The divisions in reach, and the way up from them: in the order of the tree, parents before children.
pub async fn list(db: &Db, reach: &Reach, ended: bool) -> Result<Vec<Division>, Error> {
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
pub async fn get(db: &Db, reach: &Reach, id: Uuid) -> Result<Division, Error> {
    let all = list(db, reach, true).await?;
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
