//! A new epoch: the same resident with a fresh document that shows the very same, when the old one has grown too long.
//!
//! Every value is written again in the name of the edit that it came from; values in conflict and set elements in
//! doubt stand beside each other as before. What the old document showed at its end is a version that phones may still
//! name: it is kept as the *seam*, and edits made at it are written where the new document begins.

use crate::arrived::Edit;
use crate::document::{self, Said, Shown};
use crate::notes;
use crate::outcome::Taken;
use crate::policy::Writer;
use crate::record::{Record, Seam, Source};
use crate::skeleton::{self, Derive, FIELDS};
use crate::take::Context;
use crate::write::{Put, edit_of, write_at};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, ChangeHash, ObjId, ROOT, ReadDoc};
use domain::catalogue::{Catalogue, Merge};
use domain::{EditId, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How large a document is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// As it is stored, before sealing.
    pub bytes: u64,
    pub changes: u64,
    pub operations: u64,
}

/// Past one of these a document gets a new epoch as soon as no phone is behind (design, "The record").
pub const SOFT: Size = Size {
    bytes: 32 * 1024,
    changes: 500,
    operations: 10_000,
};

/// Past one of these nothing is written before it got a new epoch, whoever is behind.
pub const HARD: Size = Size {
    bytes: 64 * 1024,
    changes: u64::MAX,
    operations: 20_000,
};

impl Size {
    pub fn of(doc: &Automerge) -> Size {
        let stats = doc.stats();
        Size {
            bytes: doc.save_nocompress().len() as u64,
            changes: stats.num_changes,
            operations: stats.num_ops,
        }
    }

    /// Whether one of the three passes its limit.
    pub fn passes(&self, limit: &Size) -> bool {
        self.bytes > limit.bytes || self.changes > limit.changes || self.operations > limit.operations
    }
}

/// Why a document stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stays {
    /// Somebody must look at a merged note first: whose letters are whose, only the old document knows.
    #[error("a merged note waits for a person")]
    MergedNote,
    /// The old document holds what could not be written again.
    #[error("a document could not be written anew")]
    Damaged,
}

/// Gives a record its next epoch; answers the old document. Facts, visits, confirmations and the number of the last
/// edit stay; whoever calls gives the new epoch a number of its own.
///
/// ```
/// # use domain::{ResidentId, catalogue::Catalogue};
/// # use sync::{Record, State};
/// let catalogue = Catalogue::built_in();
/// let mut record = Record::new(ResidentId::from_bytes([1; 16]), &catalogue, State::Present);
/// let before = record.version().to_string();
/// sync::epoch::begin(&mut record, &catalogue, &|_| [0; 16]).unwrap();
/// assert_eq!(record.epoch, 2);
/// assert_eq!(record.kept.seam.unwrap().version, before);
/// ```
///
/// # Errors
/// The record is as it was.
pub fn begin(record: &mut Record, catalogue: &Catalogue, derive: Derive<'_>) -> Result<Automerge, Stays> {
    let merged = notes::merged(&record.doc, catalogue);
    let accepted = |note: &notes::MergedNote| {
        let edits: BTreeSet<EditId> = note.texts.iter().map(|(edit, _)| *edit).collect();
        record.kept.accepted_notes.get(note.key) == Some(&edits)
    };
    if !merged.iter().all(accepted) {
        return Err(Stays::MergedNote);
    }
    let doc = fresh(record, catalogue, derive).ok_or(Stays::Damaged)?;
    let seam = Seam {
        version: record.version().to_string(),
        heads: doc.get_heads().iter().map(ChangeHash::to_string).collect(),
        facts_version: record.facts_version,
    };
    record.kept.seam = Some(seam);
    record.kept.accepted_notes.clear();
    record.epoch += 1;
    // What bases of the old epoch named is over; the seam is the one that is left.
    record.stamps.clear();
    Ok(std::mem::replace(&mut record.doc, doc))
}

/// Whether a fresh document would hold less than the present one: whether there is a history to end.
pub fn has_history(record: &Record, catalogue: &Catalogue, derive: Derive<'_>) -> bool {
    let operations = |doc: &Automerge| doc.stats().num_ops;
    fresh(record, catalogue, derive).is_some_and(|doc| operations(&doc) < operations(&record.doc))
}

