//! What changes say, in words that policy and people read.

use super::operations::{Objects, Step};
use crate::document;
use crate::graph::names;
use crate::record::Record;
use automerge::legacy::{Key, ObjectId, OpType};
use automerge::{Automerge, ChangeHash, ExpandedChange, ObjId, ReadDoc, ScalarValue};
use domain::catalogue::Catalogue;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// The field writes of changes that could be made again: the shapes of a light edit's `fields`, between what the
/// author saw at first (`base`) and at the end (`seen`).
pub(crate) fn said(
    record: &Record,
    base: &[ChangeHash],
    seen: &Automerge,
    steps: &[Vec<Step>],
    catalogue: &Catalogue,
    objects: &Objects,
) -> Map<String, Json> {
    let (mut registers, mut notes) = (BTreeMap::new(), BTreeSet::new());
    let mut sets: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
    for step in steps.iter().flatten() {
        match step {
            Step::Put { key, value } => {
                registers.insert(key.as_str(), scalar(value));
            }
            Step::Drop { key, .. } => {
                let shown = seen.get(&objects.fields, key.as_str()).ok().flatten();
                let shown = shown.and_then(|(value, _)| Some(scalar(value.as_scalar()?)));
                registers.insert(key.as_str(), shown.unwrap_or(Json::Null));
            }
            Step::Say { set, element } => {
                sets.entry(set).or_default().insert(element, true);
            }
            Step::Remove { set, element } => {
                sets.entry(set).or_default().insert(element, false);
            }
            Step::Insert { note, .. } | Step::Erase { note, .. } => {
                notes.insert(*note);
            }
        }
    }
    let was = |key: &str| {
        let field = catalogue.fields.iter().find(|f| f.key == key)?;
        document::at(&record.doc, field, base)
    };
    let was = |key: &str| was(key).map_or(Json::Null, |value| value.to_json());
    let mut out = Map::new();
    for (key, now) in registers {
        out.insert(key.to_owned(), json!({ "was": was(key), "now": now }));
    }
    for key in notes {
        let text = objects.note(key).and_then(|note| seen.text(note).ok());
        out.insert(key.to_owned(), json!({ "was": was(key), "now": text }));
    }
    for (key, elements) in sets {
        let of = |there: bool| {
            let some = elements.iter().filter(|(_, said)| **said == there);
            some.map(|(element, _)| *element).collect::<Vec<_>>()
        };
        out.insert(key.to_owned(), json!({ "add": of(true), "remove": of(false) }));
    }
    out
}

/// What changes that are not taken say, as far as it can be read without the version that they stand on. Objects of
/// an earlier life of the record have the same numbers as today's.
pub(crate) fn told(changes: &[ExpandedChange], objects: &Objects) -> Json {
    let mut out: BTreeMap<String, Json> = BTreeMap::new();
    for op in changes.iter().flat_map(|change| &change.operations) {
        let is = |id: &ObjId| names(&op.obj, id) || same_number(&op.obj, id);
        let of = |all: &[(&'static str, ObjId)]| all.iter().find(|(_, id)| is(id)).map(|(key, _)| *key);
        if is(&objects.fields) {
            if let (Key::Map(key), OpType::Put(value)) = (&op.key, &op.action) {
                out.insert(key.to_string(), json!({ "now": scalar(value) }));
            }
        } else if let Some(key) = of(&objects.sets) {
            if let Key::Map(element) = &op.key {
                let there = matches!(op.action, OpType::Put(_));
                let line = out
                    .entry(key.to_owned())
                    .or_insert_with(|| json!({ "add": [], "remove": [] }));
                push(&mut line[if there { "add" } else { "remove" }], element);
            }
        } else if let Some(key) = of(&objects.notes) {
            let line = out
                .entry(key.to_owned())
                .or_insert_with(|| json!({ "inserted": "", "erased": 0 }));
            match &op.action {
                OpType::Put(ScalarValue::Str(text)) => {
                    let old = line["inserted"].as_str().unwrap_or_default();
                    line["inserted"] = format!("{old}{text}").into();
                }
                _ => line["erased"] = (line["erased"].as_u64().unwrap_or(0) + 1).into(),
            }
        }
    }
    json!(out)
}

/// Whether an object was made by some skeleton's operation of the same number.
fn same_number(object: &ObjectId, id: &ObjId) -> bool {
    match (object, id) {
        (ObjectId::Id(op), ObjId::Id(counter, _, _)) => {
            op.counter() == *counter && op.actor().to_bytes().len() == 18
        }
        _ => false,
    }
}

fn push(list: &mut Json, element: &str) {
    if let Some(all) = list.as_array_mut() {
        all.push(element.into());
    }
}

/// A scalar as JSON; of a kind that documents do not hold, its kind.
pub(crate) fn scalar(value: &ScalarValue) -> Json {
    match value {
        ScalarValue::Str(text) => text.as_str().into(),
        ScalarValue::Int(n) => (*n).into(),
        ScalarValue::Uint(n) => (*n).into(),
        ScalarValue::F64(n) => json!(n),
        ScalarValue::Boolean(b) => (*b).into(),
        ScalarValue::Timestamp(at) => json!({ "timestamp": at }),
        ScalarValue::Null => Json::Null,
        ScalarValue::Bytes(_) | ScalarValue::Counter(_) | ScalarValue::Unknown { .. } => {
            json!({ "kind": "other" })
        }
    }
}
