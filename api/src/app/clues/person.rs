//! Who is who while rules run: a record, the hash of a number, the hash of name and birth date, each leading to one
//! person.

use crate::app::lists::row::{birth_date, full_name, identity};
use crate::program::Program;
use crate::store::lists::Row;
use crate::store::register::{Entry, number_hash, person_hash};
use domain::date::{self, Date, Day};
use domain::id_number::IdNumber;
use matching::clues::Person;
use matching::record::{Born, hash, hash_text};
use std::collections::HashMap;
use uuid::Uuid;

/// One way in which somebody is known. Of a keyed hash 16 bytes are enough to tell everybody of a county apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Resident(Uuid),
    Number(u128),
    Person(u128),
    /// A row of the register.
    Entry(i64),
}

impl Key {
    pub fn number(hash: &[u8]) -> Key {
        Key::Number(short(hash))
    }

    pub fn person(hash: &[u8]) -> Key {
        Key::Person(short(hash))
    }
}

fn short(hash: &[u8]) -> u128 {
    hash.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

/// What a row says of who it is about.
pub struct Said {
    pub number: Option<Key>,
    pub person: Option<Key>,
    /// Those whom evidence names for a row that waits.
    pub near: Vec<Key>,
    pub born: Born,
    /// By a number that is valid.
    pub numbered: bool,
    pub born_text: u64,
}

pub fn of_row(program: &Program, row: &Row) -> Said {
    let (keys, who) = (&program.keys, identity(&row.content));
    let number = who.number().map(|n| Key::number(&number_hash(keys, n.as_str())));
    let name = domain::name::Name::parse(&full_name(&row.content)).plain;
    let column = birth_date(&row.content);
    let date = who.number().map(IdNumber::birth_date).or(column);
    let person = date.filter(|_| !name.is_empty());
    let person = person.map(|d| Key::person(&person_hash(keys, &name, &d.to_string())));
    let seen = row.evidence.iter().flat_map(|e| &e.seen);
    let near = seen.flat_map(|seen| {
        let number = seen.number.as_ref().map(|n| Key::number(&number_hash(keys, n)));
        let entry = seen.entry.map(Key::Entry);
        [seen.resident.map(Key::Resident), number, entry]
    });
    Said {
        number,
        person,
        near: near.flatten().collect(),
        born: date.map_or(Born::NONE, born),
        numbered: who.number().is_some(),
        born_text: hash_text(row.content.get("birth_date").unwrap_or_default()),
    }
}

fn born(date: Date) -> Born {
    Born::new(date.year() as u32, date.month() as u32, date.day() as u32)
}

/// What the register says of somebody.
#[derive(Clone, Copy)]
pub struct Known {
    pub entry: i64,
    pub born: Born,
    pub numbered: bool,
    pub household: Option<u64>,
    pub born_text: u64,
}

impl Known {
    pub fn of_register(entry: &Entry) -> Known {
        let get = |key: &str| entry.get(key).unwrap_or_default();
        let number = IdNumber::parse(get("id_number")).ok();
        let day = |text: &str| match date::parse_wire(text)
            .map_or_else(|| date::parse(text), |d| Ok(Day::Date(d)))
        {
            Ok(Day::Date(d)) => born(d),
            Ok(Day::Month { year, month }) => Born::new(year as u32, month as u32, 0),
            Ok(Day::Year(year)) => Born::new(year as u32, 0, 0),
            Err(_) => Born::NONE,
        };
        let household = get("household_number");
        Known {
            entry: entry.id,
            numbered: number.is_some(),
            born: number.map_or_else(|| day(get("birth_date")), |n| born(n.birth_date())),
            household: (!domain::text::not_stated(household)).then(|| {
                hash(&[
                    hash_text(&entry.list.to_string()),
                    hash_text(get("village")),
                    hash_text(household),
                ])
            }),
            born_text: hash_text(get("birth_date")),
        }
    }

    /// Somebody who stands on no list.
    pub fn alone(self, maybe: Vec<u32>) -> Person {
        Person {
            register: vec![0],
            maybe,
            born: self.born,
            ..Person::default()
        }
    }
}

/// Somebody with what rules see of them.
#[derive(Default)]
pub struct One {
    pub person: Person,
    pub resident: Option<Uuid>,
    /// Residents who were merged into this one: their clues are this one's now.
    pub was: Vec<Uuid>,
    pub number: Option<u128>,
    pub named: Option<u128>,
    /// The register's row.
    pub entry: Option<i64>,
    pub born_text: u64,
    /// Known to stand in no register.
    pub new: bool,
    numbered: bool,
    household: Option<u64>,
}

#[derive(Default)]
pub struct People {
    pub all: Vec<One>,
    by: HashMap<Key, u32>,
    /// Rows that wait, by whom they may be about.
    maybe: HashMap<Key, Vec<u32>>,
    /// Numbers that rows name which wait: source, and place.
    pub conflicts: Vec<(Key, usize, (i32, i32))>,
}

impl People {
    pub fn find(&self, key: &Key) -> Option<u32> {
        self.by.get(key).copied()
    }

    pub fn find_any(&self, keys: &[Key]) -> Option<u32> {
        keys.iter().find_map(|key| self.find(key))
    }

    pub fn residents(&self) -> Vec<Uuid> {
        self.all.iter().filter_map(|one| one.resident).collect()
    }

    /// The person whom a row is about.
    pub fn person(&mut self, said: &Said, resident: Option<Uuid>) -> u32 {
        let keys = [
            resident.map(Key::Resident),
            said.number,
            // Of equal names and birth dates those with numbers are told apart by them.
            said.person
                .filter(|_| said.number.is_none() && resident.is_none()),
        ];
        let known = keys.iter().flatten().find_map(|key| self.find(key));
        let at = known.unwrap_or_else(|| {
            self.all.push(One::default());
            self.all.len() as u32 - 1
        });
        for key in keys.into_iter().flatten() {
            self.is(at, key);
        }
        let one = &mut self.all[at as usize];
        if !one.person.born.is_known() || (said.numbered && !one.numbered) {
            one.person.born = said.born;
            one.numbered |= said.numbered;
        }
        if one.entry.is_none() && one.born_text == 0 {
            one.born_text = said.born_text;
        }
        at
    }

    fn knows(&mut self, at: u32, key: Key) {
        if self.by.contains_key(&key) {
            return;
        }
        self.by.insert(key, at);
        let one = &mut self.all[at as usize];
        match key {
            Key::Resident(id) => one.resident = one.resident.or(Some(id)),
            Key::Number(hash) => one.number = one.number.or(Some(hash)),
            Key::Person(hash) => one.named = one.named.or(Some(hash)),
            Key::Entry(_) => {}
        }
    }

    /// Somebody who is known is known by this too.
    pub fn also(&mut self, known: &Key, key: Key) {
        if let Some(at) = self.find(known) {
            self.is(at, key);
        }
    }

    /// Whoever was known by the key only is this one.
    fn is(&mut self, at: u32, key: Key) {
        let other = self.find(&key).filter(|other| *other != at);
        let nobody_else = |other: &u32| self.all[*other as usize].resident.is_none();
        let Some(other) = other.filter(nobody_else) else {
            return self.knows(at, key);
        };
        let gone = std::mem::take(&mut self.all[other as usize]);
        let known = [gone.number.map(Key::Number), gone.named.map(Key::Person)];
        for key in known.into_iter().flatten() {
            self.by.insert(key, at);
        }
        let one = &mut self.all[at as usize];
        one.person.rows.extend(gone.person.rows);
        one.number = one.number.or(gone.number);
        one.named = one.named.or(gone.named);
        one.new |= gone.new;
        if gone.numbered && !one.numbered {
            one.person.born = gone.person.born;
            one.numbered = true;
        }
    }

    /// A row that waits may be about these.
    pub fn may_be(&mut self, row: u32, said: &Said) {
        let own = [said.number, said.person];
        for key in own.into_iter().flatten().chain(said.near.iter().copied()) {
            self.maybe.entry(key).or_default().push(row);
        }
    }

    /// Rows that wait and may be about whoever is known by these.
    pub fn maybe_of(&self, keys: &[Key]) -> Vec<u32> {
        let all = keys.iter().filter_map(|key| self.maybe.get(key));
        all.flatten().copied().collect()
    }

    pub fn stands_in_register(&mut self, at: u32, known: Known) {
        self.knows(at, Key::Entry(known.entry));
        let one = &mut self.all[at as usize];
        one.person.register = vec![0];
        if !one.person.born.is_known() || !one.numbered {
            one.person.born = known.born;
            one.numbered |= known.numbered;
        }
        if one.entry.is_none() {
            one.entry = Some(known.entry);
            one.born_text = known.born_text;
            one.household = known.household;
        }
    }

    pub fn enter_from_register(&mut self, keys: &[Key], known: Known, person: Person) {
        self.all.push(One {
            person,
            entry: Some(known.entry),
            born_text: known.born_text,
            numbered: known.numbered,
            household: known.household,
            ..One::default()
        });
        let at = self.all.len() as u32 - 1;
        for key in keys {
            self.knows(at, *key);
        }
    }

    pub fn households(&mut self, sizes: &HashMap<u64, u32>) {
        for one in &mut self.all {
            one.person.household = one.household.and_then(|h| sizes.get(&h).copied());
        }
    }

    /// Once everybody is known: rows that wait make what they touch uncertain, and whoever has no number may stand in the
    /// register under another spelling.
    pub fn settle(&mut self) {
        for at in 0..self.all.len() {
            let one = &self.all[at];
            let keys = [
                one.resident.map(Key::Resident),
                one.number.map(Key::Number),
                one.named.map(Key::Person),
                one.entry.map(Key::Entry),
            ];
            let keys: Vec<Key> = keys.into_iter().flatten().collect();
            let mut maybe = self.maybe_of(&keys);
            maybe.sort_unstable();
            maybe.dedup();
            let one = &mut self.all[at];
            one.person.maybe = maybe;
            let known = one.numbered || one.new;
            one.person.may_be_registered = one.person.register.is_empty() && !known;
        }
    }
}
