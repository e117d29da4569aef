//! The phone of a full client: beside its records it carries their documents, and sends what its user did as changes.
//!
//! A document is always the server's newest and the own edits that have no receipt yet (docs/sync.md, "Full clients").

use super::{Made, Phone};
use automerge::transaction::{CommitOptions, Transaction};
use automerge::{ActorId, Automerge, Change, ObjId, ROOT, ReadDoc};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// By resident.
pub type Documents = BTreeMap<Uuid, Automerge>;

impl Phone {
    /// From now on it asks for documents, and keeps them.
    pub fn with_documents(mut self) -> Phone {
        self.documents = Some(Documents::new());
        self
    }

    /// Does something to a document as one edit that waits to be sent. Nothing where this phone has no document of the
    /// resident, or where nothing was done.
    pub fn types(
        &mut self,
        resident: Uuid,
        write: impl FnOnce(&mut Transaction<'_>, &ObjId, &str),
    ) -> Option<Uuid> {
        let id = Uuid::now_v7();
        let doc = self.documents.as_mut()?.get_mut(&resident)?;
        doc.set_actor(ActorId::from(id.as_bytes().to_vec()));
        let mut tx = doc.transaction();
        let (_, fields) = tx.get(ROOT, "fields").unwrap().unwrap();
        write(&mut tx, &fields, &id.to_string());
        let at = CommitOptions::default().with_time(1_795_568_400);
        let hash = tx.commit_with(at).0?;
        let change = doc.get_change_by_hash(&hash).unwrap().bytes().into_owned();
        self.seq += 1;
        let mut body = json!({
            "id": id, "seq": self.seq, "made_at": self.now(), "resident": resident, "catalogue": self.catalogue,
            "changes": [STANDARD.encode(change)],
        });
        if let Some(record) = self.records.get(resident) {
            body["base"] = record["version"].clone();
        }
        let seq = self.seq;
        self.unsent.push(Made {
            id,
            seq,
            resident,
            body,
        });
        Some(id)
    }

    /// Takes the document that came with a record.
    pub(super) fn put_document(&mut self, resident: Uuid, item: &Value) {
        let Some(came) = item["document"].as_str().filter(|_| self.documents.is_some()) else {
            return;
        };
        let mut doc = Automerge::load(&STANDARD.decode(came).unwrap()).unwrap();
        for made in self.unsent.iter().filter(|made| made.resident == resident) {
            let changes = made.body["changes"].as_array().into_iter().flatten();
            let changes: Vec<Change> = changes.map(change).collect();
            // What stands on something that the server has lost, or has in another epoch, is sent and not shown.
            let known = |change: &Change| {
                let mut deps = change.deps().iter();
                deps.all(|dep| doc.get_change_meta_by_hash(dep).is_some())
            };
            if changes.first().is_some_and(known) {
                doc.apply_changes(changes).unwrap();
            }
        }
        self.documents.get_or_insert_default().insert(resident, doc);
    }

    /// A record went, and its document goes with it.
    pub(super) fn forget_document(&mut self, resident: Uuid) {
        if let Some(documents) = &mut self.documents {
            documents.remove(&resident);
        }
    }
}

fn change(encoded: &Value) -> Change {
    let bytes = STANDARD.decode(encoded.as_str().unwrap()).unwrap();
    Change::from_bytes(bytes).unwrap()
}
