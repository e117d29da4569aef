//! One run: who does what, and what the line and the machine do to it, all from one seed.

use super::decided::{barrier, decide};
use super::device::Device;
use super::person::{Person, Stood, What};
use super::pull::{Item, Request};
use super::server::{Bug, Server, grid};
use super::{Broken, Law, check, said};
use crate::desk::{cadre, list};
use crate::dice::Dice;
use domain::{DeviceId, EditId, GridId, ResidentId};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::base;
use sync::{Ask, Edit, State};

/// Rounds in which every phone syncs once, until all is quiet: more than any run needs.
const ROUNDS: usize = 40;

/// Steps of a run before the line is good again.
const STEPS: usize = 32;

pub struct World {
    pub dice: Dice,
    pub server: Server,
    pub devices: Vec<Device>,
    /// Requests that the line delivers when nobody waits for their answer any more.
    late: Vec<Request>,
    backups: Vec<Server>,
}

/// Plays one run to its end and holds it to every law.
pub fn play(seed: u64, bug: Option<Bug>) -> Result<(), Broken> {
    let mut world = World::new(seed, bug);
    for _ in 0..STEPS {
        world.step()?;
    }
    world.settle()?;
    check::all(&mut world)
}

impl World {
    fn new(seed: u64, bug: Option<Bug>) -> World {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5eed);
        let grids = |all: &[u8]| all.iter().map(|n| grid(*n)).collect::<BTreeSet<_>>();
        let mut server = Server::new(vec![grids(&[0]), grids(&[0, 1]), grids(&[1])], bug);
        let mut devices = Vec::new();
        for (n, (worker, full)) in [(0, false), (1, true), (1, false), (2, dice.chance(50))]
            .into_iter()
            .enumerate()
        {
            let id = DeviceId::from_bytes([n as u8 + 1; 16]);
            server.register(id, worker);
            devices.push(Device::new(id, worker, full));
        }
        for n in 0..3 {
            let (made, into) = said::first(&mut dice, n);
            let resident = made.edit.resident;
            let person = Person::new(resident, &server.catalogue, State::Present, into);
            server.people.insert(resident, person);
            server.apply(&made.edit, &list("民政")).unwrap();
        }
        let mut world = World {
            dice,
            server,
            devices,
            late: Vec::new(),
            backups: Vec::new(),
        };
        for n in 0..world.devices.len() {
            let request = world.devices[n].request(0);
            if let Ok(answer) = world.deliver(&request) {
                world.devices[n].take(&request, answer);
            }
        }
        world
    }

    fn step(&mut self) -> Result<(), Broken> {
        let n = self.dice.below(self.devices.len());
        match self.dice.below(100) {
            0..36 => self.make(n),
            36..66 => self.sync(n)?,
            66..70 => {
                if !self.late.is_empty() {
                    let place = self.dice.below(self.late.len());
                    let request = self.late.remove(place);
                    self.deliver(&request)?;
                }
            }
            70..77 => self.console(),
            77..81 => self.list(),
            81..86 => self.approve(),
            86..88 => self.renew()?,
            88..90 => self.relocate(),
            90..92 => self.admit(),
            92..94 => self.regrant(),
            94..97 => self.backups.push(self.server.clone()),
            97 | 98 => {
                if let Some(backup) = self.backups.pop() {
                    let incarnation = self.server.incarnation + 1;
                    self.server = backup.restored(incarnation);
                    self.backups.clear();
                }
            }
            // A restart: what was on its way is gone.
            _ => self.late.clear(),
        }
        Ok(())
    }

    fn make(&mut self, n: usize) {
        let device = &mut self.devices[n];
        let known: Vec<ResidentId> = device.items.keys().copied().collect();
        if known.is_empty() || self.dice.chance(8) {
            let into: Vec<GridId> = self.server.grants[device.worker].0.iter().copied().collect();
            if !into.is_empty() {
                let into = *self.dice.one_of(&into);
                said::create(&mut self.dice, device, into);
            }
            return;
        }
        let resident = *self.dice.one_of(&known);
        said::by_phone(&mut self.dice, device, resident);
    }

    /// One exchange on a bad line.
    fn sync(&mut self, n: usize) -> Result<(), Broken> {
        let most = if self.dice.chance(20) { 1 } else { 200 };
        let mut request = self.devices[n].request(most);
        if self.dice.chance(20) {
            request.edits.reverse();
        }
        match self.dice.below(100) {
            0..12 => {}
            12..26 => drop(self.deliver(&request)?),
            26..34 => {
                // Twice; of the two answers the first arrives.
                let answer = self.deliver(&request)?;
                self.deliver(&request)?;
                self.devices[n].take(&request, answer);
            }
            34..41 => self.late.push(request),
            _ => {
                let answer = self.deliver(&request)?;
                self.devices[n].take(&request, answer);
            }
        }
        Ok(())
    }

    /// The request reaches the server; what it did and what it says are held to what is the worker's.
    fn deliver(&mut self, request: &Request) -> Result<super::pull::Answer, Broken> {
        let broken = |what: String| Err((Law::Scope, what));
        let registration = &self.server.devices[&request.device];
        let (worker, held) = (registration.worker, registration.holds.clone());
        let before: BTreeSet<EditId> = self.server.edits.keys().copied().collect();
        let answer = self.server.handle(request);
        let grids = self.server.grants[worker].0.clone();
        for (id, row) in self.server.edits.iter().filter(|(id, _)| !before.contains(id)) {
            let person = &self.server.people[&row.resident];
            let may = person.grid.is_some_and(|grid| grids.contains(&grid));
            if !may && !held.contains_key(&row.resident) {
                return broken(format!("{id} was written to a record that its worker has not"));
            }
        }
        let mine: BTreeSet<String> = grids.iter().map(ToString::to_string).collect();
        for item in &answer.items {
            if let Item::Record { resident, item, .. } = item
                && !mine.contains(item["grid"].as_str().unwrap_or_default())
            {
                return broken(format!("{resident} was sent to worker {worker}"));
            }
        }
        Ok(answer)
    }

    fn someone(&mut self) -> ResidentId {
        let all: Vec<ResidentId> = self.server.people.keys().copied().collect();
        *self.dice.one_of(&all)
    }

    /// A cadre writes, seeing everything.
    fn console(&mut self) {
        let resident = self.someone();
        let item = self.server.item(resident).unwrap().clone();
        let text = |key: &str| item["fields"][key].as_str().unwrap_or_default().to_owned();
        let mut fields = said::fields(&mut self.dice, &item["fields"], &text, true);
        if self.dice.chance(10) {
            let now = *self.dice.one_of(&["died", "alive"]);
            fields = json!({ "life_status": { "was": item["fields"]["life_status"], "now": now } });
        }
        let parts = json!({ "base": item["version"], "fields": fields });
        let made = said::edit(EditId::from_bytes(self.dice.bytes16()), 1, resident, parts);
        let _ = self.server.apply(&made.edit, &cadre());
    }

    fn list(&mut self) {
        let resident = self.someone();
        let item = self.server.item(resident).unwrap()["fields"].clone();
        let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let parts = json!({ "fields": said::fields(&mut self.dice, &item, &text, false) });
        let made = said::edit(EditId::from_bytes(self.dice.bytes16()), 1, resident, parts);
        let _ = self.server.apply(&made.edit, &list("残联"));
    }

    /// A cadre says yes to what a phone proposed.
    fn approve(&mut self) {
        let mut open = Vec::new();
        for person in self.server.people.values() {
            for (id, ask) in &person.asked {
                if let Ask::Proposal { key, .. } = ask
                    && self.server.edits.contains_key(id)
                    && !person.decided.contains(&(*id, key.clone()))
                {
                    open.push((person.resident, *id, key.clone()));
                }
            }
        }
        if open.is_empty() {
            return;
        }
        let (resident, id, key) = self.dice.one_of(&open).clone();
        let mut person = self.server.people[&resident].clone();
        let arrival = person.arrivals.iter().find_map(|a| match &a.what {
            What::Edit(edit, writer, _) if edit.id == id => Some((edit.clone(), writer.clone())),
            _ => None,
        });
        let Some((edit, writer)) = arrival else { return };
        // What a full client proposes is read from what its changes write.
        let edit = match self.server.edits[&id].writes.clone() {
            Some(writes) => Box::new(Edit {
                fields: serde_json::from_value(writes).unwrap(),
                ..*edit
            }),
            None => edit,
        };
        let decision = EditId::from_bytes(self.dice.bytes16());
        let mut record = person.record();
        let base = base::effective(&record, &edit, writer.device, &self.server.catalogue);
        let field = self.server.catalogue.field(&key).unwrap();
        let shown = match field.in_document() {
            true => sync::document::now(&record.doc, field),
            false => record.fact(&key),
        };
        let what = What::Approve {
            edit,
            base: Stood::of(&base),
            key: key.clone(),
            decision,
            shown,
        };
        decide(&mut record, &what, &self.server.catalogue);
        person.decided.push((id, key));
        person.arrivals.push(barrier(&person, what));
        person.put(record);
        self.server.save(person, true);
    }

    /// A record's history ends: it shows the same, and goes on with a fresh document, whoever is behind.
    fn renew(&mut self) -> Result<(), Broken> {
        let resident = self.someone();
        let mut person = self.server.people[&resident].clone();
        let shown = |person: &Person| {
            let mut projection = person.projection(&self.server.catalogue);
            projection.open["version"] = Json::Null;
            (projection.open, projection.rest)
        };
        let before = shown(&person);
        let mut record = person.record();
        let what = What::Epoch(EditId::from_bytes(self.dice.bytes16()));
        decide(&mut record, &what, &self.server.catalogue);
        if record.past.len() == person.record().past.len() {
            // A merged note waits for a person.
            return Ok(());
        }
        if self.server.has(Bug::RenewsEmpty) {
            record.doc = sync::Record::new(resident, &self.server.catalogue, State::Present).doc;
        }
        person.arrivals.push(barrier(&person, what));
        person.put(record);
        if shown(&person) != before {
            return Err((
                Law::Projection,
                format!("{resident} is shown otherwise in its new epoch"),
            ));
        }
        self.server.save(person, true);
        Ok(())
    }

    fn admit(&mut self) {
        let reported = self.server.people.values().find(|p| p.state() == State::Reported);
        let Some(mut person) = reported.cloned() else {
            return;
        };
        let decision = EditId::from_bytes(self.dice.bytes16());
        let mut record = person.record();
        sync::decide::admit(&mut record, decision);
        person.arrivals.push(barrier(&person, What::Admit(decision)));
        person.put(record);
        self.server.save(person, true);
    }

    /// Somebody goes to the other grid.
    fn relocate(&mut self) {
        let resident = self.someone();
        let mut person = self.server.people[&resident].clone();
        let mut record = person.record();
        sync::decide::settle(&mut record, EditId::from_bytes(self.dice.bytes16()));
        person.put(record);
        person.grid = Some(if person.grid == Some(grid(0)) {
            grid(1)
        } else {
            grid(0)
        });
        self.server.save(person, true);
    }

    fn regrant(&mut self) {
        let worker = self.dice.below(3);
        let grids = (0..2).filter(|_| self.dice.chance(60)).map(grid).collect();
        self.server.grant(worker, grids);
    }

    /// The line is good again: everybody syncs until nobody has anything to say or to hear.
    fn settle(&mut self) -> Result<(), Broken> {
        for request in std::mem::take(&mut self.late) {
            self.deliver(&request)?;
        }
        let mut last = None;
        for _ in 0..ROUNDS {
            for n in 0..self.devices.len() {
                let request = self.devices[n].request(200);
                let answer = self.deliver(&request)?;
                self.devices[n].take(&request, answer);
            }
            let now = (self.state(), self.devices.iter().all(Device::quiet));
            if now.1 && last.as_ref() == Some(&now.0) {
                return Ok(());
            }
            last = Some(now.0);
        }
        Err((Law::Convergence, "never quiet".into()))
    }

    fn state(&self) -> Vec<Json> {
        let held: usize = self.devices.iter().map(|d| d.items.len()).sum();
        let versions = self.server.people.values().map(|p| p.item["version"].clone());
        versions
            .chain([json!(held), json!(self.server.held.len())])
            .collect()
    }
}
