//! Confirmations: who saw a value and found it right.

use crate::arrived::Edit;
use crate::base::{Base, is_own};
use crate::document;
use crate::field::{Puts, ask_about};
use crate::outcome::{Outcome, Taken};
use crate::policy::{Door, Writer};
use crate::record::{Confirmed, Record, Source};
use crate::skeleton::Derive;
use crate::take::Context;
use crate::write::Put;
use domain::catalogue::Field;
use domain::{EditId, Value};
use std::collections::BTreeSet;

/// Who saw which value and found it right. For a set it is also said in the document, element by element.
pub(crate) fn confirm(
    record: &mut Record,
    edit: &Edit,
    cx: &Context<'_>,
    base: &Base,
    writer: &Writer,
    puts: &mut Puts,
    taken: &mut Taken,
) {
    let own = |id: EditId| {
        let mut stamps = record.stamps.iter();
        stamps.any(|s| s.edit == id && is_own(s, edit, writer.device))
    };
    let mut confirmed_now = Vec::new();
    for key in &edit.confirm {
        let Some(field) = edit.field(cx.catalogue, key).0 else {
            taken.fields.insert(key.clone(), Outcome::Held);
            ask_about(taken, key, "confirm".into(), "unknown_field");
            continue;
        };
        let value = match base {
            Base::Known { heads, .. } if field.in_document() => {
                document::at(&record.doc, field, heads).unwrap_or(Value::Null)
            }
            Base::Known { facts_version, .. } => match record.kept.facts.get(key.as_str()) {
                Some(fact) if fact.version > *facts_version && !own(fact.edit) => Value::Bool(false),
                Some(fact) => fact.value.clone(),
                None => Value::Null,
            },
            // What the author saw cannot be known: a hint that belongs to no value.
            Base::Unknown => Value::Bool(false),
        };
        // Who no longer has the person's grid writes nothing into the document, not even that it is right.
        if let (Value::Set(elements), Base::Known { .. }) = (&value, base)
            && writer.door != Door::LeavingPhone
            // A full client says it itself, in its changes.
            && edit.changes.is_empty()
            && let Put::Set { said, .. } = puts.seen.entry(key.clone()).or_insert_with(|| Put::Set {
                said: BTreeSet::new(),
                removed: BTreeSet::new(),
            })
        {
            said.extend(elements.iter().cloned());
        }
        let fact = record
            .kept
            .facts
            .get(key.as_str())
            .filter(|_| !field.in_document());
        let digest = value_digest(cx.derive, field, &value, fact.map(|fact| fact.edit));
        let Source::Edit { by, at, .. } = &cx.source else {
            continue;
        };
        let confirmed = Confirmed {
            digest,
            on: at.date().to_string(),
            by: by.clone(),
            edit: edit.id,
        };
        confirmed_now.push((key, confirmed));
        taken.confirmed.push((key.clone(), digest));
    }
    for (key, confirmed) in confirmed_now {
        record.confirm(key, confirmed);
    }
}

/// Keyed, so that the row says nothing of the value. A fact is confirmed as `written` then: whether it was changed
/// and changed back before or after the confirmation arrived must not matter.
pub fn value_digest(derive: Derive<'_>, field: &Field, value: &Value, written: Option<EditId>) -> [u8; 16] {
    let normal = field.normal(value).to_json().to_string();
    let written = written.map_or([0; 16], |edit| *edit.bytes());
    derive(&[b"confirmed", field.key.as_bytes(), normal.as_bytes(), &written])
}
