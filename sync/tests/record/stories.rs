//! Stories of what went wrong elsewhere (conflict-1 to conflict-3, sync-3), as far as they are told by one record.

use crate::catalogue;
use crate::desk::{Desk, cadre, edit, list, phone};
use domain::EditId;
use serde_json::{Value as Json, json};
use sync::{Outcome, State};

fn desk(first: &Json) -> Desk {
    let mut desk = Desk::new(catalogue::at(8), State::Present);
    desk.says(&list("民政"), None, first);
    desk.asked.clear();
    desk
}

/// Phone `n`'s edit, made at `base`; its id depends on nothing but the phone, so that runs can be compared.
fn said_by(desk: &mut Desk, n: u8, base: &str, parts: &Json) -> Outcome {
    let edit = edit(EditId::from_bytes([0xa0 + n; 16]), 1, 8, Some(base), parts);
    desk.take(&edit, &phone(n)).outcome
}

#[test]
fn conflict_1_one_writes_one_clears_one_writes_something_else() {
    let old = "13900078441";
    let writes = [json!("13900078442"), Json::Null, json!("13900078443")];
    let run = |order: [usize; 3]| {
        let mut desk = desk(&json!({"fields": {"phone": {"was": null, "now": old}}}));
        let base = desk.version();
        let outcomes = order.map(|n| {
            let parts = json!({"fields": {"phone": {"was": old, "now": writes[n]}}});
            said_by(&mut desk, n as u8, &base, &parts)
        });
        assert_eq!(outcomes, [Outcome::Merged, Outcome::Conflict, Outcome::Conflict]);
        desk
    };
    let (one, mut other) = (run([0, 1, 2]), run([2, 1, 0]));
    assert_eq!(one.record.doc.get_heads(), other.record.doc.get_heads());
    assert_eq!(one.projection().open, other.projection().open);
    let shown = one.projection().open["conflicts"]["phone"].clone();
    let shown: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (&c["value"], c["by"].as_str()))
        .collect();
    let by = ["网格员0", "网格员1", "网格员2"];
    assert_eq!(shown, writes.iter().zip(by.map(Some)).collect::<Vec<_>>());
    assert_eq!(one.open(), ["conflict phone"]);

    let taken = other.says(
        &cadre(),
        None,
        &json!({"fields": {"phone": {"was": old, "now": null}}}),
    );
    assert_eq!(taken.outcome, Outcome::Merged);
    assert_eq!(other.fields().get("phone"), None);
    assert!(other.open().is_empty());
    // The list's value, three edits and the decision.
    assert_eq!(other.history.keys().filter(|(_, key)| key == "phone").count(), 5);
}

#[test]
fn conflict_2_two_first_notes() {
    for (key, one, two) in [
        ("remarks", "左眼失明，右眼0.3", "每周三透析"),
        ("night_visits", "夜间十点后不开门", "每周三不在家"),
    ] {
        for order in [[0, 1], [1, 0]] {
            let mut desk = desk(&json!({"fields": {"name": {"was": null, "now": "温好彩"}}}));
            let base = desk.version();
            for n in order {
                let now = [one, two][n];
                let parts = json!({"fields": {(key): {"was": null, "now": now}}});
                assert_eq!(said_by(&mut desk, n as u8, &base, &parts), Outcome::Merged);
            }
            let fields = desk.fields();
            let text = fields[key].as_str().unwrap();
            assert!(text.contains(one) && text.contains(two), "{text}");
            assert_eq!(desk.history.keys().filter(|(_, k)| k == key).count(), 2);
            assert!(desk.open().is_empty());
        }
    }
}

#[test]
fn conflict_3_no_longer_needed_and_still_needed() {
    let variants = [
        (
            json!({"fields": {"needs": {"add": ["轮椅", "护理床"]}}}),
            json!(["护理床", "轮椅", "送餐"]),
        ),
        (json!({"confirm": ["needs"]}), json!(["轮椅", "送餐"])),
    ];
    for (theirs, needs) in variants {
        for order in [[0, 1], [1, 0]] {
            let mut desk = desk(&json!({"fields": {"needs": {"add": ["轮椅", "送餐"]}}}));
            let base = desk.version();
            for n in order {
                let parts = [json!({"fields": {"needs": {"remove": ["轮椅"]}}}), theirs.clone()];
                said_by(&mut desk, n as u8, &base, &parts[n]);
            }
            let mut shown = desk.fields()["needs"].clone();
            shown.as_array_mut().unwrap().sort_by_key(|e| e.to_string());
            let mut needs = needs.clone();
            needs.as_array_mut().unwrap().sort_by_key(|e| e.to_string());
            assert_eq!(shown, needs);
            assert_eq!(desk.open(), ["conflict needs"]);
            let doubt = &desk.projection().open["conflicts"]["needs"];
            assert_eq!(doubt.as_array().unwrap().len(), 1);
            assert_eq!(doubt[0]["element"], "轮椅");
        }
    }
}

#[test]
fn sync_3_a_code_was_withdrawn_while_the_phone_was_away() {
    let mut desk = desk(&json!({"fields": {"name": {"was": null, "now": "谭国强"}}}));
    let base = desk.version();
    let made = |n: u8, version, parts: &Json| {
        edit(
            EditId::from_bytes([n; 16]),
            i64::from(n),
            version,
            Some(&base),
            parts,
        )
    };

    let replaced = made(
        0xe1,
        7,
        &json!({"fields": {"living_arrangement": {"was": null, "now": "空巢"}}}),
    );
    assert_eq!(desk.take(&replaced, &phone(1)).outcome, Outcome::Merged);
    assert_eq!(desk.fields()["living_arrangement"], "仅与配偶同住");

    let dropped = json!({"fields": {
        "living_arrangement": {"was": "空巢", "now": "寄养"}, "phone": {"was": null, "now": "13900078414"},
    }});
    let taken = desk.take(&made(0xe2, 7, &dropped), &phone(1));
    assert_eq!(
        (taken.outcome, taken.fields["phone"]),
        (Outcome::Held, Outcome::Merged)
    );
    assert_eq!(desk.fields()["phone"], "13900078414");
    assert_eq!(desk.fields()["living_arrangement"], "仅与配偶同住");
    let held = format!(
        "held living_arrangement \"寄养\" withdrawn_code {}",
        EditId::from_bytes([0xe2; 16])
    );
    assert_eq!(desk.open(), [held]);

    let stale = desk.take(
        &made(0xe3, 5, &json!({"fields": {"phone": {"was": null, "now": null}}})),
        &phone(1),
    );
    assert_eq!(
        (stale.outcome, stale.problem.unwrap().code.as_str()),
        (Outcome::Held, "catalogue_too_old")
    );
    assert_eq!(desk.fields()["phone"], "13900078414");
}
