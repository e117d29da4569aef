//! What one header cell means: which value, and whose.

use super::kind::ListKind;
use super::words::{self, Role, Word, forms};

/// The meaning of a header cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    pub key: &'static str,
    pub rank: u8,
    pub role: Role,
}

/// Keys that can be somebody else's.
const PERSONAL: [&str; 10] = [
    "name",
    "id_number",
    "sex",
    "birth_date",
    "phone",
    "address",
    "certificate_number",
    "death_date",
    ".age",
    ".ethnicity",
];

/// Reads a header cell below a group's cell, which may be empty.
pub fn meaning(kind: ListKind, group: &str, leaf: &str) -> Option<Meaning> {
    if leaf.trim().is_empty() || leaf.chars().count() > 200 {
        return None;
    }
    let group = forms(group).pop().unwrap_or_default();
    let group = words::text("group_end")
        .iter()
        .fold(group.as_str(), |g, end| g.strip_suffix(end).unwrap_or(g));
    let leaves = forms(leaf);
    if !group.is_empty() && group != leaves[0] {
        // 网格员 over 姓名, 残疾 over 等级: together they are a word.
        for leaf in &leaves {
            let whole = format!("{group}{leaf}");
            if let Some(word) = words::column(kind, &whole) {
                return Some(of(word, Role::Person));
            }
        }
    }
    let own = leaves
        .iter()
        .find_map(|form| exact(kind, form))
        .or_else(|| leaves.iter().find_map(|form| in_front(kind, form)))
        .or_else(|| leaves.iter().find_map(|form| at_the_end(kind, form)))
        .or_else(|| leaves.iter().find_map(|form| by_parts(kind, form)))
        .or_else(|| in_yuan(kind, &leaves))?;
    let registered = words::holds("registered", group);
    let rank = own.rank + if own.key == "address" && registered { 2 } else { 0 };
    let role = match (own.role, words::role(group)) {
        (Role::Person, Some((role, rest))) if role != Role::Person && PERSONAL.contains(&own.key) => {
            numbered(role, rest).0
        }
        (role, _) => role,
    };
    Some(Meaning { rank, role, ..own })
}

fn of(word: Word, role: Role) -> Meaning {
    Meaning {
        key: word.key,
        rank: word.rank,
        role,
    }
}

/// The word itself, or a role's word alone, which is then a name.
fn exact(kind: ListKind, form: &str) -> Option<Meaning> {
    if let Some(word) = words::column(kind, form) {
        return Some(of(word, Role::Person));
    }
    if !kind.of_people() {
        return None;
    }
    let (role, rest) = words::role(form)?;
    let (role, rest) = numbered(role, rest);
    let generic = words::text("no_name").contains(&form);
    let name = rest.is_empty() || words::text("name_end").contains(&rest);
    // 家庭成员情况（姓名、关系、身份证号）: all that is known of them, in one cell.
    let all = matches!(role, Role::Member(_))
        && words::made_of("member_part", rest)
        && words::column(kind, rest).is_none();
    ((name || all) && !generic).then_some(Meaning {
        key: "name",
        rank: 2,
        role,
    })
}

/// A role in front of a word: 户主身份证号, 成员一姓名, 联系人电话, 老人联系方式.
fn in_front(kind: ListKind, form: &str) -> Option<Meaning> {
    if !kind.of_people() {
        return None;
    }
    let (role, rest) = words::role(form)?;
    let (role, rest) = numbered(role, rest);
    let rest = rest.trim_start_matches(['的', '之']);
    let (rest, behind) = number_behind(rest);
    let role = match (role, behind) {
        (Role::Member(0), Some(n)) => Role::Member(n),
        (role, _) => role,
    };
    let word = words::column(kind, rest)?;
    // Somebody else's account or a household's sum is no value of a person.
    let known = role == Role::Person && word.key == ".known";
    let own = PERSONAL.contains(&word.key) || word.key == "relation" || known;
    own.then(|| of(word, role))
}

