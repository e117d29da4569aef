//! Saving what was done at the desk, feeds last.

use super::Desk;
use super::show::show;
use crate::app::Error;
use crate::app::clues::tasks;
use crate::app::clues::visited::{self, Answered};
use crate::app::lists::alive_again;
use crate::app::rosters::steps;
use crate::seal::Keyring;
use crate::store::feeds::{self, Moved};
use crate::store::{PER_THREAD, edits, epochs, held, records, sealed};
use domain::Instant;
use entity::{confirmation, visit};
use rayon::prelude::*;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::json;
use std::collections::BTreeMap;
use sync::project::Projection;
use sync::{Edit, State};
use uuid::Uuid;

impl Desk<'_> {
    /// Projects every changed record, opens and closes its items, saves all rows, and enters the feeds.
    pub async fn save(mut self) -> Result<(), Error> {
        let keys = self.program.keys.clone();
        self.leave_ended().await?;
        self.find_duplicates().await?;
        alive_again::say(&*self.txn, self.program, &self.come_back()).await?;
        let ids: Vec<Uuid> = self.changed.iter().copied().collect();
        let mut projections = BTreeMap::new();
        let mut gazetteer = None;
        for id in &ids {
            self.settle_unplaced(*id);
        }
        for (id, mut shown) in ids.iter().zip(self.shown(&ids)) {
            self.computed(*id, &shown);
            self.show_present(*id, &shown);
            self.reread(*id, &shown.open, &mut gazetteer).await?;
            // Items that were opened or closed just now count too.
            shown.open["open"] = self.open_count(*id).into();
            if let Some(loaded) = self.records.get_mut(id) {
                loaded.record.prune_sources(&shown.edits);
            }
            projections.insert(*id, shown);
        }
        let txn = self.txn.clone();
        edits::insert(&*txn, &keys, &self.edits).await?;
        epochs::insert(&*txn, &keys, &std::mem::take(&mut self.ended), self.now.millis()).await?;
        held::insert(&*txn, &keys, &self.held).await?;
        // One request may confirm every field 200 times: more values than a statement holds.
        for rows in std::mem::take(&mut self.confirmations).chunks(1_000) {
            confirmation::Entity::insert_many(rows.to_vec())
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
        self.hand_over().await?;
        self.settle_tasks().await?;
        self.save_items().await?;
        let moved: Vec<Moved> = ids.iter().map(|id| self.moved(*id)).collect();
        feeds::publish(&*txn, &keys, &moved, std::mem::take(&mut self.news)).await?;
        let saved: Vec<_> = ids
            .iter()
            .map(|id| (&self.records[id], &projections[id].open))
            .collect();
        steps::note(&*txn, self.program, &saved, self.now).await?;
        Ok(())
    }

    /// Visits answer tasks, and open tasks go with the people who moved.
    async fn settle_tasks(&mut self) -> Result<(), Error> {
        let (txn, program, now) = (self.txn.clone(), self.program, self.now);
        let answered = std::mem::take(&mut self.answered);
        self.news
            .extend(visited::settle(&txn, program, &answered, now).await?);
        let moved = self.changed.iter().filter(|id| {
            let loaded = &self.records[*id];
            let stood = loaded.stood();
            !loaded.new && stood.is_some() && stood != loaded.grid
        });
        let moved: Vec<Uuid> = moved.copied().collect();
        self.news
            .extend(tasks::moved(&txn, &program.keys, &moved, now).await?);
        Ok(())
    }

    /// Who was departed and is not any more.
    fn come_back(&self) -> Vec<Uuid> {
        let back = |id: &&Uuid| {
            let loaded = &self.records[*id];
            !loaded.new && loaded.before.is_none() && loaded.record.state != State::Departed
        };
        self.changed.iter().filter(back).copied().collect()
    }

    /// What these records show.
    fn shown(&self, ids: &[Uuid]) -> Vec<Projection> {
        let records = ids.iter().map(|id| (&self.records[id], self.open_items(*id)));
        let records: Vec<_> = records.collect();
        let program = self.program;
        let all = records
            .par_iter()
            .with_min_len(PER_THREAD)
            .map(|(loaded, items)| {
                let timed = tracing::debug_span!(target: "timing", "project");
                timed.in_scope(|| show(program, &loaded.record, loaded.grid, items))
            });
        all.collect()
    }

    /// Who has a grid waits for none.
    fn settle_unplaced(&mut self, id: Uuid) {
        if self.records[&id].grid.is_some() {
            let by = self.current;
            self.close(id, "unplaced", "", "superseded", by, json!({}));
        }
    }

    fn moved(&self, id: Uuid) -> Moved {
        let loaded = &self.records[&id];
        let in_feed = |grid: Option<Uuid>, version: String| grid.map(|g| (g, version));
        let before = loaded
            .before
            .clone()
            .and_then(|(grid, version)| in_feed(grid, version));
        let after = in_feed(loaded.stands(), loaded.record.version().to_string());
        Moved {
            resident: id,
            before,
            after,
        }
    }
}

/// What the visit of an edit says of the task that it answers.
pub(super) fn answered(edit: &Edit, account: Uuid, by: &str) -> Option<Answered> {
    let visit = edit.visit.as_ref()?;
    let task = visit.task.as_ref()?;
    Some(Answered {
        task: Uuid::try_parse(&task.id).ok()?,
        visit: edit.id.uuid(),
        resident: edit.resident.uuid(),
        account,
        by: by.to_owned(),
        finding: task.finding,
        text: visit.text.clone(),
    })
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
