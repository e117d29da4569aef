//! Ranges of house numbers as lists write them, and what a grid is called after its ranges.

use crate::store::grids::{Grid, Range};
use domain::text::{half_width, not_stated, squeezed};

/// Why a range cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeFault {
    Malformed,
    Reversed,
}

const ALL: [&str; 6] = ["全部", "全村", "所有", "全段", "全路", "全部门牌"];
const UP: [&str; 6] = ["以上", "起", "以后", "及以上", "往后", "以外"];
const DOWN: [&str; 4] = ["以下", "以内", "以前", "及以下"];

/// Reads 门牌起 and 门牌止, or one text that says both (1-60号, 61号以上, 15号, 全部) with an empty `to`.
/// Nothing stated is every number; a missing end is no end.
pub fn numbers(from: &str, to: &str) -> Result<(i32, i32), RangeFault> {
    let (from, to) = (plain(from), plain(to));
    if to.is_empty() {
        return one_text(&from);
    }
    let first = if from.is_empty() { 1 } else { number(&from)? };
    ordered(first, number(&to)?)
}

fn one_text(text: &str) -> Result<(i32, i32), RangeFault> {
    if text.is_empty() || ALL.contains(&text) {
        return Ok((1, Range::NO_END));
    }
    if let Some(first) = UP.iter().find_map(|word| text.strip_suffix(word)) {
        return ordered(number(first)?, Range::NO_END);
    }
    if let Some(last) = DOWN.iter().find_map(|word| text.strip_suffix(word)) {
        return ordered(1, number(last)?);
    }
    let parts: Vec<&str> = text.split(['-', '~', '至', '到']).collect();
    match parts.as_slice() {
        [first, ""] => ordered(number(first)?, Range::NO_END),
        [first, last] => ordered(number(first)?, number(last)?),
        [one] if one.ends_with('号') => ordered(number(one)?, number(one)?),
        [first] => ordered(number(first)?, Range::NO_END),
        _ => Err(RangeFault::Malformed),
    }
}

fn plain(text: &str) -> String {
    let text: String = squeezed(text).chars().map(half_width).collect();
    // 0 and 1 are numbers here; the other fillers say nothing.
    if text.bytes().any(|b| b.is_ascii_digit()) || !not_stated(&text) {
        text.replace('〜', "~")
    } else {
        String::new()
    }
}

fn number(text: &str) -> Result<i32, RangeFault> {
    let digits = text
        .trim_start_matches('第')
        .trim_end_matches('号')
        .trim_end_matches('门');
    // A spreadsheet's number cell.
    let digits = digits.strip_suffix(".0").unwrap_or(digits);
    if digits.is_empty() || digits.len() > 5 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RangeFault::Malformed);
    }
    digits.parse().map_err(|_| RangeFault::Malformed)
}

fn ordered(from: i32, to: i32) -> Result<(i32, i32), RangeFault> {
    match from {
        0 => ordered(1, to),
        from if from > to => Err(RangeFault::Reversed),
        from => Ok((from, to)),
    }
}

/// The natural villages or roads of a cell: several are separated by 、 or a comma; 全部 is the whole village,
/// which is the empty text.
pub fn natural_villages(text: &str) -> Vec<String> {
    let mut all: Vec<String> = text
        .split(['、', '，', ',', '；', ';', '/', '\n'])
        .map(squeezed)
        .filter(|part| !part.is_empty())
        .map(|part| {
            if ALL.contains(&part.as_str()) {
                String::new()
            } else {
                part
            }
        })
        .collect();
    if all.is_empty() {
        all.push(String::new());
    }
    all.sort();
    all.dedup();
    all
}

/// What a grid is called when nobody gave it a name: its ranges, or its village and code.
pub fn label(village: &str, code: &str, ranges: &[Range]) -> String {
    const MOST: usize = 3;
    let named: Vec<&Range> = ranges.iter().filter(|r| !r.natural_village.is_empty()).collect();
    if named.is_empty() || named.len() > MOST {
        return format!("{village}{code}");
    }
    let one = |range: &&Range| match (range.from, range.to) {
        (1, Range::NO_END) => range.natural_village.clone(),
        (from, Range::NO_END) => format!("{}{from}号起", range.natural_village),
        (from, to) => format!("{}{from}-{to}号", range.natural_village),
    };
    named.iter().map(one).collect::<Vec<_>>().join("、")
}

/// The first grid among `others` that has a number that `ranges` would have too, with that range of ours.
pub fn overlap<'a>(ranges: &'a [Range], others: &'a [Grid]) -> Option<(&'a Range, &'a Grid)> {
    others.iter().find_map(|other| {
        let hit = |range: &&Range| other.ranges.iter().any(|theirs| theirs.overlaps(range));
        ranges.iter().find(hit).map(|range| (range, other))
    })
}

/// Whether two ranges of one grid overlap.
pub fn overlap_within(ranges: &[Range]) -> bool {
    let later = |at: usize| &ranges[at + 1..];
    ranges
        .iter()
        .enumerate()
        .any(|(at, range)| later(at).iter().any(|other| other.overlaps(range)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn house_numbers() {
        let cases = [
            ("1", "60", Ok((1, 60))),
            ("61", "9999", Ok((61, 9999))),
            ("1.0", "60.0", Ok((1, 60))),
            (" ６１号 ", "", Ok((61, 61))),
            ("61", "", Ok((61, 9999))),
            ("", "60", Ok((1, 60))),
            ("", "", Ok((1, 9999))),
            ("全部", "", Ok((1, 9999))),
            ("1-60号", "", Ok((1, 60))),
            ("1号至60号", "", Ok((1, 60))),
            ("1～60", "", Ok((1, 60))),
            ("61号以上", "", Ok((61, 9999))),
            ("60号以下", "", Ok((1, 60))),
            ("61-", "", Ok((61, 9999))),
            ("0", "9999", Ok((1, 9999))),
            ("60", "1", Err(RangeFault::Reversed)),
            ("甲", "60", Err(RangeFault::Malformed)),
            ("1-2-3", "", Err(RangeFault::Malformed)),
            ("123456", "", Err(RangeFault::Malformed)),
        ];
        for (from, to, expected) in cases {
            assert_eq!(numbers(from, to), expected, "{from:?} {to:?}");
        }
    }

    #[test]
    fn several_natural_villages() {
        let cases = [
            ("旧围", vec!["旧围"]),
            ("后尾、冯边", vec!["冯边", "后尾"]),
            ("", vec![""]),
            ("全部", vec![""]),
            ("旧围,旧围", vec!["旧围"]),
        ];
        for (text, expected) in cases {
            assert_eq!(natural_villages(text), expected, "{text}");
        }
    }

    #[test]
    fn labels() {
        let range = |natural_village: &str, from, to| Range {
            natural_village: natural_village.into(),
            from,
            to,
        };
        let cases = [
            (vec![range("旧围", 1, 9999)], "旧围"),
            (vec![range("后尾", 1, 60)], "后尾1-60号"),
            (
                vec![range("后尾", 61, 9999), range("旧围", 1, 9999)],
                "后尾61号起、旧围",
            ),
            (vec![range("", 1, 9999)], "良围村G1"),
            (vec![], "良围村G1"),
        ];
        for (ranges, expected) in cases {
            assert_eq!(label("良围村", "G1", &ranges), expected);
        }
    }
}
