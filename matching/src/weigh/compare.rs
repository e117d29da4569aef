//! Comparisons of two rows, field by field, each on a short scale. Level 0 of every field is "cannot be compared".

use crate::record::names::{Agreement, Names};
use crate::record::number::Number;
use crate::record::places::Place;
use crate::record::{Born, Record};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Number,
    Name,
    Born,
    Sex,
    Place,
    Phone,
    Head,
}

impl Field {
    pub const COUNT: usize = 7;
    pub const ALL: [Field; Field::COUNT] = [
        Field::Number,
        Field::Name,
        Field::Born,
        Field::Sex,
        Field::Place,
        Field::Phone,
        Field::Head,
    ];

    /// Levels of the field, the missing one among them.
    pub const fn levels(self) -> usize {
        match self {
            Field::Number => 6,
            Field::Name => 7,
            Field::Born => 8,
            Field::Sex | Field::Phone => 3,
            Field::Place => 6,
            Field::Head => 3,
        }
    }
}

/// Levels of [`Field::Number`].
pub mod number {
    pub const SAME: u8 = 1;
    /// One slip apart.
    pub const SLIP: u8 = 2;
    /// Equal as far as a spreadsheet left it.
    pub const CUT: u8 = 3;
    /// One fails and is more than a slip away.
    pub const FAR: u8 = 4;
    /// Two valid numbers.
    pub const OTHER: u8 = 5;
}

/// Levels of [`Field::Name`].
pub mod name {
    pub const EQUAL: u8 = 1;
    pub const BY_EAR: u8 = 2;
    pub const ONE_MORE: u8 = 3;
    pub const ONE_OTHER: u8 = 4;
    pub const SURNAME: u8 = 5;
    pub const OTHER: u8 = 6;
}

/// Levels of [`Field::Born`].
pub mod born {
    pub const EQUAL: u8 = 1;
    /// Equal as far as one of them is known, or the first of January for a day not known.
    pub const ROUGH: u8 = 2;
    /// Day and month changed places.
    pub const SWAPPED: u8 = 3;
    /// A day of the lunar calendar written as one of the solar: up to 51 days apart.
    pub const LUNAR: u8 = 4;
    /// One digit differs, or the year by one.
    pub const DIGIT: u8 = 5;
    pub const YEAR: u8 = 6;
    pub const OTHER: u8 = 7;
}

/// Levels of [`Field::Place`].
pub mod place {
    pub const HOUSE: u8 = 1;
    pub const NATURAL: u8 = 2;
    pub const VILLAGE: u8 = 3;
    pub const TOWN: u8 = 4;
    pub const ELSEWHERE: u8 = 5;
}

/// Levels of sex, phone and head.
pub mod plain {
    pub const SAME: u8 = 1;
    pub const OTHER: u8 = 2;
}

/// What the comparison of a pair came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Levels([u8; Field::COUNT]);

impl Levels {
    pub const fn of(&self, field: Field) -> u8 {
        self.0[field as usize]
    }

    pub const fn is(&self, field: Field, level: u8) -> bool {
        self.0[field as usize] == level
    }

    /// The names are near enough for a machine.
    pub const fn names_agree(&self) -> bool {
        matches!(self.of(Field::Name), name::EQUAL | name::BY_EAR | name::ONE_MORE)
    }
}

pub fn compare(names: &Names, a: &Record, b: &Record) -> Levels {
    let number = numbers(&a.number, &b.number);
    // A number says the birth date: where the numbers agree, the date says nothing new.
    let dated = matches!(number, number::SAME | number::SLIP | number::CUT);
    Levels([
        number,
        name_level(names, a, b),
        if dated { 0 } else { births(a, b) },
        plain_level(a.sex.is_some() && b.sex.is_some(), a.sex == b.sex),
        places(&a.place, &b.place),
        plain_level(a.phone != 0 && b.phone != 0, a.phone == b.phone),
        heads(names, a, b),
    ])
}

const fn plain_level(known: bool, same: bool) -> u8 {
    match (known, same) {
        (false, _) => 0,
        (true, true) => plain::SAME,
        (true, false) => plain::OTHER,
    }
}

/// Two heads of households say nothing by their own names, which are compared already.
fn heads(names: &Names, a: &Record, b: &Record) -> u8 {
    let known = a.head.is_known() && b.head.is_known();
    if !known || (a.head == a.name && b.head == b.name) {
        return 0;
    }
    plain_level(true, a.head == b.head || names.compare(a.head, b.head).agrees())
}

fn numbers(a: &Number, b: &Number) -> u8 {
    match (a, b) {
        (Number::None, _) | (_, Number::None) => 0,
        (Number::Valid(x), Number::Valid(y)) if x == y => number::SAME,
        (Number::Valid(x), Number::Valid(y)) => {
            // 15 of 17 digits: what a spreadsheet leaves.
            let cut = (a.may_be_cut() || b.may_be_cut()) && x / 100 == y / 100;
            if cut { number::CUT } else { number::OTHER }
        }
        (Number::Broken(x), Number::Broken(y)) => {
            if x == y && !x.is_short() {
                number::SAME
            } else if x.is_short() || y.is_short() {
                let shared = x.text().len().min(y.text().len());
                cut_level(&x.text()[..shared], &y.text()[..shared])
            } else if a.meant().iter().any(|m| b.meant().contains(m)) {
                number::SLIP
            } else {
                number::FAR
            }
        }
        (Number::Valid(x), Number::Broken(y)) | (Number::Broken(y), Number::Valid(x)) => {
            if y.is_short() {
                let whole = crate::record::number::text(*x);
                cut_level(&whole[..y.text().len().min(18)], y.text())
            } else if Number::Broken(*y).is_slip_of(*x) {
                number::SLIP
            } else {
                number::FAR
            }
        }
    }
}

