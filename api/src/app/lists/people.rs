//! People whom the rows of one step may be about: residents and entries of the register, by keyed hashes.

use super::row::{birth_date, full_name, identity};
use crate::app::Error;
use crate::program::Program;
use crate::store::PER_THREAD;
use crate::store::lists::Row;
use crate::store::lookups;
use crate::store::records::Loaded;
use crate::store::register::{self, Entry, number_hash, person_hash};
use crate::store::tombstones;
use domain::ResidentId;
use domain::date::parse_wire;
use domain::id_number::IdNumber;
use domain::name::{Name, comparable};
use matching::link::Person;
use rayon::prelude::*;
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What the rows' hashes found.
#[derive(Default)]
pub struct Found {
    pub residents: BTreeSet<Uuid>,
    pub register: BTreeMap<i64, Entry>,
    /// Hashes of the rows that are an erased person's.
    pub erased: BTreeSet<Vec<u8>>,
}

/// Keyed hashes by which the rows of a step look for people.
#[derive(Default)]
pub struct Hashes {
    pub numbers: Vec<Vec<u8>>,
    /// Name with birth date.
    pub people: Vec<Vec<u8>>,
    pub names: Vec<Vec<u8>>,
    /// Whom the evidence names.
    pub residents: Vec<Uuid>,
    pub entries: Vec<i64>,
}

pub fn hashes(program: &Program, rows: &[Row]) -> Hashes {
    let each = rows.par_iter().with_min_len(PER_THREAD);
    let each: Vec<Hashes> = each.map(|row| of_row(program, row)).collect();
    let mut all = Hashes::default();
    for one in each {
        all.numbers.extend(one.numbers);
        all.people.extend(one.people);
        all.names.extend(one.names);
        all.residents.extend(one.residents);
        all.entries.extend(one.entries);
    }
    all
}

fn of_row(program: &Program, row: &Row) -> Hashes {
    let keys = &program.keys;
    let mut out = Hashes::default();
    let who = identity(&row.content);
    for seen in row.evidence.iter().flat_map(|evidence| &evidence.seen) {
        out.residents.extend(seen.resident);
        match &seen.number {
            Some(number) => out.numbers.push(number_hash(keys, number)),
            None => out.entries.extend(seen.entry),
        }
    }
    if let Some(number) = who.number() {
        out.numbers.push(number_hash(keys, number.as_str()));
    }
    let name = &who.name().plain;
    if name.is_empty() {
        return out;
    }
    for date in who.birth_dates() {
        out.people.push(person_hash(keys, name, &date.to_string()));
    }
    if who.number().is_none() && birth_date(&row.content).is_none() {
        out.names.push(keys.lookup("name", &comparable(name)));
    }
    out
}

/// Looks for everybody whom these rows may be about.
pub async fn find<C: ConnectionTrait>(db: &C, program: &Program, hashes: &Hashes) -> Result<Found, Error> {
    let mut found = Found::default();
    for (kind, hashes) in [
        ("id_number", &hashes.numbers),
        ("person", &hashes.people),
        ("name", &hashes.names),
    ] {
        found.residents.extend(
            lookups::find(db, kind, hashes)
                .await?
                .into_iter()
                .map(|l| l.resident),
        );
    }
    found.residents.extend(&hashes.residents);
    let mut entries = register::find(db, &program.keys, &hashes.numbers, &hashes.people).await?;
    entries.extend(register::by_ids(db, &program.keys, &hashes.entries).await?);
    found.erased = tombstones::known(db, "id_number", &hashes.numbers).await?;
    found
        .erased
        .extend(tombstones::known(db, "person", &hashes.people).await?);
    found.register = entries.into_iter().map(|e| (e.id, e)).collect();
    Ok(found)
}

/// Whether a row is about somebody who was erased.
pub fn is_erased(program: &Program, erased: &BTreeSet<Vec<u8>>, row: &Row) -> bool {
    if erased.is_empty() {
        return false;
    }
    let own = hashes(program, std::slice::from_ref(row));
    own.numbers
        .iter()
        .chain(&own.people)
        .any(|hash| erased.contains(hash))
}

/// A record as somebody whom a row may be about: the survivor, where it was merged into one.
pub fn resident(loaded: &Loaded) -> Person<ResidentId> {
    let fact = |key: &str| loaded.record.fact(key).as_text().map(str::to_owned);
    Person {
        key: loaded.merged_into.map_or(loaded.record.resident, Into::into),
        number: fact("id_number").and_then(|n| IdNumber::parse(&n).ok()),
        name: Name::parse(&fact("name").unwrap_or_default()),
        birth_date: fact("birth_date").and_then(|d| parse_wire(&d)),
    }
}

/// What a person of the register is called where somebody chooses: it stays the same when a newer register replaces
/// the row.
pub fn listed_id(program: &Program, entry: &Entry) -> Uuid {
    let get = |key: &str| entry.get(key).unwrap_or_default().as_bytes();
    let parts: [&[u8]; 4] = [b"listed", get("id_number"), get("name"), get("birth_date")];
    Uuid::from_bytes(program.keys.derive(&parts))
}

/// The register's entries as people.
pub fn listed(register: &BTreeMap<i64, Entry>) -> Vec<Person<i64>> {
    let one = |entry: &Entry| {
        let content = crate::store::lists::Content {
            values: entry.values.clone(),
            ..Default::default()
        };
        Person {
            key: entry.id,
            number: entry.get("id_number").and_then(|n| IdNumber::parse(n).ok()),
            name: Name::parse(&full_name(&content)),
            birth_date: birth_date(&content),
        }
    };
    register.values().map(one).collect()
}
