//! The inbox: what waits for a person, and what a person decides about it.

mod apply;
mod decide;
mod duplicate;
pub mod enrolment;
mod held;
mod list_row;
mod own_edit;
pub mod placing;
mod proposal;

pub use apply::Case;
pub use decide::{Decided, Decision, decide};

use crate::app::Error;
use crate::program::Program;
use crate::store::inbox::{self, Filter, Reach};
use domain::Instant;
use entity::inbox_item;
use serde_json::Value as Json;
use uuid::Uuid;

/// An item as somebody who may decide it sees it.
pub struct ItemView {
    pub id: Uuid,
    pub n: i32,
    pub reason: String,
    pub resident: Option<Uuid>,
    pub key: String,
    pub village: Option<Uuid>,
    pub level: String,
    pub state: String,
    pub opened_at: Instant,
    /// Both sides, with who, when and source.
    pub body: Json,
}

/// Who decides: never the author of what is decided.
#[derive(Clone)]
pub struct Decider {
    pub account: Uuid,
    pub name: String,
    pub reach: Reach,
    pub may_decide: bool,
}

/// One page in the order of opening; `after` is the last (opened_at, id) of the page before.
pub async fn page(
    program: &Program,
    who: &Decider,
    filter: &Filter,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<ItemView>, Error> {
    let rows = inbox::page(program.db.read(), &who.reach, filter, after, limit.clamp(1, 200)).await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in &rows {
        out.push(shown(program, who, row).await?);
    }
    Ok(out)
}

/// One item. What is outside the reach does not exist.
pub async fn one(program: &Program, who: &Decider, id: Uuid) -> Result<ItemView, Error> {
    let row = inbox::find(program.db.read(), id).await?.ok_or(Error::NotFound)?;
    if !in_reach(&who.reach, &row) {
        return Err(Error::NotFound);
    }
    shown(program, who, &row).await
}

async fn shown(program: &Program, who: &Decider, row: &inbox_item::Model) -> Result<ItemView, Error> {
    let mut item = view(program, row)?;
    list_row::show(program, who, row, &mut item).await?;
    held::show(program, row, &mut item.body).await?;
    duplicate::show(program, who, row, &mut item).await?;
    Ok(item)
}

fn view(program: &Program, row: &inbox_item::Model) -> Result<ItemView, Error> {
    Ok(ItemView {
        id: row.id,
        n: row.n,
        reason: row.reason.clone(),
        resident: row.resident,
        key: row.key.clone(),
        village: row.village,
        level: row.level.clone(),
        state: row.state.clone(),
        opened_at: Instant::from_millis(row.opened_at),
        body: inbox::body(&program.keys, row)?,
    })
}

/// Whether somebody looks after a village.
pub fn reaches(reach: &Reach, village: Option<Uuid>) -> bool {
    match reach {
        Reach::County => true,
        Reach::Places { villages, .. } => village.is_some_and(|v| villages.contains(&v)),
        Reach::Nothing => false,
    }
}

/// Whether somebody sees an item: the same rule as the query of a page.
pub fn in_reach(reach: &Reach, row: &inbox_item::Model) -> bool {
    let beside = match reach {
        Reach::Places { villages, .. } => row.beside.is_some_and(|v| villages.contains(&v)),
        _ => false,
    };
    beside || decides_here(reach, row)
}

/// Whether an item stands in somebody's own inbox: another village sees it and decides nothing.
pub fn decides_here(reach: &Reach, row: &inbox_item::Model) -> bool {
    match reach {
        Reach::County => true,
        Reach::Nothing => false,
        Reach::Places { villages, towns } => match row.level.as_str() {
            "village" => {
                row.village.is_some_and(|v| villages.contains(&v))
                    || row.town.is_some_and(|t| towns.contains(&t))
            }
            "town" => row.town.is_some_and(|t| towns.contains(&t)),
            _ => false,
        },
    }
}
