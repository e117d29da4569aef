//! A county's register and lists: who is who in all of them.
//!
//! [`County::new`] takes the register and the rows of all lists and learns what each agreement is worth; [`County::judge`]
//! then says of every row whom it is about, whom to ask about, or that nobody of the register is meant; [`people`]
//! brings rows of one person together over all files. The same rows give the same answers in whatever order they come
//! and however they are cut into files: nothing counts places in a file, and sums run over ordered maps.

mod answer;
mod claims;
mod few;
mod judge;
pub mod people;
mod twice;

pub use answer::{Answer, Candidate, Judged, Limits, Why};
pub use few::{Lesson, one_person};

use crate::hands::Hands;
use crate::keys::{Index, Kind};
use crate::record::names::Names;
use crate::record::{Record, hash};
use crate::weigh::{Counts, Pairs, Weights};

/// One row of a list. Rows of equal `list` belong to one list, in however many files it came.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub list: u16,
    pub record: Record,
}

/// The register with everything that linking needs.
pub struct County<'a> {
    pub names: &'a Names,
    pub register: &'a [Record],
    /// By row of the register: the first row of the same person.
    pub person: Vec<u32>,
    pub weights: Weights,
    pub counts: Counts,
    index: Index,
    pub limits: Limits,
    /// Odds in bits, before anything is compared, that a row is about one row of the register and not about nobody.
    prior: f32,
}

/// Rows that are enough to learn from.
const LEARN: u64 = 40_000;
/// Rows of either side that are compared with each other as strangers.
const STRANGERS: usize = 450;

impl<'a> County<'a> {
    /// Learns from the register and the rows of all lists.
    pub fn new(hands: &impl Hands, names: &'a Names, register: &'a [Record], rows: &[Row]) -> County<'a> {
        let index = Index::new(hands, &Kind::ALL, names, register);
        let counts = Counts::of(names, register.iter());
        let mut county = County {
            names,
            register,
            person: Vec::new(),
            weights: Weights::default(),
            counts,
            index,
            limits: Limits::default(),
            prior: 0.0,
        };
        county.learn(rows);
        county.person = twice::in_register(hands, &county);
        county
    }

    fn learn(&mut self, rows: &[Row]) {
        let mut pairs = Pairs::default();
        let every = (rows.len() as u64 / LEARN).max(1);
        let mut found = Vec::new();
        for row in rows
            .iter()
            .filter(|row| content(self.names, &row.record).is_multiple_of(every))
        {
            self.index
                .find(&Kind::LINKING, self.names, &row.record, &mut found);
            let near = found.iter().map(|at| &self.register[*at as usize]);
            pairs.row(self.names, &row.record, near);
        }
        let (few, known_few) = (sample(rows.len()), sample(self.register.len()));
        let drawn = |record: &Record, every: u64| content(self.names, record).is_multiple_of(every);
        let register: Vec<&Record> = self.register.iter().filter(|r| drawn(r, known_few)).collect();
        for row in rows.iter().filter(|row| drawn(&row.record, few)) {
            pairs.strangers(self.names, &row.record, register.iter().copied());
        }
        self.weights = pairs.weights();
        self.prior = pairs.odds().log2() - (self.register.len().max(1) as f32).log2();
    }
}

/// One in so many rows is drawn.
fn sample(rows: usize) -> u64 {
    (rows / STRANGERS).max(1) as u64
}

/// What a row says, as a number that no other row changes. It draws samples and breaks ties, so that the order of rows
/// decides nothing.
pub(crate) fn content(names: &Names, record: &Record) -> u64 {
    hash(&[
        record.number.key(),
        names.text_key(record.name),
        names.text_key(record.head),
        u64::from(record.born.packed()),
        record.phone,
        record.household,
        u64::from(record.place.number),
        u64::from(record.place.part),
        record.sex.map_or(0, |sex| sex as u64 + 1),
    ])
}
