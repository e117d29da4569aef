//! What a row's columns do to a record, and the edit that says so.

use super::own::derive;
use super::row::{Spoken, spoken, value};
use crate::app::Error;
use crate::program::Program;
use crate::store::lists::{Content, Head, Stage};
use crate::store::records::Loaded;
use domain::catalogue::{Field, Role, Type};
use domain::place::{Gazetteer, Hint};
use domain::{Instant, Value};
use entity::list;
use matching::three_way::{self, Column, Present, Said, Step};
use serde_json::{Map, Value as Json, json};
use sync::record::Source;
use sync::{Door, Edit, Writer};
use uuid::Uuid;

/// What all rows of one run of a commit share.
pub struct Commit<'a> {
    pub program: &'a Program,
    pub list: &'a list::Model,
    pub head: &'a Head,
    pub gazetteer: &'a Gazetteer,
    /// Committed lists of the same source and kind, latest month first.
    pub earlier: &'a [list::Model],
    /// The town or village that the list covers.
    pub hint: Hint,
    pub account: Uuid,
    /// The stored instant at which the commit began: the `made_at` of its edits.
    pub begun: Instant,
    pub now: Instant,
    /// Whether this is a dry run.
    pub stage: Stage,
    /// A later month was committed before: the rows are kept, and say nothing of today.
    pub history: bool,
    /// Whom a person says that the one row is about which is judged.
    pub answer: Option<Answer>,
}

/// What a person says of a row that nobody could link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Resident(Uuid),
    /// A person of the register, by [`super::people::listed_id`].
    Listed(Uuid),
    /// Nobody who is known.
    New,
}

/// Whether rows of this kind of list put people on a roster.
pub fn enrols(kind: &str) -> bool {
    matches!(kind, "disabled" | "low_income" | "old_age_allowance")
}

/// One column's step.
pub struct Done<'a> {
    pub field: &'a Field,
    pub step: Step,
}

impl<'a> Commit<'a> {
    pub fn enrols(&self) -> bool {
        enrols(&self.list.kind)
    }

    /// Whether comparison rules alone read the list.
    pub fn only_compared(&self) -> bool {
        crate::lists::ListKind::parse(&self.list.kind).is_some_and(|kind| kind.only_compared())
    }

    /// As provenance shows it: who handed the list in, and of what.
    pub fn name(&self) -> String {
        let kind = crate::lists::ListKind::parse(&self.list.kind);
        format!("{}{}", self.list.source, kind.map_or("名单", |k| k.label()))
    }

    /// Who writes for the list, and where its values come from; `name` is what histories call both.
    pub fn author(&self, name: String) -> (Writer, Source) {
        let writer = Writer {
            account: self.account.into(),
            device: None,
            role: Role::Department,
            door: Door::List {
                source: self.list.source.clone(),
            },
            name: name.clone(),
        };
        let source = Source::List {
            list: name,
            month: self.list.month.clone(),
        };
        (writer, source)
    }

