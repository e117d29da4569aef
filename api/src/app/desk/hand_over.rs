//! Who comes into a grid and who leaves it: placement rows, drops for the phones that carry the person, notices for
//! those that will.

use super::Desk;
use crate::app::Error;
use crate::store::feeds::News;
use crate::store::{enrolments, holdings};
use entity::holding;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sync::State;
use uuid::Uuid;

/// One person's way from grid to grid; none is out of all grids.
struct Way {
    resident: Uuid,
    to: Option<Uuid>,
    why: &'static str,
    new: bool,
}

impl Desk<'_> {
    /// Puts a person into a grid of a village. Feeds, drops, notices and items follow when the desk saves.
    pub fn move_to(&mut self, id: Uuid, village: Uuid, grid: Option<Uuid>) -> Result<(), Error> {
        let loaded = self.records.get_mut(&id).ok_or(Error::NotFound)?;
        loaded.village = Some(village);
        loaded.grid = grid;
        self.changed.insert(id);
        Ok(())
    }

    /// Everything that follows from people having come or gone, feeds excepted.
    pub(super) async fn hand_over(&mut self) -> Result<(), Error> {
        let (mut leave, mut come) = (Vec::new(), Vec::new());
        let mut ways = Vec::new();
        for id in &self.changed {
            let loaded = &self.records[id];
            let stands = loaded.stands();
            let in_row = stands.filter(|_| loaded.record.state == State::Present);
            if in_row != loaded.placed {
                leave.extend(loaded.placed.map(|_| *id));
                come.extend(in_row.map(|grid| (*id, grid)));
            }
            if loaded.stood() != stands {
                ways.push(Way {
                    resident: *id,
                    to: stands,
                    why: self.why.get(id).copied().unwrap_or(match stands {
                        Some(_) => "moved",
                        None => "departed",
                    }),
                    new: loaded.new,
                });
            }
        }
        enrolments::place(&*self.txn, &leave, &come, self.placed_by, self.now.millis()).await?;
        // Who is new is on no phone, and whole lists of new people are no news.
        ways.retain(|way| !way.new);
        self.tell_phones(&ways).await
    }

    /// Whom somebody was merged into here, and the grid where the survivor is.
    fn survivor(&self, id: Uuid) -> Option<(Uuid, Uuid)> {
        let into = *self.merged.get(&id)?;
        let loaded = self.records.get(&into)?;
        Some((into, loaded.stands()?))
    }

    async fn tell_phones(&mut self, ways: &[Way]) -> Result<(), Error> {
        let residents: Vec<Uuid> = ways.iter().map(|way| way.resident).collect();
        let survivors = ways.iter().filter_map(|way| self.survivor(way.resident));
        let survivors = survivors.map(|(_, grid)| grid);
        let grids: BTreeSet<Uuid> = ways.iter().filter_map(|way| way.to).chain(survivors).collect();
        let grids: Vec<Uuid> = grids.into_iter().collect();
        let today = self.now.date().to_string();
        let mut phones: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
        for (device, grid) in holdings::phones_of(&*self.txn, &grids, &today).await? {
            phones.entry(grid).or_default().insert(device);
        }
        let mut carried: BTreeMap<Uuid, Vec<holding::Model>> = BTreeMap::new();
        for holding in holdings::of_residents(&*self.txn, &residents).await? {
            carried.entry(holding.resident).or_default().push(holding);
        }
        let mut arrivals: BTreeMap<(Uuid, Option<Uuid>), Vec<Uuid>> = BTreeMap::new();
        let mut withdrawn = Vec::new();
        for way in ways {
            let here = way
                .to
                .and_then(|grid| phones.get(&grid))
                .cloned()
                .unwrap_or_default();
            let (mut dropped, mut holds) = (Vec::new(), BTreeSet::new());
            let survivor = self.survivor(way.resident);
            let drop_of = |holding: &holding::Model| {
                let mut news = dropping(holding, way.why);
                let seen = |grid| phones.get(grid).is_some_and(|all| all.contains(&holding.device));
                if let (Some(item), Some((into, grid))) = (&mut news.item, &survivor)
                    && seen(grid)
                {
                    item["into"] = json!(into);
                }
                news
            };
            for holding in carried.remove(&way.resident).unwrap_or_default() {
                let may_stay = here.contains(&holding.device);
                match holding.to_at {
                    None if may_stay => drop(holds.insert(holding.device)),
                    None => {
                        dropped.push(holding.number);
                        self.news.push(drop_of(&holding));
                    }
                    // The person is back before the phone fetched the drop.
                    Some(_) if may_stay => {
                        withdrawn.push(holding.number);
                        self.news.push(withdrawing(&holding));
                    }
                    // The drop may have been withdrawn in between: it is said again until the phone confirms.
                    Some(_) => {
                        dropped.extend(holding.why.is_none().then_some(holding.number));
                        self.news.push(drop_of(&holding));
                    }
                }
            }
            holdings::set_end(&*self.txn, &dropped, (self.now.millis(), way.why)).await?;
            for device in here.difference(&holds) {
                let arrived = arrivals.entry((*device, way.to)).or_default();
                arrived.push(way.resident);
            }
        }
        holdings::withdraw_end(&*self.txn, &withdrawn).await?;
        for ((device, grid), residents) in arrivals {
            self.news.extend(arrived(device, grid, &residents));
        }
        Ok(())
    }
}

/// More people at once are one notice.
const FEW: usize = 5;

/// What a phone is told of people who come into its grid.
fn arrived(device: Uuid, grid: Option<Uuid>, residents: &[Uuid]) -> Vec<News> {
    let notice = |subject, item| News {
        device,
        kind: "notice",
        subject,
        item: Some(item),
    };
    if let Some(grid) = grid.filter(|_| residents.len() > FEW) {
        let message = format!("有 {} 人转入您的网格，请查看", residents.len());
        let item = json!({
            "kind": "notice", "code": "residents_arrived", "grid": grid, "count": residents.len(), "message": message,
        });
        return vec![notice(grid, item)];
    }
    let one = |resident: &Uuid| {
        let item = json!({
            "kind": "notice", "code": "resident_arrived", "resident": resident,
            "message": "有人员转入您的网格，请查看",
        });
        notice(*resident, item)
    };
    residents.iter().map(one).collect()
}

/// The wire's drop of one holding.
pub fn dropping(holding: &holding::Model, why: &str) -> News {
    News {
        device: holding.device,
        kind: "drop",
        subject: holding.resident,
        item: Some(json!({
            "kind": "drop", "resident": holding.resident, "holding": holding.number, "reason": why,
        })),
    }
}

/// Takes a drop back that the phone may not have fetched yet.
pub fn withdrawing(holding: &holding::Model) -> News {
    News {
        item: None,
        ..dropping(holding, "")
    }
}
