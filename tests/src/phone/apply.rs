//! Taking in an answer: receipts, items, cursor and digests, each strictly as wire.md says it.

use super::held_records::{id, text};
use super::{Made, Phone};
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

impl Phone {
    /// Takes in the answer to a request that held the edits `sent`.
    pub(super) fn take_in(&mut self, request: &Value, sent: &[Made], answer: &Value) {
        let told: Vec<Value> = list(&request["dropped"]);
        self.dropped.retain(|drop| !told.contains(drop));
        let items = list(&answer["items"]);
        let spoken_of: BTreeSet<&str> = items
            .iter()
            .filter_map(|item| item["resident"].as_str())
            .collect();
        for receipt in list(&answer["receipts"]) {
            let made = self.edit_of(&receipt, sent);
            let took_effect = receipt["outcome"] != "held" && receipt["repeat"] != true;
            let spoken_of = spoken_of.contains(made.resident.to_string().as_str());
            assert!(
                !took_effect || self.crowded || spoken_of || self.has_dropped(made.resident),
                "a receipt came without the record's new state: {receipt} {answer}"
            );
            self.receive(made, receipt);
        }
        for item in items {
            self.apply(item);
        }
        self.cursor = Some(text(&answer["cursor"]).to_owned());
        if answer["have_wanted"] == true {
            self.differing = self.records.grids().into_iter().collect();
        }
        if answer["more"] == false {
            self.compare(&answer["grids"]);
        }
    }

    /// Whether the record has left this phone: nothing more is said of it.
    fn has_dropped(&self, resident: Uuid) -> bool {
        let left = |item: &Value| item["kind"] == "drop" && item["resident"] == resident.to_string();
        !self.holds(resident) && self.heard.iter().any(left)
    }

    /// The edit that a receipt is for: named by its id, or by its place in the request.
    fn edit_of(&self, receipt: &Value, sent: &[Made]) -> Made {
        match receipt.get("edit") {
            Some(edit) => self.made(id(edit)).clone(),
            None => sent[receipt["index"].as_u64().expect("a receipt names its edit") as usize].clone(),
        }
    }

    fn receive(&mut self, made: Made, receipt: Value) {
        self.receipts.insert(made.id, receipt);
        let waiting = self.unsent.len();
        self.unsent.retain(|unsent| unsent.id != made.id);
        if self.unsent.len() < waiting {
            self.sent.push(made);
        }
    }

    fn apply(&mut self, item: Value) {
        match text(&item["kind"]) {
            "record" => {
                self.came.insert(id(&item["grid"]));
                self.put_document(id(&item["resident"]), &item);
                self.records.put(item);
            }
            "drop" => self.drop_held(item),
            "drop_everything" => {
                self.records.clear();
                self.documents = self.documents.as_ref().map(|_| Default::default());
                self.heard.push(item);
            }
            "receipt" => {
                self.receipts.insert(id(&item["edit"]), item);
            }
            // Decisions, notices, and whatever a newer server says.
            _ => self.heard.push(item),
        }
    }

    /// A drop ends one holding, which it names.
    fn drop_held(&mut self, item: Value) {
        let resident = id(&item["resident"]);
        self.records.remove(resident);
        self.forget_document(resident);
        if item["reason"] == "erased" {
            self.sent.retain(|made| made.resident != resident);
        }
        self.dropped.push(Value::Array(vec![
            item["resident"].clone(),
            item["holding"].clone(),
        ]));
        self.heard.push(item);
    }

    /// Compares what we hold with what the server counts, grid by grid.
    fn compare(&mut self, grids: &Value) {
        self.differing.clear();
        let Some(grids) = grids.as_object() else { return };
        for (grid, server) in grids {
            for resident in list(&server["remove"]) {
                self.records.remove(id(&resident));
                self.forget_document(id(&resident));
            }
            let (count, digest) = self.records.digest_of(grid);
            if server["count"] != count || server["digest"] != digest {
                self.differing.insert(grid.clone());
            }
        }
        let unknown = self
            .records
            .grids()
            .into_iter()
            .filter(|grid| !grids.contains_key(grid));
        let unknown: Vec<String> = unknown.collect();
        // A grid may be given back while the phone, which was to drop its people, is being answered.
        assert!(
            self.crowded || unknown.is_empty(),
            "records in grids that the server does not count: {unknown:?}"
        );
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
