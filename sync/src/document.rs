//! Reading a document: values, conflicts, sets in doubt, notes at a version.

use crate::graph::{Side, names};
use crate::skeleton::FIELDS;
use crate::write::edit_of;
use automerge::legacy::{Key, OpType};
use automerge::{Automerge, ChangeHash, ObjId, ROOT, ReadDoc, ScalarValue};
use domain::catalogue::{Catalogue, Field, Merge};
use domain::{EditId, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A stored document that cannot be used: the row is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a document does not load")]
pub struct Unloadable;

/// Loads a stored document. Every flipped byte and every truncation is an error; so are empty bytes, which
/// automerge would take for an empty document.
pub fn load(bytes: &[u8]) -> Result<Automerge, Unloadable> {
    let doc = Automerge::load(bytes).map_err(|_| Unloadable)?;
    doc.get(ROOT, FIELDS).ok().flatten().ok_or(Unloadable)?;
    Ok(doc)
}

/// One value with the edit that wrote it; of a note or set, which many write, the newest of those whose letters or
/// elements are there.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    pub value: Value,
    pub edit: Option<EditId>,
}

/// What a document shows for one field.
#[derive(Clone, Default)]
pub struct Shown {
    /// The value shown; where values are in conflict, the provisional one.
    pub value: Option<Said>,
    /// Two or more distinct values that were written without sight of each other, each once.
    pub conflict: Vec<Said>,
    /// Set elements that one removed and another said, neither having seen the other.
    pub doubt: Vec<Doubt>,
}

/// An element whose being there is in doubt.
#[derive(Clone, PartialEq, Eq)]
pub struct Doubt {
    pub element: String,
    pub removed: Vec<EditId>,
    pub said: Vec<EditId>,
}

/// Everything that a document shows, by field key. Fields never written are absent.
pub fn shown(doc: &Automerge, catalogue: &Catalogue) -> BTreeMap<&'static str, Shown> {
    shown_with(doc, catalogue, Side::of(doc).as_ref())
}

pub(crate) fn shown_with(
    doc: &Automerge,
    catalogue: &Catalogue,
    side: Option<&Side>,
) -> BTreeMap<&'static str, Shown> {
    let Some(fields) = fields(doc) else {
        return BTreeMap::new();
    };
    let mut out = BTreeMap::new();
    let mut sets = Vec::new();
    for item in doc.map_range(&fields, ..) {
        // Rows outlive their fields: what a later catalogue dropped is still in old documents.
        let Some(field) = of_key(catalogue, item.key.as_ref()) else {
            continue;
        };
        // What has been written under its present key counts.
        if field.key != item.key && held_under(doc, &fields, field) != item.key {
            continue;
        }
        let mut shown = Shown::default();
        match field.merge {
            Merge::Register => {
                let said = |value: &automerge::Value<'_>, id: &ObjId| {
                    Some(Said {
                        value: scalar(value)?,
                        edit: writer(id),
                    })
                };
                let value: automerge::Value<'_> = item.value.clone().into();
                shown.value = said(&value, &item.id());
                if item.conflict {
                    let all = doc.get_all(&fields, item.key.as_ref()).unwrap_or_default();
                    let all: Vec<Said> = all.iter().filter_map(|(v, id)| said(v, id)).collect();
                    shown.conflict = distinct(field, all);
                }
            }
            Merge::Note => {
                let note = item.id();
                let value = note_value(doc.text(&note).unwrap_or_default());
                let edit = doc.list_range(&note, ..).filter_map(|c| writer(&c.id())).max();
                shown.value = Some(Said { value, edit });
            }
            Merge::Set => {
                let set = item.id();
                let value = set_value(doc.keys(&set).collect());
                let edit = doc.map_range(&set, ..).filter_map(|e| writer(&e.id())).max();
                if !value.is_null() {
                    sets.push((field.key, set));
                }
                shown.value = Some(Said { value, edit });
            }
            Merge::Guarded => continue,
        }
        out.insert(field.key, shown);
    }
    for (key, doubts) in side.map(|side| doubts(doc, side, &sets)).unwrap_or_default() {
        out.entry(key).or_default().doubt = doubts;
    }
    out
}

