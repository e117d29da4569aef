//! Two grids become one.

use super::{HandedOver, Way, give_grid, move_all, too_many};
use crate::actor::Actor;
use crate::app::accounts::end_in;
use crate::app::divisions::{current, must_be_bureau};
use crate::app::{Error, hand_over};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::{grants, grids};
use uuid::Uuid;

pub struct Merge {
    /// The client's: the same operation may be sent again.
    pub id: Uuid,
    pub into: Uuid,
    /// Workers of the grid that ends get the other one.
    pub workers_go_along: bool,
    pub reason: Option<String>,
    /// See [`crate::app::accounts::NewGrant::records`].
    pub records: Option<i64>,
}

/// Puts everybody of a grid into another one and ends the grid, with its house numbers where both lie in one village.
/// Its workers' grants end; where they go along they get the other grid.
///
/// # Errors
/// `NotFound`; `Refused` `grid_unknown`, `same_grid`, `too_many_residents`; `Conflict` `grid_ended` where it has ended
/// otherwise, and those of giving and ending grants.
pub async fn merge(program: &Program, actor: &Actor, from: Uuid, what: &Merge) -> Result<HandedOver, Error> {
    must_be_bureau(actor)?;
    let now = program.clock.now();
    let today = &now.date().to_string();
    program
        .db
        .write(|txn| async move {
            let seen = grids::find(&*txn, what.into).await?;
            if let Some(seen) = seen.filter(|grid| grid.until.is_none()) {
                current(&txn, seen.village, "village").await?;
            }
            let mut both = [from, what.into];
            both.sort();
            for id in both {
                grids::lock(&*txn, id).await?;
            }
            let mut ends = grids::find(&*txn, from).await?.ok_or(Error::NotFound)?;
            let stays = grids::find(&*txn, what.into).await?;
            let mut stays = stays
                .filter(|grid| grid.until.is_none())
                .ok_or_else(|| Error::field("grid_unknown", "网格不存在或已撤销", "into"))?;
            if from == what.into {
                return Err(Error::field("same_grid", "不能并入自己", "into"));
            }
            if ends.until.is_some() {
                let done = audit::was_noted(&*txn, "merge_grids", what.id).await?;
                return match done {
                    true => Ok(HandedOver {
                        grid: stays.id,
                        moved: 0,
                        repeat: true,
                    }),
                    false => Err(Error::conflict("grid_ended", "该网格已撤销")),
                };
            }
            let people = grids::people(&*txn, from).await?;
            too_many(people.len())?;
            ends.until = Some(today.clone());
            grids::update(&*txn, &ends, false).await?;
            if ends.village == stays.village {
                stays.ranges.extend(ends.ranges.iter().cloned());
                stays.ranges.sort();
                grids::update(&*txn, &stays, true).await?;
            }
            let workers = grants::on_grid(&*txn, from).await?;
            let workers: Vec<_> = workers.into_iter().filter(|g| g.is_ahead(today)).collect();
            let mut news = Vec::new();
            for grant in &workers {
                end_in(&txn, actor, grant, now).await?;
                if what.workers_go_along {
                    let told = give_grid(&txn, program, actor, grant.account, stays.id, what.records, now);
                    news.extend(told.await?);
                }
            }
            let way = Way {
                operation: what.id,
                from,
                to: &stays,
                reason: what.reason.as_deref(),
            };
            move_all(&txn, program, actor, &people, &way, news, now).await?;
            for grant in &workers {
                hand_over::grant_ended(&txn, &program.keys, grant.account, now).await?;
            }
            let entry = Entry::done("merge_grids", actor.account).on("grid", from);
            audit::insert(&*txn, entry.detail(what.id.to_string()), now.millis()).await?;
            Ok(HandedOver {
                grid: stays.id,
                moved: people.len(),
                repeat: false,
            })
        })
        .await
}