    /// Each column's step (`told`: the status is what the source said before), and the labels of cells that are no value of their field.
    pub fn steps(
        &self,
        loaded: &Loaded,
        category: &str,
        content: &Content,
        before: Option<&Content>,
        told: bool,
    ) -> (Vec<Done<'a>>, Vec<&'static str>) {
        let _timed = tracing::debug_span!(target: "timing", "compare").entered();
        let catalogue = &self.program.catalogue;
        let said = spoken(catalogue, category, self.head, content);
        let earlier = before
            .map(|c| spoken(catalogue, category, self.head, c))
            .unwrap_or_default();
        let unfit = said.iter().filter(|s| s.unfit).map(|s| s.field.label).collect();
        let one = |spoken: Spoken<'a>| {
            let before = earlier.iter().find(|s| s.field.key == spoken.field.key);
            // A status that was unsaid in between is said anew.
            let before = before.filter(|s| told || !s.field.key.ends_with(".status"));
            let column = Column {
                field: spoken.field,
                source: &self.list.source,
                before: before.map_or(&Said::NotStated, |s| &s.said),
                said: &spoken.said,
                present: &present(loaded, spoken.field),
            };
            let step = three_way::decide(&column, |a, b| self.same(loaded, spoken.field, a, b));
            Done {
                field: spoken.field,
                step,
            }
        };
        (said.into_iter().map(one).collect(), unfit)
    }

    /// What the register says of a new resident where the list says nothing.
    pub fn fill(&self, steps: &mut Vec<Done<'a>>, register: &std::collections::BTreeMap<String, String>) {
        let catalogue = &self.program.catalogue;
        for key in ["phone", "address"] {
            let told = steps
                .iter()
                .any(|d| d.field.key == key && !matches!(d.step, Step::Nothing(_)));
            let (Some(field), Some(text), false) = (catalogue.field(key), register.get(key), told) else {
                continue;
            };
            if let Some(now) = value(catalogue, field, text) {
                steps.push(Done {
                    field,
                    step: Step::Fill { now },
                });
            }
        }
    }

    fn same(&self, loaded: &Loaded, field: &Field, a: &Value, b: &Value) -> bool {
        match (field.kind, a.as_text(), b.as_text()) {
            (Type::Place, Some(a), Some(b)) => {
                let hint = Hint {
                    village: loaded.village.map(Into::into),
                    ..Hint::default()
                };
                self.gazetteer.same(a, b, hint)
            }
            _ => field.same(a, b),
        }
    }

    /// The edit of some members; `None` where there is nothing to write.
    pub fn edit(
        &self,
        loaded: &Loaded,
        id: Uuid,
        steps: &[Done<'_>],
        identity: &[(&str, Value)],
        report: Option<Json>,
    ) -> Result<Option<Edit>, Error> {
        let mut fields = Map::new();
        for (key, now) in identity {
            fields.insert((*key).to_owned(), json!({ "was": null, "now": now.to_json() }));
        }
        let mut contradicted = false;
        for done in steps {
            // Values beside each other are a person's to choose from: the list's is one more.
            let writes = matches!(done.step, Step::Fill { .. } | Step::Edit { .. });
            contradicted |= writes
                && done.field.in_document()
                && !sync::document::conflict(&loaded.record.doc, done.field).is_empty();
            let (was, now) = match &done.step {
                Step::Nothing(_) | Step::Contradicted { .. } => continue,
                Step::Fill { now } => (&Value::Null, now),
                Step::Edit {
                    was,
                    now,
                    contradicted: against,
                } => {
                    contradicted |= *against;
                    (was, now)
                }
                Step::Propose { was, now } | Step::Decide { was, now } => (was, now),
            };
            let write = json!({ "was": was.to_json(), "now": now.to_json() });
            fields.insert(done.field.key.to_owned(), write);
        }
        if fields.is_empty() && report.is_none() {
            return Ok(None);
        }
        // An edit against a later value stands on no base, so that it hides nothing; one that nobody contradicts
        // stands on what is there.
        let stands = loaded.record.n > 0 && !contradicted;
        let base = stands.then(|| loaded.record.version().to_string());
        let mut wire = json!({
            "id": id.to_string(), "seq": 1, "made_at": self.begun.to_string(),
            "resident": loaded.record.resident.to_string(), "catalogue": self.program.catalogue.version,
            "base": base, "after": null, "fields": fields,
        });
        if let Some(report) = report {
            wire["report"] = report;
        }
        let edit = Edit::made(&wire).map_err(|_| Error::Damaged("a list row's edit"))?;
        Ok(Some(edit))
    }

    /// An id that is the same however often the row is committed.
    pub fn derive(&self, what: &str, row: (i32, i32), resident: Uuid) -> Uuid {
        derive(&self.program.keys, self.list.id, what, row, resident)
    }
}

fn present(loaded: &Loaded, field: &Field) -> Present {
    let record = &loaded.record;
    let value = if field.in_document() {
        sync::document::at(&record.doc, field, &record.doc.get_heads())
    } else {
        record.kept.facts.get(field.key).map(|fact| fact.value.clone())
    };
    match value {
        None => Present::NeverWritten,
        Some(Value::Null) if emptied_by_list(record, field) => Present::NeverWritten,
        Some(Value::Null) => Present::Cleared,
        Some(value) => Present::Value(value),
    }
}

/// Whether nobody emptied the field, but the undoing of a list that had filled it.
fn emptied_by_list(record: &sync::Record, field: &Field) -> bool {
    if !field.in_document() {
        return false;
    }
    let shown = sync::document::shown(&record.doc, &domain::catalogue::Catalogue::built_in());
    let edit = shown.get(field.key).and_then(|s| s.value.as_ref()?.edit);
    edit.is_some_and(|edit| matches!(record.kept.sources.get(&edit), Some(Source::List { .. })))
}
