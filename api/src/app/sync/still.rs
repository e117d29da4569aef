//! A phone asks whether there is anything new, and there is nothing: the most frequent request of all is answered from one
//! look, without a transaction.

use super::cursor::Cursor;
use super::pull::{Pulled, grid_line};
use super::push::TakenIn;
use super::{Phone, Request};
use crate::app::Error;
use crate::program::Program;
use crate::store::glance;
use entity::feed;
use serde_json::Map;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The whole answer, or none where there is anything to take in, to send or to compare.
pub async fn answer(
    program: &Program,
    phone: &Phone,
    request: &Request,
    from: Option<&Cursor>,
) -> Result<Option<(TakenIn, Pulled)>, Error> {
    let brings = !request.edits.is_empty() || !request.dropped.is_empty() || !request.have.is_empty();
    let (Some(from), false) = (from, brings) else {
        return Ok(None);
    };
    let ids: Vec<Uuid> = phone.grids.iter().copied().chain([phone.device]).collect();
    let seen = glance::at(program.db.read(), phone.device, &ids).await?;
    let seen = seen.ok_or(Error::NotFound)?;
    let feeds: BTreeMap<Uuid, &feed::Model> = seen.feeds.iter().map(|f| (f.id, f)).collect();
    let newest = |id: &Uuid| feeds.get(id).map_or(0, |f| f.next - 1);
    let still = from.incarnation == seen.life.incarnation
        && from.grant_epoch == phone.grant_epoch
        && from.device == newest(&phone.device)
        && from.left.is_empty()
        && from.grids.len() == phone.grids.len()
        && phone
            .grids
            .iter()
            .all(|grid| from.grids.get(grid) == Some(&newest(grid)));
    if !still {
        return Ok(None);
    }
    program.metrics.pulled(0);
    let line = |grid: &Uuid| (grid.to_string(), grid_line(feeds.get(grid).copied()));
    let pulled = Pulled {
        items: Vec::new(),
        cursor: request.cursor.clone().unwrap_or_default(),
        more: false,
        grids: phone.grids.iter().map(line).collect::<Map<_, _>>().into(),
        life: seen.life,
        have_wanted: false,
    };
    Ok(Some((
        TakenIn::nothing(seen.received, seen.through, seen.safe),
        pulled,
    )))
}
