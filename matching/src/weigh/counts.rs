//! How often values are met in the register: what an agreement is worth depends on it.

use super::Kept;
use super::compare::{Field, born, name, place, plain};
use crate::record::Record;
use crate::record::names::{NameId, Names};
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
        let met = |value| match &self.kept {
            Some(kept) => kept.met(names, value),
            None => self.met(names, value),
        };
        let (value, other) = agreed_on((field, level), row, known)?;
        let count = met(value).max(other.map_or(0, met));
        Some((count.max(1) as f32 + usual * TRUST) / (self.rows + TRUST))
    }

    fn met(&self, names: &Names, value: Value) -> u32 {
        let count = match value {
            Value::Name(name) => self.names.get(name.index()),
            Value::Sound(name) => self.sounds.get(&names.sound_key(name)),
            Value::Head(name) => self.heads.get(name.index()),
            Value::Born(day) => self.born.get(&day),
            Value::Phone(phone) => self.phones.get(&phone),
            Value::Place(place) => self.places.get(&place),
        };
        count.copied().unwrap_or(0)
    }
}

/// A value that is counted.
#[derive(Clone, Copy)]
pub(super) enum Value {
    Name(NameId),
    Sound(NameId),
    Head(NameId),
    /// Packed.
    Born(u32),
    Phone(u64),
    Place(Place),
}

/// The value on which two agree, and of names that only sound alike the other one; none where no value decides what
/// that is worth.
fn agreed_on(agreed: (Field, u8), row: &Record, known: &Record) -> Option<(Value, Option<Value>)> {
    let value = match agreed {
        (Field::Name, name::EQUAL) => Value::Name(known.name),
        (Field::Name, name::BY_EAR) => return Some((Value::Sound(row.name), Some(Value::Sound(known.name)))),
        (Field::Head, plain::SAME) => Value::Head(known.head),
        (Field::Born, born::EQUAL) => Value::Born(row.birth().packed()),
        (Field::Phone, plain::SAME) => Value::Phone(row.phone),
        (Field::Place, level) if level <= place::TOWN => Value::Place(step(known.place, level)?),
        _ => return None,
    };
    Some((value, None))
}

/// As much of a place as agrees on a level.
fn step(place: Place, level: u8) -> Option<Place> {
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
