//! The phone's side: what it asks, and what it does with an answer.

use super::model::{GRIDS, Outcome};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub news: u8,
    pub epoch: u8,
    pub grids: [u8; GRIDS],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    pub edit: bool,
    pub dropped: Option<u8>,
    pub cursor: Cursor,
    /// A grid whose digest differed, and the version that the phone has there.
    pub have: Option<(usize, Option<u8>)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answer {
    pub receipt: bool,
    pub outcome: Option<Outcome>,
    /// The holding to drop; drops come before records.
    pub drop: Option<u8>,
    pub drop_everything: bool,
    /// Grid and version.
    pub record: Option<(usize, u8)>,
    pub remove: bool,
    pub cursor: Cursor,
    /// Of each grid of the worker, the version that the person has there.
    pub grids: [Option<Option<u8>>; GRIDS],
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Phone {
    pub record: Option<(usize, u8)>,
    pub cursor: Cursor,
    pub unsent: bool,
    pub told: Option<Outcome>,
    pub dropped: Option<u8>,
    pub differing: Option<usize>,
    /// It made its edit while it had the record.
    pub made: bool,
}

impl Phone {
    pub fn make(&mut self) {
        self.made = true;
        self.unsent = true;
    }

    pub fn request(&self) -> Request {
        let version = |grid| {
            self.record
                .filter(|(own, _)| *own == grid)
                .map(|(_, version)| version)
        };
        Request {
            edit: self.unsent,
            dropped: self.dropped,
            cursor: self.cursor.clone(),
            have: self.differing.map(|grid| (grid, version(grid))),
        }
    }

    pub fn take(&mut self, request: &Request, answer: &Answer) {
        if self.dropped == request.dropped {
            self.dropped = None;
        }
        if answer.receipt {
            self.unsent = false;
            self.told = answer.outcome;
        }
        if answer.drop_everything {
            self.record = None;
            self.differing = None;
            self.dropped = answer.drop.filter(|number| request.dropped != Some(*number));
            return;
        }
        if let Some(holding) = answer.drop {
            self.record = None;
            self.dropped = Some(holding);
        }
        if let Some(record) = answer.record {
            self.record = Some(record);
        }
        if answer.remove {
            self.record = None;
        }
        self.cursor = answer.cursor.clone();
        if self.record.is_some_and(|(grid, _)| answer.grids[grid].is_none()) {
            self.record = None;
        }
        self.differing = (0..GRIDS).find(|grid| {
            let own = self
                .record
                .filter(|(at, _)| at == grid)
                .map(|(_, version)| version);
            answer.grids[*grid].is_some_and(|theirs| theirs != own)
        });
    }
}
