//! The records that a phone holds, and their digest by grid.

use domain::ResidentId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Default)]
pub(super) struct Records(BTreeMap<Uuid, Value>);

impl Records {
    pub fn get(&self, resident: Uuid) -> Option<&Value> {
        self.0.get(&resident)
    }

    pub fn all(&self) -> impl Iterator<Item = (Uuid, &Value)> {
        self.0.iter().map(|(resident, record)| (*resident, record))
    }

    pub fn put(&mut self, record: Value) {
        self.0.insert(id(&record["resident"]), record);
    }

    pub fn remove(&mut self, resident: Uuid) -> Option<Value> {
        self.0.remove(&resident)
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// `[[resident, version]…]`, as a request's `have` says it.
    pub fn versions_in(&self, grid: &str) -> Value {
        let versions = self
            .in_grid(grid)
            .map(|(resident, version)| json!([resident, version]));
        versions.collect()
    }

    /// How many records lie in a grid, and their digest in hexadecimal.
    pub fn digest_of(&self, grid: &str) -> (u64, String) {
        let (mut count, mut digest) = (0, [0; 16]);
        for (resident, version) in self.in_grid(grid) {
            count += 1;
            sync::digest::toggle(&mut digest, ResidentId::from_uuid(resident), version);
        }
        (count, sync::digest::hex(&digest))
    }

    /// Grids in which at least one record lies.
    pub fn grids(&self) -> Vec<String> {
        let mut grids: Vec<String> = self
            .0
            .values()
            .map(|record| text(&record["grid"]).to_owned())
            .collect();
        grids.sort();
        grids.dedup();
        grids
    }

    fn in_grid<'a>(&'a self, grid: &'a str) -> impl Iterator<Item = (Uuid, &'a str)> {
        let all = self.0.iter().filter(move |(_, record)| record["grid"] == grid);
        all.map(|(resident, record)| (*resident, text(&record["version"])))
    }
}

#[track_caller]
pub(super) fn id(value: &Value) -> Uuid {
    text(value).parse().unwrap_or_else(|_| panic!("{value} is no id"))
}

#[track_caller]
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
