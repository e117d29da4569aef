//! Rows of one person over the register and all lists.

use super::answer::Judged;
use super::twice::{Groups, same_person};
use super::{County, Row, in_parallel};
use crate::keys::{Index, Kind};
use crate::record::Record;

/// By row, those of the register first and then those of the lists: the first row of the same person. `answered` says
/// of each list row what a person said or a machine decided: the row of the register, or none.
pub fn people(county: &County<'_>, rows: &[Row], links: &[Option<u32>], waiting: &[bool]) -> Vec<u32> {
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
            groups.join(*known, base + at as u32);
        }
    }
    // People whom the register does not know are found in each other's rows.
    let free: Vec<u32> = (0..rows.len() as u32)
        .filter(|at| links[*at as usize].is_none() && !waiting[*at as usize])
        .collect();
    let records: Vec<Record> = free.iter().map(|at| rows[*at as usize].record).collect();
    let index = Index::new(&FREE, county.names, &records);
    let pairs = in_parallel(records.len(), |at, found| {
        index.find(county.names, &records[at], found);
        let later = found.iter().filter(|other| **other > at as u32);
        later
            .filter_map(|other| {
                let odds = same_person(county, &records[at], &records[*other as usize])?;
                Some((odds, free[at], free[*other as usize]))
            })
            .collect::<Vec<_>>()
    });
    let mut pairs: Vec<(f32, u32, u32)> = pairs.into_iter().flatten().collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    for (_, a, b) in pairs {
        groups.join(base + a, base + b);
    }
    (0..base + rows.len() as u32).map(|at| groups.first(at)).collect()
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
