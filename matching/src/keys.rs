//! Keys under which rows find each other (blocking): two rows are compared only when they share one.
//!
//! Several keys stand side by side, since any one field may be wrong: a mistyped number is found under every valid
//! number that it is one slip away from, a name written by ear under its sound, a moved person under the phone or the
//! head of the household. A key that more than [`MOST`] rows share finds nobody; what is that common proves nothing,
//! and work stays bounded whatever a file holds.

use crate::hands::Hands;
use crate::record::names::Names;
use crate::record::{Record, hash};

/// Rows of the register that one key may find.
pub const MOST: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The ID number, or the valid ones that a failing one is one slip away from.
    Number,
    /// Sound of the name and birth date.
    SoundBorn,
    /// Birth date and village.
    BornVillage,
    /// Sound of the name, year of birth and village.
    SoundYearVillage,
    Phone,
    /// Village, natural village and house number.
    House,
    NameVillage,
    /// Names of the person and of the head of the household.
    NameHead,
    NamePhone,
    /// Number of the household and name.
    NameHousehold,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::Number,
        Kind::SoundBorn,
        Kind::BornVillage,
        Kind::SoundYearVillage,
        Kind::Phone,
        Kind::House,
        Kind::NameVillage,
        Kind::NameHead,
        Kind::NamePhone,
        Kind::NameHousehold,
    ];

    /// What a list's row looks for in the register.
    pub const LINKING: [Kind; 8] = [
        Kind::Number,
        Kind::SoundBorn,
        Kind::BornVillage,
        Kind::SoundYearVillage,
        Kind::Phone,
        Kind::House,
        Kind::NameVillage,
        Kind::NameHead,
    ];

    /// What finds one person twice in one file, or in two lists. These keys name no place: they are the same in every
    /// run and release, so that they may be kept (sealed) and asked for one row at a time.
    pub const TWICE: [Kind; 5] = [
        Kind::Number,
        Kind::SoundBorn,
        Kind::NamePhone,
        Kind::NameHead,
        Kind::NameHousehold,
    ];
}

/// Calls `found` with every key of a kind that the row has.
pub fn keys(kind: Kind, names: &Names, row: &Record, mut found: impl FnMut(u64)) {
    let key = |a: u64, b: u64, c: u64| hash(&[kind as u64, a, b, c]);
    let named = row.name.is_known();
    let sound = || names.sound_key(row.name);
    let text = || names.text_key(row.name);
    let village = u64::from(row.place.village);
    match kind {
        Kind::Number => match row.number.valid() {
            Some(number) => found(key(number, 0, 0)),
            None => row.number.meant().into_iter().for_each(|n| found(key(n, 0, 0))),
        },
        Kind::SoundBorn if named => {
            for born in row.births().filter(|b| b.is_whole()) {
                found(key(sound(), u64::from(born.packed()), 0));
            }
        }
        Kind::BornVillage if village != 0 => {
            for born in row.births().filter(|b| b.is_whole()) {
                found(key(u64::from(born.packed()), village, 0));
            }
        }
        Kind::SoundYearVillage if named && village != 0 => {
            let mut last = 0;
            for born in row.births() {
                if born.year() != last {
                    found(key(sound(), u64::from(born.year()), village));
                }
                last = born.year();
            }
        }
        Kind::Phone if row.phone != 0 => found(key(row.phone, 0, 0)),
        Kind::House if row.place.natural != 0 && row.place.number != 0 => {
            found(key(u64::from(row.place.natural), u64::from(row.place.number), 0));
        }
        Kind::NameVillage if named && village != 0 => found(key(text(), village, 0)),
        Kind::NameHead if named && row.head.is_known() => found(key(text(), names.text_key(row.head), 0)),
        Kind::NamePhone if named && row.phone != 0 => found(key(text(), row.phone, 0)),
        Kind::NameHousehold if named && row.household != 0 => found(key(text(), row.household, 0)),
        _ => {}
    }
}

/// Rows by their keys.
#[derive(Default)]
pub struct Index {
    kinds: Vec<(Kind, Postings)>,
}

/// Sorted keys, each with a row, and where the keys of equal first bits begin.
#[derive(Default)]
struct Postings {
    keys: Vec<u64>,
    rows: Vec<u32>,
    starts: Vec<u32>,
    shift: u32,
}

impl Index {
    pub fn new(hands: &impl Hands, kinds: &[Kind], names: &Names, rows: &[Record]) -> Index {
        Index {
            kinds: hands.each(kinds.len(), 1, |at, _| {
                (kinds[at], Postings::new(kinds[at], names, rows))
            }),
        }
    }

    /// Every row that shares a key of these kinds with this one, in ascending order, each once.
    pub fn find(&self, kinds: &[Kind], names: &Names, row: &Record, out: &mut Vec<u32>) {
        out.clear();
        for (kind, postings) in self.kinds.iter().filter(|(kind, _)| kinds.contains(kind)) {
            keys(*kind, names, row, |key| out.extend_from_slice(postings.of(key)));
        }
        out.sort_unstable();
        out.dedup();
    }
}

impl Postings {
    fn new(kind: Kind, names: &Names, rows: &[Record]) -> Postings {
        let mut pairs: Vec<(u64, u32)> = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            keys(kind, names, row, |key| pairs.push((key, at as u32)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let bits = (usize::BITS - pairs.len().leading_zeros()).clamp(1, 24);
        let shift = 64 - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for (key, _) in &pairs {
            starts[(key >> shift) as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Postings {
            keys: pairs.iter().map(|(key, _)| *key).collect(),
            rows: pairs.into_iter().map(|(_, row)| row).collect(),
            starts,
            shift,
        }
    }

    fn of(&self, key: u64) -> &[u32] {
        let bucket = (key >> self.shift) as usize;
        let (from, to) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        let keys = &self.keys[from..to];
        let first = from + keys.partition_point(|k| *k < key);
        let last = from + keys.partition_point(|k| *k <= key);
        let rows = &self.rows[first..last];
        if rows.len() > MOST { &[] } else { rows }
    }
}
