//! Edits of older catalogues, read by what became of their fields since.

use crate::arrived::{Edit, FieldWrite, Moved, ValueWrite};
use crate::outcome::Taken;
use domain::catalogue::{Catalogue, Field};
use serde_json::Value as Json;
use std::borrow::Cow;

/// The edit with its fields under today's keys. What was sent stays as it was sent in the edit's canonical form.
pub fn translate<'e>(catalogue: &Catalogue, edit: &'e Edit) -> Cow<'e, Edit> {
    if edit.catalogue >= catalogue.version || catalogue.translations.is_empty() || !edit.moved.is_empty() {
        return Cow::Borrowed(edit);
    }
    let mut out = edit.clone();
    let version = edit.catalogue;
    for (key, write) in &edit.fields {
        let FieldWrite::Value(typed) = write else { continue };
        let Some(to) = catalogue.follow(key, version, typed.now.as_str()) else {
            continue;
        };
        // Two of its fields have become one: neither of the two values is more meant than the other.
        if out.fields.contains_key(&to.key) {
            continue;
        }
        let was = match catalogue.follow(key, version, typed.was.as_str()) {
            Some(before) if before.key == to.key => {
                before.value.map_or_else(|| typed.was.clone(), Json::from)
            }
            _ => Json::Null,
        };
        let moved = Moved {
            from: key.clone(),
            version: if to.value.is_some() {
                catalogue.version
            } else {
                version
            },
        };
        let now = to.value.map_or_else(|| typed.now.clone(), Json::from);
        out.fields.remove(key);
        out.fields
            .insert(to.key.clone(), FieldWrite::Value(ValueWrite { was, now }));
        out.moved.insert(to.key, moved);
    }
    for key in &edit.confirm {
        if let Some(to) = catalogue
            .follow(key, version, None)
            .filter(|to| to.value.is_none())
        {
            out.confirm.remove(key);
            out.confirm.insert(to.key.clone());
            let from = key.clone();
            out.moved.entry(to.key).or_insert(Moved { from, version });
        }
    }
    Cow::Owned(out)
}

impl Edit {
    /// The field of one of this edit's keys, and the catalogue version by which its value is read.
    pub fn field<'c>(&self, catalogue: &'c Catalogue, key: &str) -> (Option<&'c Field>, u32) {
        match self.moved.get(key) {
            Some(moved) => (catalogue.field(key), moved.version),
            None => (catalogue.field_at(key, self.catalogue), self.catalogue),
        }
    }
}

/// Receipts name fields as they were sent.
pub(crate) fn name_as_sent(edit: &Edit, taken: &mut Taken) {
    for (key, moved) in &edit.moved {
        if let Some(outcome) = taken.fields.remove(key) {
            taken.fields.insert(moved.from.clone(), outcome);
        }
        if let Some(problem) = &mut taken.problem {
            for named in problem.fields.iter_mut().filter(|named| *named == key) {
                named.clone_from(&moved.from);
            }
        }
    }
}
