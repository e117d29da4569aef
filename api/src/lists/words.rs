//! The tables of words by which headers, totals, footers and kinds of list are recognised. They are data
//! (`words/*.tsv`); this module only looks things up.

use super::kind::ListKind;
use domain::text::{apostrophe, half_width, squeezed};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a header word stands for: a key, and how sure the word is (1 is surest).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub key: &'static str,
    pub rank: u8,
}

/// Whose value a column holds, by the word in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Person,
    Head,
    /// A further member of the household; 0 where members are not numbered.
    Member(u8),
    /// A member of the household where its head is the person of the row, somebody else otherwise.
    Spouse,
    Other,
}

type Table = HashMap<&'static str, Word>;

struct Tables {
    people: Table,
    own: Vec<(ListKind, Table)>,
    roles: Vec<(&'static str, Role)>,
    kinds: Vec<(ListKind, &'static str)>,
    endings: Vec<(&'static str, &'static str)>,
    rosters: Vec<(&'static str, Vec<&'static str>)>,
    text: HashMap<&'static str, Vec<&'static str>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    people: columns(include_str!("words/columns.tsv")),
    own: vec![
        (
            ListKind::Population,
            columns(include_str!("words/population.tsv")),
        ),
        (ListKind::Disabled, columns(include_str!("words/disabled.tsv"))),
        (ListKind::LowIncome, columns(include_str!("words/low_income.tsv"))),
        (
            ListKind::OldAgeAllowance,
            columns(include_str!("words/old_age_allowance.tsv")),
        ),
        (ListKind::Deaths, columns(include_str!("words/deaths.tsv"))),
        (ListKind::Grids, columns(include_str!("words/grids.tsv"))),
    ],
    roles: roles(include_str!("words/roles.tsv")),
    kinds: lines(include_str!("words/kinds.tsv"))
        .filter_map(|(name, words)| Some((ListKind::parse(name)?, words)))
        .flat_map(|(kind, words)| words.split(' ').map(move |word| (kind, word)))
        .collect(),
    endings: lines(include_str!("words/endings.tsv"))
        .flat_map(|(key, words)| words.split(' ').map(move |word| (word, key)))
        .collect(),
    rosters: lines(include_str!("words/rosters.tsv"))
        .map(|(roster, words)| (roster, words.split(' ').collect()))
        .collect(),
    text: lines(include_str!("words/text.tsv"))
        .map(|(name, words)| (name, words.split(' ').collect()))
        .collect(),
});

fn lines(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
}

fn columns(table: &'static str) -> Table {
    let mut words = Table::new();
    for (key, rest) in lines(table) {
        let (rank, list) = rest.split_once('\t').unwrap_or(("9", ""));
        let rank = rank.parse().unwrap_or(9);
        for word in list.split(' ').filter(|w| !w.is_empty()) {
            words.entry(word).or_insert(Word { key, rank });
        }
    }
    words
}

fn roles(table: &'static str) -> Vec<(&'static str, Role)> {
    let mut words: Vec<(&str, Role)> = lines(table)
        .filter_map(|(name, words)| {
            let role = match name {
                "head" => Role::Head,
                "person" => Role::Person,
                "member" => Role::Member(0),
                "spouse" => Role::Spouse,
                "other" => Role::Other,
                _ => return None,
            };
            Some(words.split(' ').map(move |word| (word, role)))
        })
        .flatten()
        .collect();
    // The longest word that fits is the one that is meant.
    words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    words
}

/// What a header word means in a list of this kind.
pub fn column(kind: ListKind, word: &str) -> Option<Word> {
    let own = TABLES
        .own
        .iter()
        .find(|(k, _)| *k == kind)
        .and_then(|(_, t)| t.get(word));
    match own {
        Some(word) => Some(*word),
        None if kind.of_people() => TABLES.people.get(word).map(|word| beside(kind, *word)),
        None => None,
    }
}

/// A disability stands beside the matter in lists of other kinds.
fn beside(kind: ListKind, word: Word) -> Word {
    let key = match word.key {
        key if kind == ListKind::Disabled => key,
        "certificate_number" => ".certificate_number",
        "category" => ".disability_category",
        "grade" => ".disability_grade",
        key => key,
    };
    Word { key, ..word }
}

/// The role that a text begins with, and what follows the word.
pub fn role(text: &str) -> Option<(Role, &str)> {
    TABLES
        .roles
        .iter()
        .find_map(|(word, role)| Some((*role, text.strip_prefix(word)?)))
}

/// Whether somebody else than the person is named anywhere in a text.
pub fn names_another(text: &str) -> bool {
    TABLES.roles.iter().any(|(word, role)| {
        matches!(role, Role::Other | Role::Spouse) && word.chars().count() > 1 && text.contains(word)
    })
}

/// What stands before a word that ends a text, and the key that the word says.
pub fn ending(text: &str) -> Option<(&str, &'static str)> {
    TABLES
        .endings
        .iter()
        .find_map(|(word, key)| Some((text.strip_suffix(word)?, *key)))
}

/// Whether a text holds one of a list's words.
pub fn holds(list: &str, within: &str) -> bool {
    text(list).iter().any(|word| within.contains(word))
}

/// A list of `words/text.tsv`.
pub fn text(name: &str) -> &'static [&'static str] {
    TABLES.text.get(name).map_or(&[], Vec::as_slice)
}

