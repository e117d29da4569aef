//! Edits of other phones about somebody who has just come: after a restore those who worked on a reported person may come
//! before the one who reported it.

use super::Batch;
use crate::app::Error;
use crate::app::sync::Phone;
use crate::program::Program;
use crate::store::held;
use domain::Instant;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Takes what other phones have sent about these people as far as their workers may write there now, each phone's in the
/// order of its numbers and in a transaction of its own. What cannot be taken goes on waiting for a person; the phone that
/// brought the people does not hear of it.
pub async fn take_up(program: &Program, by: &Phone, came: &[Uuid], now: Instant) {
    if came.is_empty() {
        return;
    }
    if let Err(error) = each(program, by, came, now).await {
        tracing::warn!(%error, "edits that waited for somebody were not taken up");
    }
}

async fn each(program: &Program, by: &Phone, came: &[Uuid], now: Instant) -> Result<(), Error> {
    let mut phones: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for (device, resident) in held::waited_for(program.db.read(), came).await? {
        if device != by.device {
            phones.entry(device).or_default().insert(resident);
        }
    }
    for (device, about) in phones {
        let phone = &Phone::of_device(program, device, now).await?;
        let about: &Vec<Uuid> = &about.into_iter().collect();
        program
            .db
            .write(|txn| async move {
                let mut batch = Batch::open(&txn, program, phone, &[], about, now, 0).await?;
                batch.replay().await?;
                batch.desk.save().await
            })
            .await?;
    }
    Ok(())
}
