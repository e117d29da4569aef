//! Edits that are known already, and edits that are kept because they cannot be applied.

use super::{Batch, One};
use crate::app::Error;
use crate::app::desk::receipt;
use crate::store::edits;
use crate::store::held::{self, HeldRow};
use domain::EditId;
use serde_json::Value as Json;
use sync::{Arrived, Taken};
use uuid::Uuid;

impl Batch<'_> {
    /// The receipt of an edit that is known; the same id with other content, or from another device, is held.
    pub(super) fn repeated(&mut self, one: &One) -> Result<Option<Json>, Error> {
        let digest = one.digest();
        let keys = &self.desk.program.keys;
        let again = |mut receipt: Json| {
            receipt["repeat"] = true.into();
            // The place in the request that asks, not in the one that first brought it.
            if receipt.get("index").is_some() {
                receipt["index"] = one.index.into();
            }
            Ok(Some(receipt))
        };
        // Twice in one request is a repeat like any other.
        if let Some(receipt) = self.answered.get(&digest) {
            return again(receipt.clone());
        }
        if let Some(row) = self.held.iter().find(|h| h.sha256 == digest) {
            // It may have been taken a moment ago, by what came before it in this request.
            let taken = one.id().and_then(|id| self.desk.receipt_of(id));
            return again(taken.map_or_else(|| Ok(held::body(keys, row)?.receipt), Ok::<_, Error>)?);
        }
        let Some(id) = one.id() else { return Ok(None) };
        let known = self.known.get(&id);
        if let Some(row) = known.filter(|k| k.device == Some(self.phone.device) && k.digest == digest) {
            return again(edits::body(keys, row)?.receipt);
        }
        let held = self.held.iter().any(|h| h.edit == Some(id));
        if known.is_none() && !held && !self.ids.contains(&id) {
            return Ok(None);
        }
        self.fresh += 1;
        Ok(Some(self.hold(
            one,
            "id_reused",
            "该修改编号已用于不同内容，已保留",
            None,
        )))
    }

    pub(super) fn hold(
        &mut self,
        one: &One,
        code: &'static str,
        message: &str,
        waits_for: Option<Uuid>,
    ) -> Json {
        self.keep(one, Taken::held(code, message), waits_for)
    }

    /// Keeps an edit with what was found of it.
    pub(super) fn keep(&mut self, one: &One, mut taken: Taken, waits_for: Option<Uuid>) -> Json {
        taken.rebuild = one.full();
        let mut shown = match one.id() {
            Some(id) => receipt(EditId::from(id), &taken),
            None => receipt(EditId::from_bytes([0; 16]), &taken),
        };
        if one.id().is_none() {
            let members = shown.as_object_mut().expect("a receipt is an object");
            members.remove("edit");
            members.insert("index".into(), one.index.into());
            members.insert("sha256".into(), sync::digest::hex(&one.digest()).into());
        }
        let seq = match &one.arrived {
            Arrived::Edit(edit) => Some(edit.seq),
            Arrived::Unreadable { seq, .. } => *seq,
        };
        let row = HeldRow {
            id: Uuid::now_v7(),
            device: Some(self.phone.device),
            account: Some(self.phone.account),
            edit: one.id(),
            sha256: one.digest().to_vec(),
            seq,
            reason: taken.problem.map_or_else(|| "held".into(), |p| p.code),
            resident: one.resident(),
            waits_for,
            received_at: self.desk.now.millis(),
            body: held::Body {
                raw: one.raw.clone(),
                receipt: shown.clone(),
                writes: taken.writes,
            },
        };
        if waits_for.is_none() {
            self.settled.extend(one.id());
        }
        let village = one
            .resident()
            .and_then(|id| self.erased.get(&id).copied().flatten());
        self.desk.hold(row, village);
        shown
    }

    /// Whether an edit has arrived, so that what comes after it need not wait. One that is kept for a person has;
    /// one that itself waits has not.
    pub(super) fn knows(&self, edit: EditId) -> bool {
        let id = edit.uuid();
        let arrived = |h: &held::Model| h.waits_for.is_none() || h.state != held::WAITING;
        self.known.contains_key(&id)
            || self.desk.receipt_of(id).is_some()
            || self.settled.contains(&id)
            || self.held.iter().any(|h| h.edit == Some(id) && arrived(h))
            || self
                .desk
                .records
                .values()
                .any(|l| l.record.stamps.iter().any(|s| s.edit == edit))
    }
}
