//! The model of the store: what the program keeps in rows is kept in maps here, sealed by nobody.

use super::person::Person;
use crate::catalogue;
use domain::catalogue::{Catalogue, Role};
use domain::{AccountId, DeviceId, EditId, GridId, ResidentId};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use sync::{Door, Outcome, Writer};

/// A deliberate mistake; each must be found by one of the laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// An edit that comes again is taken again.
    ForgetsKnown,
    /// Edits are written at what is there now, not at what their authors saw.
    WritesAtPresent,
    /// What cannot be applied is thrown away.
    LosesHeld,
    /// The pull sends every grid.
    LeaksGrids,
    /// Everybody may write to everything.
    TakesForeign,
    /// Visits are not shown.
    ForgetsToProject,
    /// Now and then a change is not entered in its grid's feed.
    SkipsFeed,
    /// Now and then a record is not saved although its edit's row is.
    LosesSave,
    /// Changes of full clients are merged as they come.
    MergesBlindly,
    /// A new epoch begins with nothing in it.
    RenewsEmpty,
}

impl Bug {
    pub const ALL: [Bug; 10] = [
        Bug::ForgetsKnown,
        Bug::WritesAtPresent,
        Bug::LosesHeld,
        Bug::LeaksGrids,
        Bug::TakesForeign,
        Bug::ForgetsToProject,
        Bug::SkipsFeed,
        Bug::LosesSave,
        Bug::MergesBlindly,
        Bug::RenewsEmpty,
    ];
}

/// What one edit was told.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub edit: EditId,
    pub outcome: Outcome,
    pub rebuild: bool,
}

/// An edit that was applied.
#[derive(Clone)]
pub struct Row {
    pub device: DeviceId,
    pub digest: [u8; 32],
    pub resident: ResidentId,
    pub receipt: Receipt,
    /// By field, what became of it.
    pub fields: BTreeMap<String, Outcome>,
    pub changes: Vec<sync::ChangeHash>,
    /// What a full client's changes write.
    pub writes: Option<Json>,
}

/// An edit that is kept for a person.
#[derive(Clone)]
pub struct Held {
    pub device: DeviceId,
    pub edit: Option<EditId>,
    pub digest: [u8; 32],
    pub raw: String,
    pub receipt: Receipt,
    pub why: String,
    /// Goes on by itself when what it waits for arrives.
    pub waits: bool,
    /// It went on: what became of it is a row now.
    pub applied: bool,
}

/// What a grid's phones have to hear of.
#[derive(Clone, Default)]
pub struct Feed {
    pub n: u64,
    pub entries: BTreeMap<ResidentId, u64>,
    pub count: u64,
    pub digest: [u8; 16],
}

/// What one phone has to hear of.
#[derive(Clone, Debug)]
pub enum News {
    Drop { resident: ResidentId, holding: u64 },
    Receipt(Receipt),
}

#[derive(Clone)]
pub struct Registration {
    pub worker: usize,
    pub seqs: BTreeMap<i64, EditId>,
    pub news: Vec<News>,
    /// By resident the number of the holding that is open.
    pub holds: BTreeMap<ResidentId, u64>,
}

#[derive(Clone)]
pub struct Server {
    pub catalogue: Catalogue,
    pub bug: Option<Bug>,
    pub incarnation: u64,
    pub people: BTreeMap<ResidentId, Person>,
    pub edits: BTreeMap<EditId, Row>,
    pub held: Vec<Held>,
    pub feeds: BTreeMap<GridId, Feed>,
    pub devices: BTreeMap<DeviceId, Registration>,
    /// By worker the grids, and how often they changed.
    pub grants: Vec<(BTreeSet<GridId>, u64)>,
    holdings: u64,
    saves: u64,
}

pub fn grid(n: u8) -> GridId {
    GridId::from_bytes([0x90 + n; 16])
}

pub fn writer(worker: usize, device: DeviceId, door: Door) -> Writer {
    Writer {
        account: AccountId::from_bytes([worker as u8 + 1; 16]),
        device: Some(device),
        role: Role::Worker,
        door,
        name: format!("网格员{worker}"),
    }
}