/// The roster that a text names first in the table; `None` where it names none.
pub fn roster(text: &str) -> Option<&'static str> {
    rosters(text).next()
}

/// The roster of this code.
pub fn roster_named(code: &str) -> Option<&'static str> {
    let found = TABLES.rosters.iter().find(|(own, _)| *own == code);
    found.map(|(own, _)| *own)
}

/// What a roster is called for short.
pub fn roster_word(roster: &str) -> Option<&'static str> {
    let (_, words) = TABLES.rosters.iter().find(|(own, _)| *own == roster)?;
    words.first().copied()
}

/// Every roster that a text names: a word inside a longer one of another roster does not count.
pub fn rosters(text: &str) -> impl Iterator<Item = &'static str> {
    let mut rest = text.to_owned();
    TABLES.rosters.iter().filter_map(move |(roster, words)| {
        let found: Vec<&&str> = words.iter().filter(|word| rest.contains(**word)).collect();
        let any = !found.is_empty();
        rest = found
            .into_iter()
            .fold(std::mem::take(&mut rest), |rest, word| rest.replace(*word, "\n"));
        any.then_some(*roster)
    })
}

/// Whether a text is made of nothing but words of a list.
pub fn made_of(list: &str, whole: &str) -> bool {
    let mut rest = whole;
    while !rest.is_empty() {
        let longest = text(list)
            .iter()
            .filter(|word| rest.starts_with(**word))
            .max_by_key(|word| word.len());
        match longest {
            Some(word) => rest = &rest[word.len()..],
            None => return false,
        }
    }
    !whole.is_empty()
}

/// How many words of each kind a text holds.
pub fn kinds(text: &str) -> Vec<(ListKind, usize)> {
    ListKind::ALL
        .into_iter()
        .map(|kind| {
            let words = TABLES
                .kinds
                .iter()
                .filter(|(k, word)| *k == kind && text.contains(word));
            (kind, words.count())
        })
        .collect()
}

/// A header cell in the forms in which tables hold words: with what stands in brackets, and without it.
pub fn forms(header: &str) -> Vec<String> {
    let plain: String = squeezed(header)
        .chars()
        .map(half_width)
        .filter(|c| {
            !apostrophe(*c)
                && !matches!(
                    c,
                    '*' | '★'
                        | '※'
                        | '☆'
                        | ':'
                        | '/'
                        | '\\'
                        | '、'
                        | '-'
                        | '_'
                        | '|'
                        | '\n'
                        | '\t'
                        | '.'
                        | '。'
                        | ','
                        | '，'
                        | '#'
                )
        })
        .collect();
    let plain = plain.trim_start_matches(|c: char| c.is_ascii_digit());
    let mut whole = String::new();
    let mut outside = String::new();
    let mut depth = 0_u32;
    for c in plain.chars() {
        match c {
            '(' | '（' | '[' | '【' | '〔' | '<' | '〈' => depth += 1,
            ')' | '）' | ']' | '】' | '〕' | '>' | '〉' => depth = depth.saturating_sub(1),
            c => {
                whole.push(c);
                if depth == 0 {
                    outside.push(c);
                }
            }
        }
    }
    if whole.is_empty() {
        // Only digits in front, or only signs: the words as they are.
        return vec![squeezed(header)];
    }
    let mut forms = vec![whole];
    if !outside.is_empty() && outside != forms[0] {
        forms.push(outside);
    }
    // 姓名 Name: the same in another tongue.
    let last = &forms[forms.len() - 1];
    let chinese: String = last.chars().filter(|c| !c.is_ascii_alphabetic()).collect();
    if chinese.chars().count() >= 2 && chinese != *last {
        forms.push(chinese);
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_headers() {
        let cases = [
            ("姓 名", "姓名"),
            ("　性　别", "性别"),
            ("证件号码*", "证件号码"),
            ("村(居)委会", "村居委会 村委会"),
            ("低保（特困）证号", "低保特困证号 低保证号"),
            ("发放标准（元/月）", "发放标准元月 发放标准"),
            ("享受补贴\n起始月份", "享受补贴起始月份"),
            ("1、姓名", "姓名"),
            ("工作/就业", "工作就业"),
            ("姓名 Name", "姓名Name 姓名"),
        ];
        for (header, expected) in cases {
            assert_eq!(forms(header).join(" "), expected, "{header}");
        }
    }

    #[test]
    fn words_of_the_kinds() {
        for kind in ListKind::ALL {
            assert!(column(kind, "镇街").is_some_and(|w| w.key == "town"), "{kind:?}");
        }
        assert_eq!(column(ListKind::Disabled, "等级").map(|w| w.key), Some("grade"));
        assert_eq!(column(ListKind::Population, "等级"), None);
        assert_eq!(column(ListKind::Grids, "身份证号"), None);
        assert_eq!(role("户主身份证号"), Some((Role::Head, "身份证号")));
        assert_eq!(role("照料护理人姓名"), Some((Role::Other, "姓名")));
    }
}
