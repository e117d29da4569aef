//! Breadth first through every state, each visited once.

use super::model::{Bug, Outcome, PHONES, Server};
use super::phone::{Answer, Phone, Request};
use std::collections::{HashSet, VecDeque};

/// How much may happen before the line is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    pub moves: u8,
    pub grants: u8,
    pub revocations: u8,
    /// Requests and answers lost, requests that arrive twice or late.
    pub faults: u8,
    pub steps: u8,
}

pub struct Found {
    pub states: usize,
    pub broken: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    server: Server,
    phones: [Phone; PHONES],
    /// A request that the line still has, and may deliver when nobody waits for its answer.
    late: [Option<Request>; PHONES],
    left: Budget,
}

pub fn search(bug: Option<Bug>, budget: Budget) -> Found {
    let mut start = World {
        server: Server::new(bug),
        phones: Default::default(),
        late: Default::default(),
        left: budget,
    };
    let mut found = Found {
        states: 0,
        broken: None,
    };
    // Everybody has what is theirs.
    for n in 0..PHONES {
        if let Err(broken) = start.exchange(n) {
            found.broken = Some(broken);
            return found;
        }
    }
    let mut seen: HashSet<World> = HashSet::from([start.clone()]);
    let mut front = VecDeque::from([start]);
    while let Some(world) = front.pop_front() {
        found.states += 1;
        if let Err(broken) = world.clone().settled() {
            found.broken = Some(format!("{broken}\n{:?}\n{:?}", world.server, world.phones));
            return found;
        }
        if world.left.steps == 0 {
            continue;
        }
        for next in world.next() {
            match next {
                Ok(mut next) => {
                    next.left.steps = world.left.steps - 1;
                    if seen.insert(next.clone()) {
                        front.push_back(next);
                    }
                }
                Err(broken) => {
                    found.broken = Some(format!("{broken}\n{:?}\n{:?}", world.server, world.phones));
                    return found;
                }
            }
        }
    }
    found
}

impl World {
    /// All that may happen next.
    fn next(&self) -> Vec<Result<World, String>> {
        let mut out = Vec::new();
        let mut push = |change: &dyn Fn(&mut World) -> Result<(), String>| {
            let mut next = self.clone();
            out.push(change(&mut next).map(|()| next));
        };
        if self.left.moves > 0 {
            for to in [None, Some(0), Some(1)]
                .into_iter()
                .filter(|to| *to != self.server.grid)
            {
                push(&|world| {
                    world.left.moves -= 1;
                    world.server.relocate(to);
                    Ok(())
                });
            }
        }
        for n in 0..PHONES {
            let phone = &self.phones[n];
            if phone.record.is_some() && !phone.made && n != 1 {
                push(&|world| {
                    world.phones[n].make();
                    Ok(())
                });
                // The worker writes while an answer is on its way: the drop that it brings finds an edit unsent.
                push(&|world| {
                    let request = world.phones[n].request();
                    let answer = world.deliver(n, &request)?;
                    world.phones[n].make();
                    world.phones[n].take(&request, &answer);
                    Ok(())
                });
            }
            push(&|world| world.exchange(n));
            if self.left.grants > 0 {
                for grids in [[false, false], [true, false], [false, true]] {
                    if grids != self.server.phones[n].grids {
                        push(&|world| {
                            world.left.grants -= 1;
                            world.server.grant(n, grids);
                            Ok(())
                        });
                    }
                }
            }
            if self.left.revocations > 0 && !self.server.phones[n].ended {
                push(&|world| {
                    world.left.revocations -= 1;
                    world.server.end(n);
                    Ok(())
                });
            }
            if self.left.faults > 0 {
                // The answer is lost; the request stays on its way; it arrives at last.
                push(&|world| {
                    world.left.faults -= 1;
                    let request = world.phones[n].request();
                    world.deliver(n, &request).map(drop)
                });
                if self.late[n].is_none() {
                    push(&|world| {
                        world.left.faults -= 1;
                        world.late[n] = Some(world.phones[n].request());
                        Ok(())
                    });
                }
            }
            if let Some(request) = &self.late[n] {
                push(&|world| {
                    world.late[n] = None;
                    world.deliver(n, request).map(drop)
                });
            }
        }
        out
    }

    fn exchange(&mut self, n: usize) -> Result<(), String> {
        let request = self.phones[n].request();
        let answer = self.deliver(n, &request)?;
        self.phones[n].take(&request, &answer);
        Ok(())
    }

    /// The request reaches the server; what it says is held to what is the worker's.
    fn deliver(&mut self, n: usize, request: &Request) -> Result<Answer, String> {
        let answer = self.server.handle(n, request);
        if answer.record.is_some() && !self.server.may(n) {
            return Err(format!("phone {n} was sent a person of others"));
        }
        Ok(answer)
    }

    /// Nothing is lost any more, and everybody syncs: then the promises hold.
    fn settled(mut self) -> Result<(), String> {
        for n in 0..PHONES {
            if let Some(request) = self.late[n].take() {
                self.deliver(n, &request)?;
            }
        }
        for _ in 0..6 {
            for n in 0..PHONES {
                self.exchange(n)?;
            }
        }
        for n in 0..PHONES {
            let (phone, own) = (&self.phones[n], &self.server.phones[n]);
            let quiet = !phone.unsent && phone.dropped.is_none() && phone.differing.is_none();
            if !quiet {
                return Err(format!("phone {n} is never quiet"));
            }
            let expected = self.server.grid.filter(|_| self.server.may(n));
            if phone.record != expected.map(|grid| (grid, self.server.version)) {
                return Err(format!("phone {n} has {:?}", phone.record));
            }
            if own.holding.is_some_and(|holding| !holding.told) != phone.record.is_some() {
                return Err(format!("who carries whom is not known of phone {n}"));
            }
            if own.holding.is_some() && phone.record.is_none() {
                return Err(format!("phone {n} never confirms that it dropped"));
            }
            if phone.made && (own.times != 1 || phone.told != own.outcome) {
                return Err(format!("the edit of phone {n} counts {} times", own.times));
            }
            // It had the person when it made the edit: then it is in time, however late it comes.
            if phone.made && own.outcome == Some(Outcome::OutOfScope) {
                return Err(format!("the edit of phone {n} was refused"));
            }
        }
        Ok(())
    }
}
