//! A small county to link in, and what came of it in terms of the rows' keys.

use domain::place::{Gazetteer, GridRange, Town, Village};
use domain::{DivisionId, GridId};
use matching::county::{Answer, County, Row, people};
use matching::hands::OneHand;
use matching::record::{Raw, Reader, Record};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A row as a file holds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    pub key: String,
    pub number: String,
    pub name: String,
    pub born: String,
    pub sex: String,
    pub address: String,
    pub village: String,
    pub phone: String,
    pub head: String,
    pub household: String,
    pub relation: String,
}

impl Cells {
    /// `key name number born sex address phone`, `-` for an empty cell.
    pub fn of(line: &str) -> Cells {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let cell = |n: usize| {
            cells
                .get(n)
                .filter(|c| **c != "-")
                .map_or(String::new(), |c| (*c).to_owned())
        };
        Cells {
            key: cell(0),
            name: cell(1),
            number: cell(2),
            born: cell(3),
            sex: cell(4),
            address: cell(5),
            phone: cell(6),
            head: cell(7),
            ..Cells::default()
        }
    }

    fn raw(&self) -> Raw<'_> {
        Raw {
            number: &self.number,
            name: &self.name,
            born: &self.born,
            sex: &self.sex,
            address: &self.address,
            village: &self.village,
            phone: &self.phone,
            head: &self.head,
            household: &self.household,
            relation: &self.relation,
        }
    }
}

pub fn gazetteer() -> Gazetteer {
    let id = |n: u128| DivisionId::from_uuid(Uuid::from_u128(n));
    let town = |n: u128, name: &str| Town {
        id: id(n),
        name: name.to_owned(),
        others: Vec::new(),
    };
    let village = |n: u128, town: u128, name: &str| Village {
        id: id(n),
        town: id(town),
        name: name.to_owned(),
        others: Vec::new(),
    };
    let grid = |n: u128, village: u128, natural: &str, from: u32, to: u32| GridRange {
        grid: GridId::from_uuid(Uuid::from_u128(n)),
        village: id(village),
        natural: natural.to_owned(),
        from,
        to,
    };
    Gazetteer::new(
        &["广东省", "江门市", "鹤山市"],
        &[town(1, "沙坪街道"), town(2, "雅瑶镇")],
        &[
            village(11, 1, "良围村"),
            village(12, 2, "仙溪村"),
            village(13, 1, "石岗村"),
        ],
        &[
            grid(21, 11, "旧围", 1, 60),
            grid(22, 11, "旧围", 61, 9999),
            grid(23, 12, "新屋", 1, 9999),
            grid(24, 13, "大井", 1, 9999),
        ],
    )
}

/// What came of it: of every list row its answer and the register rows shown or linked, and who is one person.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub rows: BTreeMap<String, (String, Vec<String>)>,
    pub people: BTreeSet<BTreeSet<String>>,
}

/// Links lists, each with its number, to a register.
pub fn link(register: &[Cells], lists: &[(u16, Vec<Cells>)]) -> Outcome {
    let mut reader = Reader::new(gazetteer());
    let mut known: Vec<Record> = register.iter().map(|c| reader.read(&c.raw()).0).collect();
    for record in &mut known {
        record.head = reader.head(record.household);
    }
    let (mut rows, mut keys) = (Vec::new(), Vec::new());
    for (list, cells) in lists {
        for cells in cells {
            let record = reader.read(&cells.raw()).0;
            rows.push(Row { list: *list, record });
            keys.push(cells.key.clone());
        }
    }
    let county = County::new(&OneHand, &reader.names, &known, &rows);
    let judged = county.judge(&OneHand, &rows);
    let (links, waiting) = people::settled(&judged);
    let first = people::people(&OneHand, &county, &rows, &links, &waiting);
    let all: Vec<&String> = register.iter().map(|c| &c.key).chain(&keys).collect();
    let mut people: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for (key, first) in all.iter().zip(first) {
        people.entry(first).or_default().insert((*key).clone());
    }
    let said = keys.iter().zip(&judged).map(|(key, said)| {
        let shown = match said.answer {
            Answer::Linked => said.candidates[..1].to_vec(),
            _ => said.shown().to_vec(),
        };
        let answer = match said.answer {
            Answer::Linked => "linked",
            Answer::New => "new",
            Answer::Asks(why) => why.code(),
        };
        let shown = shown
            .iter()
            .map(|c| register[c.at as usize].key.clone())
            .collect();
        (key.clone(), (answer.to_owned(), shown))
    });
    Outcome {
        rows: said.collect(),
        people: people.into_values().collect(),
    }
}

impl Outcome {
    /// `answer candidate candidate`.
    pub fn row(&self, key: &str) -> String {
        let (answer, shown) = &self.rows[key];
        std::iter::once(answer.as_str())
            .chain(shown.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub fn are_one(&self, a: &str, b: &str) -> bool {
        self.people.iter().any(|p| p.contains(a) && p.contains(b))
    }
}