/// Operations and bytes that an edit may add for each byte of what it says, and whatever it says: a note that is
/// written anew also loses the letters that it had.
const GROWTH: (u64, u64) = (8, 16 * 1024);

/// Takes an edit as [`crate::take()`] does, unless the document would then pass its hard limit: the record is as it was.
pub fn take_within(record: &mut Record, edit: &Edit, writer: &Writer, cx: &Context<'_>) -> Option<Taken> {
    let (each, any) = GROWTH;
    let most = each * edit.canonical.len() as u64 + any;
    let stats = record.doc.stats();
    // A document of few operations cannot be large: a value has at most 600 bytes.
    let small = stats.num_ops * 600 + most < HARD.bytes;
    let near = || {
        let size = Size::of(&record.doc);
        size.bytes + most > HARD.bytes || size.operations + most > HARD.operations
    };
    if small || !near() {
        return Some(crate::take(record, edit, writer, cx));
    }
    let before = (
        record.doc.clone(),
        record.kept.clone(),
        record.n,
        record.facts_version,
    );
    let (state, stamps) = (record.state, record.stamps.len());
    let taken = crate::take(record, edit, writer, cx);
    if !Size::of(&record.doc).passes(&HARD) {
        return Some(taken);
    }
    (record.doc, record.kept, record.n, record.facts_version) = before;
    record.state = state;
    record.stamps.truncate(stamps);
    None
}

/// Values that nobody disputes, by the edit they came from; and those beside each other.
#[derive(Default)]
struct Contents {
    settled: BTreeMap<EditId, BTreeMap<String, Put>>,
    beside: Vec<Beside>,
    /// Elements in doubt, by set: somebody must have said them before one may take them away.
    doubtful: Vec<(String, String)>,
}

/// One write beside others.
struct Beside {
    edit: EditId,
    key: String,
    put: Put,
    /// The one that is shown: it must come out on top again.
    shown: bool,
}

fn fresh(record: &Record, catalogue: &Catalogue, derive: Derive<'_>) -> Option<Automerge> {
    let (resident, epoch) = (record.resident, record.epoch.checked_add(1)?);
    let mut doc = skeleton::document(catalogue, resident, epoch);
    let contents = Contents::of(&record.doc, catalogue)?;
    for key in contents.keys() {
        skeleton::extend(&mut doc, catalogue, resident, epoch, &key, derive);
    }
    for (edit, puts) in &contents.settled {
        let heads = doc.get_heads();
        write_at(&mut doc, *edit, 0, seconds(record, *edit), &heads, puts).ok()?;
    }
    if contents.beside.is_empty() {
        return Some(doc);
    }
    // The higher number wins: what is shown is written one step later than what stands beside it, so that it is shown
    // again.
    let lower = mark(&mut doc, record, epoch, "epoch", &contents.doubtful)?;
    let higher = mark(&mut doc, record, epoch, "beside", &[])?;
    let mut parts: BTreeMap<EditId, u8> = BTreeMap::new();
    for one in &contents.beside {
        let part = parts.entry(one.edit).or_insert(0);
        *part = part.checked_add(1)?;
        let base = if one.shown { &higher } else { &lower };
        let puts = BTreeMap::from([(one.key.clone(), one.put.clone())]);
        write_at(&mut doc, one.edit, *part, seconds(record, one.edit), base, &puts).ok()?;
    }
    Some(doc)
}

/// A step of the document's own, no edit's: says which epoch it is, and the doubtful elements for the first time.
fn mark(
    doc: &mut Automerge,
    record: &Record,
    epoch: u16,
    step: &str,
    doubtful: &[(String, String)],
) -> Option<Vec<ChangeHash>> {
    doc.set_actor(skeleton::actor(record.resident, epoch));
    let (_, fields) = doc.get(ROOT, FIELDS).ok()??;
    let sets: Option<Vec<(ObjId, &str)>> = doubtful
        .iter()
        .map(|(key, element)| Some((doc.get(&fields, key.as_str()).ok()??.1, element.as_str())))
        .collect();
    let mut tx = doc.transaction();
    tx.put(ROOT, step, i64::from(epoch)).ok()?;
    for (set, element) in sets? {
        tx.put(&set, element, "").ok()?;
    }
    tx.commit_with(CommitOptions::default().with_time(0));
    Some(doc.get_heads())
}