/// A word at the end, behind something unknown, or a number behind it: 六十岁退役士兵身份证号, 联系电话2.
fn at_the_end(kind: ListKind, form: &str) -> Option<Meaning> {
    let (plain, behind) = number_behind(form);
    if let Some(n) = behind
        && let Some(word) = words::column(kind, plain)
    {
        return Some(Meaning {
            rank: word.rank + n.saturating_sub(1).min(5),
            ..of(word, Role::Person)
        });
    }
    if !kind.of_people() || form.starts_with("是否") {
        return None;
    }
    let (front, key) = words::ending(form)?;
    let role = if words::names_another(front) || front.ends_with("关系") {
        Role::Other
    } else if front.contains("户主") {
        Role::Head
    } else {
        Role::Person
    };
    Some(Meaning { key, rank: 4, role })
}

/// Words inside a header that make it likely: 每月补贴金额合计, 享受待遇起始时间.
fn by_parts(kind: ListKind, form: &str) -> Option<Meaning> {
    let holds = |list: &str| words::holds(list, form);
    let address = words::text("address_end").iter().any(|end| form.ends_with(end));
    let person = |key, rank| {
        Some(Meaning {
            key,
            rank,
            role: Role::Person,
        })
    };
    if kind.of_people() && address && holds("address_part") && !words::names_another(form) {
        return person("address", if holds("registered") { 5 } else { 4 });
    }
    if words::made_of("place_word", form) && levels(form) > 1 {
        return person(".path", 3);
    }
    if !kind.enrols() || form.starts_with("是否") || form.chars().count() > 16 {
        return None;
    }
    if holds("since_part") && (holds("since_end") || form.ends_with('月')) {
        return person("since", 5);
    }
    let amount = holds("amount_part") || words::text("amount_end").iter().any(|end| form.ends_with(end));
    match amount && !holds("amount_not") {
        true => person("amount", 5),
        false => None,
    }
}

/// A unit of money in brackets: 一月（元）, 每人每月(元/月).
fn in_yuan(kind: ListKind, forms: &[String]) -> Option<Meaning> {
    let [whole, outside, ..] = forms else { return None };
    let inside = whole.strip_prefix(outside.as_str())?;
    let fits = kind.enrols() && inside.starts_with('元') && !words::holds("amount_not", outside);
    (fits && outside.chars().count() <= 10).then_some(Meaning {
        key: "amount",
        rank: 6,
        role: Role::Person,
    })
}

/// How many levels of places a header of such words names: 镇村组 three.
fn levels(form: &str) -> usize {
    let (mut rest, mut count) = (form, 0);
    while let Some(c) = rest.chars().next() {
        let level = words::text("place_level")
            .iter()
            .filter(|word| rest.starts_with(**word))
            .max_by_key(|word| word.len());
        count += usize::from(level.is_some());
        rest = &rest[level.map_or(c.len_utf8(), |word| word.len())..];
    }
    count
}

/// A number behind a role: 成员一, 家庭成员2.
fn numbered(role: Role, rest: &str) -> (Role, &str) {
    let Role::Member(_) = role else {
        return (role, rest);
    };
    let mut chars = rest.chars();
    match chars.next().and_then(numeral) {
        Some(n) => {
            let after = chars.as_str();
            match (n, after.chars().next().and_then(numeral)) {
                // 成员10, 成员十一
                (n, Some(m)) if n < 10 && rest.as_bytes()[0].is_ascii_digit() => {
                    (Role::Member(n * 10 + m % 10), &after[1..])
                }
                (10, Some(m)) if m < 10 => (Role::Member(10 + m), &after['一'.len_utf8()..]),
                _ => (Role::Member(n), after),
            }
        }
        None => (role, rest),
    }
}

/// A number at the end of a word: 姓名1, 联系电话二.
pub fn number_behind(text: &str) -> (&str, Option<u8>) {
    match text.chars().next_back() {
        Some(c) if text.chars().count() > 2 => match numeral(c) {
            Some(n) => (&text[..text.len() - c.len_utf8()], Some(n)),
            None => (text, None),
        },
        _ => (text, None),
    }
}

