//! Households that stand in one row: members in columns of their own, or all in one cell.

use super::cell::{Cell, GridRow};
use super::evidence::is_name;
use super::plan::{MemberColumns, Plan};
use super::row::{Fault, Identity, Member, Row, Values};
use super::why::{Said, Why};
use super::{days, numbers, values};
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

/// 李兰仙(配偶)440784…；宋辉(子)440784…, or names here and numbers, in the same order, in another cell.
fn in_cell(names: &str, ids: Option<&str>, faults: &mut Vec<Fault>) -> Vec<Member> {
    let split = |text: &str| -> Vec<String> {
        clean(text)
            .split(['、', ',', '，', ';', '；', '\n', '/', '|', '。'])
            .map(|p| p.trim().to_owned())
            .filter(|p| !p.is_empty())
            .take(MOST_MEMBERS)
            .collect()
    };
    let mut parts = split(names);
    if let [one] = parts.as_slice() {
        // Only blanks between: 李兰仙 宋辉.
        let words: Vec<String> = one.split_whitespace().map(str::to_owned).collect();
        if words.len() > 1 && words.iter().all(|w| is_name(w)) {
            parts = words;
        }
    }
    let ids = ids.map(split).unwrap_or_default();
    let paired = ids.len() == parts.len();
    parts
        .iter()
        .enumerate()
        .filter_map(|(n, part)| member(part, ids.get(n).filter(|_| paired), faults))
        .collect()
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
    let words: String = part.replace(&run, "");
    let name = Name::parse(words.trim_matches([':', '：', ' ', '-']));
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
    }
    let somebody = !name.plain.is_empty() && name.plain.chars().any(char::is_alphabetic);
    if somebody {
        values.insert("name", name.plain);
    }
    (somebody || identity != Identity::NotStated && identity != Identity::Faulty(Why::IdLength))
        .then_some(Member { values, identity })
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
            ("无".to_owned(), None, " 0".to_owned()),
        ];
        for (names, ids, expected) in cases {
            assert_eq!(shown(&names, ids.as_deref()), expected, "{names}");
        }
    }
}
