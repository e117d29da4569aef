//! Notes that somebody must look at: merged sentences can be false where one author took characters away.

use crate::document::{beside, linear, names, object};
use crate::write::edit_of;
use automerge::legacy::OpType;
use automerge::{Automerge, ChangeHash, ObjId, ReadDoc};
use domain::EditId;
use domain::catalogue::{Catalogue, Merge};
use std::collections::{BTreeMap, BTreeSet};

/// A note whose present text nobody wrote: what each of its last authors left, by edit id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedNote {
    pub key: &'static str,
    pub texts: Vec<(EditId, String)>,
}

struct Written {
    edit: EditId,
    hash: ChangeHash,
    deleted: bool,
}

/// The notes to look at, computed from the document alone: those of which a deletion was not seen by all of the
/// last authors. A later write by someone who saw all of them ends it; no order of arrival matters.
///
/// ```
/// # use domain::{ResidentId, catalogue::Catalogue};
/// let catalogue = Catalogue::built_in();
/// let doc = sync::skeleton::document(&catalogue, ResidentId::from_bytes([1; 16]), 1);
/// assert!(sync::notes::merged(&doc, &catalogue).is_empty());
/// ```
pub fn merged(doc: &Automerge, catalogue: &Catalogue) -> Vec<MergedNote> {
    if linear(doc) {
        return Vec::new();
    }
    let notes = catalogue
        .fields
        .iter()
        .filter(|f| f.merge == Merge::Note && f.in_document());
    let notes: Vec<(&'static str, ObjId)> =
        notes.filter_map(|f| Some((f.key, object(doc, f.key)?))).collect();
    let mut written: BTreeMap<&'static str, Vec<Written>> = BTreeMap::new();
    for change in doc.get_changes(&[]) {
        let Some(edit) = edit_of(change.actor_id()) else {
            continue;
        };
        let ops = change.decode().operations;
        for (key, note) in &notes {
            let mut on_note = ops.iter().filter(|op| names(&op.obj, note)).peekable();
            if on_note.peek().is_some() {
                written.entry(key).or_default().push(Written {
                    edit,
                    hash: change.hash(),
                    deleted: on_note.any(|op| matches!(op.action, OpType::Delete)),
                });
            }
        }
    }
    let texts = |(key, all): (&'static str, Vec<Written>)| {
        let last = unseen_deletion(doc, &all)?;
        let note = &notes.iter().find(|(k, _)| *k == key)?.1;
        let text = |w: &&Written| (w.edit, doc.text_at(note, &[w.hash]).unwrap_or_default());
        let mut texts: Vec<_> = last.iter().map(text).collect();
        texts.sort_by_key(|(edit, _)| *edit);
        Some(MergedNote { key, texts })
    };
    written.into_iter().filter_map(texts).collect()
}

/// The last writes of a note, where one of their authors had not seen some deletion.
fn unseen_deletion<'a>(doc: &Automerge, all: &'a [Written]) -> Option<Vec<&'a Written>> {
    if all.len() < 2 {
        return None;
    }
    let beside: Vec<BTreeSet<ChangeHash>> = all.iter().map(|w| beside(doc, w.hash)).collect();
    let last = |w: &Written| {
        all.iter()
            .zip(&beside)
            .all(|(o, unseen)| o.hash == w.hash || unseen.contains(&w.hash))
    };
    let (last, unseen): (Vec<_>, Vec<_>) = all.iter().zip(&beside).filter(|(w, _)| last(w)).unzip();
    let unseen = |w: &Written| w.deleted && unseen.iter().any(|by| by.contains(&w.hash));
    (last.len() > 1 && all.iter().any(unseen)).then_some(last)
}
