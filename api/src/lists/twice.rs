//! The same person in two rows of one file: rows that say the same, and rows that contradict each other.

use super::row::{Fault, Identity, Row};
use super::why::Why;
use domain::name::Name;
use std::collections::HashMap;

/// What tells rows apart that are about different things: a subsidy each.
const THINGS: [&str; 2] = [".benefit", "category"];

/// Marks them. Rows of sheets for different months are not compared.
pub fn mark(rows: &mut [Row], month_sheets: &[bool]) {
    let mut of_person: HashMap<String, Vec<usize>> = HashMap::new();
    for (n, row) in rows.iter().enumerate() {
        if let Identity::Known(number) = &row.identity {
            of_person.entry(number.as_str().to_owned()).or_default().push(n);
        }
    }
    let mut twice: Vec<usize> = Vec::new();
    let mut same: Vec<(usize, usize)> = Vec::new();
    for places in of_person.into_values().filter(|places| places.len() > 1) {
        for (n, later) in places.iter().enumerate().skip(1) {
            let mut equal = None;
            for earlier in &places[..n.min(50)] {
                let (a, b) = (&rows[*earlier], &rows[*later]);
                let months = a.sheet != b.sheet
                    && month_sheets.get(a.sheet) == Some(&true)
                    && month_sheets.get(b.sheet) == Some(&true);
                if months || about_different_things(a, b) {
                    continue;
                }
                if contradict(a, b) {
                    twice.extend([*earlier, *later]);
                } else if equal.is_none() {
                    equal = Some(*earlier);
                }
            }
            same.extend(equal.map(|earlier| (*later, earlier)));
        }
    }
    for (later, earlier) in same {
        rows[later].same_as = Some((rows[earlier].sheet, rows[earlier].number));
    }
    for n in twice {
        let fault = Fault {
            key: "id_number",
            why: Why::TwiceInFile,
        };
        if !rows[n].faults.contains(&fault) {
            rows[n].faults.push(fault);
        }
        rows[n].same_as = None;
    }
}

fn about_different_things(a: &Row, b: &Row) -> bool {
    THINGS
        .iter()
        .any(|key| match (a.values.get(key), b.values.get(key)) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        })
}

/// Both state a value and the values differ; a value that one of them leaves out contradicts nothing.
fn contradict(a: &Row, b: &Row) -> bool {
    let shared = a.values.iter().filter(|(key, _)| !key.starts_with('.'));
    let differs = shared
        .filter_map(|(key, value)| Some((*key, value, b.values.get(key)?)))
        .any(|(key, a, b)| match key {
            "name" => !Name::parse(a).agrees(&Name::parse(b)),
            // 1939-06 does not contradict 1939-06-11.
            "birth_date" | "since" | "death_date" => !a.starts_with(b.as_str()) && !b.starts_with(a.as_str()),
            _ => a != b,
        });
    let former = a.values.get(".former_name") == b.values.get("name") && b.values.contains_key("name");
    differs && !former
}
