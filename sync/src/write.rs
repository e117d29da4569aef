//! Writing one edit into a document at the version that its author saw.
//!
//! The same edit at the same base gives the same change hash, on any node and in any order of arrival: with
//! `transaction_at` it would not, so an old base is written on a fork and merged.

use crate::skeleton::FIELDS;
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, AutomergeError, ChangeHash, ROOT, ReadDoc, ScalarValue};
use domain::{EditId, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What an edit does to one field of the document.
#[derive(Clone)]
pub enum Put {
    /// A register's new value; clearing is `Null`, never a delete, which would vanish beside a concurrent write.
    Register(Value),
    /// The whole new text of a note, with `\n`.
    Note(String),
    /// Elements said (added, or confirmed) and removed.
    Set {
        said: BTreeSet<String>,
        removed: BTreeSet<String>,
    },
}

/// Why nothing could be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// The base is empty or names changes that the document does not have.
    UnknownBase,
    /// The document refuses: it holds something else where the catalogue has this field.
    Damaged,
}

impl From<AutomergeError> for Unwritable {
    fn from(_: AutomergeError) -> Unwritable {
        Unwritable::Damaged
    }
}

/// Whose change it is: the edit's 16 bytes, with one more where a second change of the same edit stands on another
/// base. The first 16 bytes always name the edit.
pub fn actor(edit: EditId, part: u8) -> ActorId {
    let mut bytes = edit.bytes().to_vec();
    if part > 0 {
        bytes.push(part);
    }
    ActorId::from(bytes)
}

/// The first part under which an edit has no change yet: an edit that waits may be approved field by field, each at
/// its author's base, and a second change of one actor would have to stand on the first.
pub fn free_part(doc: &mut Automerge, edit: EditId) -> u8 {
    let mut free = |part: &u8| {
        doc.set_actor(actor(edit, *part));
        doc.get_last_local_change().is_none()
    };
    (0..u8::MAX).find(|part| free(part)).unwrap_or(u8::MAX)
}

/// The edit that an operation belongs to; none for the skeleton and its extensions.
pub fn edit_of(actor: &ActorId) -> Option<EditId> {
    let bytes = actor.to_bytes();
    (bytes.len() <= 17).then(|| bytes.first_chunk::<16>().map(|b| EditId::from_bytes(*b)))?
}

/// Writes at `base` (any order, duplicates and ancestors allowed). `None` when the base shows all of it already:
/// then nothing is stored and the edit has no change.
pub fn write_at(
    doc: &mut Automerge,
    edit: EditId,
    part: u8,
    seconds: i64,
    base: &[ChangeHash],
    puts: &BTreeMap<String, Put>,
) -> Result<Option<ChangeHash>, Unwritable> {
    // The plain path below would not notice an unknown head beside the known ones.
    if base.is_empty()
        || base
            .iter()
            .any(|hash| doc.get_change_meta_by_hash(hash).is_none())
    {
        return Err(Unwritable::UnknownBase);
    }
    let options = CommitOptions::default().with_time(seconds);
    if doc.get_heads().iter().all(|head| base.contains(head)) {
        doc.set_actor(actor(edit, part));
        let mut tx = doc.transaction();
        put_all(&mut tx, edit, puts)?;
        return Ok(tx.commit_with(options).0);
    }
    let mut seen = doc.fork_at(base)?;
    seen.set_actor(actor(edit, part));
    let mut tx = seen.transaction();
    put_all(&mut tx, edit, puts)?;
    let Some(hash) = tx.commit_with(options).0 else {
        return Ok(None);
    };
    let change = seen.get_change_by_hash(&hash).ok_or(Unwritable::Damaged)?;
    doc.apply_changes([change])?;
    Ok(Some(hash))
}

/// In key order: the place inside a change decides ties.
fn put_all(tx: &mut Transaction<'_>, edit: EditId, puts: &BTreeMap<String, Put>) -> Result<(), Unwritable> {
    let (_, fields) = tx.get(ROOT, FIELDS)?.ok_or(Unwritable::Damaged)?;
    for (key, put) in puts {
        match put {
            Put::Register(value) => {
                tx.put(&fields, key.as_str(), scalar(value).ok_or(Unwritable::Damaged)?)?
            }
            Put::Note(text) => {
                let (_, note) = tx.get(&fields, key.as_str())?.ok_or(Unwritable::Damaged)?;
                tx.update_text(&note, text)?;
            }
            Put::Set { said, removed } => {
                let (_, set) = tx.get(&fields, key.as_str())?.ok_or(Unwritable::Damaged)?;
                for element in removed.difference(said) {
                    if tx.get(&set, element.as_str())?.is_some() {
                        tx.delete(&set, element.as_str())?;
                    }
                }
                for element in said {
                    tx.put(&set, element.as_str(), edit.to_string())?;
                }
            }
        }
    }
    Ok(())
}

/// Documents hold strings, integers, booleans and null only.
fn scalar(value: &Value) -> Option<ScalarValue> {
    match value {
        Value::Null => Some(ScalarValue::Null),
        Value::Bool(b) => Some(ScalarValue::Boolean(*b)),
        Value::Integer(n) => Some(ScalarValue::Int(*n)),
        Value::Text(text) => Some(ScalarValue::Str(text.as_str().into())),
        Value::Set(_) => None,
    }
}
