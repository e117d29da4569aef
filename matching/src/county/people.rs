//! Rows of one person over the register and all lists.

use super::answer::Judged;
use super::twice::{Groups, join_all, same_person};
use super::{County, Row, content};
use crate::clues::Person;
use crate::hands::Hands;
use crate::keys::{Index, Kind};
use crate::record::{Born, Record};
use std::collections::{BTreeSet, HashMap};

/// By row, those of the register first and then those of the lists: the first row of the same person. `links` has for
/// each row of a list the row of the register that a machine or a person named, `waiting` whether a person is asked.
pub fn people(
    hands: &impl Hands,
    county: &County<'_>,
    rows: &[Row],
    links: &[Option<u32>],
    waiting: &[bool],
) -> Vec<u32> {
    let base = county.register.len() as u32;
    let numbers = county
        .register
        .iter()
        .map(|r| r.number.valid())
        .chain(rows.iter().map(|r| r.record.number.valid()));
    let mut groups = Groups::new(numbers);
    for (at, first) in county.person.iter().enumerate() {
        groups.join(*first, at as u32);
    }
    for (at, link) in links.iter().enumerate() {
        if let Some(known) = link {
            groups.add(*known, base + at as u32);
        }
    }
    // People whom the register does not know are found in each other's rows.
    let free: Vec<u32> = (0..rows.len() as u32)
        .filter(|at| links[*at as usize].is_none() && !waiting[*at as usize])
        .collect();
    let records: Vec<Record> = free.iter().map(|at| rows[*at as usize].record).collect();
    let index = Index::new(hands, &FREE, county.names, &records);
    let pairs = hands.each(records.len(), 1000, |at, found| {
        index.find(&FREE, county.names, &records[at], found);
        let later = found.iter().filter(|other| **other > at as u32);
        later
            .filter_map(|other| {
                let odds = same_person(county, &records[at], &records[*other as usize])?;
                Some((odds, free[at], free[*other as usize]))
            })
            .collect::<Vec<_>>()
    });
    let pairs = pairs
        .into_iter()
        .flatten()
        .map(|(odds, a, b)| (odds, base + a, base + b));
    join_all(&mut groups, pairs.collect(), |at| {
        content(county.names, &rows[(at - base) as usize].record)
    });
    (0..base + rows.len() as u32).map(|at| groups.first(at)).collect()
}

/// Rows that are not linked, each with the rows of the register that it may be about all the same.
pub fn doubts(county: &County<'_>, judged: &[Judged], answered: &BTreeSet<u32>) -> Vec<(u32, u32)> {
    let mut all = Vec::new();
    for (at, said) in (0u32..).zip(judged) {
        if said.linked().is_some() || answered.contains(&at) {
            continue;
        }
        let asks = matches!(said.answer, super::Answer::Asks(_));
        let near = said
            .candidates
            .iter()
            .filter(|c| asks || c.weight >= county.limits.doubt);
        all.extend(near.map(|c| (at, c.at)));
    }
    all
}

/// The people of [`people`] as rules see them, in the order of their first rows.
pub fn for_rules(county: &County<'_>, rows: &[Row], first: &[u32], doubts: &[(u32, u32)]) -> Vec<Person> {
    let base = county.register.len();
    let mut at: Vec<u32> = vec![u32::MAX; first.len()];
    let mut people: Vec<Person> = Vec::new();
    for (row, head) in first.iter().enumerate() {
        let person = &mut at[*head as usize];
        if *person == u32::MAX {
            *person = people.len() as u32;
            people.push(Person::default());
        }
        let person = &mut people[*person as usize];
        match row.checked_sub(base) {
            None => person.register.push(row as u32),
            Some(row) => person.rows.push(row as u32),
        }
    }
    for (row, known) in doubts {
        let own = at[first[base + *row as usize] as usize] as usize;
        people[own].may_be_registered = true;
        people[at[first[*known as usize] as usize] as usize]
            .maybe
            .push(*row);
    }
    let mut sizes: HashMap<u64, u32> = HashMap::new();
    for record in county.register.iter().filter(|r| r.household != 0) {
        *sizes.entry(record.household).or_default() += 1;
    }
    for person in &mut people {
        person.maybe.sort_unstable();
        person.maybe.dedup();
        let register = person.register.iter().map(|r| &county.register[*r as usize]);
        let listed = person.rows.iter().map(|r| &rows[*r as usize].record);
        // Whose row it is that waits is not known, nor therefore how old that person is.
        if !person.may_be_registered || !person.register.is_empty() {
            person.born = born(register.clone(), listed);
        }
        person.household = register.clone().find_map(|r| sizes.get(&r.household).copied());
    }
    people
}

/// By a valid number, the register's first; then by the register's column; then by the lists'.
fn born<'a>(
    register: impl Iterator<Item = &'a Record> + Clone,
    listed: impl Iterator<Item = &'a Record> + Clone,
) -> Born {
    let numbered = register
        .clone()
        .chain(listed.clone())
        .find(|r| r.number.valid().is_some());
    let by_number = numbered.map(|r| r.number.born());
    let column = || register.clone().map(|r| r.born).find(|b| b.is_known());
    let lists = || listed.clone().map(Record::birth).filter(|b| b.is_known()).min();
    by_number.or_else(column).or_else(lists).unwrap_or_default()
}

const FREE: [Kind; 6] = [
    Kind::Number,
    Kind::SoundBorn,
    Kind::NamePhone,
    Kind::NameHead,
    Kind::NameHousehold,
    Kind::House,
];

/// What is settled of each row: the row of the register, and whether it waits for a person.
pub fn settled(judged: &[Judged]) -> (Vec<Option<u32>>, Vec<bool>) {
    judged
        .iter()
        .map(|j| {
            let asks = matches!(j.answer, super::Answer::Asks(_));
            (j.linked().map(|c| c.at), asks)
        })
        .unzip()
}
