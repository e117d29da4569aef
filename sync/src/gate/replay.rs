//! Making a change again, through the library, on our own document.

use super::operations::{Objects, Step};
use super::refusal::Refusal;
use automerge::legacy::{ElementId, OpId};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{Automerge, AutomergeError, ChangeHash, ExpandedChange, ObjId, ReadDoc};
use domain::EditId;
use std::collections::BTreeMap;

/// Makes the change on `doc`, which shows what its author saw. Gives the hash of what was made.
pub(crate) fn replay(
    doc: &mut Automerge,
    change: &ExpandedChange,
    steps: &[Step],
    objects: &Objects,
    edit: EditId,
) -> Result<ChangeHash, Refusal> {
    doc.set_actor(change.actor_id.clone());
    let mut tx = doc.transaction();
    let mut letters = BTreeMap::new();
    let mut n = 0;
    while n < steps.len() {
        let counter = change.start_op.get() + n as u64;
        n += match &steps[n] {
            Step::Insert { note, .. } => {
                let (text, length) = run(&steps[n..], note, counter, change);
                let object = objects.note(note).ok_or(Refusal::NotReplayed)?;
                let all = letters.entry(*note).or_insert_with(|| Letters::of(&tx, object));
                let Step::Insert { after, .. } = &steps[n] else {
                    return Err(Refusal::NotReplayed);
                };
                let place = all.behind(after)?;
                tx.splice_text(object, place, 0, &text).map_err(not_replayed)?;
                let new = (0..length as u64).map(|k| OpId::new(counter + k, &change.actor_id));
                all.0.splice(place..place, new);
                length
            }
            Step::Erase { note, letter } => {
                let object = objects.note(note).ok_or(Refusal::NotReplayed)?;
                let all = letters.entry(*note).or_insert_with(|| Letters::of(&tx, object));
                let place = all.place(letter)?;
                tx.splice_text(object, place, 1, "").map_err(not_replayed)?;
                all.0.remove(place);
                1
            }
            step => {
                write(&mut tx, step, objects, edit)?;
                1
            }
        };
    }
    let mut options = CommitOptions::default().with_time(change.time);
    options.message.clone_from(&change.message);
    tx.commit_with(options).0.ok_or(Refusal::NotReplayed)
}

/// The letters that are inserted one behind the other from the first step on, and how many they are.
fn run(steps: &[Step], of: &str, counter: u64, change: &ExpandedChange) -> (String, usize) {
    let mut text = String::new();
    let mut length = 0;
    for step in steps {
        let Step::Insert { note, after, letter } = step else {
            break;
        };
        let follows =
            |id: &OpId| id.counter() + 1 == counter + length as u64 && *id.actor() == change.actor_id;
        if *note != of || length > 0 && !matches!(after, ElementId::Id(id) if follows(id)) {
            break;
        }
        text.push(*letter);
        length += 1;
    }
    (text, length)
}

fn write(tx: &mut Transaction<'_>, step: &Step, objects: &Objects, edit: EditId) -> Result<(), Refusal> {
    let set = |key: &str| objects.set(key).ok_or(Refusal::NotReplayed);
    match step {
        Step::Put { key, value } => tx
            .put(&objects.fields, key.as_str(), value.clone())
            .map_err(not_replayed),
        Step::Drop { key, gone } => {
            let shown = tx.get(&objects.fields, key.as_str()).map_err(not_replayed)?;
            let (automerge::Value::Scalar(value), ObjId::Id(counter, actor, _)) =
                shown.ok_or(Refusal::NotReplayed)?
            else {
                return Err(Refusal::NotReplayed);
            };
            if gone
                .iter()
                .any(|id| id.counter() == counter && *id.actor() == actor)
            {
                return Err(Refusal::RegisterDeleted);
            }
            // Who chooses the value that is shown already takes the others away, and writes nothing.
            let value = value.into_owned();
            tx.put(&objects.fields, key.as_str(), value).map_err(not_replayed)
        }
        Step::Say { set: key, element } => tx
            .put(set(key)?, element.as_str(), edit.to_string())
            .map_err(not_replayed),
        Step::Remove { set: key, element } => tx.delete(set(key)?, element.as_str()).map_err(not_replayed),
        Step::Insert { .. } | Step::Erase { .. } => Err(Refusal::NotReplayed),
    }
}

/// The letters of a note that are there, by the operations that inserted them.
struct Letters(Vec<OpId>);

impl Letters {
    fn of(tx: &Transaction<'_>, note: &ObjId) -> Letters {
        let all = tx.list_range(note, ..).filter_map(|letter| match letter.id() {
            ObjId::Id(counter, actor, _) => Some(OpId::new(counter, &actor)),
            ObjId::Root => None,
        });
        Letters(all.collect())
    }

    fn place(&self, letter: &OpId) -> Result<usize, Refusal> {
        self.0
            .iter()
            .position(|l| l == letter)
            .ok_or(Refusal::NotReplayed)
    }

    fn behind(&self, letter: &ElementId) -> Result<usize, Refusal> {
        match letter {
            ElementId::Head => Ok(0),
            ElementId::Id(id) => Ok(self.place(id)? + 1),
        }
    }
}

fn not_replayed(_: AutomergeError) -> Refusal {
    Refusal::NotReplayed
}
