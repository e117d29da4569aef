//! The projection: what a record item shows (wire, "Items"), computed from facts and document after each edit.

use crate::confirm::value_digest;
use crate::document::{self, Shown};
use crate::graph::Side;
use crate::notes::{self, MergedNote};
use crate::record::{Record, Source};
use crate::skeleton::Derive;
use domain::catalogue::{Catalogue, Sensitivity};
use domain::{EditId, GridId, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// A value that waits for a decision.
#[derive(Clone)]
pub struct Pending {
    pub key: String,
    pub value: Json,
    pub edit: EditId,
}

/// What stands around the record and is shown with it.
pub struct Around<'a> {
    pub grid: Option<GridId>,
    pub pending: &'a [Pending],
    /// Open inbox items.
    pub open: usize,
}

/// The two parts of a projection.
pub struct Projection {
    /// The whole record item, as every worker of the grid may read it.
    pub open: Json,
    /// Values of sensitivity *hidden*, by key.
    pub rest: Json,
    /// Edits that a shown value comes from.
    pub edits: BTreeSet<EditId>,
    /// Fields of which two or more distinct values, or doubtful elements, wait for a decision.
    pub conflicts: Vec<&'static str>,
    /// Notes whose merged text somebody must look at, and that nobody has found right yet.
    pub merged_notes: Vec<MergedNote>,
}

/// Equal records give equal projections, byte for byte.
pub fn project(
    record: &Record,
    around: &Around<'_>,
    catalogue: &Catalogue,
    derive: Derive<'_>,
) -> Projection {
    let side = Side::of(&record.doc);
    let shown = document::shown_with(&record.doc, catalogue, side.as_ref());
    let mut out = Out {
        record,
        sources: Vec::new(),
        index: BTreeMap::new(),
        edits: BTreeSet::new(),
    };
    let (mut fields, mut rest, mut from, mut conflicts, mut confirmed) =
        (Map::new(), Map::new(), Map::new(), Map::new(), Map::new());
    let mut conflicting = Vec::new();
    for field in &catalogue.fields {
        let doc = shown.get(field.key);
        let (value, edit) = match record.kept.facts.get(field.key) {
            Some(fact) if !field.in_document() => (fact.value.clone(), Some(fact.edit)),
            _ => match doc.and_then(|s| s.value.as_ref()) {
                Some(said) => (said.value.clone(), said.edit),
                None => (Value::Null, None),
            },
        };
        if field.sensitivity == Sensitivity::Hidden {
            if !value.is_null() {
                rest.insert(field.key.into(), value.to_json());
            }
            continue;
        }
        if !value.is_null() {
            fields.insert(field.key.into(), value.to_json());
        }
        if let Some(n) = edit.and_then(|edit| out.source(edit)) {
            from.insert(field.key.into(), n.into());
        }
        if let Some(in_conflict) = doc.and_then(|s| out.conflict(s)) {
            conflicts.insert(field.key.into(), in_conflict);
            conflicting.push(field.key);
        }
        if let Some(all) = record.kept.confirmed.get(field.key)
            && let fact = edit.filter(|_| !field.in_document())
            && let digest = value_digest(derive, field, &value, fact)
            && let Some(seen) = all.iter().find(|c| c.digest == digest)
        {
            confirmed.insert(field.key.into(), seen.on.clone().into());
            out.edits.insert(seen.edit);
        }
    }
    // What nobody may see is not seen while it waits, either.
    let hidden = |p: &&Pending| {
        let field = catalogue.field(&p.key);
        field.is_some_and(|f| f.sensitivity == Sensitivity::Hidden)
    };
    let pending = out.pending(around.pending.iter().filter(|p| !hidden(p)));
    let visits: Vec<_> = record.kept.visits.iter().map(|v| json!(v)).collect();
    let enrolments: Vec<_> = record.kept.enrolments.iter().map(|e| json!(e)).collect();
    let accepted = |note: &MergedNote| {
        let edits: BTreeSet<EditId> = note.texts.iter().map(|(edit, _)| *edit).collect();
        record.kept.accepted_notes.get(note.key) == Some(&edits)
    };
    let mut merged_notes = notes::merged_with(&record.doc, catalogue, side.as_ref());
    merged_notes.retain(|note| !accepted(note));
    let of_notes = merged_notes.iter().flat_map(|note| &note.texts);
    out.edits.extend(of_notes.map(|(edit, _)| *edit));
    let mut item = Map::new();
    item.insert("kind".into(), "record".into());
    item.insert("resident".into(), record.resident.to_string().into());
    item.insert("version".into(), record.version().to_string().into());
    item.insert("grid".into(), around.grid.map(|g| g.to_string()).into());
    item.insert("state".into(), record.state.name().into());
    item.insert("fields".into(), fields.into());
    for (name, map) in [
        ("conflicts", conflicts),
        ("pending", pending),
        ("from", from),
        ("confirmed", confirmed),
    ] {
        if !map.is_empty() {
            item.insert(name.into(), map.into());
        }
    }
    item.insert("sources".into(), std::mem::take(&mut out.sources).into());
    item.insert("enrolments".into(), enrolments.into());
    item.insert("visits".into(), visits.into());
    item.insert("open".into(), around.open.into());
    Projection {
        open: item.into(),
        rest: rest.into(),
        edits: out.edits,
        conflicts: conflicting,
        merged_notes,
    }
}

