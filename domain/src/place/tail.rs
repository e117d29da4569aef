//! What stands behind the name of a natural village, a road or a village: group, house number, words left over.

use super::number;

/// What a text behind a name says.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tail {
    pub number: Option<u32>,
    pub part: Option<u32>,
    pub rest: String,
}

/// Words that make the number before them something else than a house number.
const NOT_HOUSES: [&str; 27] = [
    "组", "队", "社", "巷", "栋", "座", "幢", "楼", "期", "区", "里", "街", "路", "村", "坊", "弄", "层",
    "室", "房", "单元", "米", "公里", "片", "大道", "小组", "横", "条",
];

/// Groups of a village: 第三村民小组, 3组, 二队, 第一经济社. Longest first.
const GROUPS: [&str; 10] = [
    "村民小组",
    "居民小组",
    "生产小队",
    "生产队",
    "经济社",
    "小组",
    "小队",
    "组",
    "队",
    "社",
];

/// Reads what follows a name.
pub fn read(text: &str) -> Tail {
    match house(text) {
        Some(tail) => tail,
        None => Tail {
            rest: text.to_owned(),
            ..Tail::default()
        },
    }
}

/// Whether a text begins as what follows a whole name: nothing, a number, a group.
pub fn begins(text: &str) -> bool {
    text.is_empty() || number::starts(text) || text.starts_with('第')
}

fn house(text: &str) -> Option<Tail> {
    let text = text.strip_prefix("门牌").unwrap_or(text);
    let text = text.strip_prefix('第').unwrap_or(text);
    let (n, after) = number::leading(text)?;
    let numbered = ["号门牌", "号"].iter().find_map(|word| after.strip_prefix(word));
    if numbered.is_none() && NOT_HOUSES.iter().any(|word| after.starts_with(word)) {
        return None;
    }
    let after = numbered.unwrap_or(after);
    let (part, rest) = part(after);
    Some(Tail {
        number: Some(n),
        part,
        rest: rest.to_owned(),
    })
}

/// 之二, 之2, -2.
fn part(text: &str) -> (Option<u32>, &str) {
    let read = |rest| number::leading(rest).map(|(n, rest)| (n, rest.strip_prefix('号').unwrap_or(rest)));
    match text.strip_prefix(['之', '-']).and_then(read) {
        Some((n, rest)) => (Some(n), rest),
        None => (None, text),
    }
}

/// A group at the beginning of a text, in one form for all its spellings, and what follows it.
pub fn group(text: &str) -> Option<(String, &str)> {
    let (n, after) = number::leading(text.strip_prefix('第').unwrap_or(text))?;
    let word = GROUPS.iter().find(|word| after.starts_with(**word))?;
    let short = if word.ends_with('组') {
        "组"
    } else {
        &word[word.len() - 3..]
    };
    Some((format!("{n}{short}"), &after[word.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_name() {
        let cases = [
            ("86号", Some(86), None, ""),
            ("86", Some(86), None, ""),
            ("第86号", Some(86), None, ""),
            ("86号之二", Some(86), Some(2), ""),
            ("86之2号", Some(86), Some(2), ""),
            ("86-2", Some(86), Some(2), ""),
            ("86号-2", Some(86), Some(2), ""),
            ("120号3栋502房", Some(120), None, "3栋502房"),
            ("3巷12号", None, None, "3巷12号"),
            ("一百二十四号之三", Some(124), Some(3), ""),
            ("口小卖部旁", None, None, "口小卖部旁"),
            ("", None, None, ""),
        ];
        for (input, number, part, rest) in cases {
            let tail = read(input);
            assert_eq!(
                (tail.number, tail.part, tail.rest.as_str()),
                (number, part, rest),
                "{input}"
            );
        }
    }

    #[test]
    fn groups_of_a_village() {
        let cases = [
            ("第三村民小组旧围", Some(("3组", "旧围"))),
            ("3组", Some(("3组", ""))),
            ("二队12号", Some(("2队", "12号"))),
            ("第一经济社", Some(("1社", ""))),
            ("86号", None),
        ];
        for (input, expected) in cases {
            let read = group(input);
            assert_eq!(
                read.as_ref().map(|(g, rest)| (g.as_str(), *rest)),
                expected,
                "{input}"
            );
        }
    }
}
