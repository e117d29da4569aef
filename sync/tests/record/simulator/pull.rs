//! One request and its answer: edits in, then what is new for the phone.

use super::server::{Bug, News, Receipt, Server};
use domain::{DeviceId, GridId, ResidentId};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use sync::State;

/// How far a phone has read.
#[derive(Clone, Default)]
pub struct Cursor {
    pub incarnation: u64,
    pub epoch: u64,
    pub device: usize,
    pub grids: BTreeMap<GridId, u64>,
}

#[derive(Clone)]
pub struct Request {
    pub device: DeviceId,
    pub cursor: Cursor,
    pub edits: Vec<String>,
    pub dropped: Vec<(ResidentId, u64)>,
    pub documents: bool,
    /// Of grids that differ, what the phone has of them.
    pub have: BTreeMap<GridId, BTreeMap<ResidentId, String>>,
}

pub enum Item {
    Record {
        resident: ResidentId,
        item: Json,
        document: Option<Vec<u8>>,
    },
    Drop {
        resident: ResidentId,
        holding: u64,
    },
    Receipt(Receipt),
}

/// A grid as the server counts it, and what the phone has of it that is not there.
pub struct Counted {
    pub count: u64,
    pub digest: [u8; 16],
    pub remove: Vec<ResidentId>,
}

pub struct Answer {
    pub receipts: Vec<Receipt>,
    pub items: Vec<Item>,
    pub cursor: Cursor,
    pub through: i64,
    pub grids: BTreeMap<GridId, Counted>,
}

impl Server {
    pub fn handle(&mut self, request: &Request) -> Answer {
        let (receipts, touched) = self.take_in(request.device, &request.edits);
        let registration = self.devices.get_mut(&request.device).unwrap();
        for (resident, holding) in &request.dropped {
            if registration.holds.get(resident) == Some(holding) {
                registration.holds.remove(resident);
            }
        }
        let through = (1..).take_while(|n| registration.seqs.contains_key(n)).count() as i64;
        let (items, cursor, grids) = self.pull(request, &touched);
        Answer {
            receipts,
            items,
            cursor,
            through,
            grids,
        }
    }

    fn pull(
        &mut self,
        request: &Request,
        touched: &BTreeSet<ResidentId>,
    ) -> (Vec<Item>, Cursor, BTreeMap<GridId, Counted>) {
        let registration = &self.devices[&request.device];
        let (mine, epoch) = self.grants[registration.worker].clone();
        let mine: BTreeSet<GridId> = match self.has(Bug::LeaksGrids) {
            true => self.feeds.keys().copied().collect(),
            false => mine,
        };
        let mut from = request.cursor.clone();
        if from.incarnation != self.incarnation || from.device > registration.news.len() {
            from = Cursor::default();
        }
        let newest = |grid: &GridId| self.feeds.get(grid).map_or(0, |feed| feed.n);
        if from.epoch != epoch || from.grids.iter().any(|(grid, n)| *n > newest(grid)) {
            from.grids.clear();
        }
        let mut items: Vec<Item> = Vec::new();
        for news in &registration.news[from.device..] {
            items.push(match news {
                News::Drop { resident, holding } => Item::Drop {
                    resident: *resident,
                    holding: *holding,
                },
                News::Receipt(receipt) => Item::Receipt(receipt.clone()),
            });
        }
        let mut next = Cursor {
            incarnation: self.incarnation,
            epoch,
            device: registration.news.len(),
            grids: BTreeMap::new(),
        };
        let mut residents = touched.clone();
        let mut grids = BTreeMap::new();
        for grid in &mine {
            let empty = Default::default();
            let feed = self.feeds.get(grid).unwrap_or(&empty);
            let start = from.grids.get(grid).copied().unwrap_or(0);
            residents.extend(
                feed.entries
                    .iter()
                    .filter(|(_, n)| **n > start)
                    .map(|(id, _)| *id),
            );
            next.grids.insert(*grid, feed.n);
            let mut remove = Vec::new();
            if let Some(have) = request.have.get(grid) {
                let version = |id: &ResidentId| self.people[id].in_feed().map(|(_, version)| version);
                remove.extend(have.keys().filter(|id| !feed.entries.contains_key(id)).copied());
                residents.extend(
                    feed.entries
                        .keys()
                        .filter(|id| have.get(id) != version(id).as_ref())
                        .copied(),
                );
            }
            let counted = Counted {
                count: feed.count,
                digest: feed.digest,
                remove,
            };
            grids.insert(*grid, counted);
        }
        for id in residents {
            let Some(person) = self.people.get(&id) else {
                continue;
            };
            let visible =
                person.grid.is_some_and(|grid| mine.contains(&grid)) && person.state() != State::Departed;
            if !visible {
                continue;
            }
            items.push(Item::Record {
                resident: id,
                item: person.item.clone(),
                document: request.documents.then(|| person.bytes().to_vec()),
            });
            self.hold(request.device, id);
        }
        (items, next, grids)
    }
}
