//! The number of a disability certificate 残疾人证: ID number, category digit, grade digit, and B with an
//! ordinal on a replacement: 20 or 22 characters, nationwide.

use crate::id_number::{IdFault, IdNumber, strip};
use crate::text::not_stated;
use std::fmt;

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    holder: IdNumber,
    category: u8,
    grade: u8,
    replacement: Option<u8>,
}

/// Why a text is no certificate number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    NotStated,
    Length,
    /// The 18 characters in front are no ID number.
    Holder(IdFault),
    /// The digits for category (1–7) or grade (1–4), or the replacement's ordinal, cannot be.
    Tail,
}

/// 视力 听力 言语 肢体 智力 精神 多重, in the order of their digits from 1.
pub const CATEGORIES: [&str; 7] = ["视力", "听力", "言语", "肢体", "智力", "精神", "多重"];
/// From the heaviest, in the order of their digits from 1.
pub const GRADES: [&str; 4] = ["一级", "二级", "三级", "四级"];

impl Certificate {
    pub fn parse(text: &str) -> Result<Certificate, CertificateFault> {
        if not_stated(text) {
            return Err(CertificateFault::NotStated);
        }
        let plain = strip(text);
        if !plain.is_ascii() || !matches!(plain.len(), 20 | 22) {
            return Err(CertificateFault::Length);
        }
        let holder = IdNumber::parse(&plain[..18]).map_err(CertificateFault::Holder)?;
        let digit = |at: usize, most: u8| {
            let d = plain.as_bytes()[at].wrapping_sub(b'0');
            (1..=most).contains(&d).then_some(d)
        };
        let tail = || {
            let replacement = match plain.len() {
                20 => None,
                _ if plain.as_bytes()[20] == b'B' => Some(digit(21, 9)?),
                _ => return None,
            };
            Some((digit(18, 7)?, digit(19, 4)?, replacement))
        };
        let (category, grade, replacement) = tail().ok_or(CertificateFault::Tail)?;
        Ok(Certificate {
            holder,
            category,
            grade,
            replacement,
        })
    }

    pub fn holder(&self) -> &IdNumber {
        &self.holder
    }

    /// 视力 … 多重.
    pub fn category(&self) -> &'static str {
        CATEGORIES[usize::from(self.category) - 1]
    }

    /// 一级 … 四级.
    pub fn grade(&self) -> &'static str {
        GRADES[usize::from(self.grade) - 1]
    }

    pub fn as_text(&self) -> String {
        let tail = self.replacement.map(|n| format!("B{n}")).unwrap_or_default();
        format!("{}{}{}{tail}", self.holder.as_str(), self.category, self.grade)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(…)")
    }
}

/// Reads a category in words or as its digit: 肢体, 肢体残疾, 4.
pub fn category(text: &str) -> Option<&'static str> {
    let plain = strip(text);
    let plain = plain.trim_end_matches("残疾").trim_end_matches('类');
    numbered(plain, &CATEGORIES).or_else(|| {
        CATEGORIES
            .into_iter()
            .find(|c| plain.starts_with(c) || plain.ends_with(c))
    })
}

/// Reads a grade in words or as its digit: 二级, 贰级, 2级, 2.
pub fn grade(text: &str) -> Option<&'static str> {
    let plain = strip(text);
    let plain = plain.trim_end_matches('残').trim_end_matches('级');
    let words: [&[&str]; 4] = [
        &["一", "壹", "Ⅰ", "I"],
        &["二", "贰", "Ⅱ", "II"],
        &["三", "叁", "Ⅲ", "III"],
        &["四", "肆", "Ⅳ", "IV"],
    ];
    let word = words.iter().position(|w| w.contains(&plain)).map(|n| GRADES[n]);
    word.or_else(|| numbered(plain, &GRADES))
}

fn numbered(plain: &str, of: &[&'static str]) -> Option<&'static str> {
    let digits: String = plain.chars().take_while(char::is_ascii_digit).collect();
    let n: usize = digits.parse().ok()?;
    let rest = &plain[digits.len()..];
    let word = *of.get(n.checked_sub(1)?)?;
    (rest.is_empty() || rest.starts_with('-') || rest.contains(word.trim_end_matches('级'))).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_numbers() {
        let c = Certificate::parse("44030819990110151243").unwrap();
        assert_eq!((c.category(), c.grade(), c.as_text().len()), ("肢体", "三级", 20));
        assert_eq!(
            Certificate::parse("44030819990110151243B1").unwrap().as_text(),
            "44030819990110151243B1"
        );
        let bad = [
            ("440308199901101512", CertificateFault::Length),
            ("44030819990110151284", CertificateFault::Tail),
            ("44030819990110151245", CertificateFault::Tail),
            ("44030819990110151243C1", CertificateFault::Tail),
            (
                "44030819990110151343",
                CertificateFault::Holder(IdFault::CheckCharacter),
            ),
            ("无", CertificateFault::NotStated),
        ];
        for (input, expected) in bad {
            assert_eq!(Certificate::parse(input).map(|_| ()), Err(expected), "{input}");
        }
    }

    #[test]
    fn words_and_digits() {
        for (input, expected) in [
            ("肢体", "肢体"),
            ("肢体残疾", "肢体"),
            ("4", "肢体"),
            ("4-肢体", "肢体"),
            ("04肢体", "肢体"),
            ("多重残疾", "多重"),
        ] {
            assert_eq!(category(input), Some(expected), "{input}");
        }
        for (input, expected) in [
            ("二级", "二级"),
            ("贰级", "二级"),
            ("2", "二级"),
            ("２级", "二级"),
            ("2-二级", "二级"),
            ("四", "四级"),
        ] {
            assert_eq!(grade(input), Some(expected), "{input}");
        }
        assert_eq!((category("9"), grade("5级"), grade("")), (None, None, None));
    }
}
