//! Households that stand in one row: members in columns of their own, or all in one cell.

use super::cell::{Cell, GridRow};
use super::evidence::is_name;
use super::plan::{MemberColumns, Plan};
use super::row::{Fault, Identity, Member, Row, Values};
use super::why::{Said, Why};
use super::{days, numbers, values, words};
use domain::id_number::strip;
use domain::name::{Name, comparable};
use domain::text::{clean, not_stated};

/// Most members that one cell may name; more is a text, not a household.
const MOST_MEMBERS: usize = 40;

/// The members beside the head. Numbers that cannot be are added to the row's faults.
pub fn members(row: &GridRow, plan: &Plan, system_1904: bool, faults: &mut Vec<Fault>) -> Vec<Member> {
    let mut members: Vec<Member> = plan
        .members
        .iter()
        .filter_map(|columns| in_columns(row, columns, plan, system_1904, faults))
        .collect();
    if let Some((names, ids)) = plan.members_in_cell {
        members.extend(in_cell(
            &row.shown(names),
            ids.map(|c| row.shown(c)).as_deref(),
            faults,
        ));
    }
    members
}

/// Takes the head out of the members where it is named among them again.
pub fn without_head(row: &mut Row) {
    let head = (
        row.values.get("name").map(|n| comparable(n)),
        row.identity.clone(),
    );
    row.members.retain(|member| {
        let name = member.values.get("name").map(|n| comparable(n));
        let number = match (&member.identity, &head.1) {
            (Identity::Known(a), Identity::Known(b)) => Some(a == b),
            _ => None,
        };
        !number.unwrap_or(name.is_some() && name == head.0)
    });
}

fn in_columns(
    row: &GridRow,
    columns: &MemberColumns,
    plan: &Plan,
    system_1904: bool,
    faults: &mut Vec<Fault>,
) -> Option<Member> {
    let mut values = Values::new();
    let mut identity = Identity::NotStated;
    for (key, column) in columns {
        let Some(cell) = row.at(*column) else { continue };
        match *key {
            "id_number" => identity = number(Some(cell), faults),
            "birth_date" => {
                if let Said::Value(day) = days::day(Some(cell), system_1904, None) {
                    values.insert("birth_date", day);
                }
            }
            key => {
                if let Some(value) = values::text(plan.kind, key, cell, plan.sex_codes) {
                    values.insert(key, value);
                }
            }
        }
    }
    if let Identity::Known(number) = &identity {
        values.insert("id_number", number.as_str().to_owned());
    }
    let somebody = values.contains_key("name") || identity != Identity::NotStated;
    somebody.then_some(Member { values, identity })
}

fn number(cell: Option<&Cell>, faults: &mut Vec<Fault>) -> Identity {
    match numbers::id_number(cell) {
        Said::Value(number) => Identity::Known(number),
        Said::Nothing => Identity::NotStated,
        Said::Fault(why) => {
            faults.push(Fault {
                key: "id_number",
                why,
            });
            Identity::Faulty(why)
        }
    }
}

/// 李兰仙(配偶)440784…；宋辉(子)440784…, or 李兰仙、配偶、440784…；宋辉、子、440784…, or names here and numbers, in the
/// same order, in another cell.
fn in_cell(names: &str, ids: Option<&str>, faults: &mut Vec<Fault>) -> Vec<Member> {
    let parts = split(names);
    let ids = ids.map(split).unwrap_or_default();
    if ids.len() == parts.len() {
        return parts
            .iter()
            .zip(&ids)
            .filter_map(|(part, id)| member(part, Some(id), faults))
            .collect();
    }
    let mut members: Vec<Member> = Vec::new();
    // 配偶：李兰仙 says the relation before the name, 李兰仙、配偶 behind it.
    let (first, mut before) = (parts.first().is_some_and(|part| is_relation(part)), None);
    for part in &parts {
        if is_relation(part) {
            match members.last_mut().filter(|_| !first) {
                Some(last) => drop(last.values.entry("relation").or_insert_with(|| part.clone())),
                None => before = Some(part.clone()),
            }
            continue;
        }
        let number = strip(part);
        if number.is_ascii() && number.bytes().any(|b| b.is_ascii_digit()) {
            // A number alone is the last one's; shorter ones are ages, days and telephones.
            if let Some(last) = members.last_mut().filter(|m| m.identity == Identity::NotStated)
                && number.len() >= 15
            {
                last.identity = self::number(Some(&Cell::Text(part.as_str().into())), faults);
                if let Identity::Known(number) = &last.identity {
                    last.values.insert("id_number", number.as_str().to_owned());
                }
            }
            continue;
        }
        let Some(mut member) = member(part, None, faults) else {
            continue;
        };
        if let Some(relation) = before.take() {
            member.values.entry("relation").or_insert(relation);
        }
        members.push(member);
    }
    members
}

