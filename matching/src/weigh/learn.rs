//! The m of every level, by expectation and maximisation over the pairs at hand.
//!
//! Two classes, one person and two people, with levels that are independent within a class. Both classes' levels are
//! fitted, since the pairs are those that share a key and not pairs at random; of the second class nothing is kept:
//! what strangers agree on by chance is counted in the register, or drawn from pairs of strangers. Published values
//! stand as pseudo-counts, so that a list of three rows is weighed by them and a county by itself.

use super::compare::{Field, Levels, compare, number};
use crate::record::Record;
use crate::record::names::Names;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const MOST: usize = 8;
type Table = [[f64; MOST]; Field::COUNT];

/// What each level is worth: its share among pairs of one person (m) and of strangers (u). Level 0 is worth nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    m: Table,
    u: Table,
}

/// Shares among pairs of one person before anything is learned.
const M: Table = [
    // number: same, slip, cut, far, other
    [0.0, 0.95, 0.035, 0.006, 0.004, 0.005, 0.0, 0.0],
    // name: equal, by ear, one more, one other, surname, other
    [0.0, 0.975, 0.01, 0.004, 0.004, 0.004, 0.003, 0.0],
    // birth date: equal, rough, swapped, lunar, one digit, year, other
    [0.0, 0.975, 0.005, 0.003, 0.005, 0.005, 0.002, 0.005],
    [0.0, 0.99, 0.01, 0.0, 0.0, 0.0, 0.0, 0.0],
    // place: house, natural village, village, town, elsewhere
    [0.0, 0.80, 0.05, 0.05, 0.04, 0.06, 0.0, 0.0],
    [0.0, 0.75, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.95, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0],
];

/// Shares among strangers before anything is drawn; where values are counted these stand only for what is not.
const U: Table = [
    [0.0, 1e-6, 2e-6, 2e-5, 0.05, 0.95, 0.0, 0.0],
    [0.0, 2e-4, 5e-4, 1e-3, 1e-2, 0.05, 0.94, 0.0],
    [0.0, 4e-5, 3e-4, 1e-4, 3e-3, 1e-3, 0.015, 0.98],
    [0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 1e-4, 5e-3, 0.02, 0.1, 0.87, 0.0, 0.0],
    [0.0, 5e-5, 0.9999, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 5e-4, 0.9995, 0.0, 0.0, 0.0, 0.0, 0.0],
];

/// How many pairs the values above count for.
const TRUST: f64 = 200.0;
const ROUNDS: usize = 25;

impl Default for Weights {
    fn default() -> Weights {
        Weights { m: M, u: U }
    }
}

impl Weights {
    /// `None` where the level says that the field cannot be compared.
    pub fn m(&self, field: Field, level: u8) -> Option<f32> {
        (level > 0).then(|| self.m[field as usize][usize::from(level)] as f32)
    }

    pub fn u(&self, field: Field, level: u8) -> f32 {
        self.u[field as usize][usize::from(level)] as f32
    }
}

/// Comparisons to learn from.
#[derive(Default)]
pub struct Pairs {
    near: BTreeMap<Levels, u32>,
    strangers: BTreeMap<Levels, u32>,
    /// Rows with a valid number that somebody of the register has, and that nobody has.
    known: u32,
    unknown: u32,
}

impl Pairs {
    /// Takes in a row of a list with those who share a key with it.
    pub fn row<'a>(&mut self, names: &Names, row: &Record, near: impl Iterator<Item = &'a Record>) {
        let mut found = false;
        for other in near {
            let levels = compare(names, row, other);
            found |= levels.is(Field::Number, number::SAME);
            *self.near.entry(levels).or_default() += 1;
        }
        if row.number.valid().is_some() {
            self.known += u32::from(found);
            self.unknown += u32::from(!found);
        }
    }

    /// Takes in a row of a list beside people of the register, whoever they are.
    pub fn strangers<'a>(&mut self, names: &Names, row: &Record, others: impl Iterator<Item = &'a Record>) {
        for other in others {
            *self.strangers.entry(compare(names, row, other)).or_default() += 1;
        }
    }

    pub fn weights(&self) -> Weights {
        learn(&self.near, &self.strangers)
    }

    /// Odds that a row of a list is about somebody of the register; pseudo-counts say nineteen of twenty.
    pub fn odds(&self) -> f32 {
        (self.known as f32 + 19.0) / (self.unknown as f32 + 1.0)
    }
}

