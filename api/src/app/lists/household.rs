//! People of one household whom one row of a file names together: each becomes a row of its own, with what the household
//! has in common.

use super::enrol::Run;
use crate::lists::{self, Identity, ListKind, Member};
use crate::store::lists::{Content, MOST_MEMBERS, Row, sheet_of_member};
use domain::ResidentId;
use matching::link::Link;
use std::collections::BTreeMap;

/// What a household has in common; all else that a row says is the head's own.
const IN_COMMON: [&str; 15] = [
    "town",
    "village",
    "address",
    ".path",
    ".group",
    ".county",
    ".village_code",
    "household_number",
    "category",
    ".benefit",
    ".roster",
    "since",
    ".until",
    ".status",
    ".covered",
];

/// Fewer people of the household draw the benefit than the row names: which of them, nobody has said.
pub const NOT_ALL: &str = "not_all_covered";

/// Whether the members of a row are people of the list. A disabled person's family is not disabled, and nobody dies
/// with the head.
pub fn counts(kind: ListKind) -> bool {
    matches!(kind, ListKind::LowIncome | ListKind::Population)
}

/// The rows of the members that stand beside the head, by the place where they are kept.
pub fn members(kind: ListKind, row: &lists::Row, head: &Content) -> Vec<((i32, i32), Content)> {
    if !counts(kind) {
        return Vec::new();
    }
    let all = covered(head).is_none_or(|covered| covered > row.members.len());
    let one = |(n, member): (usize, &Member)| {
        let place = (sheet_of_member(row.sheet as i32, n + 1), row.number as i32);
        let mut content = member_of(head, member);
        if kind == ListKind::LowIncome && !all {
            content.faults.push((".covered".to_owned(), NOT_ALL.to_owned()));
        }
        (place, content)
    };
    row.members
        .iter()
        .take(MOST_MEMBERS)
        .enumerate()
        .map(one)
        .collect()
}

/// How many people of the household draw the benefit, where the row says it.
fn covered(head: &Content) -> Option<usize> {
    let said = head.get(".covered")?;
    let digits: String = said.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn member_of(head: &Content, member: &Member) -> Content {
    let mut values: BTreeMap<String, String> = head
        .values
        .iter()
        .filter(|(key, _)| IN_COMMON.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (own, his) in [("name", ".head_name"), ("id_number", ".head_id_number")] {
        if let Some(value) = head.get(own) {
            values.insert(his.to_owned(), value.to_owned());
        }
    }
    let own = member
        .values
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()));
    values.extend(own);
    let fault = match member.identity {
        Identity::Faulty(why) => Some(why.code().to_owned()),
        Identity::Known(_) | Identity::NotStated => None,
    };
    Content {
        values,
        faults: fault
            .iter()
            .map(|why| ("id_number".to_owned(), why.clone()))
            .collect(),
        number_fault: fault,
        notes: vec!["与户主同在一行的家庭成员".to_owned()],
        same_as: None,
        members: Vec::new(),
        handed_in: head.handed_in.clone(),
    }
}

impl Run<'_> {
    /// Whether nobody has said yet that this member of a household draws the benefit which not all of them do.
    pub(super) fn not_covered(&self, row: &Row, linked: &Link<i64>, category: &str) -> bool {
        let asks = row.content.faults.iter().any(|(_, why)| why == NOT_ALL);
        let on = |id: &ResidentId| {
            self.open
                .get(&id.uuid())
                .is_some_and(|open| open.contains_key(category))
        };
        asks && self.cx.answer.is_none() && !matches!(linked, Link::Resident(id) if on(id))
    }
}
