//! Another worker takes a grid over.

use super::{HandedOver, give_grid};
use crate::actor::Actor;
use crate::app::accounts::{end_in, managed};
use crate::app::{Error, hand_over};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::{feeds, grants, grids};
use domain::catalogue::Role;
use uuid::Uuid;

pub struct Reassign {
    /// Who has it now; nobody where it has no worker.
    pub from: Option<Uuid>,
    pub to: Uuid,
    /// See [`crate::app::accounts::NewGrant::records`].
    pub records: Option<i64>,
}

/// Ends one worker's grant and gives it to another, in one step: nobody is without a worker in between.
///
/// # Errors
/// `NotFound`; `Refused` `grid_unknown`; `Conflict` `not_the_worker` where `from` does not have it, and those of giving
/// and ending grants.
pub async fn reassign(
    program: &Program,
    actor: &Actor,
    grid: Uuid,
    what: &Reassign,
) -> Result<HandedOver, Error> {
    actor.ready()?;
    actor.must_be(&[Role::TownOfficer, Role::BureauAdmin])?;
    let now = program.clock.now();
    let today = &now.date().to_string();
    program
        .db
        .write(|txn| async move {
            let found = grids::find(&*txn, grid).await?.ok_or(Error::NotFound)?;
            if !actor.is_county() && !actor.villages.contains(&found.village) {
                return Err(Error::NotFound);
            }
            let mut named: Vec<Uuid> = what.from.into_iter().chain([what.to]).collect();
            named.sort();
            for account in &named {
                managed(&*txn, actor, *account, now).await?;
            }
            let all = grants::of(&*txn, &named).await?;
            let of = |account| {
                let own = all
                    .iter()
                    .filter(move |g| g.account == account && g.grant.grid == Some(grid));
                own.filter(|g| g.is_ahead(today)).collect::<Vec<_>>()
            };
            let has_it = !of(what.to).is_empty();
            let former = what.from.map(of).unwrap_or_default();
            if former.is_empty() && what.from.is_some() {
                return match has_it {
                    true => Ok(HandedOver {
                        grid,
                        moved: 0,
                        repeat: true,
                    }),
                    false => Err(Error::conflict("not_the_worker", "该网格员不负责这个网格")),
                };
            }
            for grant in former {
                end_in(&txn, actor, grant, now).await?;
            }
            let news = give_grid(&txn, program, actor, what.to, grid, what.records, now).await?;
            feeds::publish(&*txn, &program.keys, &[], news).await?;
            if let Some(from) = what.from.filter(|from| *from != what.to) {
                hand_over::grant_ended(&txn, &program.keys, from, now).await?;
            }
            let entry = Entry::done("reassign_grid", actor.account).on("grid", grid);
            audit::insert(&*txn, entry, now.millis()).await?;
            let repeat = has_it && what.from.is_none();
            Ok(HandedOver {
                grid,
                moved: 0,
                repeat,
            })
        })
        .await
}
