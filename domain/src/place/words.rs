//! Names of divisions and natural villages: what is the name itself, and what its ending says.

use crate::text::{apostrophe, blank, clean, half_width};

/// What an ending says a village is. Two kinds under one stem are two villages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Village,
    Community,
}

/// Endings of villages and communities, longest first. 管理区 and 大队 are what both were called before.
pub const VILLAGE_ENDINGS: [(&str, Option<Kind>); 18] = [
    ("社区居民委员会", Some(Kind::Community)),
    ("村村民委员会", Some(Kind::Village)),
    ("社区居委会", Some(Kind::Community)),
    ("居民委员会", Some(Kind::Community)),
    ("村民委员会", Some(Kind::Village)),
    ("村村委会", Some(Kind::Village)),
    ("居委会", Some(Kind::Community)),
    ("村委会", Some(Kind::Village)),
    ("行政村", Some(Kind::Village)),
    ("管理区", None),
    ("村村委", Some(Kind::Village)),
    ("居委", Some(Kind::Community)),
    ("村委", Some(Kind::Village)),
    ("社区", Some(Kind::Community)),
    ("大队", None),
    ("管区", None),
    ("村", Some(Kind::Village)),
    ("", None),
];

/// Endings of towns, longest first, those of earlier times among them.
pub const TOWN_ENDINGS: [&str; 11] = [
    "街道办事处",
    "镇人民政府",
    "乡人民政府",
    "街道办",
    "镇政府",
    "公社",
    "街道",
    "街",
    "镇",
    "乡",
    "",
];

pub const COUNTY_ENDINGS: [&str; 4] = ["市", "县", "区", ""];

/// Endings of natural villages, longest first.
pub const NATURAL_ENDINGS: [&str; 8] = ["村民小组", "自然村", "村小组", "小组", "村组", "村", "组", ""];

/// Natural villages are many under one name; a road of a town is one.
pub fn is_road(name: &str) -> bool {
    ["路", "街", "大道", "公路", "马路"]
        .iter()
        .any(|end| name.ends_with(end))
        && name.chars().count() > 1
}

/// One way to write the name of a division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    pub stem: String,
    pub kind: Option<Kind>,
    pub former: bool,
}

impl Spelling {
    pub fn of_village(name: &str, former: bool) -> Option<Spelling> {
        let name = letters(name);
        let ends = |(ending, _): &&(&str, _)| name.len() > ending.len() && name.ends_with(ending);
        let found = VILLAGE_ENDINGS.iter().find(ends);
        let (ending, kind) = found.copied().unwrap_or(("", None));
        let stem = name.strip_suffix(ending)?.to_owned();
        (!stem.is_empty()).then_some(Spelling { stem, kind, former })
    }

    pub fn of_town(name: &str, former: bool) -> Option<Spelling> {
        let name = letters(name);
        let stem = without(&name, &TOWN_ENDINGS);
        (!stem.is_empty()).then(|| Spelling {
            stem: stem.to_owned(),
            kind: None,
            former,
        })
    }
}

/// A name without the first of `endings` that leaves two characters.
pub fn without<'a>(name: &'a str, endings: &[&str]) -> &'a str {
    let whole = |stem: &&str| stem.chars().count() >= 2;
    let mut stems = endings.iter().filter_map(|ending| name.strip_suffix(ending));
    stems.find(whole).unwrap_or(name)
}

/// An address or a name as it is read: simplified, half-width, without blanks, apostrophes, brackets and
/// punctuation; a hyphen only between digits, where it stands for 之.
pub fn letters(text: &str) -> String {
    let cleaned: String = clean(text)
        .chars()
        .map(half_width)
        .filter(|c| !blank(*c) && !apostrophe(*c))
        .collect();
    let simple: Vec<char> = fast2s::convert(&cleaned).chars().collect();
    let digit = |at: Option<usize>| at.and_then(|at| simple.get(at)).is_some_and(char::is_ascii_digit);
    let mut out = String::with_capacity(cleaned.len());
    for (at, c) in simple.iter().enumerate() {
        match c {
            '#' => out.push('号'),
            '~' | '-' if digit(at.checked_sub(1)) && digit(Some(at + 1)) => out.push('-'),
            // 86号-1 is 86号之1.
            '-' if at > 0 && simple[at - 1] == '号' && digit(Some(at + 1)) => out.push('-'),
            c if c.is_alphanumeric() => out.extend(c.to_uppercase()),
            _ => {}
        }
    }
    out
}
