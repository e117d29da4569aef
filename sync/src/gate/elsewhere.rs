//! Changes that stand where the document of today does not reach: on an earlier epoch, or on something that is missing.

use super::admit::{admit, expand, scan_all};
use super::operations::{Objects, Step};
use super::refusal::Refusal;
use super::told::scalar;
use crate::arrived::Edit;
use crate::record::{Past, Record};
use domain::catalogue::Catalogue;
use serde_json::{Map, Value as Json, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Makes changes again on the document of an epoch that is over; answers what they write, and whether their author had
/// seen the last of it.
///
/// # Errors
/// As at the document of today.
pub(crate) fn admit_to_past(
    record: &Record,
    past: &Past,
    edit: &Edit,
    catalogue: &Catalogue,
) -> Result<(Map<String, Json>, bool), Refusal> {
    let then = Record {
        resident: record.resident,
        epoch: past.epoch,
        n: 0,
        state: record.state,
        facts_version: 0,
        doc: past.doc.clone(),
        kept: Default::default(),
        stamps: Vec::new(),
        past: Vec::new(),
    };
    let admitted = admit(&then, edit, catalogue).map_err(|refused| refused.why)?;
    let first = scan_all(edit)?.into_iter().next().ok_or(Refusal::Empty)?;
    let saw_all = past.doc.get_heads().iter().all(|head| first.deps.contains(head));
    Ok((admitted.fields, saw_all))
}

/// What changes write whose past is not here: whole values and elements, each once. Letters of a note say nothing
/// without the text that they were typed into.
pub(crate) fn without_base(record: &Record, edit: &Edit, catalogue: &Catalogue) -> Option<Map<String, Json>> {
    let scanned = scan_all(edit).ok()?;
    let objects = Objects::of(&record.doc, catalogue)?;
    let work = || {
        let changes = expand(scanned).ok()?;
        let mut out = Map::new();
        for op in changes.iter().flat_map(|change| &change.operations) {
            match objects.step(op, edit.id).ok()? {
                Step::Put { key, value } => {
                    let write = json!({ "was": null, "now": scalar(&value) });
                    if out.insert(key, write).is_some() {
                        return None;
                    }
                }
                Step::Say { set, element } => of_set(&mut out, set, "add", element),
                Step::Remove { set, element } => of_set(&mut out, set, "remove", element),
                Step::Drop { .. } | Step::Insert { .. } | Step::Erase { .. } => return None,
            }
        }
        Some(out)
    };
    catch_unwind(AssertUnwindSafe(work)).ok().flatten()
}

fn of_set(out: &mut Map<String, Json>, set: &str, how: &str, element: String) {
    let line = out
        .entry(set.to_owned())
        .or_insert_with(|| json!({ "add": [], "remove": [] }));
    for side in ["add", "remove"] {
        if let Some(all) = line[side].as_array_mut() {
            all.retain(|there| *there != element);
            if side == how {
                all.push(element.as_str().into());
            }
        }
    }
}
