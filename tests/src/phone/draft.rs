//! Edits as a worker makes them: each field with what the screen showed and what it says now.

use super::{Made, Phone};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// One edit while it is being made; [`Draft::done`] keeps it on the phone.
#[must_use = "an edit that is not done is lost"]
pub struct Draft<'a> {
    phone: &'a mut Phone,
    resident: Uuid,
    create: Option<Uuid>,
    fields: Map<String, Value>,
    parts: Map<String, Value>,
}

impl<'a> Draft<'a> {
    pub(super) fn of(phone: &'a mut Phone, resident: Uuid) -> Draft<'a> {
        Draft {
            phone,
            resident,
            create: None,
            fields: Map::new(),
            parts: Map::new(),
        }
    }

    pub(super) fn create(phone: &'a mut Phone, grid: Uuid) -> Draft<'a> {
        let mut draft = Draft::of(phone, Uuid::now_v7());
        draft.create = Some(grid);
        draft
    }

    /// Writes a field; `null` clears it.
    pub fn set(mut self, key: &str, now: impl Into<Value>) -> Draft<'a> {
        let was = self.phone.shows(self.resident, key);
        self.fields
            .insert(key.into(), json!({ "was": was, "now": now.into() }));
        self
    }

    pub fn clear(self, key: &str) -> Draft<'a> {
        self.set(key, Value::Null)
    }

    /// Puts elements into a set.
    pub fn add(mut self, key: &str, elements: &[&str]) -> Draft<'a> {
        self.elements(key)["add"] = json!(elements);
        self
    }

    /// Takes elements out of a set.
    pub fn remove(mut self, key: &str, elements: &[&str]) -> Draft<'a> {
        self.elements(key)["remove"] = json!(elements);
        self
    }

    fn elements(&mut self, key: &str) -> &mut Value {
        self.fields.entry(key).or_insert_with(|| json!({}))
    }

    /// Says that fields are as they are shown.
    pub fn confirm(self, keys: &[&str]) -> Draft<'a> {
        self.part("confirm", json!(keys))
    }

    /// A visit at the phone's present time.
    pub fn visit(self, means: &str, outcome: &str, text: &str) -> Draft<'a> {
        let at = self.phone.now();
        self.part(
            "visit",
            json!({ "means": means, "outcome": outcome, "at": at, "text": text }),
        )
    }

    /// Reports `died`, `moved_out` or `not_found`.
    pub fn report(self, kind: &str) -> Draft<'a> {
        self.part("report", json!({ "kind": kind }))
    }

    /// Any member of the edit, also one that should not be there.
    pub fn part(mut self, name: &str, value: Value) -> Draft<'a> {
        self.parts.insert(name.into(), value);
        self
    }

    /// Keeps the edit on the phone, unsent. Answers its id.
    pub fn done(self) -> Uuid {
        self.keep().id
    }

    /// The same for the report of a new person: answers the person's id.
    pub fn person(self) -> Uuid {
        self.keep().resident
    }

    fn keep(self) -> Made {
        let phone = self.phone;
        let id = Uuid::now_v7();
        phone.seq += 1;
        let mut body = json!({
            "id": id,
            "seq": phone.seq,
            "made_at": phone.now(),
            "resident": self.resident,
            "catalogue": phone.catalogue,
        });
        if !self.fields.is_empty() {
            body["fields"] = Value::Object(self.fields);
        }
        if let Some(grid) = self.create {
            body["create"] = json!({ "grid": grid });
        } else {
            let record = phone.records.get(self.resident);
            if let Some(record) = record {
                body["base"] = record["version"].clone();
            }
            let before = phone.unsent.iter().rfind(|made| made.resident == self.resident);
            // A record that was made here and has not come back yet has no version: its create stands before.
            let before = before.or_else(|| match record {
                Some(_) => None,
                None => phone.sent.iter().rfind(|made| made.resident == self.resident),
            });
            if let Some(before) = before {
                body["after"] = json!(before.id);
            }
        }
        for (name, value) in self.parts {
            body[name] = value;
        }
        let made = Made {
            id,
            seq: phone.seq,
            resident: self.resident,
            body,
        };
        phone.unsent.push(made.clone());
        made
    }
}
