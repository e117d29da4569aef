//! Columns that could hold a value: whose they are, and how well word and values fit.

use super::cell::GridRow;
use super::days;
use super::evidence::Evidence;
use super::find::HeadCell;
use super::header::{Meaning, number_behind};
use super::numbers;
use super::values;
use super::why::Said;
use super::words::{self, Role};
use domain::id_number::IdNumber;
use domain::text::squeezed;

/// A column with a meaning, and what its values say.
pub struct Candidate {
    pub cell: HeadCell,
    pub meaning: Meaning,
    pub evidence: Evidence,
    /// What other columns say against it.
    pub against: u32,
}

/// The key under which a column of this role is kept.
pub fn own_key(meaning: Meaning, header: &str) -> Option<&'static str> {
    match (meaning.role, meaning.key) {
        (_, ".known") => None,
        (Role::Person, key) => Some(key),
        (Role::Head, "name") => Some(".head_name"),
        (Role::Head, "id_number") => Some(".head_id_number"),
        (Role::Head, "phone") => Some(".head_phone"),
        (Role::Other, "name") if words::holds("guardian", header) => Some(".guardian_name"),
        (Role::Other, "phone") if words::holds("guardian", header) => Some(".guardian_phone"),
        (Role::Other, "name") if words::holds("next_of_kin", header) => Some(".contact_name"),
        (Role::Other, "phone") if words::holds("next_of_kin", header) => Some(".contact_phone"),
        (Role::Other, "name") if words::holds("carer", header) => Some(".carer_name"),
        _ => None,
    }
}

/// Less is better: the word's rank, and what the values say against it.
pub fn cost(key: &str, c: &Candidate) -> u32 {
    let e = &c.evidence;
    let fits = match key {
        "id_number" => e.share(e.ids.max(e.certificates)),
        "certificate_number" => e.share(e.certificates),
        "phone" => e.share(e.phones),
        "name" => e.share(e.names),
        "birth_date" | "death_date" | "since" => e.share(e.days),
        "amount" => e.share(e.amounts),
        _ => 100,
    };
    let against = match (e.stated, fits) {
        (0, _) => 15,
        (_, 0..=29) => 35,
        (_, 30..=59) => 8,
        _ => 0,
    };
    u32::from(c.meaning.rank) * 10 - 10 + against + c.against
}

/// Finds out whose the columns are that do not say it. A number behind a name belongs to that name where the same
/// header stands twice; what follows somebody who is named so that he can be called is his.
pub fn whose(candidates: &mut [Candidate]) {
    candidates.sort_by_key(|c| c.cell.column);
    let mut chain = false;
    for n in 0..candidates.len() {
        let adjacent = n > 0 && candidates[n].cell.column == candidates[n - 1].cell.column + 1;
        let c = &candidates[n];
        let (key, role) = (c.meaning.key, c.meaning.role);
        if key == "name" {
            chain = role == Role::Other && words::holds("contact", &c.cell.text);
            continue;
        }
        chain &= adjacent;
        if role != Role::Person {
            // Whose telephone has been named needs no other one.
            chain &= key != "phone";
            continue;
        }
        let elsewhere = |m: usize, c: &Candidate| {
            m != n
                && c.meaning.role == Role::Person
                && matches!(c.meaning.key, "id_number" | "certificate_number")
        };
        let theirs = match key {
            "phone" => true,
            "id_number" => candidates.iter().enumerate().any(|(m, c)| elsewhere(m, c)),
            "relation" => words::text("bare_relation").contains(&squeezed(&c.cell.text).as_str()),
            _ => false,
        };
        // What is the person's own ends what is told of somebody else.
        chain &= theirs;
        if chain {
            candidates[n].meaning.role = Role::Other;
        }
    }
    for key in ["id_number", "phone", "sex", "birth_date", "address", "relation"] {
        twins(candidates, key);
    }
}

