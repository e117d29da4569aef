//! What one operation of a change does to a field.

use super::refusal::Refusal;
use crate::graph::names;
use crate::skeleton::FIELDS;
use automerge::legacy::{ElementId, Key, Op, OpId, OpType};
use automerge::{Automerge, ObjId, ROOT, ReadDoc, ScalarValue};
use domain::EditId;
use domain::catalogue::{Catalogue, Merge};

/// One operation, as far as an edit may have it.
pub(crate) enum Step {
    Put {
        key: String,
        value: ScalarValue,
    },
    /// Something is taken away from a register: the losers of a conflict may be.
    Drop {
        key: String,
        gone: Vec<OpId>,
    },
    Say {
        set: &'static str,
        element: String,
    },
    Remove {
        set: &'static str,
        element: String,
    },
    Insert {
        note: &'static str,
        after: ElementId,
        letter: char,
    },
    Erase {
        note: &'static str,
        letter: OpId,
    },
}

/// The objects of a document that an edit may write to.
pub(crate) struct Objects {
    pub fields: ObjId,
    pub notes: Vec<(&'static str, ObjId)>,
    pub sets: Vec<(&'static str, ObjId)>,
}

impl Objects {
    /// `None` for a document that is none of ours.
    pub fn of(doc: &Automerge, catalogue: &Catalogue) -> Option<Objects> {
        let (_, fields) = doc.get(ROOT, FIELDS).ok()??;
        let of = |merge: Merge| {
            let of_kind = catalogue
                .fields
                .iter()
                .filter(|f| f.merge == merge && f.in_document());
            let there = of_kind.filter_map(|f| Some((f.key, doc.get(&fields, f.key).ok()??.1)));
            there.collect::<Vec<_>>()
        };
        let (notes, sets) = (of(Merge::Note), of(Merge::Set));
        Some(Objects { fields, notes, sets })
    }

    pub fn note(&self, key: &str) -> Option<&ObjId> {
        self.notes.iter().find(|(k, _)| *k == key).map(|(_, id)| id)
    }

    pub fn set(&self, key: &str) -> Option<&ObjId> {
        self.sets.iter().find(|(k, _)| *k == key).map(|(_, id)| id)
    }

    /// Reads one operation of `edit`'s.
    pub fn step(&self, op: &Op, edit: EditId) -> Result<Step, Refusal> {
        match op.action {
            OpType::Make(_) => return Err(Refusal::ObjectMade),
            OpType::Put(_) | OpType::Delete => {}
            OpType::Increment(_) | OpType::MarkBegin(_) | OpType::MarkEnd(_) => {
                return Err(Refusal::OperationNotAllowed);
            }
        }
        let of = |all: &[(&'static str, ObjId)]| {
            all.iter().find(|(_, id)| names(&op.obj, id)).map(|(key, _)| *key)
        };
        if names(&op.obj, &self.fields) {
            return self.on_register(op);
        }
        if let Some(set) = of(&self.sets) {
            return on_set(op, set, edit);
        }
        if let Some(note) = of(&self.notes) {
            return on_note(op, note);
        }
        Err(Refusal::ForeignPath)
    }

    fn on_register(&self, op: &Op) -> Result<Step, Refusal> {
        let Key::Map(key) = &op.key else {
            return Err(Refusal::ForeignPath);
        };
        let key = key.to_string();
        // Writing over a note's or set's object would hide it from everybody.
        if self.note(&key).is_some() || self.set(&key).is_some() || op.insert {
            return Err(Refusal::OperationNotAllowed);
        }
        match &op.action {
            OpType::Put(value) => match value {
                ScalarValue::Str(_) | ScalarValue::Int(_) | ScalarValue::Boolean(_) | ScalarValue::Null => {
                    let value = value.clone();
                    Ok(Step::Put { key, value })
                }
                _ => Err(Refusal::ValueNotAllowed),
            },
            _ => {
                let gone = op.pred.iter().cloned().collect();
                Ok(Step::Drop { key, gone })
            }
        }
    }
}

fn on_set(op: &Op, set: &'static str, edit: EditId) -> Result<Step, Refusal> {
    let (Key::Map(element), false) = (&op.key, op.insert) else {
        return Err(Refusal::ForeignPath);
    };
    let element = element.to_string();
    match &op.action {
        OpType::Put(ScalarValue::Str(said)) if *said == edit.to_string() => Ok(Step::Say { set, element }),
        OpType::Put(ScalarValue::Str(_)) => Err(Refusal::ElementOfAnother),
        OpType::Put(_) => Err(Refusal::ValueNotAllowed),
        _ => Ok(Step::Remove { set, element }),
    }
}

fn on_note(op: &Op, note: &'static str) -> Result<Step, Refusal> {
    let Key::Seq(element) = &op.key else {
        return Err(Refusal::ForeignPath);
    };
    match (&op.action, op.insert, element) {
        (OpType::Put(ScalarValue::Str(text)), true, after) => {
            let mut letters = text.chars();
            let (Some(letter), None) = (letters.next(), letters.next()) else {
                return Err(Refusal::ValueNotAllowed);
            };
            let after = after.clone();
            Ok(Step::Insert { note, after, letter })
        }
        (OpType::Put(_), true, _) => Err(Refusal::ValueNotAllowed),
        (OpType::Delete, false, ElementId::Id(letter)) => {
            let letter = letter.clone();
            Ok(Step::Erase { note, letter })
        }
        _ => Err(Refusal::OperationNotAllowed),
    }
}
