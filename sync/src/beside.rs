//! After a write beside what others wrote: what now waits for a person.

use crate::arrived::Edit;
use crate::document;
use crate::outcome::{Ask, Outcome, Problem, Taken};
use crate::record::Record;
use crate::take::Context;
use automerge::ChangeHash;
use domain::catalogue::{Field, Merge};

/// After a write beside what others wrote: which of the edit's fields now wait for a decision.
pub(crate) fn find_conflicts(
    record: &Record,
    edit: &Edit,
    cx: &Context<'_>,
    seen: &[ChangeHash],
    taken: &mut Taken,
) {
    let written = taken
        .fields
        .iter()
        .filter(|(_, outcome)| **outcome == Outcome::Merged);
    let written: Vec<String> = written
        .map(|(key, _)| key.clone())
        .chain(edit.confirm.iter().cloned())
        .collect();
    let mut doubts = None;
    for key in written {
        let Some(field) = edit.field(cx.catalogue, &key).0.filter(|f| f.in_document()) else {
            continue;
        };
        let waits = match field.merge {
            Merge::Register => !document::conflict(&record.doc, field).is_empty(),
            Merge::Set => {
                let shown = doubts.get_or_insert_with(|| document::shown(&record.doc, cx.catalogue));
                shown.get(field.key).is_some_and(|s| !s.doubt.is_empty())
            }
            Merge::Note => merged_note(record, edit, field, seen, taken),
            Merge::Guarded => false,
        };
        if waits && edit.fields.contains_key(&key) {
            taken.fields.insert(key, Outcome::Conflict);
        }
    }
}

/// When two people changed a note without seeing each other and either deleted, the merged text can be false.
fn merged_note(record: &Record, edit: &Edit, field: &Field, seen: &[ChangeHash], taken: &mut Taken) -> bool {
    let beside = document::note_changes_beside(&record.doc, field.key, seen);
    // Of several changes of one edit the last has the whole text.
    let Some(own) = beside.iter().rfind(|c| c.edit == edit.id) else {
        return false;
    };
    let deletes = |mine: &ChangeHash| document::deletes_from_note(&record.doc, field.key, mine);
    let own_deletes = taken.changes.iter().any(deletes);
    let others: Vec<_> = beside
        .iter()
        .filter(|c| c.edit != edit.id && (own_deletes || c.deleted))
        .collect();
    if others.is_empty() {
        return false;
    }
    let mut texts: Vec<_> = others.iter().map(|c| (c.edit, c.text.clone())).collect();
    texts.push((own.edit, own.text.clone()));
    texts.sort_by_key(|(edit, _)| *edit);
    taken.asks.push(Ask::MergedNote {
        key: field.key.into(),
        texts,
    });
    true
}

pub(crate) fn describe_held(taken: &mut Taken) {
    let held: Vec<String> = taken
        .fields
        .iter()
        .filter(|(_, o)| **o == Outcome::Held)
        .map(|(key, _)| key.clone())
        .collect();
    if !held.is_empty() && taken.problem.is_none() {
        taken.problem = Some(Problem {
            code: "fields_held".into(),
            message: "部分字段未能写入，已保留待人工处理".into(),
            fields: held,
        });
    }
}
