//! The server's side: what one request does, and what a move, a grant or a revocation does to phones.

use super::phone::{Answer, Request};

pub const PHONES: usize = 3;
pub const GRIDS: usize = 2;

/// What became of the one edit of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Written, or a proposal of who still carries the person.
    Taken,
    /// Handed in by who may do nothing else.
    HandedIn,
    /// Kept, because the phone was thought to have no such person.
    OutOfScope,
}

/// That a phone carries the person; told once it was asked to drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Holding {
    pub number: u8,
    pub told: bool,
}

/// One registration, each of a worker of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Registration {
    pub grids: [bool; GRIDS],
    pub epoch: u8,
    pub ended: bool,
    pub holding: Option<Holding>,
    /// The drop in the phone's own feed: its number there, and the holding that it ends.
    pub drop: Option<(u8, u8)>,
    pub news: u8,
    pub outcome: Option<Outcome>,
    pub times: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// The person's grid; none for who has left.
    pub grid: Option<usize>,
    pub version: u8,
    /// By grid the newest number, and the number at which the person stands there.
    pub feeds: [(u8, Option<u8>); GRIDS],
    pub phones: [Registration; PHONES],
    pub holdings: u8,
    pub bug: Option<Bug>,
}

/// A deliberate mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bug {
    /// A drop that was withdrawn is not sent again when the person leaves anew.
    ForgetsWithdrawn,
    /// What the phone dropped is noted before what it had not sent.
    DropsFirst,
    /// The answer that carries a receipt carries the record, whoever has it by now.
    LeaksTouched,
    /// An edit that came before is written again.
    ForgetsKnown,
    /// An ended grant drops nothing.
    KeepsAfterGrant,
    /// An ended registration may go on reading.
    ServesEnded,
}

impl Bug {
    pub const ALL: [Bug; 6] = [
        Bug::ForgetsWithdrawn,
        Bug::DropsFirst,
        Bug::LeaksTouched,
        Bug::ForgetsKnown,
        Bug::KeepsAfterGrant,
        Bug::ServesEnded,
    ];
}

