//! One grid becomes two.

use super::{HandedOver, Way, give_grid, move_all, too_many};
use crate::actor::Actor;
use crate::app::Error;
use crate::app::divisions::{current, must_be_bureau};
use crate::app::grids::NewGrid;
use crate::app::grids::write::{checked, create_in, no_overlap};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::db::Txn;
use crate::store::grids::{self, Range};
use crate::store::{divisions, records};
use domain::Instant;
use domain::place::Hint;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use uuid::Uuid;

pub struct Split {
    /// The new grid's id, made by the client: the same operation may be sent again.
    pub id: Uuid,
    pub code: String,
    pub name: Option<String>,
    /// House numbers of the new grid, and those that the old one keeps.
    pub ranges: Vec<Range>,
    pub keep: Vec<Range>,
    /// People who go along whatever their address says.
    pub residents: BTreeSet<Uuid>,
    /// Who gets the new grid; the workers of the old one keep theirs.
    pub worker: Option<Uuid>,
    pub reason: Option<String>,
    /// See [`crate::app::accounts::NewGrant::records`].
    pub records: Option<i64>,
}

/// Draws a grid out of another one: whoever's address certainly reads as the new one goes there, and who is named.
///
/// # Errors
/// `NotFound`; those of drawing a grid; `Refused` `resident_elsewhere` for a named person who is not in the grid,
/// `too_many_residents`; `Conflict` `id_reused`, and those of giving grants.
pub async fn split(program: &Program, actor: &Actor, old: Uuid, what: &Split) -> Result<HandedOver, Error> {
    must_be_bureau(actor)?;
    let now = program.clock.now();
    program
        .db
        .write(|txn| async move {
            let seen = grids::find(&*txn, old).await?.ok_or(Error::NotFound)?;
            // Ranges of one village are judged under the village's lock.
            current(&txn, seen.village, "village").await?;
            grids::lock(&*txn, old).await?;
            let mut before = grids::find(&*txn, old).await?.ok_or(Error::NotFound)?;
            if grids::find(&*txn, what.id).await?.is_some() {
                let done = audit::was_noted(&*txn, "split_grid", what.id).await?;
                return match done {
                    true => Ok(HandedOver {
                        grid: what.id,
                        moved: 0,
                        repeat: true,
                    }),
                    false => Err(Error::conflict("id_reused", "该编号已用于其他网格")),
                };
            }
            if before.until.is_some() {
                return Err(Error::conflict("grid_ended", "该网格已撤销"));
            }
            before.ranges = checked(&what.keep)?;
            grids::update(&*txn, &before, true).await?;
            let new = NewGrid {
                id: what.id,
                code: what.code.clone(),
                name: what.name.clone(),
                village: before.village,
                since: None,
                ranges: what.ranges.clone(),
            };
            let new = create_in(&txn, actor, &new, now).await?;
            no_overlap(&*txn, &before, &what.keep).await?;
            let people = who_goes(&txn, program, old, what, new.id).await?;
            too_many(people.len())?;
            let news = match what.worker {
                Some(worker) => give_grid(&txn, program, actor, worker, new.id, what.records, now).await?,
                None => Vec::new(),
            };
            let way = Way {
                operation: what.id,
                from: old,
                to: &new,
                reason: what.reason.as_deref(),
            };
            move_all(&txn, program, actor, &people, &way, news, now).await?;
            note(&txn, actor, old, what.id, now).await?;
            Ok(HandedOver {
                grid: what.id,
                moved: people.len(),
                repeat: false,
            })
        })
        .await
}

async fn note(txn: &Txn, actor: &Actor, old: Uuid, id: Uuid, now: Instant) -> Result<(), Error> {
    let entry = Entry::done("split_grid", actor.account).on("grid", old);
    Ok(audit::insert(&**txn, entry.detail(id.to_string()), now.millis()).await?)
}

async fn who_goes(
    txn: &Txn,
    program: &Program,
    old: Uuid,
    what: &Split,
    new: Uuid,
) -> Result<BTreeSet<Uuid>, Error> {
    let there = grids::people(&**txn, old).await?;
    if let Some(foreign) = what.residents.iter().find(|id| !there.contains(id)) {
        return Err(Error::field(
            "resident_elsewhere",
            format!("{foreign} 不在这个网格"),
            "residents",
        ));
    }
    let places = divisions::gazetteer(&**txn).await?;
    let village = grids::find(&**txn, new).await?.map(|grid| grid.village.into());
    let ids: Vec<Uuid> = there.iter().copied().collect();
    let mut goes = what.residents.clone();
    for (id, text) in records::items(&**txn, &program.keys, &ids).await? {
        let item: Json = serde_json::from_str(&text).unwrap_or(Json::Null);
        let Some(address) = item["fields"]["address"].as_str() else {
            continue;
        };
        let read = places.place(address, Hint { town: None, village });
        if read.certain && read.grid.is_some_and(|grid| grid.uuid() == new) {
            goes.insert(id);
        }
    }
    Ok(goes)
}
