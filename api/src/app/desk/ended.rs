//! Grids that end while people come to them.

use super::Desk;
use crate::app::Error;
use crate::store::grids;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

impl Desk<'_> {
    /// Whoever comes to a grid that has ended since it was looked up waits for another one.
    pub(super) async fn leave_ended(&mut self) -> Result<(), Error> {
        let mut come: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for id in &self.changed {
            let loaded = &self.records[id];
            if let Some(grid) = loaded.stands().filter(|grid| Some(*grid) != loaded.stood()) {
                come.entry(grid).or_default().push(*id);
            }
        }
        let grids: Vec<Uuid> = come.keys().copied().collect();
        for grid in grids::ended_of(&*self.txn, &grids).await? {
            for id in come.remove(&grid).unwrap_or_default() {
                self.records.get_mut(&id).ok_or(Error::NotFound)?.grid = None;
                let side = json!({ "at": self.now.to_string(), "ended": grid });
                self.add_side(id, "unplaced", "", side, json!({ "candidates": [] }));
            }
        }
        Ok(())
    }
}
