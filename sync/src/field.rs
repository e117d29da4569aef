//! One field of an edit: judged, and sorted by where it goes.

use crate::arrived::{Edit, FieldWrite};
use crate::base::Base;
use crate::document::{self, Said};
use crate::outcome::{Ask, FieldChange, Outcome, Taken};
use crate::policy::{Door, Judged, Read, Writer, judge};
use crate::record::{Record, State};
use crate::skeleton;
use crate::take::Context;
use crate::write::{Put, Unwritable, write_at};
use automerge::ChangeHash;
use domain::Value;
use domain::catalogue::{Field, Merge, Type};
use std::collections::{BTreeMap, BTreeSet};

/// Writes of one edit to the document, by the base that they stand on.
#[derive(Default)]
pub(crate) struct Puts {
    /// At the effective base (at the present heads where the base is unknown).
    pub seen: BTreeMap<String, Put>,
    /// Registers of an edit with unknown base: beside the present value, hiding nothing.
    pub beside: BTreeMap<String, Put>,
}

#[expect(
    clippy::too_many_arguments,
    reason = "one field's write meets everything that the edit meets"
)]
pub(crate) fn take_field(
    record: &mut Record,
    edit: &Edit,
    writer: &Writer,
    cx: &Context<'_>,
    base: &Base,
    key: &str,
    write: &FieldWrite,
    puts: &mut Puts,
    taken: &mut Taken,
) -> Outcome {
    match judge(cx.catalogue, edit, key, write, writer) {
        Judged::Hold(code) => {
            hold(taken, key, write, code);
            Outcome::Held
        }
        Judged::Decide(field, was, now) => decide(record, edit, writer, field, was, now, taken),
        // A person whom nobody has approved yet is one proposal as a whole, and its maker may still correct it.
        Judged::Propose(field, Read::Value { was, now })
            if record.state == State::Reported && writer.door == Door::Phone =>
        {
            decide(record, edit, writer, field, was, now, taken)
        }
        Judged::Propose(field, read) => propose(record, base, field, read, taken),
        Judged::Write(field, read) => place(record, base, field, read, puts, taken),
    }
}

pub(crate) fn hold(taken: &mut Taken, key: &str, write: &FieldWrite, code: &'static str) {
    let typed = match write {
        FieldWrite::Value(value) => value.now.clone(),
        FieldWrite::Set(set) => serde_json::json!({ "add": set.add, "remove": set.remove }),
    };
    ask_about(taken, key, typed, code);
}

/// All held fields of an edit are one question; what was typed into a field comes before that it was confirmed.
pub(crate) fn ask_about(taken: &mut Taken, key: &str, typed: serde_json::Value, code: &'static str) {
    let asked = taken.asks.iter_mut().find_map(|ask| match ask {
        Ask::HeldFields { fields } => Some(fields),
        _ => None,
    });
    if let Some(fields) = asked {
        fields.entry(key.to_owned()).or_insert((typed, code));
    } else {
        let fields = BTreeMap::from([(key.to_owned(), (typed, code))]);
        taken.asks.push(Ask::HeldFields { fields });
    }
}

/// A fact has no concurrency, only order.
fn decide(
    record: &mut Record,
    edit: &Edit,
    writer: &Writer,
    field: &Field,
    was: Value,
    now: Value,
    taken: &mut Taken,
) -> Outcome {
    let present = record.fact(field.key);
    if field.same(&present, &now) {
        return Outcome::Merged;
    }
    let owner = matches!(writer.door, Door::List { .. });
    if field.same(&present, &was) || owner {
        record.set_fact(field.key, now.clone(), edit.id);
        taken.history.push(FieldChange {
            key: field.key.into(),
            from: present,
            to: now,
        });
        return Outcome::Merged;
    }
    taken.asks.push(Ask::Proposal {
        key: field.key.into(),
        was,
        now,
        present,
    });
    Outcome::Proposed
}

fn propose(record: &Record, base: &Base, field: &Field, read: Read, taken: &mut Taken) -> Outcome {
    let present = if field.in_document() {
        document::now(&record.doc, field)
    } else {
        record.fact(field.key)
    };
    // Against what its author saw, so that it does not matter what else arrived before it.
    let before = match base {
        Base::Known { heads, .. } if field.in_document() => {
            document::at(&record.doc, field, heads).unwrap_or(Value::Null)
        }
        _ => present.clone(),
    };
    let (was, now) = match read {
        Read::Value { was, now } => (was, now),
        Read::Set { add, remove } => {
            let old = match &before {
                Value::Set(set) => set.clone(),
                _ => BTreeSet::new(),
            };
            let after: BTreeSet<String> = old.difference(&remove).chain(&add).cloned().collect();
            (
                before.clone(),
                if after.is_empty() {
                    Value::Null
                } else {
                    Value::Set(after)
                },
            )
        }
    };
    if field.same(&before, &now) {
        return Outcome::Merged;
    }
    taken.asks.push(Ask::Proposal {
        key: field.key.into(),
        was,
        now,
        present,
    });
    Outcome::Proposed
}