impl Server {
    pub fn new(bug: Option<Bug>) -> Server {
        let phone = |grids| Registration {
            grids,
            epoch: 1,
            ended: false,
            holding: None,
            drop: None,
            news: 0,
            outcome: None,
            times: 0,
        };
        Server {
            grid: Some(0),
            version: 1,
            feeds: [(1, Some(1)), (0, None)],
            phones: [phone([true, false]), phone([false, true]), phone([true, true])],
            holdings: 0,
            bug,
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    pub fn may(&self, phone: usize) -> bool {
        let own = &self.phones[phone];
        !own.ended && self.grid.is_some_and(|grid| own.grids[grid])
    }

    /// The person goes to another grid, leaves, or comes back: feeds, then the phones.
    pub fn relocate(&mut self, to: Option<usize>) {
        if let Some(from) = self.grid {
            self.feeds[from].1 = None;
        }
        self.grid = to;
        self.version += 1;
        self.enter();
        for n in 0..PHONES {
            let may_stay = self.may(n);
            let forgets = self.has(Bug::ForgetsWithdrawn);
            let phone = &mut self.phones[n];
            match phone.holding {
                Some(holding) if may_stay && holding.told => phone.drop = None,
                Some(holding) if !may_stay && (!holding.told || !forgets) => phone.tell_to_drop(holding),
                _ => {}
            }
        }
    }

    fn enter(&mut self) {
        if let Some(grid) = self.grid {
            self.feeds[grid].0 += 1;
            self.feeds[grid].1 = Some(self.feeds[grid].0);
        }
    }

    /// Another set of grids for a worker.
    pub fn grant(&mut self, phone: usize, grids: [bool; GRIDS]) {
        let own = &mut self.phones[phone];
        let given = self.grid.is_some_and(|grid| grids[grid] && !own.grids[grid]);
        own.grids = grids;
        own.epoch += 1;
        if given {
            own.drop = None;
        }
        self.release(phone);
    }

    pub fn end(&mut self, phone: usize) {
        self.phones[phone].ended = true;
        self.release(phone);
    }

    fn release(&mut self, phone: usize) {
        if self.may(phone) || self.has(Bug::KeepsAfterGrant) {
            return;
        }
        let own = &mut self.phones[phone];
        if let Some(holding) = own.holding
            && (!holding.told || own.drop.is_none())
        {
            own.tell_to_drop(holding);
        }
    }

    pub fn handle(&mut self, n: usize, request: &Request) -> Answer {
        let handing_in = self.phones[n].ended && !self.has(Bug::ServesEnded);
        if self.has(Bug::DropsFirst) {
            self.confirm(n, request);
        }
        let mut touched = false;
        if request.edit {
            touched = self.take_in(n, handing_in);
        }
        self.confirm(n, request);
        let mut answer = Answer {
            receipt: request.edit,
            outcome: self.phones[n].outcome,
            ..Answer::default()
        };
        if handing_in {
            answer.drop_everything = true;
            answer.cursor = request.cursor.clone();
            if let Some(holding) = self.phones[n].holding {
                answer.drop = Some(holding.number);
            }
            return answer;
        }
        if request.cursor.epoch != self.phones[n].epoch {
            self.release(n);
        }
        self.pull(n, request, touched, &mut answer);
        answer
    }

    /// Whether the answer speaks of the record.
    fn take_in(&mut self, n: usize, handing_in: bool) -> bool {
        if self.phones[n].outcome.is_some() && !self.has(Bug::ForgetsKnown) {
            return true;
        }
        let outcome = match () {
            () if handing_in => Outcome::HandedIn,
            () if self.may(n) || self.phones[n].holding.is_some() => Outcome::Taken,
            () => Outcome::OutOfScope,
        };
        if outcome == Outcome::Taken && self.may(n) {
            self.version += 1;
            self.enter();
        }
        let own = &mut self.phones[n];
        own.outcome = Some(outcome);
        own.times += 1;
        outcome == Outcome::Taken
    }

    fn confirm(&mut self, n: usize, request: &Request) {
        let own = &mut self.phones[n];
        if let Some(holding) = own.holding
            && request.dropped == Some(holding.number)
            && holding.told
        {
            own.holding = None;
        }
    }

    fn pull(&mut self, n: usize, request: &Request, touched: bool, answer: &mut Answer) {
        let leaks = touched && self.has(Bug::LeaksTouched);
        let may = self.may(n) || (self.phones[n].ended && self.has(Bug::ServesEnded) && self.grid.is_some());
        let own = &self.phones[n];
        let mut from = request.cursor.clone();
        if from.epoch != own.epoch || (0..GRIDS).any(|grid| from.grids[grid] > self.feeds[grid].0) {
            from.grids = [0; GRIDS];
        }
        answer.drop = own
            .drop
            .filter(|(at, _)| *at > from.news)
            .map(|(_, holding)| holding);
        answer.cursor.news = own.news;
        answer.cursor.epoch = own.epoch;
        let mut sent = leaks || (touched && may);
        for grid in 0..GRIDS {
            if own.grids[grid] {
                let (newest, entry) = self.feeds[grid];
                sent |= entry.is_some_and(|at| at > from.grids[grid]);
                answer.cursor.grids[grid] = newest;
                answer.grids[grid] = Some(entry.map(|_| self.version));
            }
        }
        // What the phone says that it has of a grid is compared.
        if let Some((grid, have)) = request.have {
            let there = answer.grids[grid].flatten();
            answer.remove = answer.grids[grid].is_some() && have.is_some() && there.is_none();
            sent |= there.is_some() && there != have;
        }
        if !sent || !(may || leaks) {
            return;
        }
        answer.record = self.grid.map(|grid| (grid, self.version));
        let own = &mut self.phones[n];
        match own.holding {
            Some(holding) if !holding.told => {}
            _ => {
                self.holdings += 1;
                own.holding = Some(Holding {
                    number: self.holdings,
                    told: false,
                });
            }
        }
    }
}

impl Registration {
    fn tell_to_drop(&mut self, holding: Holding) {
        self.holding = Some(Holding {
            told: true,
            ..holding
        });
        self.news += 1;
        self.drop = Some((self.news, holding.number));
    }
}