impl Server {
    pub fn new(grants: Vec<BTreeSet<GridId>>, bug: Option<Bug>) -> Server {
        Server {
            catalogue: catalogue::at(8),
            bug,
            incarnation: 1,
            people: BTreeMap::new(),
            edits: BTreeMap::new(),
            held: Vec::new(),
            feeds: BTreeMap::new(),
            devices: BTreeMap::new(),
            grants: grants.into_iter().map(|grids| (grids, 1)).collect(),
            holdings: 0,
            saves: 0,
        }
    }

    pub fn register(&mut self, device: DeviceId, worker: usize) {
        let fresh = Registration {
            worker,
            seqs: BTreeMap::new(),
            news: Vec::new(),
            holds: BTreeMap::new(),
        };
        self.devices.insert(device, fresh);
    }

    /// The same as it was, in another life.
    pub fn restored(self, incarnation: u64) -> Server {
        Server { incarnation, ..self }
    }

    pub fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    pub fn may(&self, worker: usize, person: &Person) -> bool {
        person
            .grid
            .is_some_and(|grid| self.grants[worker].0.contains(&grid))
    }

    /// Saves a record, shows it, and enters it where its phones look.
    pub fn save(&mut self, mut person: Person, seen: bool) {
        self.saves += 1;
        let id = person.resident;
        let before = self.people.get(&id).and_then(|p| p.in_feed());
        if seen || !self.has(Bug::ForgetsToProject) {
            person.show(&self.catalogue);
        }
        let after = person.in_feed();
        let lost = self.has(Bug::LosesSave) && self.saves.is_multiple_of(5) && self.people.contains_key(&id);
        if lost {
            return;
        }
        self.people.insert(id, person);
        if self.has(Bug::SkipsFeed) && self.saves.is_multiple_of(4) {
            return;
        }
        if let Some((grid, version)) = &before {
            let feed = self.feeds.entry(*grid).or_default();
            sync::digest::toggle(&mut feed.digest, id, version);
            feed.count -= 1;
            feed.entries.remove(&id);
        }
        if let Some((grid, version)) = &after {
            let feed = self.feeds.entry(*grid).or_default();
            sync::digest::toggle(&mut feed.digest, id, version);
            feed.count += 1;
            feed.n += 1;
            feed.entries.insert(id, feed.n);
        }
        self.release(id);
    }

    /// Tells phones that may no longer carry a record to drop it.
    fn release(&mut self, id: ResidentId) {
        let Some(person) = self.people.get(&id) else {
            return;
        };
        let gone = person.in_feed().is_none();
        let (grid, grants) = (person.grid, &self.grants);
        for registration in self.devices.values_mut() {
            let Some(holding) = registration.holds.get(&id).copied() else {
                continue;
            };
            let may = grid.is_some_and(|grid| grants[registration.worker].0.contains(&grid));
            let told = |n: &News| matches!(n, News::Drop { holding: h, .. } if *h == holding);
            if (gone || !may) && !registration.news.iter().any(told) {
                registration.news.push(News::Drop {
                    resident: id,
                    holding,
                });
            }
        }
    }

    /// Another set of grids for a worker: phones compare anew, and drop what they may no longer carry.
    pub fn grant(&mut self, worker: usize, grids: BTreeSet<GridId>) {
        let (_, epoch) = self.grants[worker];
        self.grants[worker] = (grids, epoch + 1);
        let all: Vec<ResidentId> = self.people.keys().copied().collect();
        all.into_iter().for_each(|id| self.release(id));
    }

    /// A phone is going to carry a record.
    pub fn hold(&mut self, device: DeviceId, id: ResidentId) {
        self.holdings += 1;
        let number = self.holdings;
        if let Some(registration) = self.devices.get_mut(&device) {
            let told = registration.holds.get(&id).copied();
            let dropping = |n: &News| matches!(n, News::Drop { holding, .. } if Some(*holding) == told);
            // A record that came back before its drop was fetched is carried under a new number.
            if told.is_none() || registration.news.iter().any(dropping) {
                registration.holds.insert(id, number);
            }
        }
    }

    /// The stored item of a record.
    pub fn item(&self, id: ResidentId) -> Option<&Json> {
        self.people.get(&id).map(|p| &p.item)
    }
}
