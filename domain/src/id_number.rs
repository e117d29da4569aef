//! The resident ID number 公民身份号码 (GB 11643-1999): 18 characters, check character by ISO 7064 MOD 11-2.

use crate::text::{apostrophe, blank, clean, half_width, not_stated};
use jiff::civil::Date;
use std::fmt;

/// 公民身份号码 in its 18-character form with a right check character and a possible birth date.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdNumber(String);

/// Why a text is no ID number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdFault {
    /// Empty, masked or a filler word: nobody said anything.
    NotStated,
    /// A spreadsheet stored a number and its last digits are gone for ever.
    DigitsLost,
    Length,
    CheckCharacter,
    DateImpossible,
}

impl IdFault {
    /// The code that reports use.
    pub const fn why(self) -> &'static str {
        match self {
            IdFault::NotStated => "not_stated",
            IdFault::DigitsLost => "id_digits_lost",
            IdFault::Length => "id_length",
            IdFault::CheckCharacter => "id_check_character",
            IdFault::DateImpossible => "id_date_impossible",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    Male,
    Female,
}

impl Sex {
    pub const fn word(self) -> &'static str {
        match self {
            Sex::Male => "男",
            Sex::Female => "女",
        }
    }

    /// Reads 男/女 and the codes of GB/T 2261.1 (1 male, 2 female).
    pub fn parse(text: &str) -> Option<Sex> {
        match clean(text)
            .chars()
            .map(half_width)
            .collect::<String>()
            .trim_end_matches('性')
        {
            "男" | "1" | "1-男" | "1男" => Some(Sex::Male),
            "女" | "2" | "2-女" | "2女" => Some(Sex::Female),
            _ => None,
        }
    }
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: &[u8; 11] = b"10X98765432";

impl IdNumber {
    /// Reads a number as lists hold it: full-width, apostrophes, blanks and zero-width marks are passed over, 15
    /// digits become 18. The address code is not checked: abolished codes are on real cards.
    pub fn parse(text: &str) -> Result<IdNumber, IdFault> {
        if not_stated(text) {
            return Err(IdFault::NotStated);
        }
        let plain = strip(text);
        if lost_digits(&plain) {
            return Err(IdFault::DigitsLost);
        }
        let bytes = plain.as_bytes();
        let digits = |b: &[u8]| b.iter().all(u8::is_ascii_digit);
        match bytes.len() {
            15 if digits(bytes) => {
                let long = format!("{}19{}", &plain[..6], &plain[6..]);
                let number = format!("{long}{}", check(long.as_bytes()) as char);
                date(&number[6..14]).ok_or(IdFault::DateImpossible)?;
                Ok(IdNumber(number))
            }
            18 if digits(&bytes[..17]) && (bytes[17].is_ascii_digit() || bytes[17] == b'X') => {
                date(&plain[6..14]).ok_or(IdFault::DateImpossible)?;
                if check(&bytes[..17]) != bytes[17] {
                    return Err(IdFault::CheckCharacter);
                }
                Ok(IdNumber(plain))
            }
            _ => Err(IdFault::Length),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn birth_date(&self) -> Date {
        date(&self.0[6..14]).expect("parse checked the date")
    }

    /// Odd sequence numbers are men's, even ones women's.
    pub fn sex(&self) -> Sex {
        if (self.0.as_bytes()[16] - b'0') % 2 == 1 {
            Sex::Male
        } else {
            Sex::Female
        }
    }

    /// A residence permit of Hong Kong, Macau or Taiwan residents (address codes 810000, 820000, 830000).
    pub fn is_permit(&self) -> bool {
        matches!(&self.0[..6], "810000" | "820000" | "830000")
    }
}

impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdNumber(…)")
    }
}

/// The text without what is not part of a number: half-width, upper case, no blanks or apostrophes.
pub fn strip(text: &str) -> String {
    let text: String = clean(text)
        .chars()
        .map(half_width)
        .filter(|c| !blank(*c) && !apostrophe(*c))
        .collect::<String>()
        .to_uppercase();
    // A formula that only quotes: ="4407…" has lost its quotes above.
    text.trim_start_matches('=').to_owned()
}

/// Scientific notation, or the zeros of a number that had more than 15 digits.
fn lost_digits(plain: &str) -> bool {
    let mantissa = plain.split_once("E+").map(|(m, _)| m);
    if mantissa.is_some_and(|m| !m.is_empty() && m.bytes().all(|b| b.is_ascii_digit() || b == b'.')) {
        return true;
    }
    let plain = plain.strip_suffix(".0").unwrap_or(plain);
    plain.len() == 18
        && plain.bytes().all(|b| b.is_ascii_digit())
        && plain.ends_with("000")
        && check(&plain.as_bytes()[..17]) != plain.as_bytes()[17]
}

/// The check character of 17 digits.
pub fn check(digits: &[u8]) -> u8 {
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(d, w)| u32::from(d - b'0') * w)
        .sum();
    CHECK[(sum % 11) as usize]
}

/// A birth date YYYYMMDD between 1850 and 2099.
fn date(text: &str) -> Option<Date> {
    let year: i16 = text[..4].parse().ok()?;
    let date = Date::new(year, text[4..6].parse().ok()?, text[6..8].parse().ok()?).ok()?;
    (1850..=2099).contains(&year).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_lists_write_them() {
        let good = [
            ("11010219840406970X", "11010219840406970X"),
            ("440308199901101512", "440308199901101512"),
            ("810000199408230021", "810000199408230021"),
            ("830000199201300022", "830000199201300022"),
            ("11010219840406970x", "11010219840406970X"),
            ("１１０１０２１９８４０４０６９７０Ｘ", "11010219840406970X"),
            ("11010219840406970Ⅹ", "11010219840406970X"),
            ("'440308199901101512", "440308199901101512"),
            ("‘440308199901101512’", "440308199901101512"),
            ("440308 19990110 1512", "440308199901101512"),
            ("\t440308199901101512", "440308199901101512"),
            ("440308\u{200B}199901101512", "440308199901101512"),
            ("=\"440308199901101512\"", "440308199901101512"),
            ("440308990110151", "440308199901101512"),
        ];
        for (input, expected) in good {
            assert_eq!(
                IdNumber::parse(input).map(|n| n.0),
                Ok(expected.to_owned()),
                "{input}"
            );
        }
        let bad = [
            ("", IdFault::NotStated),
            ("不详", IdFault::NotStated),
            ("440308********1512", IdFault::NotStated),
            ("4.40308E+17", IdFault::DigitsLost),
            ("440308199901101000", IdFault::DigitsLost),
            ("44030819990110151", IdFault::Length),
            ("4403081999011015122", IdFault::Length),
            ("44030819990110151A", IdFault::Length),
            ("440308199901101513", IdFault::CheckCharacter),
            ("440308199913101512", IdFault::DateImpossible),
            ("440308199902301512", IdFault::DateImpossible),
        ];
        for (input, expected) in bad {
            assert_eq!(IdNumber::parse(input).map(|n| n.0), Err(expected), "{input}");
        }
    }

    #[test]
    fn what_a_number_says() {
        let number = IdNumber::parse("440308199901101512").unwrap();
        assert_eq!(number.birth_date(), Date::constant(1999, 1, 10));
        assert_eq!(number.sex(), Sex::Male);
        assert_eq!(format!("{number:?}"), "IdNumber(…)");
        assert!(IdNumber::parse("810000199408230021").unwrap().is_permit());
        assert_eq!(Sex::parse("2-女"), Some(Sex::Female));
    }
}
