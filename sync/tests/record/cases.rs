//! What an edit meets beside others: one case each, small enough to read.

use crate::catalogue;
use crate::desk::{Desk, cadre, edit, list, phone};
use domain::EditId;
use serde_json::{Value as Json, json};
use sync::{Door, Outcome, State, Writer};

/// One thing said: by phone `n`, at the version before step `base`.
struct Said(u8, usize, Json);

/// A present record with two needs and a phone, then what is said; every version is remembered.
fn told(said: &[Said]) -> Desk {
    let mut desk = Desk::new(catalogue::at(8), State::Present);
    let first = json!({"fields": {
        "needs": {"add": ["轮椅", "送餐"]}, "phone": {"was": null, "now": "13900078411"},
    }});
    desk.says(&list("民政"), None, &first);
    desk.asked.clear();
    let mut versions = vec![desk.version()];
    for Said(n, base, parts) in said {
        let id = EditId::from_bytes([0x40 + versions.len() as u8; 16]);
        let edit = edit(id, versions.len() as i64, 8, Some(&versions[*base]), parts);
        let writer = if *n == 0 { cadre() } else { phone(*n) };
        desk.take(&edit, &writer);
        versions.push(desk.version());
    }
    desk
}

fn needs(add: &[&str], remove: &[&str]) -> Json {
    json!({"fields": {"needs": {"add": add, "remove": remove}}})
}

/// Removed by one and said by another unseen is in doubt, however often either says it again; it is not once
/// nobody holds that it is gone, or somebody has seen both.
#[test]
fn elements_in_doubt() {
    let gone = || needs(&[], &["轮椅"]);
    let there = || needs(&["轮椅"], &[]);
    let cases: [(&str, Vec<Said>, bool); 8] = [
        (
            "removed | said",
            vec![Said(1, 0, gone()), Said(2, 0, there())],
            true,
        ),
        (
            "removed, seen by the other",
            vec![Said(1, 0, gone()), Said(2, 1, there())],
            false,
        ),
        (
            "said twice, both times unseen",
            vec![Said(1, 0, gone()), Said(2, 0, there()), Said(2, 0, there())],
            true,
        ),
        (
            "confirmed on top of what was said unseen",
            vec![
                Said(2, 0, there()),
                Said(3, 1, json!({"confirm": ["needs"]})),
                Said(1, 0, gone()),
            ],
            true,
        ),
        (
            "the remover says it again",
            vec![Said(1, 0, gone()), Said(1, 1, there()), Said(2, 0, there())],
            false,
        ),
        ("both remove", vec![Said(1, 0, gone()), Said(2, 0, gone())], false),
        (
            "the cadre, who saw both, takes it out",
            vec![Said(1, 0, gone()), Said(2, 0, there()), Said(0, 2, gone())],
            false,
        ),
        (
            "the cadre, who saw both, keeps it",
            vec![Said(1, 0, gone()), Said(2, 0, there()), Said(0, 2, there())],
            false,
        ),
    ];
    for (name, said, doubt) in cases {
        let desk = told(&said);
        let open = desk.open();
        assert_eq!(
            open.contains(&"conflict needs".to_owned()),
            doubt,
            "{name}: {open:?}"
        );
    }
}

/// What an author without a known version writes hides nothing that is there.
#[test]
fn a_lost_version_hides_nothing() {
    let mut desk = told(&[
        Said(
            1,
            0,
            json!({"fields": {"phone": {"was": "13900078411", "now": "13900078412"}}}),
        ),
        Said(
            2,
            0,
            json!({"fields": {"phone": {"was": "13900078411", "now": "13900078413"}}}),
        ),
    ]);
    let shown = desk.fields()["phone"].clone();
    let lost = json!({"fields": {"phone": {"was": shown, "now": "13900078414"}}});
    let id = EditId::from_bytes([0x77; 16]);
    let taken = desk.take(&edit(id, 1, 8, Some("AAEAAAABAAAAAAAAAAA"), &lost), &phone(3));
    assert_eq!(taken.outcome, Outcome::Conflict);
    let values = desk.projection().open["conflicts"]["phone"].clone();
    assert_eq!(values.as_array().unwrap().len(), 3);
}

/// A worker who still carries a person that has left the grid proposes; nothing enters the document.
#[test]
fn a_leaving_phone_writes_nothing() {
    for parts in [
        needs(&["护理床"], &["送餐"]),
        json!({"confirm": ["needs", "phone"]}),
        json!({"fields": {"remarks": {"was": null, "now": "已上门"}}}),
    ] {
        let mut desk = told(&[]);
        let before = (desk.record.doc.get_heads(), desk.fields());
        let leaving = Writer {
            door: Door::LeavingPhone,
            ..phone(1)
        };
        desk.says(&leaving, None, &parts);
        assert_eq!((desk.record.doc.get_heads(), desk.fields()), before, "{parts}");
    }
}

