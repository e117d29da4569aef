//! Inbox items of the records on the desk: opened, added to, closed.

use super::show::OpenItem;
use super::{Desk, Item};
use crate::app::Error;
use crate::store::inbox::{self, NewItem};
use domain::{EditId, Instant};
use entity::{division, inbox_item};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use sync::project::Projection;
use sync::record::LIFE_STATUS;
use uuid::Uuid;

impl Item {
    pub(super) fn fresh(body: Json) -> Item {
        Item {
            id: Uuid::now_v7(),
            n: 0,
            body,
            stored: false,
            dirty: false,
            beside: None,
        }
    }

    /// Both sides, and what is there now.
    pub(super) fn show(&mut self, sides: Json, present: Json) {
        if self.body["sides"] != sides || self.body["present"] != present {
            self.body["sides"] = sides;
            self.body["present"] = present;
            self.changed();
        }
    }

    /// Shows something else from now on; one transaction counts once.
    pub(super) fn changed(&mut self) {
        if !self.dirty {
            self.dirty = true;
            self.n += 1;
        }
    }
}

impl Desk<'_> {
    /// Adds one side to the open item of this reason and key, or opens it. The same edit is one side.
    pub fn add_side(&mut self, id: Uuid, reason: &str, key: &str, side: Json, around: Json) {
        let place = (id, reason.to_owned(), key.to_owned());
        let item = self
            .items
            .entry(place)
            .or_insert_with(|| Item::fresh(json!({ "sides": [] })));
        let sides = item.body["sides"].as_array_mut().expect("every item has sides");
        if let Some(old) = sides.iter_mut().find(|s| s["edit"] == side["edit"]) {
            *old = side;
        } else {
            sides.push(side);
            sides.sort_by(|a, b| a["edit"].as_str().cmp(&b["edit"].as_str()));
        }
        for (name, value) in around.as_object().into_iter().flatten() {
            item.body[name] = value.clone();
        }
        item.changed();
    }

    /// Takes sides back from open items of a reason; an item without any left is withdrawn.
    pub fn take_back(&mut self, id: Uuid, reason: &str, gone: impl Fn(&Json) -> bool, result: &Json) {
        let mut empty = Vec::new();
        for ((resident, own, key), item) in &mut self.items {
            if *resident != id || own != reason {
                continue;
            }
            let Some(sides) = item.body["sides"].as_array_mut() else {
                continue;
            };
            let before = sides.len();
            sides.retain(|side| !gone(side));
            match (sides.len(), before) {
                (0, 1..) => empty.push(key.clone()),
                (left, before) if left < before => item.changed(),
                _ => {}
            }
        }
        for key in empty {
            self.close(id, reason, &key, "withdrawn", None, result.clone());
        }
    }

    /// Opens an item again that ended by what is undone now; nothing happens where it is asked anew already.
    pub async fn open_again(&mut self, row: &inbox_item::Model, mut body: Json) -> Result<(), Error> {
        let place = row.resident.map(|id| (id, row.reason.clone(), row.key.clone()));
        let Some(place) = place.filter(|place| !self.items.contains_key(place)) else {
            return Ok(());
        };
        body.as_object_mut().map(|body| body.remove("result"));
        inbox::open_again(&*self.txn, &self.program.keys, row, &body).await?;
        let item = Item {
            id: row.id,
            n: row.n + 1,
            body,
            stored: true,
            dirty: false,
            beside: row.beside,
        };
        self.items.insert(place, item);
        Ok(())
    }

    /// Closes an open item; nothing happens when it is not open.
    pub fn close(
        &mut self,
        id: Uuid,
        reason: &str,
        key: &str,
        state: &'static str,
        by: Option<Uuid>,
        result: Json,
    ) {
        if let Some(mut item) = self.items.remove(&(id, reason.to_owned(), key.to_owned()))
            && item.stored
        {
            item.body["result"] = result;
            self.closed.push((item.id, state, by, item.body));
        }
    }

    /// Closes an item that hangs on no record, such as a held edit.
    pub async fn close_row(&mut self, row: &inbox_item::Model, by: Uuid, result: Json) -> Result<(), Error> {
        let mut body = inbox::body(&self.program.keys, row)?;
        body["result"] = result;
        self.closed.push((row.id, "decided", Some(by), body));
        Ok(())
    }

    /// Closes such an item without what it showed: somebody was erased, and nothing of theirs may stay.
    pub fn close_emptied(&mut self, row: &inbox_item::Model, by: Uuid, result: Json) -> Result<(), Error> {
        self.closed
            .push((row.id, "decided", Some(by), json!({ "result": result })));
        Ok(())
    }

    /// The open items of a record, in the order of reason and key.
    pub(super) fn open_items(&self, id: Uuid) -> Vec<OpenItem<'_>> {
        let own = self.items.iter().filter(|((resident, _, _), _)| *resident == id);
        own.map(|((_, reason, key), item)| OpenItem {
            reason,
            key,
            body: &item.body,
        })
        .collect()
    }

    pub(super) fn open_count(&self, id: Uuid) -> usize {
        self.items.keys().filter(|(r, _, _)| *r == id).count()
    }

    /// Items of conflicts and merged notes are computed from the document after each edit: opened where there is
    /// one, closed where there is none any more.
    pub(super) fn computed(&mut self, id: Uuid, shown: &Projection) {
        let conflicts = shown.conflicts.iter().map(|key| {
            let sides = shown.open["conflicts"][*key].clone();
            ((*key).to_owned(), sides)
        });
        let conflicts: BTreeMap<String, Json> = conflicts.collect();
        self.stand("conflict", id, conflicts, &shown.open);
        let sources = &self.records[&id].record.kept.sources;
        let merged = shown.merged_notes.iter().map(|note| {
            let side = |(edit, text): &(EditId, String)| {
                let mut side = sources
                    .get(edit)
                    .map_or_else(|| json!({}), |source| json!(source));
                side["edit"] = edit.to_string().into();
                side["text"] = text.as_str().into();
                side
            };
            (note.key.to_owned(), note.texts.iter().map(side).collect())
        });
        let merged: BTreeMap<String, Json> = merged.collect();
        self.stand("merged_note", id, merged, &shown.open);
    }

    /// Makes the open items of one reason those of `all`: their sides by key.
    fn stand(&mut self, reason: &str, id: Uuid, all: BTreeMap<String, Json>, shown: &Json) {
        let open: Vec<String> = self
            .items
            .keys()
            .filter(|(r, own, _)| *r == id && own == reason)
            .map(|(_, _, key)| key.clone())
            .collect();
        for key in open.iter().filter(|k| !all.contains_key(*k)) {
            let by = self.current;
            let result = json!({ "ended_by": by.map(|b| b.to_string()) });
            self.close(id, reason, key, "superseded", by, result);
        }
        for (key, sides) in all {
            let present = &shown["fields"][&key];
            let place = (id, reason.to_owned(), key);
            let item = self.items.entry(place).or_insert_with(|| Item::fresh(json!({})));
            item.show(sides, present.clone());
        }
    }

    /// Whoever decides must have seen what is there now: proposals show the present value, and items that are about
    /// the whole person show who it is.
    pub(super) fn show_present(&mut self, id: Uuid, projection: &Projection) {
        let shown = &projection.open;
        let person: serde_json::Map<String, Json> = PERSON
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), shown["fields"].get(key)?.clone())))
            .collect();
        let person = Json::Object(person);
        for ((resident, reason, key), item) in &mut self.items {
            if *resident != id {
                continue;
            }
            if reason == "proposal" {
                let value = shown["fields"].get(key).or_else(|| projection.rest.get(key));
                let present = value.cloned().unwrap_or_default();
                if item.body["present"] != present {
                    item.body["present"] = present;
                    item.changed();
                }
            }
            let whole = matches!(reason.as_str(), "departure" | "new_resident") || key == LIFE_STATUS;
            if whole && item.body["person"] != person {
                item.body["person"] = person.clone();
                item.changed();
            }
        }
    }

    /// Closes all that waits on a person who turned out not to belong here.
    pub fn close_all(&mut self, id: Uuid, by: Option<Uuid>, result: &Json) {
        let open: Vec<_> = self.items.keys().filter(|(r, _, _)| *r == id).cloned().collect();
        for (_, reason, key) in open {
            self.close(id, &reason, &key, "withdrawn", by, result.clone());
        }
    }

    /// Writes items that are new, changed or closed.
    pub(super) async fn save_items(&mut self) -> Result<(), Error> {
        let (keys, now) = (self.program.keys.clone(), self.now.millis());
        let towns = self.towns().await?;
        for (id, state, by, body) in std::mem::take(&mut self.closed) {
            inbox::close(&*self.txn, &keys, id, state, by, now, &body).await?;
        }
        let mut new = std::mem::take(&mut self.loose);
        for item in &mut new {
            item.town = item
                .town
                .or_else(|| item.village.and_then(|v| towns.get(&v).copied()));
        }
        for ((resident, reason, key), item) in &mut self.items {
            if !item.dirty {
                continue;
            }
            item.dirty = false;
            if item.stored {
                inbox::change(&*self.txn, &keys, item.id, item.n, item.beside, &item.body).await?;
                continue;
            }
            item.stored = true;
            item.n = 1;
            let village = self.records.get(resident).and_then(|l| l.village);
            new.push(NewItem {
                id: item.id,
                reason: REASONS.into_iter().find(|r| r == reason).unwrap_or("other"),
                resident: Some(*resident),
                key: key.clone(),
                village,
                town: village.and_then(|v| towns.get(&v).copied()),
                beside: item.beside,
                category: key.split_once('.').map(|(category, _)| category.to_owned()),
                level: if village.is_some() { "village" } else { "county" },
                body: item.body.clone(),
                list: None,
                list_row: None,
                held: None,
            });
        }
        self.tell_earlier(&mut new).await?;
        inbox::insert(&*self.txn, &keys, &new, now).await?;
        self.relocate_items(&towns).await
    }

    /// An item that opens again says what was decided the last time, by whom and why.
    async fn tell_earlier(&self, new: &mut [NewItem]) -> Result<(), Error> {
        let again = |item: &&mut NewItem| DECIDED_AGAIN.contains(&item.reason);
        let known = |id: &Uuid| self.records.get(id).is_some_and(|loaded| !loaded.new);
        let asked: Vec<Uuid> = new
            .iter_mut()
            .filter(again)
            .filter_map(|i| i.resident)
            .filter(known)
            .collect();
        for row in inbox::decided_before(&*self.txn, &asked).await? {
            let same = |item: &&mut NewItem| {
                again(item)
                    && item.resident == row.resident
                    && item.reason == row.reason
                    && item.key == row.key
            };
            for item in new.iter_mut().filter(same) {
                let mut earlier = inbox::body(&self.program.keys, &row)?["result"].take();
                earlier["at"] = row
                    .closed_at
                    .map(|at| Instant::from_millis(at).to_string())
                    .into();
                item.body["earlier"] = earlier;
            }
        }
        Ok(())
    }

    /// What waits on a person stands in the inbox of the village that has the person.
    async fn relocate_items(&self, towns: &BTreeMap<Uuid, Uuid>) -> Result<(), Error> {
        for id in &self.changed {
            let loaded = &self.records[id];
            if let Some(village) = loaded
                .village
                .filter(|v| Some(*v) != loaded.stood_in && !loaded.new)
            {
                inbox::relocate(&*self.txn, *id, village, towns.get(&village).copied()).await?;
            }
        }
        Ok(())
    }

    /// The town of each village that an item may stand in.
    async fn towns(&self) -> Result<BTreeMap<Uuid, Uuid>, Error> {
        let mut villages: BTreeSet<Uuid> = self.records.values().filter_map(|l| l.village).collect();
        villages.extend(self.loose.iter().filter_map(|i| i.village));
        let moved = self.changed.iter().map(|id| &self.records[id]);
        let nobody_moved = moved.into_iter().all(|l| l.village == l.stood_in);
        let nothing_opens = self.loose.is_empty() && !self.items.values().any(|i| i.dirty);
        if villages.is_empty() || (nothing_opens && nobody_moved) {
            return Ok(BTreeMap::new());
        }
        let rows = division::Entity::find()
            .filter(division::Column::Id.is_in(villages))
            .all(&*self.txn)
            .await?;
        Ok(rows.into_iter().filter_map(|d| Some((d.id, d.parent?))).collect())
    }
}

/// What says who somebody is.
const PERSON: [&str; 7] = [
    "name",
    "sex",
    "birth_date",
    "id_number",
    "phone",
    "address",
    LIFE_STATUS,
];

/// Reasons of which a later value may come back to what was decided.
const DECIDED_AGAIN: [&str; 5] = ["proposal", "conflict", "merged_note", "departure", "address"];

/// Reasons that hang on a record.
const REASONS: [&str; 12] = [
    "proposal",
    "conflict",
    "merged_note",
    "note_beside",
    "new_resident",
    "departure",
    "held_fields",
    "unplaced",
    "address",
    "list_row_contradicted",
    "list_row_missing",
    "possible_duplicate",
];
