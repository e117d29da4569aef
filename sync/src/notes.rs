//! Notes that somebody must look at: merged sentences can be false where one author took characters away.

use crate::document::object;
use crate::graph::{Graph, Side, names};
use automerge::legacy::{Op, OpType};
use automerge::{Automerge, ObjId, ReadDoc};
use domain::EditId;
use domain::catalogue::{Catalogue, Merge};
use std::collections::BTreeMap;

/// A note whose present text nobody wrote: what each of its last authors left, by edit id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedNote {
    pub key: &'static str,
    pub texts: Vec<(EditId, String)>,
}

struct Written {
    place: usize,
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
    merged_with(doc, catalogue, Side::of(doc).as_ref())
}

pub(crate) fn merged_with(doc: &Automerge, catalogue: &Catalogue, side: Option<&Side>) -> Vec<MergedNote> {
    let Some(side) = side else {
        return Vec::new();
    };
    let graph = &side.graph;
    let in_document = catalogue
        .fields
        .iter()
        .filter(|f| f.merge == Merge::Note && f.in_document());
    let notes: Notes = in_document
        .filter_map(|f| Some((f.key, object(doc, f.key)?)))
        .collect();
    let mut written = Written::by_note(&side.operations, &notes);
    written.retain(|_, all| unseen_deletion(graph, all).is_some());
    if !written.is_empty() {
        // Somebody may have written each of them since, having seen all: rarely asked, so unpacked only here.
        let later = graph.operations(doc, &graph.after(&side.places));
        for (key, later) in Written::by_note(&later, &notes) {
            written.entry(key).and_modify(|all| all.extend(later));
        }
    }
    let texts = |(key, all): (&'static str, Vec<Written>)| {
        let last = unseen_deletion(graph, &all)?;
        let note = &notes.iter().find(|(k, _)| *k == key)?.1;
        let text = |place: &usize| {
            let text = doc.text_at(note, &[graph.hash(*place)]).unwrap_or_default();
            Some((graph.edit(*place)?, text))
        };
        let mut texts: Vec<_> = last.iter().filter_map(text).collect();
        texts.sort_by_key(|(edit, _)| *edit);
        Some(MergedNote { key, texts })
    };
    written.into_iter().filter_map(texts).collect()
}

type Notes = Vec<(&'static str, ObjId)>;

impl Written {
    /// Which changes wrote which note.
    fn by_note(operations: &[(usize, Vec<Op>)], notes: &Notes) -> BTreeMap<&'static str, Vec<Written>> {
        let mut out: BTreeMap<&'static str, Vec<Written>> = BTreeMap::new();
        for (place, ops) in operations {
            for (key, note) in notes {
                let mut on_note = ops.iter().filter(|op| names(&op.obj, note)).peekable();
                if on_note.peek().is_some() {
                    let deleted = on_note.any(|op| matches!(op.action, OpType::Delete));
                    let place = *place;
                    out.entry(key).or_default().push(Written { place, deleted });
                }
            }
        }
        out
    }
}

/// The places of a note's last writes, where one of their authors had not seen some deletion.
fn unseen_deletion(graph: &Graph, all: &[Written]) -> Option<Vec<usize>> {
    let last = |w: &&Written| {
        all.iter()
            .all(|o| o.place == w.place || !graph.saw(o.place, w.place))
    };
    let last: Vec<usize> = all.iter().filter(last).map(|w| w.place).collect();
    let unseen = |w: &Written| w.deleted && last.iter().any(|by| !graph.saw(*by, w.place));
    (last.len() > 1 && all.iter().any(unseen)).then_some(last)
}
