//! The rows of an edit that was taken.

use super::{Desk, Origin, save};
use crate::store::edits::{Body, EditRow};
use crate::store::records;
use serde_json::Value as Json;
use sync::{Edit, Taken};
use uuid::Uuid;

impl Desk<'_> {
    /// Rows of one accepted edit: the edit itself, its confirmations, its visit.
    pub(super) fn write_rows(
        &mut self,
        edit: &Edit,
        named: Uuid,
        origin: &Origin<'_>,
        taken: &Taken,
        receipt: &Json,
    ) {
        let loaded = &self.records[&edit.resident.uuid()];
        let stamp = loaded
            .record
            .stamps
            .last()
            .expect("taking an edit stamps the record");
        let (account, device) = (
            origin.writer.account.uuid(),
            origin.writer.device.map(|d| d.uuid()),
        );
        let changes = taken
            .history
            .iter()
            .map(|c| (c.key.clone(), c.from.to_json(), c.to.to_json()))
            .collect();
        let mut canonical: Json = serde_json::from_str(&edit.canonical).unwrap_or(Json::Null);
        // What a full client's changes say is read here once, for histories and for decisions.
        if let Some(writes) = &taken.writes {
            canonical["fields"] = writes.clone();
        }
        self.edits.push(EditRow {
            id: edit.id.uuid(),
            device,
            seq: device.is_some().then_some(edit.seq),
            account,
            resident: edit.resident.uuid(),
            named,
            epoch: i32::from(loaded.record.epoch),
            n: stamp.n as i32,
            kind: origin.kind,
            outcome: taken.outcome.name().into(),
            change_hash: (!stamp.changes.is_empty()).then(|| records::joined(&stamp.changes)),
            heads: records::joined(&stamp.heads),
            facts_version: stamp.facts_version as i32,
            digest: edit.digest.to_vec(),
            made_at: edit.made_at.millis(),
            skew: origin.skew,
            received_at: self.now.millis(),
            body: Body {
                edit: canonical,
                receipt: receipt.clone(),
                changes,
            },
        });
        for (key, digest) in &taken.confirmed {
            self.confirmations
                .push(save::confirmation(edit, key, digest, stamp.n, account));
        }
        if edit.visit.is_some() {
            let row = save::visit(&self.program.keys, edit, account, device, origin.skew, self.now);
            self.visits.extend(row);
            self.answered
                .extend(save::answered(edit, account, &origin.writer.name));
        }
    }
}
