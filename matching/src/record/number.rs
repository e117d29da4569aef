//! ID numbers as rows write them: valid, mistyped, or cut off by a spreadsheet.
//!
//! The check character (ISO 7064 MOD 11-2) finds every single wrong digit and every swap of neighbours, so that a
//! valid number is never one slip away from another. What a failing one may have been is therefore a short list.

use super::Born;
use domain::id_number::{IdFault, IdNumber, check, strip};
use std::fmt;

/// Digits of a number without its check character.
pub const DIGITS: usize = 17;
/// Most characters that a failing number is kept with.
const KEPT: usize = 19;
/// Of 18 digits a spreadsheet keeps these.
const EXCEL: usize = 15;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Number {
    /// Not stated, masked, or nothing like a number.
    #[default]
    None,
    /// The 17 digits before the check character.
    Valid(u64),
    Broken(Broken),
}

/// A number that fails, as written, or what is left of one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    text: [u8; KEPT],
    len: u8,
    /// The digits behind these are lost.
    cut: bool,
}

impl Number {
    pub fn read(text: &str) -> Number {
        if let Some(valid) = plain(text.as_bytes()) {
            return valid;
        }
        let kept: String = strip(text)
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '+' | '.'))
            .collect();
        let kept = kept.strip_suffix(".0").unwrap_or(&kept);
        if let Some((mantissa, _)) = kept.split_once("E+") {
            let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
            return Broken::new(digits.as_bytes(), true).map_or(Number::None, Number::Broken);
        }
        let kept: String = kept.chars().filter(|c| *c != '.' && *c != '+').collect();
        // A star for the letter X is typed where there is none on the keyboard; more of them are a mask.
        let kept = match kept.strip_suffix('*') {
            Some(digits) if digits.len() == DIGITS && !digits.contains('*') => format!("{digits}X"),
            _ => kept,
        };
        match IdNumber::parse(&kept) {
            Ok(number) => Number::Valid(pack(&number.as_str().as_bytes()[..DIGITS])),
            Err(IdFault::NotStated) => Number::None,
            Err(IdFault::DigitsLost) => {
                let digits = &kept.as_bytes()[..EXCEL.min(kept.len())];
                Broken::new(digits, true).map_or(Number::None, Number::Broken)
            }
            Err(_) => Broken::new(kept.as_bytes(), false).map_or(Number::None, Number::Broken),
        }
    }

    /// The birth date that the number says, if it says a possible one.
    pub fn born(&self) -> Born {
        match self {
            Number::None => Born::NONE,
            Number::Valid(digits) => {
                let date = digits / 1000 % 100_000_000;
                Born::new(
                    (date / 10_000) as u32,
                    (date / 100 % 100) as u32,
                    (date % 100) as u32,
                )
            }
            Number::Broken(broken) => broken.born(),
        }
    }

    pub const fn valid(&self) -> Option<u64> {
        match self {
            Number::Valid(digits) => Some(*digits),
            _ => None,
        }
    }

    /// The same for equal numbers.
    pub fn key(&self) -> u64 {
        match self {
            Number::None => 0,
            Number::Valid(digits) => *digits,
            Number::Broken(broken) => broken.text().iter().fold(u64::from(broken.cut), |key, c| {
                key.wrapping_mul(131).wrapping_add(u64::from(*c))
            }),
        }
    }

    /// A valid number that ends as those end whose last digits a spreadsheet has lost: one in eleven of these passes
    /// the check by chance, so that it cannot contradict another number of the same beginning.
    pub fn may_be_cut(&self) -> bool {
        matches!(self, Number::Valid(digits) if *digits % 100 == 0 && written(*digits).ends_with('0'))
    }

    /// Whether a failing number is one slip away from a valid one.
    pub fn is_slip_of(&self, valid: u64) -> bool {
        match self {
            Number::Broken(broken) if !broken.cut => one_slip(broken.text(), &text(valid)),
            _ => false,
        }
    }

    /// Every valid number that begins as one does whose last digits a spreadsheet has lost: a hundred, since the last
    /// character checks the others.
    pub fn whole(&self) -> Vec<u64> {
        match self {
            Number::Broken(broken) if broken.cut && broken.text().len() == EXCEL => {
                let Some(front) = digits(broken.text()) else {
                    return Vec::new();
                };
                let all = (0..100).map(|last| front * 100 + last);
                let possible = |number: &u64| possible(number / 1000 % 100_000_000).is_some();
                all.filter(possible).collect()
            }
            Number::None | Number::Valid(_) | Number::Broken(_) => Vec::new(),
        }
    }

    /// The number itself, or every valid number that it is one slip away from.
    pub fn meant(&self) -> Vec<u64> {
        match self {
            Number::None => Vec::new(),
            Number::Valid(digits) => vec![*digits],
            Number::Broken(broken) => broken.meant(),
        }
    }
}

impl Broken {
    fn new(text: &[u8], cut: bool) -> Option<Broken> {
        let fits = (6..=KEPT).contains(&text.len());
        let digits = text.iter().filter(|c| c.is_ascii_digit()).count();
        if !fits || digits + 2 < text.len() {
            return None;
        }
        let mut kept = [0; KEPT];
        kept[..text.len()].copy_from_slice(text);
        Some(Broken {
            text: kept,
            len: text.len() as u8,
            cut,
        })
    }

