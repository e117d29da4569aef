//! New epochs: a record whose history has grown too long goes on with a fresh document that shows the same.

use super::Desk;
use crate::app::Error;
use crate::store::edits::{Body, EditRow};
use crate::store::epochs::{self, Closed};
use crate::store::records;
use domain::EditId;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::epoch::{self, Stays};
use sync::{Context, Edit, Record, Taken, Writer};
use uuid::Uuid;

impl Desk<'_> {
    /// Begins a record's next epoch, as an edit of nobody's with the record's next number. Phones get the record by
    /// its feed like after any other edit.
    ///
    /// # Errors
    /// The record stays as it is.
    pub fn begin_epoch(&mut self, id: Uuid) -> Result<(), Stays> {
        let keys = self.program.keys.clone();
        let derive = move |parts: &[&[u8]]| keys.derive(parts);
        let loaded = self.records.get_mut(&id).ok_or(Stays::Damaged)?;
        let ended = loaded.record.epoch;
        let doc = epoch::begin(&mut loaded.record, &self.program.catalogue, &derive)?;
        let row = derive(&[b"epoch", id.as_bytes(), &loaded.record.epoch.to_be_bytes()]);
        let stamp = loaded
            .record
            .stamp(EditId::from_bytes(row), None, None, Vec::new())
            .clone();
        // A base may name the number before by the seam only; what is stamped from here on is the new epoch's.
        self.ended.push(Closed {
            resident: id,
            epoch: ended,
            n: stamp.n as i32,
            doc,
        });
        let now = self.now.millis();
        self.push_edit_row(EditRow {
            id: Uuid::from_bytes(row),
            device: None,
            seq: None,
            account: Uuid::nil(),
            resident: id,
            named: id,
            epoch: i32::from(ended) + 1,
            n: stamp.n as i32,
            kind: "epoch",
            outcome: "merged".into(),
            change_hash: None,
            heads: records::joined(&stamp.heads),
            facts_version: stamp.facts_version as i32,
            digest: Vec::new(),
            made_at: now,
            skew: 0,
            received_at: now,
            body: Body {
                edit: json!({ "epoch": ended + 1 }),
                receipt: Json::Null,
                changes: Vec::new(),
            },
        });
        Ok(())
    }

    /// Takes an edit into its record. Where the document would pass its hard limit it gets a new epoch first, whoever
    /// is behind; where it cannot, the edit is held whole.
    pub(super) fn take_in_bounds(
        &mut self,
        id: Uuid,
        edit: &Edit,
        writer: &Writer,
        cx: &Context<'_>,
    ) -> Result<Taken, Error> {
        let taken = |records: &mut std::collections::BTreeMap<Uuid, records::Loaded>| {
            let loaded = records.get_mut(&id).ok_or(Error::NotFound)?;
            Ok::<_, Error>(epoch::take_within(&mut loaded.record, edit, writer, cx))
        };
        if let Some(taken) = taken(&mut self.records)? {
            return Ok(taken);
        }
        let anew = self.begin_epoch(id).is_ok();
        let again = if anew { taken(&mut self.records)? } else { None };
        Ok(again.unwrap_or_else(|| {
            Taken::held(
                "record_full",
                "该人员的修改记录已达上限（64 KiB 或 20000 次操作），请先处理待办，修改已原样保留",
            )
        }))
    }

    /// Loads the documents of earlier epochs for edits whose changes stand on none of today's.
    pub(super) async fn look_back(&mut self, edits: &[&Edit]) -> Result<(), Error> {
        let behind = |record: &Record, edit: &&&Edit| {
            record.epoch > 1 && edit.resident == record.resident && sync::gate::is_elsewhere(record, edit)
        };
        let ids: BTreeSet<Uuid> = self
            .records
            .iter()
            .filter(|(_, l)| edits.iter().any(|edit| behind(&l.record, &edit)))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            let past = epochs::past(&*self.txn, &self.program.keys, id).await?;
            if let Some(loaded) = self.records.get_mut(&id) {
                loaded.record.past = past;
            }
        }
        Ok(())
    }
}