/// Learns from the comparisons of pairs that share a key and of pairs of strangers, each with its number.
pub fn learn(pairs: &BTreeMap<Levels, u32>, strangers: &BTreeMap<Levels, u32>) -> Weights {
    let mut weights = Weights {
        u: smoothed(
            &U,
            &strangers
                .iter()
                .map(|(l, n)| (*l, f64::from(*n)))
                .collect::<Vec<_>>(),
        ),
        ..Weights::default()
    };
    let total: f64 = pairs.values().map(|n| f64::from(*n)).sum();
    // Pairs of the second class share a key: they agree on more than strangers do, most on where they live.
    let mut unlike = U;
    unlike[Field::Place as usize] = [0.0, 0.4, 0.2, 0.2, 0.1, 0.1, 0.0, 0.0];
    unlike[Field::Phone as usize] = [0.0, 0.3, 0.7, 0.0, 0.0, 0.0, 0.0, 0.0];
    unlike[Field::Head as usize] = [0.0, 0.4, 0.6, 0.0, 0.0, 0.0, 0.0, 0.0];
    let mut share = 0.2;
    for _ in 0..ROUNDS {
        let mut one: Vec<(Levels, f64)> = Vec::with_capacity(pairs.len());
        let mut two: Vec<(Levels, f64)> = Vec::with_capacity(pairs.len());
        for (levels, n) in pairs {
            let mut odds = share / (1.0 - share);
            for field in Field::ALL {
                let level = usize::from(levels.of(field));
                if level > 0 {
                    odds *= weights.m[field as usize][level] / unlike[field as usize][level].max(1e-9);
                }
            }
            // Two valid numbers are two people: that much is known before anything is learned.
            let apart = levels.is(Field::Number, number::OTHER);
            let sure = if apart { 0.0 } else { odds / (1.0 + odds) };
            one.push((*levels, sure * f64::from(*n)));
            two.push((*levels, (1.0 - sure) * f64::from(*n)));
        }
        let matched: f64 = one.iter().map(|(_, n)| n).sum();
        weights.m = smoothed(&M, &one);
        unlike = smoothed(&U, &two);
        share = (matched / total.max(1.0)).clamp(0.001, 0.999);
    }
    for table in [&mut weights.m, &mut weights.u] {
        among(table, Field::Number, &[number::SLIP, number::CUT, number::FAR]);
        among(table, Field::Number, &[number::SAME, number::OTHER]);
    }
    weights
}

/// Whether a number fails is known before it is compared: the shares of what failing numbers come to add up to one,
/// and so do those of valid ones.
fn among(table: &mut Table, field: Field, levels: &[u8]) {
    let row = &mut table[field as usize];
    let sum: f64 = levels.iter().map(|l| row[usize::from(*l)]).sum();
    for level in levels {
        row[usize::from(*level)] /= sum;
    }
}

/// Shares of levels, with the published ones as pseudo-counts.
fn smoothed(published: &Table, seen: &[(Levels, f64)]) -> Table {
    let mut table = [[0.0; MOST]; Field::COUNT];
    for field in Field::ALL {
        let row = &mut table[field as usize];
        for (levels, n) in seen {
            row[usize::from(levels.of(field))] += n;
        }
        row[0] = 0.0;
        let known: f64 = row.iter().sum::<f64>() + TRUST;
        for (share, before) in row.iter_mut().zip(published[field as usize]) {
            *share = (*share + before * TRUST) / known;
        }
        row[0] = 0.0;
    }
    table
}
