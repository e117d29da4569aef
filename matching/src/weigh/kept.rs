//! Counts of a county's values that are kept beside it: by hashes that are the same in every run, so that a row can be
//! weighed without the county. What is met once is not kept: of a value that is not there that much is known.

use super::compare::{Field, born, name, place, plain};
use super::counts::{step, steps};
use crate::record::names::Names;
use crate::record::places::Place;
use crate::record::{Record, hash};
use std::collections::HashMap;
use std::fmt;

/// What is counted, apart from its value.
#[derive(Clone, Copy)]
enum Of {
    Name,
    Sound,
    Head,
    Born,
    Phone,
    Place,
}

fn key(of: Of, value: u64) -> u64 {
    hash(&[of as u64, value])
}

fn place_key(place: Place) -> u64 {
    let parts = [place.town, place.village, place.natural, place.number];
    key(Of::Place, hash(&parts.map(u64::from)))
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
            own.is_known().then(|| key(Of::Name, names.text_key(own))),
            own.is_known().then(|| key(Of::Sound, names.sound_key(own))),
            head.is_known().then(|| key(Of::Head, names.text_key(head))),
            born.is_whole().then(|| key(Of::Born, u64::from(born.packed()))),
            (record.phone != 0).then(|| key(Of::Phone, record.phone)),
        ];
        for key in known
            .into_iter()
            .flatten()
            .chain(steps(record.place).map(place_key))
        {
            *self.seen.entry(key).or_default() += 1;
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

    fn get(&self, key: u64) -> u32 {
        let at = self.counts.binary_search_by_key(&key, |(key, _)| *key);
        at.map_or(0, |at| self.counts[at].1)
    }

    /// How many rows have the value on which two agree; none where no value decides what that is worth.
    pub(super) fn count(
        &self,
        names: &Names,
        agreed: (Field, u8),
        row: &Record,
        known: &Record,
    ) -> Option<u32> {
        Some(match agreed {
            (Field::Name, name::EQUAL) => self.get(key(Of::Name, names.text_key(known.name))),
            (Field::Name, name::BY_EAR) => {
                let of = |record: &Record| self.get(key(Of::Sound, names.sound_key(record.name)));
                of(row).max(of(known))
            }
            (Field::Head, plain::SAME) => self.get(key(Of::Head, names.text_key(known.head))),
            (Field::Born, born::EQUAL) => self.get(key(Of::Born, u64::from(row.birth().packed()))),
            (Field::Phone, plain::SAME) => self.get(key(Of::Phone, row.phone)),
            (Field::Place, level) if level <= place::TOWN => self.get(place_key(step(known.place, level)?)),
            _ => return None,
        })
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
