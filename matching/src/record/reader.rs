//! From the cells of a row to a [`Record`].

use super::names::{NameId, Names};
use super::number::Number;
use super::places::{Found, Places};
use super::{Born, Record, hash_text};
use domain::date::{self, Day};
use domain::id_number::Sex;
use domain::phone::Phone;
use domain::place::Gazetteer;
use domain::text::not_stated;
use std::collections::HashMap;

/// The cells of a row that say who it is about; empty where the list has no such column.
#[derive(Clone, Copy, Default)]
pub struct Raw<'a> {
    pub number: &'a str,
    pub name: &'a str,
    pub born: &'a str,
    pub sex: &'a str,
    pub address: &'a str,
    /// The column that names town and village.
    pub village: &'a str,
    pub phone: &'a str,
    /// Name of the head of the household.
    pub head: &'a str,
    /// Number of the household.
    pub household: &'a str,
    /// Relation to the head of the household.
    pub relation: &'a str,
}

/// Reads rows of one county; what it has read once it knows.
pub struct Reader {
    pub names: Names,
    pub places: Places,
    heads: HashMap<u64, NameId>,
}

impl Reader {
    pub fn new(gazetteer: Gazetteer) -> Reader {
        Reader {
            names: Names::default(),
            places: Places::new(gazetteer),
            heads: HashMap::new(),
        }
    }

    /// Reads a row, and the grid of its address.
    pub fn read(&mut self, raw: &Raw<'_>) -> (Record, Found) {
        let (name, former) = self.names.read(raw.name);
        let found = self.places.read(raw.address, raw.village);
        let household = if not_said(raw.household) {
            0
        } else {
            hash_text(raw.household)
        };
        if raw.relation == "户主" && household != 0 && name.is_known() {
            let head = self.heads.entry(household).or_insert(name);
            // Two heads of one household: the same one, whichever row comes first.
            if self.names.text_key(name) < self.names.text_key(*head) {
                *head = name;
            }
        }
        let record = Record {
            number: Number::read(raw.number),
            name,
            former,
            born: born(raw.born),
            sex: sex(raw.sex),
            place: found.place,
            phone: phone(raw.phone),
            head: self.names.read(raw.head).0,
            household,
        };
        (record, found)
    }

    /// The head of a household, by the rows read so far.
    pub fn head(&self, household: u64) -> NameId {
        self.heads.get(&household).copied().unwrap_or_default()
    }
}

fn born(text: &str) -> Born {
    if text.is_empty() {
        return Born::NONE;
    }
    let part = |n: i16| u32::try_from(n).unwrap_or(0);
    match date::parse_wire(text).map_or_else(|| date::parse(text), |d| Ok(Day::Date(d))) {
        Ok(Day::Date(d)) => Born::new(part(d.year()), d.month() as u32, d.day() as u32),
        Ok(Day::Month { year, month }) => Born::new(part(year), month as u32, 0),
        Ok(Day::Year(year)) => Born::new(part(year), 0, 0),
        Err(_) => Born::NONE,
    }
}

fn sex(text: &str) -> Option<Sex> {
    match text {
        "男" => Some(Sex::Male),
        "女" => Some(Sex::Female),
        "" => None,
        other => Sex::parse(other),
    }
}

/// The first number of the cell.
fn phone(text: &str) -> u64 {
    // 16 digits at most: what is longer is no number.
    let packed = |digits: &str| match digits.len() {
        ..=16 => digits
            .bytes()
            .fold(1, |n: u64, digit| n * 10 + u64::from(digit - b'0')),
        _ => 0,
    };
    let mobile = |b: &[u8]| b.len() == 11 && b[0] == b'1' && b.iter().all(u8::is_ascii_digit);
    if text.is_empty() {
        0
    } else if mobile(text.as_bytes()) && text.bytes().any(|b| b != b'1') {
        packed(text)
    } else {
        Phone::all(text).first().map_or(0, |phone| packed(phone.as_str()))
    }
}

fn not_said(text: &str) -> bool {
    // The short way for what most lists write: H0001234.
    let says = |b: u8| b.is_ascii_alphanumeric() && b != b'0' && b != b'1';
    let plain =
        text.bytes().all(|b| b.is_ascii_alphanumeric()) && text.bytes().filter(|b| says(*b)).count() > 1;
    text.is_empty() || (!plain && not_stated(text))
}
