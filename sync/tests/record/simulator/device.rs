//! A phone: light, or one that carries the documents itself. It does what the contract says and no more.

use super::pull::{Answer, Cursor, Item, Request};
use super::server::Receipt;
use automerge::{Automerge, Change};
use domain::{DeviceId, EditId, GridId, ResidentId};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use sync::Edit;

/// An edit that was made here.
#[derive(Clone)]
pub struct Made {
    pub edit: Edit,
    pub raw: String,
}

pub struct Device {
    pub id: DeviceId,
    pub worker: usize,
    pub full: bool,
    pub seq: i64,
    cursor: Cursor,
    pub items: BTreeMap<ResidentId, Json>,
    pub documents: BTreeMap<ResidentId, Automerge>,
    pub unsent: Vec<Made>,
    sent: Vec<Made>,
    dropped: Vec<(ResidentId, u64)>,
    differing: BTreeSet<GridId>,
    pub receipts: BTreeMap<EditId, Receipt>,
    /// Everything that was ever made here.
    pub made: Vec<Made>,
}

impl Device {
    pub fn new(id: DeviceId, worker: usize, full: bool) -> Device {
        Device {
            id,
            worker,
            full,
            seq: 0,
            cursor: Cursor::default(),
            items: BTreeMap::new(),
            documents: BTreeMap::new(),
            unsent: Vec::new(),
            sent: Vec::new(),
            dropped: Vec::new(),
            differing: BTreeSet::new(),
            receipts: BTreeMap::new(),
            made: Vec::new(),
        }
    }

    pub fn keep(&mut self, made: Made) {
        self.seq += 1;
        self.made.push(made.clone());
        self.unsent.push(made);
    }

    /// The newest edit made here on a record, which a new one stands on.
    pub fn last_unsent(&self, resident: ResidentId) -> Option<&Made> {
        self.unsent.iter().rfind(|made| made.edit.resident == resident)
    }

    /// The same among what was sent: for records that were made here and have not come back.
    pub fn last_made(&self, resident: ResidentId) -> Option<&Made> {
        self.made.iter().rfind(|made| made.edit.resident == resident)
    }

    pub fn quiet(&self) -> bool {
        self.unsent.is_empty() && self.dropped.is_empty() && self.differing.is_empty()
    }

    /// What waits to be said; `most` edits of it.
    pub fn request(&self, most: usize) -> Request {
        let versions = |grid: &GridId| {
            let there = self
                .items
                .iter()
                .filter(|(_, item)| item["grid"] == grid.to_string());
            there.map(|(id, item)| (*id, text(&item["version"]))).collect()
        };
        Request {
            device: self.id,
            cursor: self.cursor.clone(),
            edits: self
                .unsent
                .iter()
                .take(most)
                .map(|made| made.raw.clone())
                .collect(),
            dropped: self.dropped.clone(),
            documents: self.full,
            have: self
                .differing
                .iter()
                .map(|grid| (*grid, versions(grid)))
                .collect(),
        }
    }

    pub fn take(&mut self, request: &Request, answer: Answer) {
        self.dropped.retain(|dropped| !request.dropped.contains(dropped));
        for receipt in answer.receipts {
            self.receive(receipt);
        }
        for item in answer.items {
            match item {
                Item::Receipt(receipt) => self.receive(receipt),
                Item::Drop { resident, holding } => {
                    self.items.remove(&resident);
                    self.documents.remove(&resident);
                    self.dropped.push((resident, holding));
                }
                Item::Record {
                    resident,
                    item,
                    document,
                } => {
                    if let Some(document) = document {
                        self.documents.insert(resident, self.anew(resident, &document));
                    }
                    self.items.insert(resident, item);
                }
            }
        }
        self.cursor = answer.cursor;
        // A server that lost its database is told again what it does not count.
        let (lost, kept): (Vec<_>, Vec<_>) = self
            .sent
            .drain(..)
            .partition(|made| made.edit.seq > answer.through);
        self.sent = kept;
        self.unsent.extend(lost);
        self.unsent.sort_by_key(|made| made.edit.seq);
        self.differing.clear();
        let counted: BTreeSet<String> = answer.grids.keys().map(ToString::to_string).collect();
        let elsewhere = |item: &Json| !counted.contains(item["grid"].as_str().unwrap_or_default());
        let gone: Vec<ResidentId> = self
            .items
            .iter()
            .filter(|(_, item)| elsewhere(item))
            .map(|(id, _)| *id)
            .collect();
        let removed = answer.grids.values().flat_map(|told| told.remove.iter().copied());
        for id in gone.into_iter().chain(removed) {
            self.items.remove(&id);
            self.documents.remove(&id);
        }
        for (grid, told) in &answer.grids {
            let (mut count, mut digest) = (0, [0; 16]);
            for (id, item) in self
                .items
                .iter()
                .filter(|(_, item)| item["grid"] == grid.to_string())
            {
                count += 1;
                sync::digest::toggle(&mut digest, *id, &text(&item["version"]));
            }
            if (count, digest) != (told.count, told.digest) {
                self.differing.insert(*grid);
            }
        }
    }

    fn receive(&mut self, receipt: Receipt) {
        if let Some(place) = self.unsent.iter().position(|made| made.edit.id == receipt.edit) {
            self.sent.push(self.unsent.remove(place));
        }
        self.receipts.insert(receipt.edit, receipt);
    }

    /// The server's document with the own edits that have no receipt yet, and nothing else.
    fn anew(&self, resident: ResidentId, document: &[u8]) -> Automerge {
        let mut doc = Automerge::load(document).unwrap();
        for made in self.unsent.iter().filter(|made| made.edit.resident == resident) {
            let changes = made
                .edit
                .changes
                .iter()
                .map(|bytes| Change::from_bytes(bytes.clone()).unwrap());
            // What stands on something that the server has lost is not shown: it is sent, and kept there.
            let known = |change: &Change| {
                change
                    .deps()
                    .iter()
                    .all(|dep| doc.get_change_meta_by_hash(dep).is_some())
            };
            let all: Vec<Change> = changes.collect();
            if all.first().is_some_and(known) {
                let _ = doc.apply_changes(all);
            }
        }
        doc
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