/// The distinct values of one register that were written without sight of each other.
pub fn conflict(doc: &Automerge, field: &Field) -> Vec<Said> {
    let Some(fields) = fields(doc) else {
        return Vec::new();
    };
    let all = doc
        .get_all(&fields, held_under(doc, &fields, field))
        .unwrap_or_default();
    let all = all
        .iter()
        .filter_map(|(v, id)| {
            Some(Said {
                value: scalar(v)?,
                edit: writer(id),
            })
        })
        .collect();
    distinct(field, all)
}

/// What one field shows now: `Null` where it was never written.
pub fn now(doc: &Automerge, field: &Field) -> Value {
    at(doc, field, &doc.get_heads()).unwrap_or(Value::Null)
}

/// One field as it was at some heads. `None` when it had never been written there.
pub fn at(doc: &Automerge, field: &Field, heads: &[ChangeHash]) -> Option<Value> {
    let fields = fields(doc)?;
    let under = |key: &str| doc.get_at(&fields, key, heads).ok().flatten();
    let former = || field.formerly.iter().find_map(|key| under(key));
    let (value, id) = under(field.key).or_else(former)?;
    match field.merge {
        Merge::Register => scalar(&value),
        Merge::Note => doc.text_at(&id, heads).ok().map(note_value),
        Merge::Set => Some(set_value(doc.keys_at(&id, heads).collect())),
        Merge::Guarded => None,
    }
}

/// The object of a note or set.
pub fn object(doc: &Automerge, key: &str) -> Option<ObjId> {
    doc.get(fields(doc)?, key).ok().flatten().map(|(_, id)| id)
}

/// A change that touched a note: whose, the whole text its author left, whether it took characters away.
pub struct NoteChange {
    pub edit: EditId,
    pub text: String,
    pub deleted: bool,
}

/// The changes to a note that are not among what `base` names.
pub fn note_changes_beside(doc: &Automerge, key: &str, base: &[ChangeHash]) -> Vec<NoteChange> {
    let Some(note) = object(doc, key) else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    for change in doc.get_changes(base) {
        let Some(edit) = edit_of(change.actor_id()) else {
            continue;
        };
        let ops = change.decode().operations;
        let mut on_note = ops.iter().filter(|op| names(&op.obj, &note)).peekable();
        if on_note.peek().is_some() {
            let deleted = on_note.any(|op| matches!(op.action, OpType::Delete));
            let text = doc.text_at(&note, &[change.hash()]).unwrap_or_default();
            changes.push(NoteChange { edit, text, deleted });
        }
    }
    changes
}

/// Whether one change took characters out of a note.
pub fn deletes_from_note(doc: &Automerge, key: &str, hash: &ChangeHash) -> bool {
    let (Some(note), Some(change)) = (object(doc, key), doc.get_change_by_hash(hash)) else {
        return false;
    };
    let ops = change.decode().operations;
    ops.iter()
        .any(|op| names(&op.obj, &note) && matches!(op.action, OpType::Delete))
}

fn fields(doc: &Automerge) -> Option<ObjId> {
    doc.get(ROOT, FIELDS).ok().flatten().map(|(_, id)| id)
}

/// The field that a key of a document belongs to today: its own, or the one that it has become.
fn of_key<'c>(catalogue: &'c Catalogue, key: &str) -> Option<&'c Field> {
    let successor = || {
        let alive = |f: &&Field| f.formerly.contains(&key) && !f.ended(catalogue.version);
        catalogue.fields.iter().find(alive)
    };
    let own = catalogue.fields.iter().find(|f| f.key == key);
    match own {
        Some(own) if !own.ended(catalogue.version) => Some(own),
        own => successor().or(own),
    }
}

/// The key under which a document holds a field: a former one where nobody wrote it under its own yet.
fn held_under<'f>(doc: &Automerge, fields: &ObjId, field: &'f Field) -> &'f str {
    let there = |key: &&str| doc.get(fields, *key).ok().flatten().is_some();
    match there(&field.key) {
        true => field.key,
        false => field
            .formerly
            .iter()
            .copied()
            .find(|key| there(key))
            .unwrap_or(field.key),
    }
}

