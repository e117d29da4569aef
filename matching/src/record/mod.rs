//! What a row of the register or of a list says about a person, normalised for comparing.
//!
//! Reading is done once per row; everything after it works on numbers. Equal spellings share one id, so that a county
//! of a million rows fits into memory and two names compare in one step.

pub mod names;
pub mod number;
pub mod places;
mod reader;
pub mod sound;

pub use reader::{Raw, Reader};

use domain::id_number::Sex;
use names::NameId;
use number::Number;
use places::Place;
use std::fmt;

/// A birth date as the column says it: year, month 0 where only the year is known, day 0 where the day is not.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Born(u32);

impl Born {
    pub const NONE: Born = Born(0);

    pub const fn new(year: u32, month: u32, day: u32) -> Born {
        Born(year * 10_000 + month * 100 + day)
    }

    pub const fn parts(self) -> (u32, u32, u32) {
        (self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }

    pub const fn year(self) -> u32 {
        self.0 / 10_000
    }

    pub const fn is_known(self) -> bool {
        self.0 != 0
    }

    /// Year, month and day.
    pub const fn is_whole(self) -> bool {
        !self.0.is_multiple_of(100)
    }

    pub const fn packed(self) -> u32 {
        self.0
    }
}

/// One row, normalised. Nothing in it can be printed.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Record {
    pub number: Number,
    pub name: NameId,
    /// 曾用名, where the cell names one.
    pub former: NameId,
    /// By the column; the number has a date of its own.
    pub born: Born,
    pub sex: Option<Sex>,
    pub place: Place,
    /// Digits behind a leading 1; 0 is none.
    pub phone: u64,
    /// Head of the household, by the register's relations or the list's column.
    pub head: NameId,
    /// Of the household's number; 0 is none.
    pub household: u64,
}

impl Record {
    /// Every birth date that the row tells: the number's first, where it is a valid one, then the column's, then that
    /// of a number that fails.
    pub fn births(&self) -> impl Iterator<Item = Born> {
        let number = self.number.born();
        let (first, last) = match self.number {
            Number::Valid(_) => (number, Born::NONE),
            _ => (Born::NONE, number),
        };
        let column = self.born;
        [first, column, last]
            .into_iter()
            .enumerate()
            .filter(move |(at, b)| b.is_known() && (*at == 0 || *b != first) && (*at < 2 || *b != column))
            .map(|(_, b)| b)
    }

    /// The birth date to go by, where one is told.
    pub fn birth(&self) -> Born {
        self.births().next().unwrap_or_default()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record(…)")
    }
}

/// FNV-1a of 64 bits: the same on every machine and in every release, so that keys may be stored.
pub fn hash(parts: &[u64]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.to_le_bytes());
    let fnv = bytes.fold(0xcbf2_9ce4_8422_2325, |h: u64, byte| {
        (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    fnv ^ (fnv >> 29)
}

pub fn hash_text(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xcbf2_9ce4_8422_2325, |h: u64, byte| {
        (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    fnv ^ (fnv >> 29)
}