/// A console's request stands or falls whole: what is refused leaves no trace.
#[test]
fn a_stale_request_changes_nothing() {
    let mut desk = told(&[]);
    let seen = json!({"fields": {"birth_date": {"was": null, "now": "1951-06-18"}, "name": {"was": null, "now": "黎阿妹"}}});
    desk.says(&cadre(), None, &seen);
    let before = (desk.version(), desk.fields(), desk.record.facts_version);
    let stale = json!({"fields": {
        "birth_date": {"was": "1951-06-18", "now": "1951-06-19"}, "name": {"was": "温好彩", "now": "郭金娣"},
        "phone": {"was": "13900078411", "now": "13900078412"},
    }, "confirm": ["needs"]});
    let taken = desk.says(&cadre(), None, &stale);
    let (key, present) = taken.changed_meanwhile.unwrap();
    assert_eq!((key.as_str(), present.to_json()), ("name", json!("黎阿妹")));
    assert_eq!((desk.version(), desk.fields(), desk.record.facts_version), before);
}

/// A confirmation belongs to the value that its author saw, as written then.
#[test]
fn what_a_confirmation_confirms() {
    let name = |was: Json, now: &str| json!({"fields": {"name": {"was": was, "now": now}}});
    let seen = || json!({"confirm": ["name"]});
    let cases: [(&str, Vec<Said>, bool); 6] = [
        (
            "confirmed",
            vec![Said(0, 0, name(Json::Null, "黎阿妹")), Said(1, 1, seen())],
            true,
        ),
        (
            "changed since",
            vec![
                Said(0, 0, name(Json::Null, "黎阿妹")),
                Said(0, 1, name(json!("黎阿妹"), "温好彩")),
                Said(1, 1, seen()),
            ],
            false,
        ),
        // The same edits in another order say the same.
        (
            "changed and changed back, then the confirmation",
            vec![
                Said(0, 0, name(Json::Null, "黎阿妹")),
                Said(0, 1, name(json!("黎阿妹"), "温好彩")),
                Said(0, 2, name(json!("温好彩"), "黎阿妹")),
                Said(1, 1, seen()),
            ],
            false,
        ),
        (
            "the confirmation, then changed and changed back",
            vec![
                Said(0, 0, name(Json::Null, "黎阿妹")),
                Said(1, 1, seen()),
                Said(0, 2, name(json!("黎阿妹"), "温好彩")),
                Said(0, 3, name(json!("温好彩"), "黎阿妹")),
            ],
            false,
        ),
        (
            "an edit of its own that arrived after the change shows it nothing",
            vec![
                Said(0, 0, name(Json::Null, "黎阿妹")),
                Said(1, 0, json!({"confirm": ["phone"]})),
                Said(1, 0, seen()),
            ],
            false,
        ),
        ("never written", vec![Said(1, 0, seen())], true),
    ];
    for (case, said, confirmed) in cases {
        let item = told(&said).projection().open;
        assert_eq!(item["confirmed"].get("name").is_some(), confirmed, "{case}");
    }
    let emptied = [
        Said(1, 0, needs(&[], &["轮椅", "送餐"])),
        Said(1, 1, json!({"confirm": ["needs"]})),
    ];
    assert!(told(&emptied).projection().open["confirmed"]["needs"].is_string());
}

/// Every value says where it comes from, those too that several people wrote.
#[test]
fn every_value_names_its_source() {
    let desk = told(&[
        Said(1, 0, json!({"fields": {"remarks": {"was": null, "now": "独居"}}})),
        Said(2, 1, needs(&["护理床"], &[])),
    ]);
    let item = desk.projection().open;
    for (key, by) in [("remarks", "网格员1"), ("needs", "网格员2")] {
        let place = item["from"][key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} has no source"));
        assert_eq!(item["sources"][place as usize]["by"], by, "{key}");
    }
}

/// Merged sentences can be false: where either deleted, both whole texts are shown; otherwise nothing is asked.
#[test]
fn notes_written_side_by_side() {
    let note = |was: &str, now: &str| json!({"fields": {"remarks": {"was": was, "now": now}}});
    let base = "电话打不通";
    let cases: [(&str, Vec<Said>, usize); 6] = [
        (
            "both insert",
            vec![
                Said(1, 1, note(base, "电话打不通，已上门")),
                Said(2, 1, note(base, "本人电话打不通")),
            ],
            0,
        ),
        (
            "one deletes",
            vec![
                Said(1, 1, note(base, "电话打通了")),
                Said(2, 1, note(base, "电话打不通，已上门")),
            ],
            2,
        ),
        (
            "one clears",
            vec![
                Said(1, 1, note(base, "")),
                Said(2, 1, note(base, "电话打不通，已上门")),
            ],
            2,
        ),
        (
            "somebody who saw both writes",
            vec![
                Said(1, 1, note(base, "电话打通了")),
                Said(2, 1, note(base, "电话打不通，已上门")),
                Said(1, 3, note("电话打通，已上门了", "已上门")),
            ],
            0,
        ),
        (
            "the cut is hidden behind a later insertion",
            vec![
                Said(1, 1, note(base, "电话打通了")),
                Said(1, 2, note("电话打通了", "电话打通了，本人接听")),
                Said(2, 1, note(base, "电话打不通，已上门")),
            ],
            2,
        ),
        (
            "one after the other",
            vec![
                Said(1, 1, note(base, "电话打通了")),
                Said(2, 2, note("电话打通了", "搬走")),
            ],
            0,
        ),
    ];
    for (case, said, texts) in cases {
        let mut all = vec![Said(3, 0, note("", base))];
        all.extend(said);
        let open = told(&all).open();
        assert_eq!(
            open.iter().filter(|o| o.starts_with("merged note")).count(),
            texts,
            "{case}: {open:?}"
        );
    }
}
