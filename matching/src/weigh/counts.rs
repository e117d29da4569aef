//! How often values are met in the register: what an agreement is worth depends on it.

use super::Kept;
use super::compare::{Field, born, name, place, plain};
use crate::record::Record;
use crate::record::names::Names;
use crate::record::places::Place;
use std::collections::HashMap;
use std::sync::Arc;

/// Counts of values. Empty counts let [`super::Weights`] speak with averages.
#[derive(Default)]
pub struct Counts {
    rows: f32,
    names: Vec<u32>,
    sounds: HashMap<u64, u32>,
    heads: Vec<u32>,
    born: HashMap<u32, u32>,
    phones: HashMap<u64, u32>,
    /// By town, village, natural village and house; what is finer is 0.
    places: HashMap<Place, u32>,
    /// Counts of an earlier run instead of all these.
    kept: Option<Arc<Kept>>,
}

impl From<Arc<Kept>> for Counts {
    fn from(kept: Arc<Kept>) -> Counts {
        Counts {
            rows: kept.rows() as f32,
            kept: Some(kept),
            ..Counts::default()
        }
    }
}

/// How many rows the usual chance counts for: of a register of twelve people nothing is learned about names.
const TRUST: f32 = 2000.0;

impl Counts {
    pub fn of<'a>(names: &Names, register: impl Iterator<Item = &'a Record>) -> Counts {
        let mut counts = Counts {
            names: vec![0; names.len()],
            heads: vec![0; names.len()],
            ..Counts::default()
        };
        for record in register {
            counts.rows += 1.0;
            if record.name.is_known() {
                counts.names[record.name.index()] += 1;
            }
            if record.head.is_known() {
                counts.heads[record.head.index()] += 1;
            }
            if record.birth().is_whole() {
                *counts.born.entry(record.birth().packed()).or_default() += 1;
            }
            if record.phone != 0 {
                *counts.phones.entry(record.phone).or_default() += 1;
            }
            for place in steps(record.place) {
                *counts.places.entry(place).or_default() += 1;
            }
        }
        for (at, count) in counts.names.iter().enumerate().filter(|(_, count)| **count > 0) {
            *counts.sounds.entry(names.sound_at(at)).or_default() += count;
        }
        counts
    }

    pub const fn rows(&self) -> f32 {
        self.rows
    }

    /// The chance that a stranger of the register agrees with the row on this level, where values decide it; `usual`
    /// is the chance where nothing is known of the values.
    pub fn chance(
        &self,
        names: &Names,
        field: Field,
        level: u8,
        row: &Record,
        known: &Record,
        usual: f32,
    ) -> Option<f32> {
        if self.rows == 0.0 {
            return None;
        }
        let count = match &self.kept {
            Some(kept) => kept.count(names, (field, level), row, known)?,
            None => self.count(names, (field, level), row, known)?,
        };
        Some((count.max(1) as f32 + usual * TRUST) / (self.rows + TRUST))
    }

    fn count(&self, names: &Names, agreed: (Field, u8), row: &Record, known: &Record) -> Option<u32> {
        Some(match agreed {
            (Field::Name, name::EQUAL) => self.names.get(known.name.index()).copied().unwrap_or(0),
            (Field::Name, name::BY_EAR) => {
                let of = |record: &Record| self.sounds.get(&names.sound_key(record.name)).copied();
                of(row).max(of(known)).unwrap_or(0)
            }
            (Field::Head, plain::SAME) => self.heads.get(known.head.index()).copied().unwrap_or(0),
            (Field::Born, born::EQUAL) => self.born.get(&row.birth().packed()).copied().unwrap_or(0),
            (Field::Phone, plain::SAME) => self.phones.get(&row.phone).copied().unwrap_or(0),
            (Field::Place, level) if level <= place::TOWN => {
                let of = step(known.place, level)?;
                self.places.get(&of).copied().unwrap_or(0)
            }
            _ => return None,
        })
    }
}

/// As much of a place as agrees on a level.
pub(super) fn step(place: Place, level: u8) -> Option<Place> {
    steps(place).nth(match level {
        place::TOWN => 0,
        place::VILLAGE => 1,
        place::NATURAL => 2,
        _ => 3,
    })
}

/// Town, village, natural village, house.
pub(super) fn steps(place: Place) -> impl Iterator<Item = Place> {
    let town = Place {
        town: place.town,
        ..Place::default()
    };
    let village = Place {
        village: place.village,
        ..town
    };
    let natural = Place {
        natural: place.natural,
        ..village
    };
    let house = Place {
        number: place.number,
        ..natural
    };
    let known = [
        place.town != 0,
        place.village != 0,
        place.natural != 0,
        place.number != 0 && place.natural != 0,
    ];
    [town, village, natural, house]
        .into_iter()
        .zip(known)
        .take_while(|(_, known)| *known)
        .map(|(place, _)| place)
}
