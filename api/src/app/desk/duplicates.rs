//! Who may be somebody that is here already: asked at the moment when a person becomes known by name, number or birth
//! date. Found by keyed hashes; nobody is opened but those few.

use super::{Desk, Item};
use crate::app::Error;
use crate::app::lists::person_of;
use crate::store::feeds::News;
use crate::store::records::{self, Loaded};
use crate::store::{duplicates, lookups, merges};
use matching::duplicate::{Why, may_be_one};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use sync::State;
use uuid::Uuid;

/// Whether a fact says who somebody is.
pub(super) fn identifies(key: &str) -> bool {
    matches!(key, "name" | "id_number" | "birth_date")
}

/// People whom one hash may find, and pairs that are asked about at once.
const FOUND: u64 = 20;
const ASKED: usize = 3;

impl Desk<'_> {
    /// Somebody's name, number or birth date was decided.
    pub fn identity_changed(&mut self, id: Uuid) {
        self.identities.entry(id).or_default();
    }

    /// Opens an item for each pair of somebody whose identity changed here and somebody else who may be the same
    /// person, unless that is asked already or was answered.
    pub(super) async fn find_duplicates(&mut self) -> Result<(), Error> {
        for (id, device) in std::mem::take(&mut self.identities) {
            let loaded = &self.records[&id];
            if loaded.record.state == State::Departed || loaded.merged_into.is_some() {
                continue;
            }
            let found = self.like(id).await?;
            let mut told = false;
            for (why, other, village) in found {
                let (key, same) = (other.to_string(), village == self.records[&id].village);
                if self.items.contains_key(&(id, duplicates::REASON.to_owned(), key)) {
                    continue;
                }
                told |= same;
                let body = json!({ "why": why.code(), "message": why.message(), "sides": [] });
                self.ask_whether_one(id, (other, village), body);
            }
            // Of another village the worker hears nothing: that somebody is looked after there is no worker's to know.
            if let Some(device) = device.filter(|_| told) {
                self.news.push(News {
                    device,
                    kind: "notice",
                    subject: id,
                    item: Some(json!({
                        "kind": "notice", "code": "possibly_registered", "resident": id,
                        "message": "此人可能已在本村登记，请核对；村居将予以确认",
                    })),
                });
            }
        }
        Ok(())
    }

    /// Asks whether two are one person, once; of the other its village is known.
    pub fn ask_whether_one(&mut self, id: Uuid, (other, there): (Uuid, Option<Uuid>), body: Json) {
        let place = |a: Uuid, b: Uuid| (a, duplicates::REASON.to_owned(), b.to_string());
        if self.items.contains_key(&place(id, other)) || self.items.contains_key(&place(other, id)) {
            return;
        }
        let here = self.records.get(&id).and_then(|l| l.village);
        let mut item = Item::fresh(body);
        item.beside = there.filter(|_| there != here);
        item.changed();
        self.items.insert(place(id, other), item);
        self.changed.insert(id);
    }

    /// Nobody need say any more whether others are this person.
    pub fn close_pairs(&mut self, id: Uuid, by: Option<Uuid>, result: &Json) {
        let named = id.to_string();
        let open = self.items.keys();
        let open =
            open.filter(|(with, reason, key)| reason == duplicates::REASON && (*with == id || *key == named));
        let open: Vec<_> = open.cloned().collect();
        for (with, reason, key) in open {
            self.close(with, &reason, &key, "withdrawn", by, result.clone());
            self.changed.insert(with);
        }
    }

    /// Asks again what had been asked, in the same words.
    pub fn ask_again(&mut self, id: Uuid, reason: &str, key: &str, body: Json) {
        let place = (id, reason.to_owned(), key.to_owned());
        let item = self.items.entry(place).or_insert_with(|| Item::fresh(body));
        item.changed();
        self.changed.insert(id);
    }

    /// Who else may be this person: why, who, and in which village.
    async fn like(&self, id: Uuid) -> Result<Vec<(Why, Uuid, Option<Uuid>)>, Error> {
        let (db, keys) = (&*self.txn, &self.program.keys);
        let loaded = &self.records[&id];
        let hashes = lookups::of(keys, &loaded.record);
        let own = |kind: &str| {
            let of_kind = hashes.iter().filter(move |(k, _)| *k == kind);
            of_kind.map(|(_, hash)| hash.clone()).collect::<Vec<_>>()
        };
        let all: Vec<Vec<u8>> = [own("id_number"), own("person"), own("name")].concat();
        duplicates::one_at_a_time(db, &all).await?;
        let mut found = BTreeSet::new();
        for kind in ["id_number", "person"] {
            let rows = lookups::bounded(db, kind, &own(kind), FOUND).await?;
            found.extend(rows.into_iter().map(|row| row.resident));
        }
        // Namesakes are many: only who is reported anew is asked about by the name alone, and in the own village.
        let reported = loaded.record.state == State::Reported;
        if let Some(village) = loaded.village.filter(|_| reported) {
            for hash in own("name") {
                found.extend(duplicates::in_village(db, "name", &hash, village, FOUND).await?);
            }
        }
        found.remove(&id);
        let mut there = records::look_at_sound(db, keys, &found).await?;
        let into = there.values().filter_map(|l| l.merged_into);
        let into: BTreeSet<Uuid> = into.filter(|id| !there.contains_key(id)).collect();
        there.extend(records::look_at_sound(db, keys, &into).await?);
        let pairs = duplicates::open_of(db, &[id]).await?;
        let mut known: BTreeSet<Uuid> = pairs
            .iter()
            .filter_map(duplicates::pair)
            .flat_map(|(a, b)| [a, b])
            .collect();
        known.extend(merges::apart_from(db, id).await?);
        let mut best: BTreeMap<Uuid, (Why, Option<Uuid>)> = BTreeMap::new();
        for other in found.iter().filter_map(|other| there.get(other)) {
            let is = other.merged_into.unwrap_or(other.record.resident.uuid());
            let Some(now) = there.get(&is).filter(|now| now.record.state != State::Departed) else {
                continue;
            };
            let same_village = loaded.village.is_some() && now.village == loaded.village;
            let why = may_be_one(
                &person_of(loaded),
                &person_of(other),
                same_village && (reported || is_reported(now)),
            );
            if let Some(why) = why.filter(|_| is != id && !known.contains(&is)) {
                let line = best.entry(is).or_insert((why, now.village));
                line.0 = line.0.min(why);
            }
        }
        let mut out: Vec<_> = best
            .into_iter()
            .map(|(is, (why, village))| (why, is, village))
            .collect();
        out.sort();
        out.truncate(ASKED);
        Ok(out)
    }
}

fn is_reported(loaded: &Loaded) -> bool {
    loaded.record.state == State::Reported
}