/// The parts of a cell. Blanks part them only where each part by itself says something.
fn split(text: &str) -> Vec<String> {
    let text = clean(text);
    let parts = text
        .split(['、', ',', '，', ';', '；', '\n', '/', '|', '。'])
        .flat_map(relation_before)
        .flat_map(|part| {
            let words: Vec<&str> = part.split_whitespace().collect();
            let told =
                |w: &&str| is_name(w) && w.chars().count() > 1 || is_relation(w) || strip(w).len() >= 15;
            match words.len() > 1 && words.iter().all(told) {
                true => words,
                false => vec![part],
            }
        });
    parts
        .map(|p| p.trim().to_owned())
        .filter(|p| !p.is_empty())
        .take(MOST_MEMBERS * 3)
        .collect()
}

/// 配偶：李兰仙 in two.
fn relation_before(part: &str) -> Vec<&str> {
    match part.split_once([':', '：']) {
        Some((relation, name)) if is_relation(relation) => vec![relation, name],
        _ => vec![part],
    }
}

fn is_relation(text: &str) -> bool {
    let text = text.trim().trim_start_matches('之');
    words::text("relation").contains(&text)
}

fn member(part: &str, id: Option<&String>, faults: &mut Vec<Fault>) -> Option<Member> {
    if not_stated(part) {
        return None;
    }
    let run: String = part
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(|c| c.is_ascii_alphanumeric())
        .collect();
    let said: String = part.replace(&run, "");
    let mut name = Name::parse(said.trim_matches([':', '：', ' ', '-']));
    name.plain = name.plain.trim_end_matches([':', '：', '-']).to_owned();
    let mut values = Values::new();
    let identity = match (id, strip(&run).len() >= 8) {
        (Some(id), _) => number(Some(&Cell::Text(id.as_str().into())), faults),
        (None, true) => number(Some(&Cell::Text(run.as_str().into())), faults),
        (None, false) => Identity::NotStated,
    };
    if let Identity::Known(number) = &identity {
        values.insert("id_number", number.as_str().to_owned());
    }
    if let Some(relation) = name.notes.first() {
        values.insert("relation", relation.clone());
    } else if let Some((relation, rest)) = relation_in_front(&name.plain) {
        values.insert("relation", relation.to_owned());
        name.plain = rest.to_owned();
    }
    let somebody = !name.plain.is_empty() && name.plain.chars().any(char::is_alphabetic);
    if somebody {
        values.insert("name", name.plain);
    }
    (somebody || identity != Identity::NotStated && identity != Identity::Faulty(Why::IdLength))
        .then_some(Member { values, identity })
}

/// 妻子李兰仙: a relation of two characters, which no family's name is, and a name behind it.
fn relation_in_front(text: &str) -> Option<(&'static str, &str)> {
    let relation = words::text("relation")
        .iter()
        .filter(|word| word.chars().count() == 2 && text.starts_with(**word))
        .find(|word| is_name(&text[word.len()..]))?;
    Some((relation, &text[relation.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(names: &str, ids: Option<&str>) -> String {
        let mut faults = Vec::new();
        let members: Vec<String> = in_cell(names, ids, &mut faults)
            .iter()
            .map(|m| {
                let get = |key: &str| m.values.get(key).cloned().unwrap_or_default();
                format!("{}/{}/{}", get("name"), get("relation"), get("id_number"))
            })
            .collect();
        format!("{} {}", members.join(" "), faults.len())
    }

    #[test]
    fn members_in_a_cell() {
        let a = "11010219840406970X";
        let b = "440308199901101512";
        let cases = [
            ("李兰仙、宋辉".to_owned(), None, "李兰仙// 宋辉// 0".to_owned()),
            ("李兰仙 宋辉".to_owned(), None, "李兰仙// 宋辉// 0".to_owned()),
            (
                format!("李兰仙(配偶){a}；宋辉（子）{b}"),
                None,
                format!("李兰仙/配偶/{a} 宋辉/子/{b} 0"),
            ),
            (
                "李兰仙,宋辉".to_owned(),
                Some(format!("{a},{b}")),
                format!("李兰仙//{a} 宋辉//{b} 0"),
            ),
            (
                "李兰仙,宋辉".to_owned(),
                Some(format!("{a},440308199901101513")),
                format!("李兰仙//{a} 宋辉// 1"),
            ),
            (
                format!("李兰仙、配偶、{a}；宋辉、子、{b}、13800000000"),
                None,
                format!("李兰仙/配偶/{a} 宋辉/子/{b} 0"),
            ),
            (
                format!("妻子：李兰仙，长子：宋辉{b}"),
                None,
                format!("李兰仙/妻子/ 宋辉/长子/{b} 0"),
            ),
            (
                format!("妻子李兰仙 {a}\n长子宋辉 {b}"),
                None,
                format!("李兰仙/妻子/{a} 宋辉/长子/{b} 0"),
            ),
            (format!("宋辉：{b}（长子）"), None, format!("宋辉/长子/{b} 0")),
            ("无".to_owned(), None, " 0".to_owned()),
        ];
        for (names, ids, expected) in cases {
            assert_eq!(shown(&names, ids.as_deref()), expected, "{names}");
        }
    }
}