/// Equal values count once, the one of the smallest edit id; fewer than two distinct ones are no conflict.
fn distinct(field: &Field, mut all: Vec<Said>) -> Vec<Said> {
    all.sort_by_key(|said| said.edit);
    let mut kept: Vec<Said> = Vec::new();
    for said in all {
        if !kept.iter().any(|k| field.same(&k.value, &said.value)) {
            kept.push(said);
        }
    }
    if kept.len() < 2 { Vec::new() } else { kept }
}

/// All values that a register has beside each other, each with the change that wrote it.
pub fn sides(doc: &Automerge, field: &Field) -> Vec<(Said, ChangeHash)> {
    let Some(fields) = fields(doc) else {
        return Vec::new();
    };
    let all = doc
        .get_all(&fields, held_under(doc, &fields, field))
        .unwrap_or_default();
    let side = |(value, id): &(automerge::Value<'_>, ObjId)| {
        let said = Said {
            value: scalar(value)?,
            edit: writer(id),
        };
        Some((said, doc.hash_for_opid(id)?))
    };
    all.iter().filter_map(side).collect()
}

/// A delete that none of the surviving puts had seen: removed by one, said by another. It is not enough to look
/// for a common predecessor: what was said unseen may have been said again since, still unseen.
fn doubts(doc: &Automerge, side: &Side, sets: &[(&'static str, ObjId)]) -> Vec<(&'static str, Vec<Doubt>)> {
    let graph = &side.graph;
    let mut deletes: BTreeMap<(&'static str, String), Vec<usize>> = BTreeMap::new();
    for (place, operations) in &side.operations {
        for op in operations {
            let set = sets.iter().find(|(_, set)| names(&op.obj, set));
            if let (Some((key, _)), Key::Map(element), OpType::Delete) = (set, &op.key, &op.action) {
                let deletes = deletes.entry((*key, element.to_string()));
                deletes.or_default().push(*place);
            }
        }
    }
    let mut out: BTreeMap<&'static str, Vec<Doubt>> = BTreeMap::new();
    for ((key, element), deletes) in deletes {
        let Some((_, set)) = sets.iter().find(|(k, _)| *k == key) else {
            continue;
        };
        let survivors = doc.get_all(set, element.as_str()).unwrap_or_default();
        let puts = survivors
            .iter()
            .filter_map(|(_, id)| graph.place(&doc.hash_for_opid(id)?));
        let puts: Vec<usize> = puts.collect();
        let unseen = |delete: &usize| puts.iter().all(|put| !graph.saw(*put, *delete));
        let unseen: Vec<usize> = deletes.into_iter().filter(unseen).collect();
        // One who removed it again after having seen it removed speaks for both.
        let last = |delete: &&usize| unseen.iter().all(|d| d == *delete || !graph.saw(*d, **delete));
        let removed: BTreeSet<EditId> = unseen
            .iter()
            .filter(last)
            .filter_map(|place| graph.edit(*place))
            .collect();
        let said: BTreeSet<EditId> = puts.iter().filter_map(|place| graph.edit(*place)).collect();
        if !removed.is_empty() && !said.is_empty() {
            let doubt = Doubt {
                element,
                removed: removed.into_iter().collect(),
                said: said.into_iter().collect(),
            };
            out.entry(key).or_default().push(doubt);
        }
    }
    out.into_iter().collect()
}

fn note_value(text: String) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        Value::Text(text)
    }
}

fn set_value(elements: BTreeSet<String>) -> Value {
    if elements.is_empty() {
        Value::Null
    } else {
        Value::Set(elements)
    }
}

fn writer(id: &ObjId) -> Option<EditId> {
    match id {
        ObjId::Id(_, actor, _) => edit_of(actor),
        ObjId::Root => None,
    }
}

fn scalar(value: &automerge::Value<'_>) -> Option<Value> {
    let automerge::Value::Scalar(scalar) = value else {
        return None;
    };
    match scalar.as_ref() {
        ScalarValue::Str(text) => Some(Value::Text(text.to_string())),
        ScalarValue::Int(n) => Some(Value::Integer(*n)),
        ScalarValue::Boolean(b) => Some(Value::Bool(*b)),
        ScalarValue::Null => Some(Value::Null),
        _ => None,
    }
}
