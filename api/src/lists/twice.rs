//! The same person in two rows of one file: rows that say the same, and rows that contradict each other.
//!
//! While the rows go by only a digest of each number is kept; the rows of those who come again are compared afterwards.

use super::row::{Fault, Identity, Row};
use super::why::Why;
use super::words;
use domain::name::Name;
use std::borrow::Borrow;
use std::collections::hash_map::{Entry, RandomState};
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// What tells rows apart that are about different things: a subsidy each.
const THINGS: [&str; 2] = [".benefit", "category"];
/// Earlier rows of one person that a row is compared with.
const COMPARED: usize = 50;

/// A row by its sheet and number.
pub type Place = (usize, u32);

/// The places of rows about one person, in the order of the file, for each person who has several.
pub type Again = Vec<Vec<Place>>;

/// Digests of the numbers that have gone by.
#[derive(Default)]
pub struct Seen {
    hasher: RandomState,
    first: HashMap<u64, (u32, u32)>,
    again: HashMap<u64, Vec<Place>>,
}

impl Seen {
    pub fn add(&mut self, row: &Row) {
        let Identity::Known(number) = &row.identity else {
            return;
        };
        let digest = self.hasher.hash_one(number.as_str());
        match self.first.entry(digest) {
            Entry::Vacant(free) => {
                free.insert((row.sheet as u32, row.number));
            }
            Entry::Occupied(first) => {
                let (sheet, number) = *first.get();
                let places = self.again.entry(digest);
                places
                    .or_insert_with(|| vec![(sheet as usize, number)])
                    .push((row.sheet, row.number));
            }
        }
    }

    pub fn again(self) -> Again {
        let mut again: Again = self.again.into_values().collect();
        again.sort_unstable();
        again
    }
}

/// What is said of a row beside others of the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Another row contradicts it.
    Contradicts,
    /// It says the same as an earlier row.
    SameAs(Place),
}

/// Compares the rows of one person in their order: what is said of which of them, by index. Rows of sheets for
/// different months are not compared.
pub fn compare<K: Borrow<str> + Ord>(
    rows: &[(Place, &BTreeMap<K, String>)],
    month_sheets: &[bool],
) -> Vec<Option<Mark>> {
    let of_month = |sheet: usize| month_sheets.get(sheet) == Some(&true);
    let mut marks = vec![None; rows.len()];
    for later in 1..rows.len() {
        let (place, values) = rows[later];
        let mut equal = None;
        for earlier in 0..later.min(COMPARED) {
            let (other, said) = rows[earlier];
            // Digests of numbers may agree by chance.
            if said.get("id_number") != values.get("id_number") {
                continue;
            }
            let months = other.0 != place.0 && of_month(other.0) && of_month(place.0);
            if months || about_different_things(said, values) {
                continue;
            }
            if contradict(said, values) {
                marks[earlier] = Some(Mark::Contradicts);
                marks[later] = Some(Mark::Contradicts);
            } else if equal.is_none() {
                equal = Some(other);
            }
        }
        if let (None, Some(other)) = (marks[later], equal) {
            marks[later] = Some(Mark::SameAs(other));
        }
    }
    marks
}

/// Which sheets are one month's each.
pub fn month_sheets<'n>(names: impl Iterator<Item = &'n str>) -> Vec<bool> {
    names.map(|name| words::holds("month_sheet", name)).collect()
}

/// Marks rows that are held whole.
pub fn mark(rows: &mut [Row], again: &Again, month_sheets: &[bool]) {
    let at: HashMap<Place, usize> = match again.is_empty() {
        true => HashMap::new(),
        false => rows
            .iter()
            .enumerate()
            .map(|(n, row)| ((row.sheet, row.number), n))
            .collect(),
    };
    for places in again {
        let group: Vec<usize> = places.iter().filter_map(|place| at.get(place).copied()).collect();
        let said: Vec<(Place, &BTreeMap<&'static str, String>)> = group
            .iter()
            .map(|n| ((rows[*n].sheet, rows[*n].number), &rows[*n].values))
            .collect();
        for (n, mark) in group.iter().zip(compare(&said, month_sheets)) {
            match mark {
                Some(Mark::Contradicts) => rows[*n].faults.push(Fault {
                    key: "id_number",
                    why: Why::TwiceInFile,
                }),
                Some(Mark::SameAs(place)) => rows[*n].same_as = Some(place),
                None => {}
            }
        }
    }
}

fn about_different_things<K: Borrow<str> + Ord>(a: &BTreeMap<K, String>, b: &BTreeMap<K, String>) -> bool {
    THINGS.iter().any(|key| match (a.get(*key), b.get(*key)) {
        (Some(a), Some(b)) => a != b,
        _ => false,
    })
}

/// Both state a value and the values differ; a value that one of them leaves out contradicts nothing.
fn contradict<K: Borrow<str> + Ord>(a: &BTreeMap<K, String>, b: &BTreeMap<K, String>) -> bool {
    let shared = a.iter().map(|(key, value)| (key.borrow(), value));
    let differs = shared
        .filter(|(key, _)| !key.starts_with('.'))
        .filter_map(|(key, value)| Some((key, value, b.get(key)?)))
        .any(|(key, a, b)| match key {
            "name" => !Name::parse(a).agrees(&Name::parse(b)),
            // 1939-06 does not contradict 1939-06-11.
            "birth_date" | "since" | "death_date" => !a.starts_with(b.as_str()) && !b.starts_with(a.as_str()),
            _ => a != b,
        });
    let former = a.get(".former_name") == b.get("name") && b.contains_key("name");
    differs && !former
}
