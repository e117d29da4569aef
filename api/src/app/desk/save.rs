//! Saving what was done at the desk, feeds last.

use super::Desk;
use crate::app::Error;
use crate::seal::Keyring;
use crate::store::feeds::{self, Moved};
use crate::store::{edits, held, records, sealed};
use domain::Instant;
use entity::{confirmation, visit};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::json;
use std::collections::BTreeMap;
use sync::project::{Around, project};
use sync::{Edit, State};
use uuid::Uuid;

impl Desk<'_> {
    /// Projects every changed record, opens and closes its items, saves all rows, and enters the feeds.
    pub async fn save(mut self) -> Result<(), Error> {
        let keys = self.program.keys.clone();
        let derive = |parts: &[&[u8]]| keys.derive(parts);
        let catalogue = self.program.catalogue.clone();
        let ids: Vec<Uuid> = self.changed.iter().copied().collect();
        let mut projections = BTreeMap::new();
        for id in &ids {
            let pending = self.pending(*id);
            let loaded = &self.records[id];
            let around = Around {
                grid: loaded.grid.map(Into::into),
                pending: &pending,
                open: self.open_count(*id),
            };
            let timed = tracing::debug_span!(target: "timing", "project");
            let first = timed.in_scope(|| project(&loaded.record, &around, &catalogue, &derive));
            self.conflicts(*id, &first.conflicts, &first.open);
            // Conflict items that were opened or closed count as open items too.
            let around = Around {
                open: self.open_count(*id),
                ..around
            };
            let mut shown = first;
            shown.open["open"] = around.open.into();
            if let Some(loaded) = self.records.get_mut(id) {
                loaded.record.prune_sources(&shown.edits);
            }
            projections.insert(*id, shown);
        }
        let txn = self.txn.clone();
        edits::insert(&*txn, &keys, &self.edits).await?;
        held::insert(&*txn, &keys, &self.held).await?;
        if !self.confirmations.is_empty() {
            let rows = std::mem::take(&mut self.confirmations);
            confirmation::Entity::insert_many(rows)
                .exec_without_returning(&*txn)
                .await?;
        }
        if !self.visits.is_empty() {
            let rows = std::mem::take(&mut self.visits);
            visit::Entity::insert_many(rows)
                .exec_without_returning(&*txn)
                .await?;
        }
        let all: Vec<_> = ids
            .iter()
            .map(|id| (&self.records[id], &projections[id]))
            .collect();
        records::save(&*txn, &keys, &all, self.now.millis()).await?;
        self.save_items().await?;
        let moved: Vec<Moved> = ids.iter().map(|id| self.moved(*id)).collect();
        feeds::publish(&*txn, &keys, &moved, std::mem::take(&mut self.news)).await?;
        Ok(())
    }

    fn moved(&self, id: Uuid) -> Moved {
        let loaded = &self.records[&id];
        let in_feed = |grid: Option<Uuid>, version: String| grid.map(|g| (g, version));
        let before = loaded
            .before
            .clone()
            .and_then(|(grid, version)| in_feed(grid, version));
        let stays = loaded.record.state != State::Departed;
        let after = in_feed(loaded.grid.filter(|_| stays), loaded.record.version().to_string());
        Moved {
            resident: id,
            before,
            after,
        }
    }
}

pub(super) fn confirmation(
    edit: &Edit,
    key: &str,
    digest: &[u8; 16],
    n: u32,
    account: Uuid,
) -> confirmation::ActiveModel {
    confirmation::ActiveModel {
        edit: Set(edit.id.uuid()),
        key: Set(key.to_owned()),
        resident: Set(edit.resident.uuid()),
        n: Set(n as i32),
        value_digest: Set(digest.to_vec()),
        at: Set(edit.made_at.millis()),
        account: Set(account),
    }
}

/// A skew above this marks a visit; above 31 days it counts in the month of receipt.
const FAR: i64 = 31 * 24 * 3600 * 1000;

pub(super) fn visit(
    keys: &Keyring,
    edit: &Edit,
    account: Uuid,
    device: Option<Uuid>,
    skew: i64,
    now: Instant,
) -> Option<visit::ActiveModel> {
    let part = edit.visit.as_ref()?;
    let corrected = Instant::from_millis(part.at.millis() - skew);
    let month = if skew.abs() > FAR || corrected > now {
        now.month()
    } else {
        corrected.month()
    };
    Some(visit::ActiveModel {
        id: Set(edit.id.uuid()),
        resident: Set(edit.resident.uuid()),
        account: Set(account),
        device: Set(device),
        at: Set(part.at.millis()),
        month: Set(month),
        means: Set(part.means.name().into()),
        outcome: Set(part.outcome.name().into()),
        sealed: Set(sealed::seal(
            keys,
            "visit",
            edit.id.uuid(),
            &json!({ "text": part.text, "needs": part.needs }),
        )),
        received_at: Set(now.millis()),
    })
}
