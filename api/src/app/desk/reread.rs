//! Addresses that read as another grid than the one where the person is: an item, never a move by itself.

use super::{Desk, Item};
use crate::app::Error;
use crate::store::divisions;
use domain::place::{Gazetteer, Hint, Placed};
use domain::text::squeezed;
use serde_json::{Value as Json, json};
use sync::State;
use uuid::Uuid;

/// The field that says where a person lives.
pub const ADDRESS: &str = "address";

impl Desk<'_> {
    /// Opens, changes or closes the item of one record by what its address reads as now. Computed from the record
    /// and not from what arrived, so that no order of arrival matters.
    pub(super) async fn reread(
        &mut self,
        id: Uuid,
        shown: &Json,
        gazetteer: &mut Option<Gazetteer>,
    ) -> Result<(), Error> {
        let place = (id, ADDRESS.to_owned(), ADDRESS.to_owned());
        if !self.addresses.contains_key(&id) && !self.items.contains_key(&place) {
            return Ok(());
        }
        if self.places.is_none() && gazetteer.is_none() {
            *gazetteer = Some(divisions::gazetteer(&*self.txn).await?);
        }
        let Some(there) = self.places.or(gazetteer.as_ref()) else {
            return Ok(());
        };
        let loaded = &self.records[&id];
        let text = shown["fields"][ADDRESS].as_str().unwrap_or_default().to_owned();
        let hint = Hint {
            town: None,
            village: loaded.village.map(Into::into),
        };
        let read = there.place(&text, hint);
        let stays = loaded.record.state == State::Departed
            || text.is_empty()
            || loaded.record.kept.stays_at.contains(&squeezed(&text))
            || !elsewhere(&read, loaded.village, loaded.grid);
        if stays {
            let by = self.current;
            let result = json!({ "ended_by": by.map(|b| b.to_string()) });
            self.close(id, ADDRESS, ADDRESS, "superseded", by, result);
            return Ok(());
        }
        let side = self.side(id, shown, &text, &read);
        let present = json!({ "grid": loaded.grid, "village": loaded.village });
        let beside = read
            .village
            .map(|v| v.uuid())
            .filter(|v| Some(*v) != loaded.village);
        let item = self.items.entry(place).or_insert_with(|| Item::fresh(json!({})));
        item.beside = beside;
        item.show(json!([side]), present);
        Ok(())
    }

    fn side(&self, id: Uuid, shown: &Json, text: &str, read: &Placed) -> Json {
        let from = shown["from"][ADDRESS].as_u64().map(|n| n as usize);
        let source = from.map(|n| shown["sources"][n].clone()).unwrap_or_default();
        let mut side = json!({
            "edit": source["edit"], "by": source["by"], "at": source["at"], "list": source["list"],
            "value": text,
            "grid": read.grid.map(|g| g.to_string()), "village": read.village.map(|v| v.to_string()),
        });
        if let Some(written) = self.addresses.get(&id)
            && (written["edit"] == source["edit"] || source["list"].is_string())
        {
            side["account"] = written["account"].clone();
            side["edit"] = written["edit"].clone();
        }
        side
    }
}

/// Whether a reading says without doubt that the person lives in another grid, or at least in another village.
fn elsewhere(read: &Placed, village: Option<Uuid>, grid: Option<Uuid>) -> bool {
    if !read.certain {
        return false;
    }
    match (read.grid, read.village) {
        (Some(to), _) => Some(to.uuid()) != grid,
        (None, Some(to)) => Some(to.uuid()) != village,
        (None, None) => false,
    }
}
