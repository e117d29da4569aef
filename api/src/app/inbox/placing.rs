//! Deciding where a person belongs: an address that reads as another grid, a person whom nobody could place.

use super::apply::Case;
use crate::app::Error;
use crate::app::desk::Desk;
use crate::store::db::Txn;
use crate::store::grids::{self, Grid};
use domain::Value;
use domain::text::squeezed;
use sync::decide;
use sync::outcome::FieldChange;
use uuid::Uuid;

/// The address that the item is about, as refusals are remembered.
pub fn text_of(case: &Case<'_>) -> String {
    let mut sides = case.sides();
    squeezed(sides.next().and_then(|s| s["value"].as_str()).unwrap_or_default())
}

/// Puts the person into the grid that the decider names, or that the address reads as.
pub async fn place(desk: &mut Desk<'_>, case: &Case<'_>, id: Uuid) -> Result<Vec<FieldChange>, Error> {
    let named = case
        .what
        .value
        .as_ref()
        .and_then(|v| v.as_str().map(str::to_owned));
    let read = case
        .sides()
        .next()
        .and_then(|s| s["grid"].as_str().map(str::to_owned));
    let grid = named
        .or(read)
        .and_then(|g| Uuid::try_parse(&g).ok())
        .ok_or_else(|| Error::field("grid_required", "请指明要归入的网格", "value"))?;
    let change = change(desk, id, grid).await?;
    case.decides(desk, id, decide::settle)?;
    Ok(vec![change])
}

/// Moves the person on the desk, and says from where to where.
pub async fn change(desk: &mut Desk<'_>, id: Uuid, grid: Uuid) -> Result<FieldChange, Error> {
    let row = current(&desk.txn.clone(), grid).await?;
    moved(desk, id, row.village, grid)
}

/// A grid that people can be put into.
///
/// # Errors
/// `Refused` `grid_unknown`.
pub async fn current(txn: &Txn, grid: Uuid) -> Result<Grid, Error> {
    let row = grids::find(&**txn, grid).await?;
    let row = row.filter(|grid| grid.until.is_none());
    row.ok_or_else(|| Error::field("grid_unknown", "网格不存在或已撤销", "grid"))
}

/// [`change`] into a grid that is known to be there.
pub fn moved(desk: &mut Desk<'_>, id: Uuid, village: Uuid, grid: Uuid) -> Result<FieldChange, Error> {
    let from = desk.records.get(&id).and_then(|l| l.grid);
    desk.move_to(id, village, Some(grid))?;
    Ok(FieldChange {
        key: "grid".into(),
        from: from.map_or(Value::Null, |g| Value::Text(g.to_string())),
        to: Value::Text(grid.to_string()),
    })
}
