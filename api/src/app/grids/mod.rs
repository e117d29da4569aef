//! Grids 网格: who sees which, and how the bureau draws them.

pub mod handing;
pub mod import;
pub mod ranges;
mod write;

pub use import::{GridRow, Imported, RowResult, Verdict, check_rows, import_rows};
pub use write::{GridPatch, NewGrid, create, patch};

use crate::actor::Actor;
use crate::app::Error;
use crate::app::divisions::{Reach, reach};
use crate::store::db::Db;
use crate::store::grids::{self, Filter, Grid};
use crate::store::{divisions, feeds};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A grid as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub grid: Grid,
    /// Records in the grid, as its feed counts them.
    pub residents: i64,
}

/// What a page of grids is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A town or village.
    pub division: Option<Uuid>,
    /// Ended ones too.
    pub ended: bool,
    /// The last grid of the page before, by code and id.
    pub after: Option<(String, Uuid)>,
    pub limit: u64,
}

/// One page of the grids in reach, by code.
pub async fn list(db: &Db, actor: &Actor, wanted: &Wanted) -> Result<Vec<Shown>, Error> {
    let conn = db.read();
    let mut filter = filter(db, &reach(actor)?).await?;
    filter.ended = wanted.ended;
    let narrower = match wanted.division {
        Some(division) => Some(grids::in_villages(&divisions::below(conn, &[division]).await?)),
        None => None,
    };
    let page = grids::page(conn, &filter, narrower, wanted.after.clone(), wanted.limit).await?;
    shown(db, page).await
}

/// One grid in reach, ended or not.
///
/// # Errors
/// [`Error::NotFound`] for what does not exist and for what is out of reach.
pub async fn get(db: &Db, actor: &Actor, id: Uuid) -> Result<Shown, Error> {
    let filter = filter(db, &reach(actor)?).await?;
    let grid = grids::find(db.read(), id).await?.ok_or(Error::NotFound)?;
    let within = match (&filter.villages, &filter.grids) {
        (None, None) => true,
        (villages, grids) => {
            villages.iter().flatten().any(|v| *v == grid.village) || grids.iter().flatten().any(|g| *g == id)
        }
    };
    if !within {
        return Err(Error::NotFound);
    }
    shown(db, vec![grid]).await?.pop().ok_or(Error::NotFound)
}

async fn filter(db: &Db, reach: &Reach) -> Result<Filter, Error> {
    Ok(match reach {
        Reach::County => Filter::default(),
        Reach::Names => {
            return Err(Error::Forbidden {
                code: "no_grids",
                message: "部门账号不查看网格",
            });
        }
        Reach::Places {
            divisions: roots,
            grids,
        } => Filter {
            villages: Some(divisions::below(db.read(), roots).await?),
            grids: Some(grids.clone()),
            ended: false,
        },
    })
}

pub(crate) async fn shown(db: &Db, page: Vec<Grid>) -> Result<Vec<Shown>, Error> {
    let ids: Vec<Uuid> = page.iter().map(|grid| grid.id).collect();
    let feeds = feeds::rows(db.read(), &ids).await?;
    let counts: BTreeMap<Uuid, i64> = feeds.into_iter().map(|feed| (feed.id, feed.count)).collect();
    let one = |grid: Grid| Shown {
        residents: counts.get(&grid.id).copied().unwrap_or_default(),
        grid,
    };
    Ok(page.into_iter().map(one).collect())
}
