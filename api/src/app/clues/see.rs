//! Who sees which clues, and what of them.

use crate::actor::{Actor, Operation, Scope};
use crate::app::{Error, trail};
use crate::program::Program;
use crate::store::audit::Entry;
use crate::store::clues::{self, Body, Filter, Reach};
use domain::catalogue::{Mask, Role};
use domain::mask;
use entity::clue;
use uuid::Uuid;

/// A clue as it is shown to somebody.
pub struct View {
    pub row: clue::Model,
    pub body: Body,
}

/// # Errors
/// `Forbidden` for workers, auditors, and clients that hand nothing in.
pub fn reach(program: &Program, actor: &Actor) -> Result<Reach, Error> {
    actor.ready()?;
    actor.must_be(&[
        Role::BureauAdmin,
        Role::Cadre,
        Role::TownOfficer,
        Role::Department,
    ])?;
    Ok(match actor.scope() {
        Scope::County => Reach::All,
        Scope::Villages(villages) => Reach::Villages(villages),
        Scope::Categories {
            categories, villages, ..
        } => {
            actor.may(Operation::HandIn)?;
            let all = program.catalogue.categories.iter();
            let others = all
                .map(|c| c.key)
                .filter(|key| !categories.iter().any(|own| own == key));
            Reach::Department {
                others: others.map(str::to_owned).collect(),
                categories,
                kinds: actor.client.as_ref().map(|client| client.kinds.clone()),
                villages,
            }
        }
        Scope::Grids(_) | Scope::Nothing => Reach::Villages(Vec::new()),
    })
}

/// One page in the order in which clues were first opened.
pub async fn page(
    program: &Program,
    actor: &Actor,
    filter: &Filter,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<View>, Error> {
    let within = reach(program, actor)?;
    let views = read(program, actor, &within, filter, after, limit).await?;
    let mut entry = Entry::done("list_clues", actor.account).by_device(actor.device);
    entry.count = Some(views.len() as i64);
    trail::read(program, entry).await?;
    Ok(views)
}

pub(super) async fn read(
    program: &Program,
    actor: &Actor,
    within: &Reach,
    filter: &Filter,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<View>, Error> {
    let rows = clues::page(program.db.read(), within, filter, after, limit).await?;
    rows.into_iter().map(|row| view(program, actor, row)).collect()
}

/// One clue in reach.
///
/// # Errors
/// `NotFound`.
pub async fn one(program: &Program, actor: &Actor, id: Uuid) -> Result<View, Error> {
    let within = reach(program, actor)?;
    let row = clues::visible(program.db.read(), &within, id).await?;
    let row = row.ok_or(Error::NotFound)?;
    let mut entry = Entry::done("get_clue", actor.account)
        .by_device(actor.device)
        .on("clue", id);
    entry.count = Some(1);
    trail::read(program, entry).await?;
    view(program, actor, row)
}

/// A department sees its own rows as it handed them in, of others only what the rule read, and of a person whom none of
/// its own rows names no number.
fn view(program: &Program, actor: &Actor, row: clue::Model) -> Result<View, Error> {
    let mut body = clues::body(&program.keys, &row)?;
    if let Some(own) = actor.department() {
        let named = body.rows.iter().any(|seen| seen.source == own);
        if !named {
            body.person.remove("phone");
            for (key, how) in [("id_number", Mask::IdNumber), ("address", Mask::Address)] {
                if let Some(text) = body.person.get_mut(key) {
                    *text = mask::apply(how, text);
                }
            }
        }
    }
    Ok(View { row, body })
}
