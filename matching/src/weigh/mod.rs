//! How much two rows speak for being one person.
//!
//! The model is that of Fellegi and Sunter (*A Theory for Record Linkage*, JASA 64, 1969): each field's comparison
//! falls on a level; a level is worth the binary logarithm of how much more often it is met among pairs that are one
//! person (m) than among pairs that are not (u). The m are learned from the data at hand by expectation and
//! maximisation (Winkler, *Using the EM Algorithm for Weight Computation in the Fellegi-Sunter Model of Record
//! Linkage*, 1988); the u of names, dates, phones and places are counted value by value, since 陈伟明 proves less than
//! 源荔枝 (Winkler, *Frequency-Based Matching*, 1989).

mod compare;
mod counts;
mod kept;
mod learn;

pub use compare::{Field, Levels, agreed, born, compare, name, number, place, plain};
pub use counts::Counts;
pub use kept::{Counting, Kept};
pub use learn::{Pairs, Weights, learn};

use crate::record::Record;
use crate::record::names::Names;

/// A pair's weight in bits, field by field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighed {
    pub levels: Levels,
    pub bits: [f32; Field::COUNT],
}

impl Weighed {
    /// The sum, without the prior.
    pub fn total(&self) -> f32 {
        self.bits.iter().sum()
    }
}

/// Weighs a pair; `known` is the row of the register whose values are counted.
pub fn weigh(names: &Names, weights: &Weights, counts: &Counts, row: &Record, known: &Record) -> Weighed {
    let levels = compare(names, row, known);
    let mut bits = [0.0; Field::COUNT];
    for field in Field::ALL {
        let level = levels.of(field);
        let Some(m) = weights.m(field, level) else {
            continue;
        };
        let usual = weights.u(field, level);
        let u = counts
            .chance(names, field, level, row, known, usual)
            .unwrap_or(usual);
        bits[field as usize] = (m / u).log2();
    }
    Weighed { levels, bits }
}
