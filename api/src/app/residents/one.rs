//! One resident, as the actor may see it. Every such read leaves an audit row.

use super::view;
use crate::actor::Actor;
use crate::app::{Error, trail};
use crate::program::Program;
use crate::store::audit::Entry;
use crate::store::{records, visible};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// The record item of wire.md 5 with the village, cut to what the actor may see.
///
/// # Errors
/// `NotFound` for a resident outside the actor's scope, as for one that does not exist.
pub async fn one(program: &Program, actor: &Actor, id: Uuid) -> Result<Map<String, Json>, Error> {
    let scope = super::scope(actor)?;
    let txn = program.db.snapshot().await?;
    let row = visible::one(&txn, &scope, id).await?.ok_or(Error::NotFound)?;
    let item = records::items(&txn, &program.keys, &[id]).await?.remove(&id);
    let into = match row.merged_into {
        Some(into) => visible::one(&txn, &scope, into).await?,
        None => None,
    };
    txn.commit().await?;
    let item = item.ok_or(Error::Damaged("projection missing"))?;
    let item: Json = serde_json::from_str(&item).map_err(|_| Error::Damaged("projection"))?;
    read(program, actor, "read_resident", id).await?;
    let mut shown = view::shown(&scope, &program.catalogue.fields, &item, row.village);
    if let Some(into) = into {
        shown.insert("merged_into".into(), into.id.to_string().into());
    }
    Ok(shown)
}

/// Says in the audit trail that somebody read a resident.
pub(super) async fn read(
    program: &Program,
    actor: &Actor,
    action: &'static str,
    id: Uuid,
) -> Result<(), Error> {
    let entry = Entry::done(action, actor.account)
        .by_device(actor.device)
        .on("resident", id);
    trail::read(program, entry).await
}
