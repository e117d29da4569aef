//! Hand-overs of whole grids, each as one operation: a grid is split, two are merged, another worker takes one over.
//!
//! All of it happens in one transaction: grants, placements, drops, notices. Phones that are offline hear of it when they
//! come; what they bring then is taken in first (`desk/hand_over`).

mod merge;
mod reassign;
mod split;

pub use merge::{Merge, merge};
pub use reassign::{Reassign, reassign};
pub use split::{Split, split};

use crate::actor::{Actor, Grant};
use crate::app::accounts::give_in;
use crate::app::desk::Desk;
use crate::app::{Error, residents};
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::feeds::News;
use crate::store::grants::DatedGrant;
use crate::store::grids::Grid;
use domain::Instant;
use domain::catalogue::Role;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What became of it.
pub struct HandedOver {
    /// The grid that is new, is left, or has another worker.
    pub grid: Uuid,
    /// People who went from one grid to another.
    pub moved: usize,
    /// It had been done already.
    pub repeat: bool,
}

/// People of one operation: more are several operations.
const MOST: usize = 3000;

/// Puts people of one grid into another, each by an edit of its own whose id follows from the operation's.
async fn move_all(
    txn: &Txn,
    program: &Program,
    actor: &Actor,
    people: &BTreeSet<Uuid>,
    way: &Way<'_>,
    news: Vec<News>,
    now: Instant,
) -> Result<(), Error> {
    let mut desk = Desk::open(txn, program, people, &[], now).await?;
    desk.placed_by = Some(actor.account);
    for id in people {
        // Who has gone elsewhere meanwhile stays there.
        if desk
            .records
            .get(id)
            .is_none_or(|loaded| loaded.grid != Some(way.from))
        {
            continue;
        }
        let edit = program
            .keys
            .derive(&[b"hand-over", way.operation.as_bytes(), id.as_bytes()]);
        let what = residents::Move {
            id: Uuid::from_bytes(edit),
            from: Some(way.from),
            to: way.to.id,
            reason: way.reason.map(str::to_owned),
        };
        residents::put(&mut desk, actor, *id, &what, way.to.village)?;
    }
    desk.news.extend(news);
    desk.save().await
}

/// From which grid to which, and in whose name.
struct Way<'a> {
    operation: Uuid,
    from: Uuid,
    to: &'a Grid,
    reason: Option<&'a str>,
}

fn too_many(found: usize) -> Result<(), Error> {
    match found > MOST {
        true => Err(Error::refused(
            "too_many_residents",
            format!("一次最多调整 {MOST} 人，这里有 {found} 人"),
        )),
        false => Ok(()),
    }
}

/// Gives a worker a grid; answers what the worker's phones are to hear.
async fn give_grid(
    txn: &Txn,
    program: &Program,
    actor: &Actor,
    account: Uuid,
    grid: Uuid,
    records: Option<i64>,
    now: Instant,
) -> Result<Vec<News>, Error> {
    let wanted = DatedGrant {
        id: Uuid::now_v7(),
        account,
        grant: Grant {
            role: Role::Worker,
            division: None,
            grid: Some(grid),
            category: None,
            department: None,
        },
        since: now.date().to_string(),
        until: None,
    };
    let given = give_in(txn, &program.budget, actor, &wanted, records, now).await?;
    Ok(given.news)
}
