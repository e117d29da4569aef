//! Codes of divisions (GB/T 2260, GB/T 10114, statistical 12 digits) and of grids.

use crate::text::{apostrophe, half_width, not_stated, squeezed};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The level of a division 区划.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    County,
    Town,
    Village,
}

impl Level {
    pub const ALL: [Level; 3] = [Level::County, Level::Town, Level::Village];

    pub const fn name(self) -> &'static str {
        match self {
            Level::County => "county",
            Level::Town => "town",
            Level::Village => "village",
        }
    }

    pub fn parse(text: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == text)
    }

    /// The level that divisions of this one stand under.
    pub const fn above(self) -> Option<Level> {
        match self {
            Level::County => None,
            Level::Town => Some(Level::County),
            Level::Village => Some(Level::Town),
        }
    }

    /// Digits of a code: 6 for the county (GB/T 2260), 3 more for the town (GB/T 10114), 3 more for the village.
    const fn digits(self) -> usize {
        match self {
            Level::County => 6,
            Level::Town => 9,
            Level::Village => 12,
        }
    }
}

/// Why a text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFault {
    NotStated,
    NotDigits,
    Length,
    /// Two parts of a code that are all zero name nothing.
    Zero,
    /// A grid's code has letters, digits, `-` and `_` only, at most 32 of them.
    Characters,
}

/// A division's code: 6, 9 or 12 digits by its level.
///
/// Which numbers a county gives to its towns and villages is not judged: ranges differ between editions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DivisionCode {
    digits: String,
    level: Level,
}

impl DivisionCode {
    /// Reads 6, 9 or 12 digits, and the statistical form of a county or town that is filled up with zeros.
    pub fn parse(text: &str) -> Result<DivisionCode, CodeFault> {
        let plain: String = squeezed(text)
            .chars()
            .map(half_width)
            .filter(|c| !apostrophe(*c))
            .collect();
        if plain.is_empty() {
            return Err(CodeFault::NotStated);
        }
        if !plain.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CodeFault::NotDigits);
        }
        let filled = |at: usize| plain.len() == 12 && plain[at..].bytes().all(|b| b == b'0');
        let level = match plain.len() {
            6 => Level::County,
            9 => Level::Town,
            12 if filled(6) => Level::County,
            12 if filled(9) => Level::Town,
            12 => Level::Village,
            _ => return Err(CodeFault::Length),
        };
        let digits = plain[..level.digits()].to_owned();
        let zero = |from: usize, to: usize| digits.len() >= to && digits[from..to].bytes().all(|b| b == b'0');
        if zero(0, 6) || zero(6, 9) || zero(9, 12) {
            return Err(CodeFault::Zero);
        }
        Ok(DivisionCode { digits, level })
    }

    pub fn as_str(&self) -> &str {
        &self.digits
    }

    pub const fn level(&self) -> Level {
        self.level
    }

    /// The code of the division above.
    pub fn above(&self) -> Option<DivisionCode> {
        let level = self.level.above()?;
        Some(DivisionCode {
            digits: self.digits[..level.digits()].to_owned(),
            level,
        })
    }

    /// The three digits that tell the division from its neighbours; all six for a county.
    pub fn own_part(&self) -> &str {
        let above = self.level.above().map_or(0, Level::digits);
        &self.digits[above..]
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits)
    }
}

/// A grid's code as the county gives it. No public rule fixes its form: letters, digits, `-` and `_`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GridCode(String);

impl GridCode {
    pub const MOST: usize = 32;

    /// Reads a code without regard to blanks, width and case.
    pub fn parse(text: &str) -> Result<GridCode, CodeFault> {
        if not_stated(text) {
            return Err(CodeFault::NotStated);
        }
        let plain: String = squeezed(text)
            .chars()
            .map(half_width)
            .filter(|c| !apostrophe(*c))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if plain.len() > GridCode::MOST {
            return Err(CodeFault::Length);
        }
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if plain.is_empty() || !plain.bytes().all(fits) {
            return Err(CodeFault::Characters);
        }
        Ok(GridCode(plain))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GridCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_codes() {
        let cases = [
            ("440784", Ok("440784 county -")),
            ("440784001", Ok("440784001 town 440784")),
            ("440784001006", Ok("440784001006 village 440784001")),
            ("440784000000", Ok("440784 county -")),
            ("440784001000", Ok("440784001 town 440784")),
            (" '４４０７８４ 001", Ok("440784001 town 440784")),
            ("", Err(CodeFault::NotStated)),
            ("44078", Err(CodeFault::Length)),
            ("4407840010061", Err(CodeFault::Length)),
            ("44078400X", Err(CodeFault::NotDigits)),
            ("440784000", Err(CodeFault::Zero)),
            ("000000001", Err(CodeFault::Zero)),
        ];
        for (input, expected) in cases {
            let shown = DivisionCode::parse(input).map(|code| {
                let above = code.above().map_or("-".to_owned(), |c| c.to_string());
                format!("{code} {} {above}", code.level().name())
            });
            assert_eq!(shown.as_deref().map_err(|e| *e), expected, "{input:?}");
        }
        assert_eq!(DivisionCode::parse("440784001006").unwrap().own_part(), "006");
    }

    #[test]
    fn grid_codes() {
        let cases = [
            (" g00001 ", Ok("G00001")),
            ("440784103202001", Ok("440784103202001")),
            ("Ｇ-01", Ok("G-01")),
            ("", Err(CodeFault::NotStated)),
            ("无", Err(CodeFault::NotStated)),
            ("一格", Err(CodeFault::Characters)),
            ("1234567890123456789012345678901234", Err(CodeFault::Length)),
        ];
        for (input, expected) in cases {
            let shown = GridCode::parse(input).map(|code| code.to_string());
            assert_eq!(shown.as_deref().map_err(|e| *e), expected, "{input:?}");
        }
    }
}
