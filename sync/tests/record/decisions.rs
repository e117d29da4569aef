//! What decisions on proposals do: who may, what is written in whose name, what happens when the value changed.

use crate::catalogue;
use crate::desk::{Desk, cadre, derive, edit, list, phone};
use domain::{EditId, Value};
use serde_json::{Value as Json, json};
use sync::base::Base;
use sync::decide::{Approved, Decision, Proposal, Undecided, admit, approve, may_decide};
use sync::record::Source;
use sync::{Context, Door, Edit, Outcome, State, Writer};

const PROPOSED: EditId = EditId::from_bytes([0x50; 16]);

fn desk() -> Desk {
    let mut desk = Desk::new(catalogue::at(8), State::Present);
    desk.says(
        &cadre(),
        None,
        &json!({"fields": {"name": {"was": null, "now": "黎阿妹"}}}),
    );
    let first = json!({"fields": {
        "phone": {"was": null, "now": "13900078411"}, "remarks": {"was": null, "now": "电话打不通"},
        "needs": {"add": ["轮椅", "送餐"]},
    }});
    desk.says(&list("民政"), None, &first);
    desk.asked.clear();
    desk
}

/// An edit that waits whole: by a phone that still carries a person who has left its grid.
fn propose(desk: &mut Desk, parts: &Json) -> (Edit, Base) {
    let writer = Writer {
        door: Door::LeavingPhone,
        ..phone(1)
    };
    let version = desk.version();
    let edit = edit(PROPOSED, 1, 8, Some(&version), parts);
    let base = desk.base(&edit, &writer);
    assert_eq!(desk.take_at(&edit, &base, &writer).outcome, Outcome::Proposed);
    (edit, base)
}

fn decide(
    desk: &mut Desk,
    (edit, base): &(Edit, Base),
    key: &str,
    shown: &Json,
    n: u8,
) -> Result<Approved, Undecided> {
    let by = |id: EditId, by: &str| Source::Edit {
        edit: id,
        by: by.into(),
        at: edit.made_at,
    };
    let proposal = Proposal {
        edit,
        base,
        key,
        source: by(edit.id, "网格员1"),
    };
    let id = EditId::from_bytes([0xd0 + n; 16]);
    let decision = Decision {
        id,
        made_at: edit.made_at,
        source: by(id, "陆桂英"),
        shown: serde_json::from_value::<Value>(shown.clone()).unwrap(),
    };
    let cx = Context {
        catalogue: &desk.catalogue,
        derive: &derive,
        source: by(id, "陆桂英"),
    };
    approve(&mut desk.record, &proposal, decision, &cx)
}

#[test]
fn an_approved_value_is_its_authors() {
    let mut desk = desk();
    let proposed = propose(
        &mut desk,
        &json!({"fields": {"name": {"was": "黎阿妹", "now": "黎亚妹"}}}),
    );
    let approved = decide(&mut desk, &proposed, "name", &json!("黎阿妹"), 0).unwrap();
    assert_eq!(
        (approved.change.from, approved.change.to),
        (Value::from("黎阿妹"), Value::from("黎亚妹"))
    );
    let item = desk.projection().open;
    assert_eq!(item["fields"]["name"], "黎亚妹");
    let place = item["from"]["name"].as_u64().unwrap() as usize;
    assert_eq!(item["sources"][place]["by"], "网格员1");
}

#[test]
fn a_value_that_changed_since_is_not_decided() {
    let mut desk = desk();
    let proposed = propose(
        &mut desk,
        &json!({"fields": {"name": {"was": "黎阿妹", "now": "黎亚妹"}}}),
    );
    desk.says(
        &cadre(),
        None,
        &json!({"fields": {"name": {"was": "黎阿妹", "now": "黎大妹"}}}),
    );
    let before = desk.version();
    let refused = decide(&mut desk, &proposed, "name", &json!("黎阿妹"), 0).err();
    assert_eq!(refused, Some(Undecided::ChangedMeanwhile(Value::from("黎大妹"))));
    assert_eq!(desk.version(), before);
}

