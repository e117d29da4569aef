//! Telephone numbers: digits only, without the country's prefix.

use crate::text::{clean, half_width, not_stated};
use std::fmt;

/// A Chinese telephone number: a mobile of 11 digits, a landline of 7 or 8 digits with or without its area code,
/// or a service number of 5 to 6 digits. Hong Kong and Macau numbers keep their 00852 / 00853.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// Reads one number; blanks, hyphens, brackets and +86 are passed over.
    pub fn parse(text: &str) -> Option<Phone> {
        if not_stated(text) {
            return None;
        }
        let plain: String = clean(text).chars().map(half_width).collect();
        let plain = plain.strip_suffix(".0").unwrap_or(&plain);
        let mut digits = String::new();
        for c in plain.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() => digits.push_str("00"),
                _ => {}
            }
        }
        if plain
            .chars()
            .any(|c| c.is_alphabetic() && !"电话手机号码转分".contains(c))
        {
            return None;
        }
        let digits = without_country(&digits);
        let mobile = digits.len() == 11 && digits.starts_with('1') && digits.as_bytes()[1] >= b'3';
        let with_area =
            (10..=12).contains(&digits.len()) && digits.starts_with('0') && !digits.starts_with("00");
        let local = matches!(digits.len(), 7 | 8) && !digits.starts_with(['0', '1']);
        let abroad = (9..=16).contains(&digits.len()) && digits.starts_with("00");
        (mobile || with_area || local || abroad).then(|| Phone(digits.to_owned()))
    }

    /// All numbers of a cell, in their order: 13900078411/0750-8888888, 13900078411、13900078412.
    pub fn all(text: &str) -> Vec<Phone> {
        let plain: String = clean(text).chars().map(half_width).collect();
        let split = |c: char| {
            matches!(
                c,
                '/' | '、' | ',' | ';' | '|' | '\n' | '\\' | '或' | '和' | ' ' | '(' | ')'
            )
        };
        let whole = Phone::parse(&plain).filter(|p| p.0.len() <= 12);
        if let Some(phone) = whole {
            return vec![phone];
        }
        let mut phones = Vec::new();
        for part in plain.split(split) {
            // Names beside numbers are usual: 13900078411(子).
            let number: String = part
                .chars()
                .filter(|c| c.is_ascii_digit() || matches!(c, '-' | '+'))
                .collect();
            match Phone::parse(&number) {
                Some(phone) if !phones.contains(&phone) => phones.push(phone),
                _ => {}
            }
        }
        if phones.is_empty() {
            let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
            if digits.len() == 22 {
                phones.extend(
                    [&digits[..11], &digits[11..]]
                        .into_iter()
                        .filter_map(Phone::parse),
                );
            }
        }
        phones
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number on which a text message can be received.
    pub fn is_mobile(&self) -> bool {
        self.0.len() == 11 && self.0.starts_with('1')
    }
}

fn without_country(digits: &str) -> &str {
    for prefix in ["0086", "86"] {
        if let Some(rest) = digits.strip_prefix(prefix)
            && rest.len() >= 10
        {
            return rest;
        }
    }
    digits
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_numbers() {
        let cases: [(&str, &[&str]); 15] = [
            ("13900078411", &["13900078411"]),
            ("+86 139 0007 8411", &["13900078411"]),
            ("8613900078411", &["13900078411"]),
            ("１３９０００７８４１１", &["13900078411"]),
            ("139-0007-8411", &["13900078411"]),
            ("13900078411.0", &["13900078411"]),
            ("0750-8888888", &["07508888888"]),
            ("(0750)8888888", &["07508888888"]),
            ("8888888", &["8888888"]),
            ("13900078411/13900078412", &["13900078411", "13900078412"]),
            ("13900078411、0750-8888888", &["13900078411", "07508888888"]),
            ("13900078411 13900078412", &["13900078411", "13900078412"]),
            ("13900078411(子)", &["13900078411"]),
            ("无", &[]),
            ("139000784", &[]),
        ];
        for (input, expected) in cases {
            let phones = Phone::all(input);
            assert_eq!(
                phones.iter().map(Phone::as_str).collect::<Vec<_>>(),
                expected,
                "{input}"
            );
        }
        assert!(Phone::parse("abc13900078411").is_none());
    }
}