fn numeral(c: char) -> Option<u8> {
    const CHINESE: &str = "一二三四五六七八九十";
    const CIRCLED: &str = "①②③④⑤⑥⑦⑧⑨⑩";
    let at = |list: &str| list.chars().position(|x| x == c).map(|n| n as u8 + 1);
    match c {
        '0'..='9' => Some(c as u8 - b'0'),
        _ => at(CHINESE).or_else(|| at(CIRCLED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: ListKind, group: &str, leaf: &str) -> String {
        match meaning(kind, group, leaf) {
            Some(m) => format!("{} {:?}", m.key, m.role),
            None => "-".to_owned(),
        }
    }

    #[test]
    fn headers_that_are_in_use() {
        let cases = [
            (ListKind::LowIncome, "", "户主身份证号", "id_number Head"),
            (ListKind::LowIncome, "", "户主姓名", "name Head"),
            (ListKind::LowIncome, "", "户主", "name Head"),
            (ListKind::LowIncome, "", "家庭成员姓名", "name Member(0)"),
            (ListKind::LowIncome, "", "成员一身份证号", "id_number Member(1)"),
            (ListKind::LowIncome, "", "家庭成员12姓名", "name Member(12)"),
            (ListKind::LowIncome, "家庭成员3", "姓名", "name Member(3)"),
            (
                ListKind::LowIncome,
                "",
                "低保（特困）证号",
                "household_number Person",
            ),
            (ListKind::LowIncome, "", "残疾证号", ".certificate_number Person"),
            (ListKind::LowIncome, "", "照料人身份证号", "id_number Other"),
            (ListKind::LowIncome, "", "与主申请人关系", "relation Person"),
            (ListKind::LowIncome, "", "银行账户名称", "name Other"),
            (ListKind::LowIncome, "", "户月保障金额（元）", "amount Person"),
            (ListKind::Disabled, "", "残疾人证号", "certificate_number Person"),
            (ListKind::Disabled, "", "残疾人姓名", "name Person"),
            (ListKind::Disabled, "残疾信息", "等级", "grade Person"),
            (ListKind::Disabled, "", "和联系人关系", "-"),
            (ListKind::Disabled, "监护人信息", "联系电话", "phone Other"),
            (ListKind::OldAgeAllowance, "", "老人联系方式", "phone Person"),
            (
                ListKind::OldAgeAllowance,
                "",
                "60岁退役士兵身份证号*",
                "id_number Person",
            ),
            (ListKind::OldAgeAllowance, "", "与老人关系", "-"),
            (ListKind::Deaths, "", "逝者证件号", "id_number Person"),
            (ListKind::Deaths, "", "家属联系电话", "phone Other"),
            (ListKind::Deaths, "", "生前详细地址", "address Person"),
            (ListKind::Deaths, "", "逝者火化日期", ".known Person"),
            (ListKind::Population, "", "联系人身份证", "id_number Other"),
            (ListKind::Population, "", "联系电话2", "phone Person"),
            (
                ListKind::LowIncome,
                "",
                "家庭成员情况（姓名、关系、身份证号）",
                "name Member(0)",
            ),
            (ListKind::LowIncome, "", "一月（元）", "amount Person"),
            (ListKind::LowIncome, "", "年收入（元）", ".known Person"),
            (ListKind::LowIncome, "", "金融资产总额（元）", "-"),
            (ListKind::OldAgeAllowance, "", "每月津贴（元）", "amount Person"),
            (ListKind::OldAgeAllowance, "", "起发月", "since Person"),
            (ListKind::Population, "", "镇村组", ".path Person"),
            (ListKind::Population, "", "户籍所在地-省", "-"),
            (ListKind::Grids, "网格员", "姓名", "worker Person"),
            (ListKind::Grids, "网格长", "联系电话", ".leader_phone Person"),
            (ListKind::Grids, "", "所辖自然村（路）", "place Person"),
        ];
        for (kind, group, leaf, expected) in cases {
            assert_eq!(shown(kind, group, leaf), expected, "{group} {leaf}");
        }
    }
}
