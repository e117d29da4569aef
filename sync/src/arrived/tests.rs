//! Bytes that are edits, and bytes that are none.

use super::*;
use serde_json::json;

fn edit() -> Value {
    json!({
        "id": "01930000-0000-7000-8000-000000000001", "seq": 1, "made_at": "2026-11-06T01:00:00Z",
        "resident": "01930000-0000-7000-8000-0000000000aa", "catalogue": 1,
        "fields": { "phone": { "was": null, "now": "13900078411" }, "needs": { "add": ["送餐"] } },
    })
}

#[test]
fn what_was_stored_is_the_same_edit() {
    let mut visited = edit();
    visited["visit"] = json!({"means": "home", "outcome": "met", "at": "2026-11-06T09:00:00+08:00"});
    for json in [edit(), visited] {
        let Arrived::Edit(edit) = Arrived::parse(json.to_string().as_bytes()) else {
            panic!()
        };
        let again = Edit::stored(&serde_json::from_str(&edit.canonical).unwrap()).unwrap();
        assert_eq!(
            (again.id, again.digest, again.made_at),
            (edit.id, edit.digest, edit.made_at)
        );
    }
}

#[test]
fn what_is_understood_and_what_is_kept() {
    assert!(matches!(
        Arrived::parse(edit().to_string().as_bytes()),
        Arrived::Edit(_)
    ));
    let cases: [(&str, Value, Unreadable); 11] = [
        ("seq", json!(0), Unreadable::BadSeq),
        ("seq", json!("1"), Unreadable::Malformed),
        (
            "id",
            json!("01930000-0000-7000-8000-00000000000A"),
            Unreadable::Malformed,
        ),
        ("resident", json!("nobody"), Unreadable::Malformed),
        ("made_at", json!("gestern"), Unreadable::Malformed),
        ("surprise", json!(1), Unreadable::Malformed),
        ("fields", json!({"phone": {"now": "1"}}), Unreadable::Malformed),
        ("fields", json!({}), Unreadable::Empty),
        ("changes", json!(["AAAA"]), Unreadable::Malformed),
        (
            "report",
            json!({"kind": "died", "date": "31.12."}),
            Unreadable::Malformed,
        ),
        (
            "visit",
            json!({"means": "home", "outcome": "met", "at": "2026-11-06T01:00:00Z", "text": "长".repeat(4001)}),
            Unreadable::TooLarge,
        ),
    ];
    for (key, value, expected) in cases {
        let mut bad = edit();
        bad[key] = value;
        match Arrived::parse(bad.to_string().as_bytes()) {
            Arrived::Unreadable { why, .. } => assert_eq!(why, expected, "{key}"),
            Arrived::Edit(_) => panic!("{key} was taken"),
        }
    }
    let huge = format!("{{\"id\":\"{}\"}}", "x".repeat(300_000));
    for bytes in [huge.as_bytes(), b"", b"\xff\xfe", b"[1", b"null"] {
        assert!(matches!(Arrived::parse(bytes), Arrived::Unreadable { .. }));
    }
}
