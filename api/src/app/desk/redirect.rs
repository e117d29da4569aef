//! Edits of somebody who was merged into another: taken by the survivor, by what they write.

use super::{Desk, Origin, receipt};
use crate::app::Error;
use crate::program::Program;
use crate::store::records::{self, Loaded};
use sea_orm::ConnectionTrait;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use sync::{Context, Edit, Taken, full};
use uuid::Uuid;

/// Whom an edit named, and what a full client's changes write where they cannot enter the document themselves.
pub(super) struct Named {
    pub id: Uuid,
    pub writes: Option<Json>,
}

impl Named {
    pub fn itself(id: Uuid) -> Named {
        Named { id, writes: None }
    }
}

/// A version that no record has: what its author saw was another document, and `was` speaks for itself.
const OF_ANOTHER: &str = "of-another";

/// Loads the survivors of those who were merged, beside them.
pub(in crate::app) async fn survivors<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    loaded: &mut BTreeMap<Uuid, Loaded>,
    lock: bool,
) -> Result<(), Error> {
    let into = loaded.values().filter_map(|l| l.merged_into);
    let missing: BTreeSet<Uuid> = into.filter(|id| !loaded.contains_key(id)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    // Out of the order of ids, which is rare: two who meet so are told by the database, and one of them begins anew.
    loaded.extend(match lock {
        true => records::lock_all(db, &program.keys, &missing).await?,
        false => records::look_at(db, &program.keys, &missing).await?,
    });
    Ok(())
}

impl Desk<'_> {
    /// Who somebody is now: whom they were merged into, or themselves.
    pub fn now_is(&self, id: Uuid) -> Uuid {
        let loaded = self.records.get(&id);
        loaded.and_then(|loaded| loaded.merged_into).unwrap_or(id)
    }

    /// Takes an edit that names somebody who was merged into `into`.
    pub(super) fn take_for(
        &mut self,
        into: Uuid,
        edit: &Edit,
        origin: &Origin<'_>,
    ) -> Result<(Taken, Json), Error> {
        let id = edit.resident.uuid();
        let (mut said, mut writes) = (edit.clone(), None);
        if !edit.changes.is_empty() && edit.fields.is_empty() {
            let keys = self.program.keys.clone();
            let derive = move |parts: &[&[u8]]| keys.derive(parts);
            let cx = Context {
                catalogue: &self.program.catalogue,
                derive: &derive,
                source: origin.source.clone(),
            };
            let absorbed = self.records.get_mut(&id).ok_or(Error::NotFound)?;
            match full::of_absorbed(&mut absorbed.record, edit, &cx) {
                Ok((light, fields)) => (said, writes) = (light, Some(fields)),
                Err(held) => {
                    let told = receipt(edit.id, &held);
                    return Ok((*held, told));
                }
            }
        }
        said.resident = into.into();
        said.base = Some(OF_ANOTHER.to_owned());
        self.take_here(&said, Named { id, writes }, origin, None)
    }
}
