//! Which of a worker's grids a phone gets: whole ones, in the order in which they were given, as long as they fit. What it
//! has it keeps, and its first grid it gets in any case.

use super::Phone;
use super::cursor::Cursor;
use crate::app::Error;
use crate::app::budget::{Weight, fitting};
use crate::program::Program;
use crate::store::{devices, feeds};
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// The grids that are sent, and those that are left out.
pub async fn grids<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    phone: &Phone,
    from: &Cursor,
) -> Result<(Vec<Uuid>, Vec<Uuid>), Error> {
    let has = |grid: &Uuid| from.grids.contains_key(grid);
    if phone.grids.len() < 2 || phone.grids.iter().all(has) {
        return Ok((phone.grids.clone(), Vec::new()));
    }
    let device = devices::find(db, phone.device).await?.ok_or(Error::NotFound)?;
    let budget = program.budget.of(&device);
    let weights = feeds::weights(db, &phone.grids).await?;
    let weight = |grid: &Uuid| {
        let (records, bytes) = weights.get(grid).copied().unwrap_or_default();
        Weight { records, bytes }
    };
    // What is there already comes first: nothing is taken away from a phone because its scope has grown.
    let (mut order, new): (Vec<Uuid>, Vec<Uuid>) = phone.grids.iter().copied().partition(has);
    let kept = order.len();
    order.extend(new);
    let weights: Vec<Weight> = order.iter().map(weight).collect();
    let fit = fitting(&budget, &weights).max(kept).max(1);
    let left = order.split_off(fit);
    Ok((order, left))
}

/// Says once which grids do not fit; an empty list says that all do now.
pub fn notice(left: &[Uuid]) -> Json {
    let message = match left.len() {
        0 => "全部网格已可下载".to_owned(),
        n => format!("超过本机容量，有 {n} 个网格未下载，请联系管理员"),
    };
    json!({ "kind": "notice", "code": "grids_left_out", "grids": left, "message": message })
}
