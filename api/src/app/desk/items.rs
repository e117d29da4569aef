//! Inbox items of the records on the desk: opened, added to, closed.

use super::show::OpenItem;
use super::{Desk, Item};
use crate::app::Error;
use crate::store::inbox::{self, NewItem};
use entity::{division, inbox_item};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

impl Desk<'_> {
    /// Adds one side to the open item of this reason and key, or opens it. The same edit is one side.
    pub fn add_side(&mut self, id: Uuid, reason: &str, key: &str, side: Json, around: Json) {
        let place = (id, reason.to_owned(), key.to_owned());
        let item = self.items.entry(place).or_insert_with(|| Item {
            id: Uuid::now_v7(),
            n: 0,
            body: json!({ "sides": [] }),
            stored: false,
            dirty: false,
        });
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
        if !item.dirty {
            item.dirty = true;
            item.n += 1;
        }
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

    /// Conflict items are computed from the document after each edit: opened where there is a conflict, closed where
    /// there is none any more.
    pub(super) fn conflicts(&mut self, id: Uuid, keys: &[&'static str], shown: &Json) {
        let open: Vec<String> = self
            .items
            .keys()
            .filter(|(r, reason, _)| *r == id && reason == "conflict")
            .map(|(_, _, key)| key.clone())
            .collect();
        for key in open.iter().filter(|k| !keys.contains(&k.as_str())) {
            let by = self.current;
            let result = json!({ "ended_by": by.map(|b| b.to_string()) });
            self.close(id, "conflict", key, "superseded", by, result);
        }
        for key in keys {
            let sides = shown["conflicts"][*key].clone();
            let place = (id, "conflict".to_owned(), (*key).to_owned());
            let item = self.items.entry(place).or_insert_with(|| Item {
                id: Uuid::now_v7(),
                n: 0,
                body: json!({}),
                stored: false,
                dirty: false,
            });
            if item.body["sides"] != sides {
                item.body = json!({ "sides": sides, "present": shown["fields"][*key] });
                item.dirty = true;
                item.n += 1;
            }
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
                inbox::change(&*self.txn, &keys, item.id, item.n, &item.body).await?;
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
                category: key.split_once('.').map(|(category, _)| category.to_owned()),
                level: if village.is_some() { "village" } else { "county" },
                body: item.body.clone(),
                list: None,
                list_row: None,
                held: None,
            });
        }
        inbox::insert(&*self.txn, &keys, &new, now).await?;
        Ok(())
    }

    /// The town of each village that an item may stand in.
    async fn towns(&self) -> Result<BTreeMap<Uuid, Uuid>, Error> {
        let mut villages: BTreeSet<Uuid> = self.records.values().filter_map(|l| l.village).collect();
        villages.extend(self.loose.iter().filter_map(|i| i.village));
        if villages.is_empty() || (self.loose.is_empty() && !self.items.values().any(|i| i.dirty)) {
            return Ok(BTreeMap::new());
        }
        let rows = division::Entity::find()
            .filter(division::Column::Id.is_in(villages))
            .all(&*self.txn)
            .await?;
        Ok(rows.into_iter().filter_map(|d| Some((d.id, d.parent?))).collect())
    }
}

/// Reasons that hang on a record.
const REASONS: [&str; 9] = [
    "proposal",
    "conflict",
    "merged_note",
    "note_beside",
    "new_resident",
    "departure",
    "held_fields",
    "unplaced",
    "address",
];
