//! Changes that releases of the JavaScript library made, recorded by tests/js/record.mjs: all of them are taken still.

use super::bytes;
use super::client::carrying;
use crate::catalogue;
use crate::desk::{Desk, list, phone};
use domain::EditId;
use serde_json::json;
use sync::{Outcome, State};

const RECORDED: &str = include_str!("../../fixtures/changes-javascript.txt");

/// What the recorded clients began with.
pub fn desk() -> Desk {
    let mut desk = Desk::new(catalogue::at(8), State::Present);
    let first = json!({"fields": {
        "phone": {"was": null, "now": "13900078411"}, "needs": {"add": ["轮椅"]}, "remarks": {"was": null, "now": "电话打不通"},
    }});
    desk.says(&list("民政"), None, &first);
    desk
}

#[test]
fn what_older_libraries_made_is_taken() {
    let lines = RECORDED.lines().filter(|line| !line.starts_with('#'));
    let mut libraries = std::collections::BTreeMap::<&str, (Desk, usize)>::new();
    for line in lines {
        let [library, edit, changes, heads] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let (desk, taken) = libraries.entry(library).or_insert_with(|| (desk(), 0));
        *taken += 1;
        let changes: Vec<Vec<u8>> = changes.split(' ').map(bytes).collect();
        let edit = carrying(EditId::parse(edit).unwrap(), *taken as i64, &changes);
        let found = desk.take(&edit, &phone(*taken as u8 % 2));
        let code = found.problem.map(|p| p.code);
        assert!(
            found.outcome <= Outcome::Conflict,
            "{library}, edit {taken}: {code:?}"
        );
        let mut there: Vec<String> = desk
            .record
            .doc
            .get_heads()
            .iter()
            .map(ToString::to_string)
            .collect();
        there.sort();
        assert_eq!(there.join(" "), heads, "{library}, edit {taken}");
    }
    assert!(libraries.len() >= 3 && libraries.values().all(|(_, taken)| *taken >= 20));
}
