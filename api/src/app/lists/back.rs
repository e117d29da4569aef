//! What the values of one person go back to when a list is undone.

use super::steps::{Commit, Done};
use crate::app::Error;
use crate::app::desk::Desk;
use crate::store::edits::Body;
use domain::catalogue::Field;
use domain::{EditId, Value};
use matching::three_way::Step;
use serde_json::Value as Json;
use sync::document::{self, Said};
use sync::{Automerge, ChangeHash};
use uuid::Uuid;

/// An edit of the list with the heads on which it stood.
pub struct Own {
    pub id: EditId,
    pub body: Body,
    pub before: Vec<ChangeHash>,
}

/// A field that others have values of beside the list's: the list's goes, theirs stay as they are.
pub struct Beside<'a> {
    pub done: Done<'a>,
    /// The changes by which the list said its value.
    pub on: Vec<ChangeHash>,
}

/// What one person goes back to.
#[derive(Default)]
pub struct Back<'a> {
    pub steps: Vec<Done<'a>>,
    pub beside: Vec<Beside<'a>>,
    /// Something else than a field changes in what the record shows.
    pub lines: bool,
}

impl<'a> Back<'a> {
    fn goes(&mut self, field: &'a Field, was: Value, now: Value) {
        let step = Step::Decide { was, now };
        self.steps.push(Done { field, step });
    }

    /// What the field goes back to so far, where that is this value.
    fn back_to(&mut self, field: &Field, value: &Value) -> Option<&mut Value> {
        let done = self.steps.iter_mut().find(|done| done.field.key == field.key)?;
        match &mut done.step {
            Step::Decide { now, .. } if field.same(now, value) => Some(now),
            _ => None,
        }
    }

    /// Takes the list's values out of those that stand beside each other; shown is again what was shown `before`. Says
    /// whether that is all that there is to do.
    fn leaves_others(
        &mut self,
        field: &'a Field,
        (was, before): (&Value, &Value),
        doc: &Automerge,
        own: &[Own],
    ) -> bool {
        let of_list = |said: &Said| said.edit.is_some_and(|edit| own.iter().any(|o| o.id == edit));
        let (ours, theirs): (Vec<_>, Vec<_>) = document::sides(doc, field)
            .into_iter()
            .partition(|(said, _)| of_list(said));
        let shown = theirs.iter().find(|(said, _)| field.same(&said.value, before));
        let Some((shown, _)) = shown.or(theirs.first()) else {
            return false;
        };
        // Of several edits the first one's is what was shown before all.
        self.beside.retain(|beside| beside.done.field.key != field.key);
        if !ours.is_empty() {
            let step = Step::Decide {
                was: was.clone(),
                now: shown.value.clone(),
            };
            self.beside.push(Beside {
                done: Done { field, step },
                on: ours.into_iter().map(|(_, change)| change).collect(),
            });
        }
        true
    }

    /// Values that are facts, not in the document.
    pub fn facts(&self) -> Vec<(String, Value)> {
        let facts = self.steps.iter().filter(|done| !done.field.in_document());
        let value = |done: &Done<'a>| match &done.step {
            Step::Decide { now, .. } => Some((done.field.key.to_owned(), now.clone())),
            _ => None,
        };
        facts.filter_map(value).collect()
    }
}

/// The values of a person whom others know too.
pub fn values<'a>(desk: &mut Desk<'_>, cx: &'a Commit<'_>, id: Uuid, own: &[Own]) -> Result<Back<'a>, Error> {
    let catalogue = &cx.program.catalogue;
    let mut back = Back::default();
    let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
    let record = &mut loaded.record;
    // The latest first: each goes back to what was there before it.
    for edit in own {
        let fields = edit.body.edit["fields"].as_object().into_iter().flatten();
        for (key, write) in fields {
            let Some(field) = catalogue.field(key) else {
                continue;
            };
            let parse = |value: &Json| field.parse_value(value, catalogue.version, catalogue).ok();
            let Some(now) = parse(&write["now"]) else { continue };
            let before = if field.in_document() {
                document::at(&record.doc, field, &edit.before)
            } else {
                let change = edit.body.changes.iter().find(|(changed, _, _)| changed == key);
                change.and_then(|(_, from, _)| parse(from))
            };
            let before = before.unwrap_or(Value::Null);
            // An earlier row had written what a later one wrote upon.
            if let Some(going) = back.back_to(field, &now) {
                *going = before;
                continue;
            }
            if !field.in_document() {
                let present = record.kept.facts.get(key);
                if let Some(present) = present.filter(|fact| fact.edit == edit.id) {
                    back.goes(field, present.value.clone(), before);
                }
                continue;
            }
            let present = document::now(&record.doc, field);
            let beside = document::conflict(&record.doc, field);
            if !beside.is_empty() && back.leaves_others(field, (&present, &before), &record.doc, own) {
                continue;
            }
            let stands = field.same(&present, &now) || beside.iter().any(|s| field.same(&s.value, &now));
            if stands && !(field.same(&present, &before) && beside.is_empty()) {
                back.goes(field, present, before);
            }
        }
    }
    Ok(back)
}

/// Everything of a person whom nobody else knows.
pub fn emptied<'a>(desk: &mut Desk<'_>, cx: &'a Commit<'_>, id: Uuid) -> Result<Back<'a>, Error> {
    let catalogue = &cx.program.catalogue;
    let record = &desk.records.get(&id).ok_or(Error::NotFound)?.record;
    let mut back = Back {
        lines: true,
        ..Back::default()
    };
    for field in &catalogue.fields {
        let was = if field.in_document() {
            document::now(&record.doc, field)
        } else {
            record.fact(field.key)
        };
        if was.is_null() {
            continue;
        }
        back.goes(field, was, Value::Null);
    }
    Ok(back)
}
