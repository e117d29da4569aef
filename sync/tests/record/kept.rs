//! Documents that were written once load for ever: each row of the fixture stays, whatever the code becomes.
//!
//! `HESHAN_WRITE_FIXTURES=1` adds rows for samples that the file does not have; it never changes one.

use crate::catalogue;
use crate::desk::{Desk, RESIDENT, cadre, edit, list, phone};
use crate::gate::client::{Client, carrying, note, put, say};
use crate::gate::{bytes, javascript};
use automerge::Automerge;
use domain::EditId;
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use sync::{State, document, skeleton};

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents.txt")
}

/// What today's code makes, by name.
fn samples() -> Vec<(&'static str, Automerge)> {
    let first = json!({"fields": {
        "phone": {"was": null, "now": "13900078411"}, "needs": {"add": ["轮椅", "送餐"]},
        "remarks": {"was": null, "now": "电话打不通\n👨‍👩‍👧"}, "night_visits": {"was": null, "now": "每周三"},
    }});
    let desk = || {
        let mut desk = Desk::new(catalogue::at(8), State::Present);
        desk.says(&list("民政"), None, &first);
        desk
    };
    let id = |n: u8| EditId::from_bytes([n; 16]);
    let mut beside = desk();
    let base = beside.version();
    for (n, now) in [
        (1, json!("13900078412")),
        (2, json!("13900078413")),
        (3, Json::Null),
    ] {
        let parts = json!({"fields": {
            "phone": {"was": null, "now": now}, "needs": {"remove": ["轮椅"]}, "remarks": {"was": null, "now": format!("已上门{n}")},
        }});
        beside.take(
            &edit(id(0x40 + n), i64::from(n), 8, Some(&base), &parts),
            &phone(n),
        );
    }
    let mut decided = desk();
    decided.says(
        &cadre(),
        None,
        &json!({"fields": {"phone": {"was": null, "now": "13900078414"}}}),
    );
    let lost = json!({"fields": {"phone": {"was": null, "now": "13900078415"}}});
    decided.take(
        &edit(id(0x50), 1, 8, Some("AAEAAAABAAAAAAAAAAA"), &lost),
        &phone(1),
    );
    let mut full = desk();
    let change = Client::of(&full).change(id(0x60), |tx, fields| {
        put(tx, fields, "guardian_name", "黎阿妹");
        note(tx, fields, "remarks", "电话打通了");
        say(tx, fields, "needs", "护理床", id(0x60));
    });
    full.take(&carrying(id(0x60), 1, &[change.unwrap()]), &phone(1));
    vec![
        ("skeleton", skeleton::document(&catalogue::at(1), RESIDENT, 1)),
        ("of a list, with a later note", desk().record.doc),
        ("three beside each other", beside.record.doc),
        ("decided, then a lost version", decided.record.doc),
        ("a full client's", full.record.doc),
        ("what recorded clients began with", javascript::desk().record.doc),
    ]
}

/// What a document says, as text that does not change.
fn said(doc: &Automerge) -> Json {
    let heads: Vec<String> = doc.get_heads().iter().map(ToString::to_string).collect();
    let shown = document::shown(doc, &catalogue::at(8));
    let fields: serde_json::Map<String, Json> = shown
        .into_iter()
        .map(|(key, shown)| {
            let value = shown.value.map_or(Json::Null, |said| said.value.to_json());
            let conflict: Vec<Json> = shown.conflict.iter().map(|said| said.value.to_json()).collect();
            let doubt: Vec<&String> = shown.doubt.iter().map(|doubt| &doubt.element).collect();
            (key.to_owned(), json!([value, conflict, doubt]))
        })
        .collect();
    json!({ "heads": heads, "fields": fields })
}

#[test]
fn what_was_written_once_loads_for_ever() {
    let mut kept = std::fs::read_to_string(file()).unwrap_or_default();
    if std::env::var_os("HESHAN_WRITE_FIXTURES").is_some() {
        for (name, doc) in samples() {
            if !kept.lines().any(|line| line.starts_with(&format!("{name} | "))) {
                let hex: String = doc.save().iter().map(|b| format!("{b:02x}")).collect();
                kept.push_str(&format!("{name} | {} | {hex}\n", said(&doc)));
            }
        }
        std::fs::write(file(), &kept).unwrap();
    }
    let mut rows = 0;
    for line in kept.lines() {
        let [name, expected, hex] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let mut doc = document::load(&bytes(hex)).unwrap_or_else(|_| panic!("{name} does not load"));
        let expected: Json = serde_json::from_str(expected).unwrap();
        assert_eq!(said(&doc), expected, "{name}");
        // It is written to as well, and loads again.
        let heads = doc.get_heads();
        let put = sync::write::Put::Note("还在".into());
        let puts = [("remarks".to_owned(), put)].into();
        sync::write::write_at(&mut doc, EditId::from_bytes([0xee; 16]), 0, 0, &heads, &puts).unwrap();
        document::load(&doc.save_nocompress()).unwrap();
        rows += 1;
    }
    assert!(rows >= 6, "{rows} rows");
}

/// What the same people do today is the same document: phones out there stand on those hashes.
#[test]
fn what_is_written_today_is_what_was_written() {
    let kept = std::fs::read_to_string(file()).unwrap();
    for (name, doc) in samples() {
        let line = kept.lines().find(|line| line.starts_with(&format!("{name} | ")));
        let expected = line
            .unwrap_or_else(|| panic!("{name} is not kept"))
            .split(" | ")
            .nth(1)
            .unwrap();
        assert_eq!(
            said(&doc),
            serde_json::from_str::<Json>(expected).unwrap(),
            "{name}"
        );
    }
}
