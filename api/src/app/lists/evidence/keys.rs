//! Keyed hashes under which the people near a row are found, the most telling first.

use super::known::Asked;
use crate::seal::Keyring;
use crate::store::register::{born_village, number_hash, person_hash, sound_village};
use domain::name::comparable;
use matching::record::Born;
use matching::record::names::sound_of;
use matching::record::number::written;

/// One key. Those of the register alone are shorter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A number that may have been meant.
    Number(Vec<u8>),
    /// Name and birth date.
    Person(Vec<u8>),
    Phone(Vec<u8>),
    /// Birth date and village.
    BornVillage(i64),
    /// Sound of the name and village.
    SoundVillage(i64),
    Name(Vec<u8>),
}

/// The keys of a row, the most telling first.
pub fn of(keys: &Keyring, asked: &Asked) -> Vec<Key> {
    let record = &asked.record;
    let mut out = Vec::new();
    let meant = record.number.meant();
    for number in meant.into_iter().chain(record.number.whole()) {
        out.push(Key::Number(number_hash(keys, &written(number))));
    }
    let names = std::iter::once(asked.name.as_str()).chain(asked.former.as_deref());
    let names: Vec<&str> = names.filter(|_| record.name.is_known()).collect();
    let births: Vec<String> = record.births().filter(|b| b.is_whole()).map(day).collect();
    for born in &births {
        out.extend(
            names
                .iter()
                .map(|name| Key::Person(person_hash(keys, name, born))),
        );
    }
    out.extend(
        asked
            .phone
            .iter()
            .map(|phone| Key::Phone(keys.lookup("phone", phone))),
    );
    if let Some(village) = asked.village {
        let born = births
            .iter()
            .map(|born| Key::BornVillage(born_village(keys, born, village)));
        out.extend(born);
        let sounds = names.iter().filter_map(|name| sound_of(name));
        out.extend(sounds.map(|sound| Key::SoundVillage(sound_village(keys, sound, village))));
    }
    out.extend(
        names
            .iter()
            .map(|name| Key::Name(keys.lookup("name", &comparable(name)))),
    );
    out
}

fn day(born: Born) -> String {
    let (year, month, day) = born.parts();
    format!("{year:04}-{month:02}-{day:02}")
}
