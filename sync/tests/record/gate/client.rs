//! A full client, as its library makes one: a document of its own, one actor an edit.

use crate::desk::{Desk, edit};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, ObjId, ROOT, ReadDoc, ScalarValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::EditId;
use serde_json::json;
use sync::Edit;
use sync::skeleton::FIELDS;

pub struct Client {
    pub doc: Automerge,
}

impl Client {
    /// Starts from the document as the server sends it.
    pub fn of(desk: &Desk) -> Client {
        let doc = Automerge::load(&desk.record.doc.save_nocompress()).unwrap();
        Client { doc }
    }

    pub fn over(doc: Automerge) -> Client {
        Client { doc }
    }

    /// Takes over what the server has; what was not sent yet stays.
    pub fn pull(&mut self, desk: &Desk) {
        let mut theirs = Client::of(desk).doc;
        self.doc.merge(&mut theirs).unwrap();
    }

    /// One change of `edit`: as the library would send it. None when it wrote nothing.
    pub fn change(
        &mut self,
        edit: EditId,
        write: impl FnOnce(&mut Transaction<'_>, &ObjId),
    ) -> Option<Vec<u8>> {
        self.change_with(edit, None, write)
    }

    pub fn change_with(
        &mut self,
        edit: EditId,
        message: Option<&str>,
        write: impl FnOnce(&mut Transaction<'_>, &ObjId),
    ) -> Option<Vec<u8>> {
        self.doc.set_actor(ActorId::from(edit.bytes().to_vec()));
        let mut tx = self.doc.transaction();
        let fields = tx.get(ROOT, FIELDS).unwrap().map_or(ROOT, |(_, id)| id);
        write(&mut tx, &fields);
        let mut options = CommitOptions::default().with_time(1_793_926_800);
        options.message = message.map(str::to_owned);
        let hash = tx.commit_with(options).0?;
        let mut change = self.doc.get_change_by_hash(&hash).unwrap();
        Some(change.bytes().into_owned())
    }
}

/// The edit that carries changes, numbered `seq` on its device.
pub fn carrying(id: EditId, seq: i64, changes: &[Vec<u8>]) -> Edit {
    let changes: Vec<String> = changes.iter().map(|c| STANDARD.encode(c)).collect();
    edit(id, seq, 8, None, &json!({ "changes": changes }))
}

pub fn put(tx: &mut Transaction<'_>, fields: &ObjId, key: &str, value: impl Into<ScalarValue>) {
    tx.put(fields, key, value).unwrap();
}

pub fn note(tx: &mut Transaction<'_>, fields: &ObjId, key: &str, text: &str) {
    let (_, note) = tx.get(fields, key).unwrap().unwrap();
    tx.update_text(&note, text).unwrap();
}

/// Says that `element` belongs to the set.
pub fn say(tx: &mut Transaction<'_>, fields: &ObjId, key: &str, element: &str, edit: EditId) {
    let (_, set) = tx.get(fields, key).unwrap().unwrap();
    tx.put(&set, element, edit.to_string()).unwrap();
}

pub fn remove(tx: &mut Transaction<'_>, fields: &ObjId, key: &str, element: &str) {
    let (_, set) = tx.get(fields, key).unwrap().unwrap();
    if tx.get(&set, element).unwrap().is_some() {
        tx.delete(&set, element).unwrap();
    }
}

pub fn text_of(doc: &Automerge, key: &str) -> String {
    let (_, fields) = doc.get(ROOT, FIELDS).unwrap().unwrap();
    let (_, note) = doc.get(&fields, key).unwrap().unwrap();
    doc.text(&note).unwrap()
}
