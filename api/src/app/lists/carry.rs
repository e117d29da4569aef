//! What the steps of a dry run hand on to each other: in a commit, later rows meet what earlier ones have written.
//!
//! Whoever a row would enter is known to all later rows. A record is kept only where the file names its number
//! again, so that a list of a county does not fill the memory with records that no row asks for.

use super::episode::Open;
use super::judge::Judged;
use super::people::{self, Hashes};
use crate::program::Program;
use crate::store::lists::{Outcome, Row};
use crate::store::lookups;
use crate::store::records::Loaded;
use crate::store::register::number_hash;
use domain::ResidentId;
use matching::link::Person;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// A record with its open episodes.
type Carried = (Loaded, BTreeMap<String, Open>);

#[derive(Default)]
pub struct Carry {
    /// Numbers seen so far, and those that stand in more than one row.
    seen: HashSet<Vec<u8>>,
    again: HashSet<Vec<u8>>,
    people: Vec<Person<ResidentId>>,
    entered: HashSet<Uuid>,
    by_hash: HashMap<Vec<u8>, Vec<usize>>,
    records: BTreeMap<Uuid, Carried>,
}

impl Carry {
    /// Counts the numbers of some rows; all rows of the list pass here before the first step.
    pub fn count(&mut self, program: &Program, rows: &[Row]) {
        for row in rows {
            let who = super::row::identity(&row.content);
            let Some(number) = who.number() else { continue };
            let hash = number_hash(&program.keys, number.as_str());
            if !self.seen.insert(hash.clone()) {
                self.again.insert(hash);
            }
        }
    }

    /// The counting is over.
    pub fn counted(&mut self) {
        self.seen = HashSet::new();
    }

    /// People whom earlier steps would have entered and these hashes find.
    pub fn people(&self, hashes: &Hashes) -> Vec<Person<ResidentId>> {
        let all = hashes.numbers.iter().chain(&hashes.people).chain(&hashes.names);
        let found: BTreeSet<usize> = all.flat_map(|h| self.by_hash.get(h)).flatten().copied().collect();
        found.into_iter().map(|n| self.people[n].clone()).collect()
    }

    /// Records with their open episodes as earlier steps would have left them, of people whom these hashes find.
    pub fn records(&mut self, ids: &BTreeSet<Uuid>) -> Vec<(Uuid, Carried)> {
        ids.iter()
            .filter_map(|id| Some((*id, self.records.remove(id)?)))
            .collect()
    }

    /// What a dry run says of its rows: whoever would be entered is nobody yet.
    pub fn said(&self, mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
        for outcome in &mut outcomes {
            outcome.resident = outcome.resident.filter(|id| !self.entered.contains(id));
        }
        outcomes
    }

    /// Keeps what later steps must know of a step.
    pub fn keep(&mut self, program: &Program, judged: &mut Judged<'_>) {
        for id in &judged.entered {
            let Some(loaded) = judged.desk.records.get(id) else {
                continue;
            };
            let person = people::resident(loaded);
            self.entered.insert(*id);
            let place = self.people.len();
            self.people.push(person);
            for (_, hash) in lookups::of(&program.keys, &loaded.record) {
                self.by_hash.entry(hash).or_default().push(place);
            }
        }
        for (id, loaded) in std::mem::take(&mut judged.desk.records) {
            let number = loaded.record.fact("id_number");
            let hash = number.as_text().map(|n| number_hash(&program.keys, n));
            if hash.is_some_and(|h| self.again.contains(&h)) {
                let open = judged.open.remove(&id).unwrap_or_default();
                self.records.insert(id, (loaded, open));
            }
        }
    }
}
