//! What the survivor goes back to: as if nothing that named the other had ever been taken.

use super::offers::value;
use crate::store::edits::Body;
use domain::Value;
use domain::catalogue::{Catalogue, Field, Merge};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use sync::{Record, document};
use uuid::Uuid;

/// One step of the survivor's history since the merge.
pub struct Step<'a> {
    pub edit: Uuid,
    pub kind: &'a str,
    pub body: &'a Body,
}

/// One field and what it goes back to.
pub struct Back<'c> {
    pub field: &'c Field,
    pub present: Value,
    pub target: Value,
}

/// What of the other's was adopted by a decision: key and value.
pub type Adopted = [(String, Json)];

/// Fields that the other's edits changed, as they are without them. `before` is what the survivor showed at the merge,
/// `foreign` are the edits that named the other.
pub fn back<'c>(
    record: &Record,
    catalogue: &'c Catalogue,
    before: &BTreeMap<String, Json>,
    steps: &[Step<'_>],
    foreign: &BTreeSet<Uuid>,
    adopted: &Adopted,
) -> Vec<Back<'c>> {
    let parse = |field: &Field, value: &Json| {
        field
            .parse_value(value, catalogue.version, catalogue)
            .unwrap_or(Value::Null)
    };
    let mut out = Vec::new();
    for field in &catalogue.fields {
        if field.ended(catalogue.version) {
            continue;
        }
        let null = Json::Null;
        let mut now = parse(field, before.get(field.key).unwrap_or(&null));
        let said = adopted.iter().filter(|(key, _)| key == field.key);
        let said: Vec<Value> = said.map(|(_, value)| parse(field, value)).collect();
        let mut touched = false;
        for step in steps {
            for (_, from, to) in step.body.changes.iter().filter(|(key, _, _)| key == field.key) {
                let (from, to) = (parse(field, from), parse(field, to));
                // An approval writes what was said of the other.
                let approved =
                    step.body.edit["decision"] == "approve" && said.iter().any(|s| holds(s, &from, &to));
                match foreign.contains(&step.edit) || approved || step.kind == "merge" {
                    true => touched = true,
                    false => now = follow(field, now, &from, &to),
                }
            }
        }
        let present = value(record, field);
        let unsure = field.merge == Merge::Register && !document::conflict(&record.doc, field).is_empty();
        if touched && (!field.same(&present, &now) || unsure) {
            out.push(Back {
                field,
                present,
                target: now,
            });
        }
    }
    out
}

/// Whether a change is one to what somebody said; of sets, whether what came is theirs.
fn holds(said: &Value, from: &Value, to: &Value) -> bool {
    match (said, to) {
        (Value::Set(said), Value::Set(to)) => {
            let none = BTreeSet::new();
            let from = match from {
                Value::Set(from) => from,
                _ => &none,
            };
            to.difference(from).all(|element| said.contains(element))
        }
        _ => said == to,
    }
}

/// The value after one more of the survivor's own changes.
fn follow(field: &Field, now: Value, from: &Value, to: &Value) -> Value {
    if field.merge != Merge::Set {
        return to.clone();
    }
    let elements = |value: &Value| match value {
        Value::Set(set) => set.clone(),
        _ => BTreeSet::new(),
    };
    let (from, to, mut set) = (elements(from), elements(to), elements(&now));
    set.retain(|element| !from.contains(element) || to.contains(element));
    set.extend(to.difference(&from).cloned());
    match set.is_empty() {
        true => Value::Null,
        false => Value::Set(set),
    }
}