/// Each of an edit's fields is approved by itself, at the author's base; what others wrote beside it meanwhile and
/// the decider was shown is ended by the decision, and letters of notes are merged.
#[test]
fn fields_of_one_edit_are_approved_one_by_one() {
    let mut desk = desk();
    let parts = json!({"fields": {
        "phone": {"was": "13900078411", "now": "13900078412"},
        "remarks": {"was": "电话打不通", "now": "电话打不通，已上门"},
        "needs": {"add": ["护理床"], "remove": ["轮椅"]},
        "night_visits": {"was": null, "now": "夜间不开门"},
    }});
    let proposed = propose(&mut desk, &parts);
    let stood = desk.record.stamps.iter().rev().nth(1).unwrap().n;
    let base = sync::version::Version::of(
        desk.record.resident,
        1,
        stood,
        &desk.record.stamps[stood as usize - 1].heads,
        desk.record.facts_version,
    )
    .to_string();
    let other = json!({"fields": {
        "phone": {"was": "13900078411", "now": "13900078413"},
        "remarks": {"was": "电话打不通", "now": "本人电话打不通"}, "needs": {"add": ["轮椅"]},
    }});
    let beside = edit(EditId::from_bytes([0x60; 16]), 1, 8, Some(&base), &other);
    desk.take(&beside, &phone(2));
    for (n, (key, shown)) in [
        ("remarks", json!("本人电话打不通")),
        ("phone", json!("13900078413")),
        ("needs", json!(["轮椅", "送餐"])),
        ("night_visits", Json::Null),
    ]
    .into_iter()
    .enumerate()
    {
        decide(&mut desk, &proposed, key, &shown, n as u8).unwrap();
        desk.reload();
    }
    let projection = desk.projection();
    assert!(projection.conflicts.is_empty(), "{:?}", projection.conflicts);
    let fields = &projection.open["fields"];
    assert_eq!(fields["phone"], "13900078412");
    assert_eq!(fields["remarks"], "本人电话打不通，已上门");
    assert_eq!(fields["night_visits"], "夜间不开门");
    let mut needs: Vec<&str> = fields["needs"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Json::as_str)
        .collect();
    needs.sort_unstable();
    assert_eq!(needs, ["护理床", "送餐"]);
}

#[test]
fn nobody_decides_the_own_proposal() {
    let desk = desk();
    let name = desk.catalogue.field("name").unwrap();
    let grade = desk.catalogue.field("disabled.grade").unwrap();
    let (own, other) = (cadre().account, phone(1).account);
    let cases = [
        (name, cadre(), other, true),
        (name, cadre(), own, false),
        (name, phone(1), own, false),
        (grade, list("残联"), other, true),
        (grade, list("民政"), other, false),
        (name, list("残联"), other, false),
    ];
    for (field, decider, author, may) in cases {
        assert_eq!(
            may_decide(field, &decider, author),
            may,
            "{} {}",
            field.key,
            decider.name
        );
    }
}

#[test]
fn who_died_departs_and_may_be_found_alive() {
    let mut desk = desk();
    let status = |was: Json, now: &str| json!({"fields": {"life_status": {"was": was, "now": now}}});
    desk.says(&cadre(), None, &status(Json::Null, "died"));
    assert_eq!(desk.record.state, State::Departed);
    let late = desk.says(
        &phone(1),
        None,
        &json!({"fields": {"remarks": {"was": null, "now": "已上门"}}}),
    );
    assert_eq!(
        (late.outcome, late.problem.unwrap().code.as_str()),
        (Outcome::Held, "resident_departed")
    );
    desk.says(&cadre(), None, &status(json!("died"), "living"));
    assert_eq!(desk.record.state, State::Present);

    let mut reported = Desk::new(catalogue::at(8), State::Reported);
    let create =
        json!({"create": {"grid": PROPOSED.to_string()}, "fields": {"name": {"was": null, "now": "黎阿妹"}}});
    reported.says(&phone(1), None, &create);
    assert_eq!(reported.record.state, State::Reported);
    admit(&mut reported.record, EditId::from_bytes([0xd9; 16]));
    assert_eq!((reported.record.state, reported.record.n), (State::Present, 2));
}