/// Sorts a document write by the base that it stands on.
fn place(
    record: &Record,
    base: &Base,
    field: &Field,
    read: Read,
    puts: &mut Puts,
    taken: &mut Taken,
) -> Outcome {
    let key = field.key.to_owned();
    let present = document::now(&record.doc, field);
    let before = match base {
        Base::Known { heads, .. } => document::at(&record.doc, field, heads).unwrap_or(Value::Null),
        Base::Unknown => present.clone(),
    };
    match read {
        Read::Set { add, remove } => {
            let old = match &before {
                Value::Set(set) => set.clone(),
                _ => BTreeSet::new(),
            };
            let new: BTreeSet<String> = old.difference(&remove).chain(&add).cloned().collect();
            let value = |set: BTreeSet<String>| {
                if set.is_empty() {
                    Value::Null
                } else {
                    Value::Set(set)
                }
            };
            if old != new {
                taken.history.push(FieldChange {
                    key: key.clone(),
                    from: value(old),
                    to: value(new),
                });
            }
            puts.seen.insert(
                key,
                Put::Set {
                    said: add,
                    removed: remove,
                },
            );
            Outcome::Merged
        }
        Read::Value { was, now } => {
            if field.kind == Type::Place && !field.same(&before, &now) {
                let text = now.as_text().map(str::to_owned);
                taken.asks.push(Ask::Address {
                    key: key.clone(),
                    text,
                });
            }
            let put = |value: &Value| match (field.merge, value) {
                (Merge::Note, value) => Put::Note(value.as_text().unwrap_or("").to_owned()),
                (_, value) => Put::Register(value.clone()),
            };
            let all = if base.is_unknown() {
                document::conflict(&record.doc, field)
            } else {
                Vec::new()
            };
            // Where values are in conflict nobody knows which of them the author had seen: it ends none of them.
            if base.is_unknown() && (!all.is_empty() || !field.same(&present, &was)) {
                let said = |said: &Said| field.same(&said.value, &now);
                if field.same(&present, &now) || all.iter().any(said) {
                    return Outcome::Merged;
                }
                if field.merge == Merge::Note {
                    taken.asks.push(Ask::NoteBeside {
                        key,
                        was,
                        now,
                        present,
                    });
                    return Outcome::Conflict;
                }
                taken.history.push(FieldChange {
                    key: key.clone(),
                    from: was,
                    to: now.clone(),
                });
                puts.beside.insert(key, put(&now));
                return Outcome::Conflict;
            }
            if before != now {
                let from = if base.is_unknown() { was } else { before };
                taken.history.push(FieldChange {
                    key: key.clone(),
                    from,
                    to: now.clone(),
                });
            }
            puts.seen.insert(key, put(&now));
            Outcome::Merged
        }
    }
}

pub(crate) fn write_puts(
    record: &mut Record,
    edit: &Edit,
    cx: &Context<'_>,
    seen: &[ChangeHash],
    puts: Puts,
    taken: &mut Taken,
) {
    let skeleton = || vec![skeleton::hash(cx.catalogue, record.resident, record.epoch)];
    let parts = [
        (0, seen.to_vec(), puts.seen),
        (
            1,
            if puts.beside.is_empty() {
                Vec::new()
            } else {
                skeleton()
            },
            puts.beside,
        ),
    ];
    for (part, mut base, puts) in parts {
        if puts.is_empty() {
            continue;
        }
        for key in puts.keys() {
            let extension = skeleton::extend(
                &mut record.doc,
                cx.catalogue,
                record.resident,
                record.epoch,
                key,
                cx.derive,
            );
            base.extend(extension);
        }
        match write_at(
            &mut record.doc,
            edit.id,
            part,
            edit.made_at.seconds(),
            &base,
            &puts,
        ) {
            Ok(hash) => taken.changes.extend(hash),
            Err(Unwritable::UnknownBase | Unwritable::Damaged) => {
                for key in puts.keys() {
                    if let Some(write) = edit.fields.get(key) {
                        hold(taken, key, write, "document_refused");
                    }
                    taken.fields.insert(key.clone(), Outcome::Held);
                }
            }
        }
    }
}