/// Fewer than 14 digits do not reach the day of birth and say nothing where they agree.
fn cut_level(a: &[u8], b: &[u8]) -> u8 {
    match (a == b, a.len() >= 14) {
        (true, true) => number::CUT,
        (true, false) => 0,
        (false, _) => number::FAR,
    }
}

fn name_level(names: &Names, a: &Record, b: &Record) -> u8 {
    if !a.name.is_known() || !b.name.is_known() {
        return 0;
    }
    if a.former.is_known() && a.former == b.name || b.former.is_known() && b.former == a.name {
        return name::EQUAL;
    }
    agreed(names.compare(a.name, b.name))
}

/// The level of the name that an agreement is.
pub const fn agreed(agreement: Agreement) -> u8 {
    match agreement {
        Agreement::Equal => name::EQUAL,
        Agreement::ByEar => name::BY_EAR,
        Agreement::OneMore => name::ONE_MORE,
        Agreement::OneOther => name::ONE_OTHER,
        Agreement::Surname => name::SURNAME,
        Agreement::Other => name::OTHER,
    }
}

/// The best of what both rows say; a column and a number may differ.
fn births(a: &Record, b: &Record) -> u8 {
    let mut best = 0;
    for x in a.births() {
        for y in b.births() {
            let level = dates(x, y);
            if best == 0 || level < best {
                best = level;
            }
        }
    }
    best
}

fn dates(a: Born, b: Born) -> u8 {
    if a == b {
        return if a.is_whole() { born::EQUAL } else { born::ROUGH };
    }
    let ((y, m, d), (y2, m2, d2)) = (a.parts(), b.parts());
    let new_year = |m: u32, d: u32| m <= 1 && d <= 1;
    if y == y2 && (new_year(m, d) || new_year(m2, d2) || (m == m2 && (d == 0 || d2 == 0))) {
        return born::ROUGH;
    }
    if y == y2 && m == d2 && d == m2 {
        return born::SWAPPED;
    }
    if days(a).abs_diff(days(b)) <= 51 {
        return born::LUNAR;
    }
    let digits = |n: u32| format!("{n:08}").into_bytes();
    let unlike = digits(a.packed())
        .iter()
        .zip(&digits(b.packed()))
        .filter(|(p, q)| p != q)
        .count();
    if unlike == 1 || (m == m2 && d == d2 && y.abs_diff(y2) == 1) {
        return born::DIGIT;
    }
    if y == y2 { born::YEAR } else { born::OTHER }
}

/// Days since 1 March of year 0 (Howard Hinnant, `days_from_civil`); unknown days count as the first.
fn days(date: Born) -> i64 {
    let (y, m, d) = date.parts();
    let (y, m, d) = (i64::from(y), i64::from(m.max(1)), i64::from(d.max(1)));
    let (y, m) = if m > 2 { (y, m - 3) } else { (y - 1, m + 9) };
    y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d - 1
}

fn places(a: &Place, b: &Place) -> u8 {
    if a.village == 0 || b.village == 0 {
        return match (a.town, b.town) {
            (0, _) | (_, 0) => 0,
            (x, y) if x == y => place::TOWN,
            _ => place::ELSEWHERE,
        };
    }
    if a.village != b.village {
        return if a.town == b.town {
            place::TOWN
        } else {
            place::ELSEWHERE
        };
    }
    if a.natural == 0 || a.natural != b.natural {
        return place::VILLAGE;
    }
    let parts = a.part == 0 || b.part == 0 || a.part == b.part;
    if a.number != 0 && a.number == b.number && parts {
        place::HOUSE
    } else {
        place::NATURAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_stand_near() {
        let date = |text: &str| {
            let n: Vec<u32> = text.split('-').map(|n| n.parse().unwrap()).collect();
            Born::new(n[0], n[1], n[2])
        };
        for (a, b, expected) in [
            ("1945-03-05", "1945-03-05", born::EQUAL),
            ("1945-03-05", "1945-01-01", born::ROUGH),
            ("1945-03-05", "1945-03-00", born::ROUGH),
            ("1945-03-05", "1945-05-03", born::SWAPPED),
            ("1945-01-20", "1944-12-15", born::LUNAR),
            ("1945-03-05", "1955-03-05", born::DIGIT),
            ("1949-03-05", "1950-03-05", born::DIGIT),
            ("1945-03-05", "1945-11-20", born::YEAR),
            ("1945-03-05", "1961-11-20", born::OTHER),
        ] {
            assert_eq!(dates(date(a), date(b)), expected, "{a} {b}");
            assert_eq!(dates(date(b), date(a)), expected, "{b} {a}");
        }
    }
}
