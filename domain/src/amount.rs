//! Money in fen.

use crate::text::{apostrophe, blank, clean, half_width, not_stated};

/// Most that a single benefit can be: ten million yuan, far above any and far below overflow.
const MOST: i64 = 1_000_000_000;

/// Reads yuan as lists write them: 845, 845.00, ￥845元/月, 1,301. `None` when it is no amount.
pub fn parse_yuan(text: &str) -> Option<i64> {
    // 0 and 1111 are amounts, whatever they are elsewhere.
    let digits = !clean(text).is_empty() && clean(text).chars().all(|c| half_width(c).is_ascii_digit());
    if !digits && not_stated(text) {
        return None;
    }
    let plain: String = clean(text)
        .chars()
        .map(half_width)
        .filter(|c| !blank(*c) && !apostrophe(*c) && !matches!(c, ',' | '¥' | '￥'))
        .collect();
    let plain = plain.split(['元', '/', '(']).next().unwrap_or("");
    let plain = plain.trim_start_matches("人民币");
    let (yuan, rest) = plain.split_once('.').unwrap_or((plain, ""));
    if yuan.is_empty() || yuan.len() > 12 || !yuan.bytes().chain(rest.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fen = format!("{rest:0<2}");
    // A spreadsheet's 845.0000000001 is 845; more than a fen beyond that is no amount.
    let fen: i64 = fen[..2].parse().ok()?;
    let total = yuan.parse::<i64>().ok()?.checked_mul(100)?.checked_add(fen)?;
    (total <= MOST).then_some(total)
}

/// A number cell as fen, rounded.
pub fn from_number(yuan: f64) -> Option<i64> {
    let fen = (yuan * 100.0).round();
    (yuan.is_finite() && (0.0..=MOST as f64).contains(&fen)).then_some(fen as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        let cases = [
            ("845", Some(84_500)),
            ("845.00", Some(84_500)),
            ("845.5", Some(84_550)),
            ("￥845元/月", Some(84_500)),
            ("１，３０１", Some(130_100)),
            ("0", Some(0)),
            ("0.00", Some(0)),
            ("", None),
            ("无", None),
            ("-", None),
            ("八百", None),
            ("999999999999999", None),
        ];
        for (input, expected) in cases {
            assert_eq!(parse_yuan(input), expected, "{input}");
        }
        assert_eq!(
            (from_number(845.0), from_number(-1.0), from_number(f64::NAN)),
            (Some(84_500), None, None)
        );
    }
}