impl Contents {
    fn of(doc: &Automerge, catalogue: &Catalogue) -> Option<Contents> {
        let mut out = Contents::default();
        let fields = doc.get(ROOT, FIELDS).ok()??.1;
        for (key, shown) in document::shown(doc, catalogue) {
            let field = catalogue.fields.iter().find(|f| f.key == key)?;
            match field.merge {
                Merge::Register if shown.conflict.is_empty() => out.settle(key, shown.value, Put::Register),
                Merge::Register => out.conflict(key, &shown),
                Merge::Note => out.settle(key, shown.value, |text| {
                    Put::Note(text.as_text().unwrap_or_default().to_owned())
                }),
                Merge::Set => {
                    let set = doc.get(&fields, key).ok()??.1;
                    out.elements(doc, key, &set, &shown);
                }
                Merge::Guarded => {}
            }
        }
        Some(out)
    }

    fn keys(&self) -> BTreeSet<String> {
        let settled = self.settled.values().flat_map(BTreeMap::keys);
        settled
            .chain(self.beside.iter().map(|b| &b.key))
            .cloned()
            .collect()
    }

    fn settle(&mut self, key: &str, said: Option<Said>, put: impl Fn(Value) -> Put) {
        // Notes and sets that nobody wrote are the skeleton's.
        if let Some(Said {
            value,
            edit: Some(edit),
        }) = said
        {
            self.settled
                .entry(edit)
                .or_default()
                .insert(key.to_owned(), put(value));
        }
    }

    fn conflict(&mut self, key: &str, shown: &Shown) {
        let top = shown.value.as_ref();
        let mut beside = |said: &Said, edit: EditId, shown: bool| {
            self.beside.push(Beside {
                edit,
                key: key.to_owned(),
                put: Put::Register(said.value.clone()),
                shown,
            });
        };
        for said in &shown.conflict {
            let Some(edit) = said.edit else { continue };
            // Of equal values the one of the smallest edit stands for all; the shown one may be another of them.
            let own = top.filter(|top| top.value == said.value).and_then(|top| top.edit);
            if own != Some(edit) {
                beside(said, edit, false);
            }
            if let Some(own) = own {
                beside(said, own, true);
            }
        }
    }

    fn elements(&mut self, doc: &Automerge, key: &str, set: &ObjId, shown: &Shown) {
        let one = |element: &str| BTreeSet::from([element.to_owned()]);
        for entry in doc.map_range(set, ..) {
            let element = entry.key.to_string();
            let Some(top) = writer(&entry.id()) else { continue };
            let Some(doubt) = shown.doubt.iter().find(|d| d.element == element) else {
                let put = self.settled.entry(top).or_default().entry(key.to_owned());
                let put = put.or_insert_with(|| Put::Set {
                    said: BTreeSet::new(),
                    removed: BTreeSet::new(),
                });
                if let Put::Set { said, .. } = put {
                    said.insert(element);
                }
                continue;
            };
            self.doubtful.push((key.to_owned(), element.clone()));
            let mut beside = |edit: EditId, said: BTreeSet<String>, removed: BTreeSet<String>| {
                self.beside.push(Beside {
                    edit,
                    key: key.to_owned(),
                    put: Put::Set { said, removed },
                    shown: edit == top,
                });
            };
            for edit in &doubt.said {
                beside(*edit, one(&element), BTreeSet::new());
            }
            for edit in &doubt.removed {
                beside(*edit, BTreeSet::new(), one(&element));
            }
        }
    }
}

fn writer(id: &ObjId) -> Option<EditId> {
    match id {
        ObjId::Id(_, actor, _) => edit_of(actor),
        ObjId::Root => None,
    }
}

/// When an edit was made, where the record still says so.
fn seconds(record: &Record, edit: EditId) -> i64 {
    match record.kept.sources.get(&edit) {
        Some(Source::Edit { at, .. }) => at.seconds(),
        Some(Source::List { .. }) | None => 0,
    }
}
