//! A full client: it carries the documents themselves, and sends what it did as their changes.

use crate::client::{Answer, Client};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, ObjId, ROOT, ReadDoc};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

pub struct FullPhone {
    client: Client,
    pub documents: BTreeMap<Uuid, Automerge>,
    cursor: Option<Value>,
    seq: i64,
    pub unsent: Vec<Value>,
}

impl FullPhone {
    /// An empty phone; `client` is signed in as its worker.
    pub fn new(client: Client) -> FullPhone {
        FullPhone {
            client,
            documents: BTreeMap::new(),
            cursor: None,
            seq: 0,
            unsent: Vec::new(),
        }
    }

    /// Sends all that waits in one request, takes in the answer, and answers it.
    pub async fn sync(&mut self) -> Value {
        let edits = std::mem::take(&mut self.unsent);
        let answer = self.ask(&edits).await.ok();
        self.cursor = Some(answer["cursor"].clone());
        for item in answer["items"].as_array().unwrap() {
            let Some(document) = item["document"].as_str() else {
                continue;
            };
            // Everything that was made here went with the request: the server's is the whole document.
            let theirs = Automerge::load(&STANDARD.decode(document).unwrap()).unwrap();
            let resident = item["resident"].as_str().unwrap().parse().unwrap();
            self.documents.insert(resident, theirs);
        }
        answer
    }

    /// One request with these edits, from which the phone learns nothing.
    pub async fn ask(&self, edits: &[Value]) -> Answer {
        let request = json!({ "catalogue": 1, "cursor": self.cursor, "documents": true, "edits": edits });
        self.client.post("/api/v1/sync", &request).await
    }

    /// Does something to a document, as one edit that waits to be sent.
    pub fn edit(&mut self, resident: Uuid, write: impl FnOnce(&mut Transaction<'_>, &ObjId, &str)) -> Uuid {
        let id = Uuid::now_v7();
        let change = self.change(resident, id, write);
        let edit = self.carrying(id, resident, &[change]);
        self.unsent.push(edit);
        id
    }

    /// One change in an edit's name, in the document and as bytes.
    pub fn change(
        &mut self,
        resident: Uuid,
        edit: Uuid,
        write: impl FnOnce(&mut Transaction<'_>, &ObjId, &str),
    ) -> Vec<u8> {
        let doc = self.documents.get_mut(&resident).unwrap();
        doc.set_actor(ActorId::from(edit.as_bytes().to_vec()));
        let mut tx = doc.transaction();
        let (_, fields) = tx.get(ROOT, "fields").unwrap().unwrap();
        write(&mut tx, &fields, &edit.to_string());
        let hash = tx
            .commit_with(CommitOptions::default().with_time(1_795_568_400))
            .0
            .unwrap();
        doc.get_change_by_hash(&hash).unwrap().bytes().into_owned()
    }

    /// The edit that carries changes, numbered next.
    pub fn carrying(&mut self, id: Uuid, resident: Uuid, changes: &[Vec<u8>]) -> Value {
        self.seq += 1;
        let changes: Vec<String> = changes.iter().map(|c| STANDARD.encode(c)).collect();
        json!({
            "id": id, "seq": self.seq, "made_at": "2026-11-25T01:00:00.000Z", "resident": resident,
            "catalogue": 1, "changes": changes,
        })
    }
}

/// Makes a note say something else.
pub fn note(tx: &mut Transaction<'_>, fields: &ObjId, key: &str, text: &str) {
    let (_, note) = tx.get(fields, key).unwrap().unwrap();
    tx.update_text(&note, text).unwrap();
}

/// Says in an edit's name that an element belongs to a set.
pub fn say(tx: &mut Transaction<'_>, fields: &ObjId, key: &str, element: &str, edit: &str) {
    let (_, set) = tx.get(fields, key).unwrap().unwrap();
    tx.put(&set, element, edit).unwrap();
}
