//! Counts of a county's values that are kept beside it: by hashes that are the same in every run, so that a row can be
//! weighed without the county. What is met once is not kept: of a value that is not there that much is known.

use super::counts::{Value, steps};
use crate::record::names::Names;
use crate::record::{Record, hash};
use std::collections::HashMap;
use std::fmt;

/// The same in every run: the numbers are kept.
fn key(names: &Names, value: Value) -> u64 {
    let parts = match value {
        Value::Name(name) => [0, names.text_key(name)],
        Value::Sound(name) => [1, names.sound_key(name)],
        Value::Head(name) => [2, names.text_key(name)],
        Value::Born(day) => [3, u64::from(day)],
        Value::Phone(phone) => [4, phone],
        Value::Place(place) => {
            let parts = [place.town, place.village, place.natural, place.number];
            [5, hash(&parts.map(u64::from))]
        }
    };
    hash(&parts)
}

/// Counts while a register is read.
#[derive(Default)]
pub struct Counting {
    rows: u32,
    seen: HashMap<u64, u32>,
}

impl Counting {
    /// Takes in a row of the register.
    pub fn row(&mut self, names: &Names, record: &Record) {
        self.rows += 1;
        let (own, head, born) = (record.name, record.head, record.birth());
        let known = [
            own.is_known().then_some(Value::Name(own)),
            own.is_known().then_some(Value::Sound(own)),
            head.is_known().then_some(Value::Head(head)),
            born.is_whole().then(|| Value::Born(born.packed())),
            (record.phone != 0).then_some(Value::Phone(record.phone)),
        ];
        let places = steps(record.place).map(Value::Place);
        for value in known.into_iter().flatten().chain(places) {
            *self.seen.entry(key(names, value)).or_default() += 1;
        }
    }

    pub fn kept(self) -> Kept {
        let mut counts: Vec<(u64, u32)> = self.seen.into_iter().filter(|(_, n)| *n > 1).collect();
        counts.sort_unstable();
        Kept {
            rows: self.rows,
            counts,
        }
    }
}

/// What was met more than once, by its hash.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Kept {
    rows: u32,
    counts: Vec<(u64, u32)>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(…)")
    }
}

impl Kept {
    /// Rows of the register.
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// How many rows have a value: 0 where no more than one has.
    pub(super) fn met(&self, names: &Names, value: Value) -> u32 {
        let at = self
            .counts
            .binary_search_by_key(&key(names, value), |(key, _)| *key);
        at.map_or(0, |at| self.counts[at].1)
    }

    /// Rows, and then hash and count one after the other, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + self.counts.len() * 12);
        out.extend(self.rows.to_le_bytes());
        for (key, count) in &self.counts {
            out.extend(key.to_le_bytes());
            out.extend(count.to_le_bytes());
        }
        out
    }

    pub fn parse(bytes: &[u8]) -> Option<Kept> {
        let (rows, rest) = bytes.split_first_chunk()?;
        let (all, []) = rest.as_chunks::<12>() else {
            return None;
        };
        let one = |bytes: &[u8; 12]| {
            let (key, count) = bytes.split_first_chunk::<8>()?;
            Some((
                u64::from_le_bytes(*key),
                u32::from_le_bytes(*count.first_chunk()?),
            ))
        };
        Some(Kept {
            rows: u32::from_le_bytes(*rows),
            counts: all.iter().map(one).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Raw, Reader};
    use crate::weigh::{Counts, Weights, weigh};
    use domain::place::Gazetteer;
    use std::sync::Arc;

    /// Rows weighed by what was kept weigh what they do by the register itself, in whatever order it is read.
    #[test]
    fn as_by_the_register() {
        let mut reader = Reader::new(Gazetteer::default());
        let names = ["陈伟明", "陈伟明", "陈伟民", "源荔枝", "李国华", "李国桦"];
        let days = ["1950-03-05", "1950-03-05", "1961-11-20"];
        let mut all: Vec<Record> = Vec::new();
        for n in 0..36 {
            let phone = format!("139000784{:02}", n % 5);
            let raw = Raw {
                name: names[n % 6],
                born: days[n % 3],
                phone: &phone,
                head: names[n % 4],
                ..Raw::default()
            };
            all.push(reader.read(&raw).0);
        }
        let count = |records: &[Record]| {
            let mut counting = Counting::default();
            records.iter().for_each(|r| counting.row(&reader.names, r));
            counting.kept()
        };
        let kept = count(&all);
        let turned: Vec<Record> = all.iter().rev().copied().collect();
        assert_eq!(count(&turned), kept);
        assert_eq!(Kept::parse(&kept.to_bytes()).as_ref(), Some(&kept));
        assert_eq!(Kept::parse(&kept.to_bytes()[1..]), None);
        let (own, kept) = (
            Counts::of(&reader.names, all.iter()),
            Counts::from(Arc::new(kept)),
        );
        let weights = Weights::default();
        for a in &all {
            for b in &all {
                let by = |counts| weigh(&reader.names, &weights, counts, a, b);
                assert_eq!(by(&own), by(&kept));
            }
        }
    }
}