/// 关系1 and 身份证1 beside 成员1 are the member's.
pub fn whose_by_number(candidates: &mut [Candidate]) {
    let members: Vec<u8> = candidates
        .iter()
        .filter(|c| c.meaning.key == "name")
        .filter_map(|c| match c.meaning.role {
            Role::Member(n) if n > 0 => Some(n),
            _ => None,
        })
        .collect();
    for c in candidates.iter_mut().filter(|c| c.meaning.role == Role::Person) {
        let behind = words::forms(&c.cell.text)
            .iter()
            .find_map(|form| number_behind(form).1);
        let theirs = matches!(
            c.meaning.key,
            "id_number" | "relation" | "sex" | "birth_date" | ".age"
        );
        if let Some(n) = behind.filter(|n| theirs && members.contains(n)) {
            c.meaning.role = Role::Member(n);
        }
    }
}

fn twins(candidates: &mut [Candidate], key: &str) {
    let twins: Vec<usize> = (0..candidates.len())
        .filter(|n| candidates[*n].meaning.key == key && candidates[*n].meaning.role == Role::Person)
        .collect();
    let alike = twins
        .windows(2)
        .any(|w| squeezed(&candidates[w[0]].cell.text) == squeezed(&candidates[w[1]].cell.text));
    if !alike {
        return;
    }
    for n in twins.iter().copied() {
        let before = candidates[..n].iter().rfind(|c| c.meaning.key == "name");
        let Some(role) = before.map(|c| c.meaning.role).filter(|r| *r != Role::Person) else {
            continue;
        };
        // The first of the twins may be the person's although another's name stands before it.
        if role != Role::Other || n != twins[0] {
            candidates[n].meaning.role = role;
        }
    }
}

/// Several columns of numbers: the one that agrees with birth date, sex and certificate is the person's.
pub fn weigh_numbers(candidates: &mut [Candidate], rows: &[&GridRow]) {
    let persons = |c: &&Candidate, key: &str| c.meaning.key == key && c.meaning.role == Role::Person;
    let column = |key: &str, c: &[Candidate]| c.iter().find(|c| persons(c, key)).map(|c| c.cell.column);
    let (births, sexes) = (column("birth_date", candidates), column("sex", candidates));
    let cards = column("certificate_number", candidates);
    let several = candidates.iter().filter(|c| persons(c, "id_number")).count() > 1;
    if !several && cards.is_none() {
        return;
    }
    for c in candidates.iter_mut().filter(|c| persons(&&**c, "id_number")) {
        let (mut agree, mut all) = (0, 0);
        for row in rows {
            let Said::Value(id) = numbers::id_number(row.at(c.cell.column)) else {
                continue;
            };
            for said in [
                cards.and_then(|column| same_holder(row, column, &id)),
                births
                    .filter(|_| several)
                    .and_then(|column| same_birth(row, column, &id)),
                sexes
                    .filter(|_| several)
                    .and_then(|column| same_sex(row, column, &id)),
            ] {
                all += u32::from(said.is_some());
                agree += u32::from(said == Some(true));
            }
        }
        if all >= 2 && agree * 2 < all {
            c.against = 40;
            if !several && agree == 0 && all >= 3 {
                // The only number is not the certificate holder's in any row: it is somebody else's.
                c.meaning.role = Role::Other;
            }
        }
    }
}

fn same_holder(row: &GridRow, column: u32, id: &IdNumber) -> Option<bool> {
    match numbers::certificate(row.at(column)) {
        Said::Value(card) => Some(card.holder() == id),
        _ => None,
    }
}

fn same_birth(row: &GridRow, column: u32, id: &IdNumber) -> Option<bool> {
    match days::day(row.at(column), false, Some(id)) {
        Said::Value(day) => Some(id.birth_date().to_string().starts_with(&day)),
        _ => None,
    }
}

fn same_sex(row: &GridRow, column: u32, id: &IdNumber) -> Option<bool> {
    let shown = row.shown(column);
    let sex = values::sex(&shown, values::SexCodes::Standard)
        .filter(|_| !shown.trim().starts_with(['0', '1', '2']))?;
    Some(sex == id.sex().word())
}
