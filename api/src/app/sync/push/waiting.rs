//! Edits that waited for something of the same device, and may go on now that it has arrived.

use super::{Batch, whole_held};
use crate::app::Error;
use crate::seal::Keyring;
use crate::store::feeds::News;
use crate::store::{edits, held};
use serde_json::Value as Json;
use sync::{Arrived, Edit};
use uuid::Uuid;

/// A held edit that waits for an earlier one, or for its record.
pub(super) struct Waiting {
    row: held::Model,
    body: held::Body,
    pub(super) edit: Box<Edit>,
}

/// Those of `rows` that can be read still, in their order.
pub(super) fn read(keys: &Keyring, rows: Vec<held::Model>) -> Result<Vec<Waiting>, Error> {
    let mut waiting = Vec::new();
    for row in rows {
        let body = held::body(keys, &row)?;
        if let Arrived::Edit(edit) = Arrived::parse(body.raw.as_bytes()) {
            waiting.push(Waiting { row, body, edit });
        }
    }
    Ok(waiting)
}

impl Batch<'_> {
    /// Takes whatever need not wait any longer, in the order of its numbers, and what waited for that in turn.
    /// Answers the residents that were written.
    pub(super) async fn replay(&mut self) -> Result<Vec<Uuid>, Error> {
        let mut written = Vec::new();
        if self.device.cloned_at.is_some() {
            return Ok(written);
        }
        loop {
            let before = written.len();
            for mut late in std::mem::take(&mut self.waiting) {
                match self.take_late(&mut late).await? {
                    true => {
                        let id = late.edit.resident.uuid();
                        written.extend([id, self.desk.now_is(id)]);
                    }
                    false => self.waiting.push(late),
                }
            }
            if written.len() == before {
                return Ok(written);
            }
        }
    }

    async fn take_late(&mut self, late: &mut Waiting) -> Result<bool, Error> {
        let edit = &late.edit;
        let id = edit.id.uuid();
        if edit.after.is_some_and(|after| !self.knows(after)) {
            return Ok(false);
        }
        let Some(door) = self.door(edit.resident.uuid()) else {
            return Ok(false);
        };
        // Another device may have used its id while it waited.
        if self.desk.receipt_of(id).is_some() || !edits::by_ids(&*self.desk.txn, &[id]).await?.is_empty() {
            return Ok(false);
        }
        let (taken, receipt) = self.take_at_desk(edit, door)?;
        if whole_held(&taken) {
            return Ok(false);
        }
        late.body.receipt = receipt.clone();
        self.desk.settle_held(late.row.id, &late.body).await?;
        self.desk.news.push(News {
            device: self.phone.device,
            kind: "receipt",
            subject: id,
            item: Some(changed(receipt)),
        });
        Ok(true)
    }
}

/// A receipt that changed, as the device's feed tells it.
fn changed(mut receipt: Json) -> Json {
    receipt["kind"] = "receipt".into();
    receipt
}