struct Out<'a> {
    record: &'a Record,
    sources: Vec<Json>,
    index: BTreeMap<String, usize>,
    edits: BTreeSet<EditId>,
}

impl Out<'_> {
    /// The place of an edit's source among `sources`; none for an edit that nothing is known of.
    fn source(&mut self, edit: EditId) -> Option<usize> {
        self.edits.insert(edit);
        let source = json!(self.record.kept.sources.get(&edit)?);
        let sources = &mut self.sources;
        let next = sources.len();
        let place = *self.index.entry(source.to_string()).or_insert_with(|| {
            sources.push(source);
            next
        });
        Some(place)
    }

    fn who(&mut self, edit: EditId) -> Map<String, Json> {
        self.edits.insert(edit);
        let mut who = Map::new();
        who.insert("edit".into(), edit.to_string().into());
        match self.record.kept.sources.get(&edit) {
            Some(Source::Edit { by, at, .. }) => {
                who.insert("by".into(), by.clone().into());
                who.insert("at".into(), at.to_string().into());
            }
            Some(Source::List { list, month }) => {
                who.insert("list".into(), list.clone().into());
                who.insert("month".into(), month.clone().into());
            }
            None => {}
        }
        who
    }

    fn conflict(&mut self, shown: &Shown) -> Option<Json> {
        let mut out = Vec::new();
        for said in &shown.conflict {
            let mut line = said.edit.map(|e| self.who(e)).unwrap_or_default();
            line.insert("value".into(), said.value.to_json());
            out.push(Json::from(line));
        }
        for doubt in &shown.doubt {
            let names = |edits: &[EditId]| {
                edits
                    .iter()
                    .map(|e| Json::from(e.to_string()))
                    .collect::<Vec<_>>()
            };
            for edit in doubt.removed.iter().chain(&doubt.said) {
                self.edits.insert(*edit);
            }
            out.push(json!({
                "element": doubt.element, "removed": names(&doubt.removed), "said": names(&doubt.said),
            }));
        }
        (!out.is_empty()).then(|| out.into())
    }

    fn pending<'p>(&mut self, pending: impl Iterator<Item = &'p Pending>) -> Map<String, Json> {
        let mut out: BTreeMap<&str, Vec<Json>> = BTreeMap::new();
        for p in pending {
            let mut line = self.who(p.edit);
            line.insert("value".into(), p.value.clone());
            out.entry(&p.key).or_default().push(line.into());
        }
        out.into_iter()
            .map(|(key, lines)| (key.to_owned(), lines.into()))
            .collect()
    }
}