    pub fn text(&self) -> &[u8] {
        &self.text[..usize::from(self.len)]
    }

    /// Whether only its beginning is there: a spreadsheet lost the rest, or nobody wrote it.
    pub const fn is_short(&self) -> bool {
        self.cut || self.len < DIGITS as u8
    }

    fn born(&self) -> Born {
        let text = self.text();
        match text.get(6..14).and_then(digits) {
            Some(date) => possible(date).unwrap_or_default(),
            None => Born::NONE,
        }
    }

    fn meant(&self) -> Vec<u64> {
        let text = self.text();
        let mut all = Vec::new();
        let mut keep = |candidate: &[u8]| {
            if let Some(Number::Valid(digits)) = plain(candidate) {
                all.push(digits);
            }
        };
        match text.len() {
            _ if self.cut => {}
            18 => {
                let mut one = text.to_vec();
                for at in 0..18 {
                    for digit in *b"0123456789X" {
                        one[at] = digit;
                        keep(&one);
                    }
                    one[at] = text[at];
                }
                for at in 0..17 {
                    one.swap(at, at + 1);
                    keep(&one);
                    one.swap(at, at + 1);
                }
            }
            17 => {
                for at in 0..=17 {
                    for digit in *b"0123456789X" {
                        let mut one = text.to_vec();
                        one.insert(at, digit);
                        keep(&one);
                    }
                }
            }
            19 => {
                for at in 0..19 {
                    let mut one = text.to_vec();
                    one.remove(at);
                    keep(&one);
                }
            }
            _ => {}
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(…)")
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broken(…)")
    }
}

/// The 18 characters of a valid number; what `domain` reads is the same, this is the short way for clean text.
fn plain(text: &[u8]) -> Option<Number> {
    let text: &[u8; 18] = text.try_into().ok()?;
    let number = digits(&text[..DIGITS])?;
    possible(number / 1000 % 100_000_000)?;
    (check(&text[..DIGITS]) == text[DIGITS]).then_some(Number::Valid(number))
}

fn digits(text: &[u8]) -> Option<u64> {
    text.iter()
        .try_fold(0, |n, c| c.is_ascii_digit().then(|| n * 10 + u64::from(c - b'0')))
}

fn pack(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |n, c| n * 10 + u64::from(c - b'0'))
}

/// The 18 characters of a valid number.
pub fn written(digits: u64) -> String {
    text(digits).iter().map(|c| *c as char).collect()
}

pub(crate) fn text(mut digits: u64) -> [u8; 18] {
    let mut text = [b'0'; 18];
    for at in (0..DIGITS).rev() {
        text[at] = b'0' + (digits % 10) as u8;
        digits /= 10;
    }
    text[DIGITS] = check(&text[..DIGITS]);
    text
}

/// One character differs, is missing or is too many, or two neighbours changed places.
fn one_slip(broken: &[u8], valid: &[u8; 18]) -> bool {
    let same = broken.iter().zip(valid).take_while(|(a, b)| a == b).count();
    let (left, right) = (&broken[same..], &valid[same..]);
    match broken.len() {
        18 if same < 18 => {
            left[1..] == right[1..]
                || (left.len() > 1 && left[0] == right[1] && left[1] == right[0] && left[2..] == right[2..])
        }
        17 => left == &right[1..],
        19 => &left[1..] == right,
        _ => false,
    }
}

fn possible(date: u64) -> Option<Born> {
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    ((1850..=2099).contains(&year) && (1..=last).contains(&day))
        .then(|| Born::new(year as u32, month as u32, day as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_rows_write_them() {
        let valid = Number::read("11010219840406970X");
        for text in [
            "11010219840406970x",
            "11010219840406970＊",
            "11010219840406970Ⅹ",
            "110102-19840406970X",
            "11010219840406970X.",
            "'11010219840406970X",
        ] {
            assert!(Number::read(text) == valid, "{text}");
        }
        assert!(valid.valid().is_some_and(|v| written(v) == "11010219840406970X"));
        assert!(valid.born() == Born::new(1984, 4, 6));
        for text in ["", "不详", "440308********1512", "******", "残疾证遗失"] {
            assert!(Number::read(text) == Number::None, "{text}");
        }
        for text in ["4.40308E+17", "440308199901101000", "44030819990110151"] {
            assert!(matches!(Number::read(text), Number::Broken(_)), "{text}");
        }
    }

    #[test]
    fn what_a_spreadsheet_left_is_found_again() {
        let right = Number::read("440308199901101512").valid();
        let whole = Number::read("440308199901101000").whole();
        assert_eq!(whole.len(), 100);
        assert!(whole.iter().any(|number| Some(*number) == right));
        for text in ["4.40308E+17", "440308199901101512", "", "44030819990110151"] {
            assert!(Number::read(text).whole().is_empty(), "{text}");
        }
    }

    #[test]
    fn a_slip_is_found_again() {
        let right = Number::read("440308199901101512").valid();
        for text in [
            "440308199901101513",
            "440308199901101521",
            "440308199907101512",
            "44030819990110151",
            "4403081999011101512",
            "4403089199901101512",
        ] {
            let meant = Number::read(text).meant();
            assert!(meant.iter().any(|m| Some(*m) == right), "{text}");
            assert!(meant.len() < 40, "{text}: {}", meant.len());
        }
    }
}
