//! What the gate does not take, each with its own answer; the record stays as it was.

use super::client::{Client, carrying, note, put, say};
use crate::catalogue;
use crate::desk::{Desk, list, phone};
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::{Transactable, Transaction};
use automerge::{ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use domain::EditId;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::json;
use std::io::Write;
use sync::{Outcome, State};

pub const ID: EditId = EditId::from_bytes([0x51; 16]);
pub const OTHER: EditId = EditId::from_bytes([0x52; 16]);

pub fn desk() -> Desk {
    let mut desk = Desk::new(catalogue::at(8), State::Present);
    let first = json!({"fields": {
        "phone": {"was": null, "now": "13900078411"}, "needs": {"add": ["轮椅"]},
        "remarks": {"was": null, "now": "电话打不通"},
    }});
    desk.says(&list("民政"), None, &first);
    desk.asked.clear();
    desk
}

/// The changes are held whole with this code, and leave nothing behind. Answers what is told of them.
pub fn check(what: &str, desk: &mut Desk, changes: &[Vec<u8>], code: &str) -> serde_json::Value {
    let before = (desk.version(), desk.fields());
    let taken = desk.take(&carrying(ID, 1, changes), &phone(1));
    let problem = taken.problem.unwrap_or_else(|| panic!("{what} was taken"));
    assert_eq!(problem.code, code, "{what}");
    assert!(
        taken.rebuild && taken.outcome == Outcome::Held && taken.fields.is_empty(),
        "{what}"
    );
    assert!(problem.message.chars().any(|c| c > '\u{4e00}'), "{what}");
    assert_eq!((desk.version(), desk.fields()), before, "{what}");
    taken.writes.unwrap_or_default()
}

pub type Say = fn(&mut Transaction<'_>, &ObjId);

/// What one change says, and why it is not taken.
const SAID: &[(&str, Say, &str)] = &[
    (
        "a note of its own",
        |tx, f| drop(tx.put_object(f, "diary", ObjType::Text)),
        "change_object_made",
    ),
    (
        "a note instead of the note",
        |tx, f| drop(tx.put_object(f, "remarks", ObjType::Text)),
        "change_object_made",
    ),
    (
        "a map at the root",
        |tx, _| drop(tx.put_object(ROOT, "mine", ObjType::Map)),
        "change_object_made",
    ),
    (
        "made and taken away again",
        |tx, f| {
            tx.put_object(f, "diary", ObjType::Map).unwrap();
            tx.delete(f, "diary").unwrap();
            put(tx, f, "phone", "13900078412");
        },
        "change_object_made",
    ),
    (
        "a value at the root",
        |tx, _| put(tx, &ROOT, "phone", "13900078412"),
        "change_foreign_path",
    ),
    (
        "the fields taken away",
        |tx, _| tx.delete(ROOT, "fields").unwrap(),
        "change_foreign_path",
    ),
    (
        "text over the note's object",
        |tx, f| put(tx, f, "remarks", "x"),
        "change_operation_not_allowed",
    ),
    (
        "the set taken away",
        |tx, f| tx.delete(f, "needs").unwrap(),
        "change_operation_not_allowed",
    ),
    (
        "a mark in a note",
        |tx, f| {
            let (_, note) = tx.get(f, "remarks").unwrap().unwrap();
            tx.mark(&note, Mark::new("bold".into(), true, 0, 2), ExpandMark::Both)
                .unwrap();
        },
        "change_operation_not_allowed",
    ),
    (
        "a letter overwritten",
        |tx, f| {
            let (_, note) = tx.get(f, "remarks").unwrap().unwrap();
            tx.put(&note, 0, "X").unwrap();
        },
        "change_operation_not_allowed",
    ),
    (
        "two letters as one",
        |tx, f| {
            let (_, note) = tx.get(f, "remarks").unwrap().unwrap();
            tx.insert(&note, 0, "XY").unwrap();
        },
        "change_value_not_allowed",
    ),
    (
        "a register deleted",
        |tx, f| tx.delete(f, "phone").unwrap(),
        "change_register_deleted",
    ),
    (
        "a number with a point",
        |tx, f| put(tx, f, "phone", 1.5),
        "change_value_not_allowed",
    ),
    (
        "an instant",
        |tx, f| put(tx, f, "phone", ScalarValue::Timestamp(7)),
        "change_value_not_allowed",
    ),
    (
        "an unsigned number",
        |tx, f| put(tx, f, "phone", 7_u64),
        "change_value_not_allowed",
    ),
    (
        "bytes",
        |tx, f| put(tx, f, "phone", vec![1_u8, 2]),
        "change_value_not_allowed",
    ),
    (
        "a counter",
        |tx, f| put(tx, f, "phone", ScalarValue::counter(1)),
        "change_value_not_allowed",
    ),
    (
        "an element in another's name",
        |tx, f| say(tx, f, "needs", "送餐", OTHER),
        "change_element_of_another",
    ),
    (
        "an element that says true",
        |tx, f| {
            let (_, set) = tx.get(f, "needs").unwrap().unwrap();
            tx.put(&set, "送餐", true).unwrap();
        },
        "change_value_not_allowed",
    ),
    (
        "a field that nobody knows",
        |tx, f| put(tx, f, "shoe_size", "43"),
        "change_fields_refused",
    ),
    (
        "a fact",
        |tx, f| put(tx, f, "name", "黎阿妹"),
        "change_fields_refused",
    ),
    (
        "a fact beside a field",
        |tx, f| {
            put(tx, f, "phone", "13900078412");
            put(tx, f, "life_status", "died");
        },
        "change_fields_refused",
    ),
    (
        "a phone that is none",
        |tx, f| put(tx, f, "phone", "12"),
        "change_fields_refused",
    ),
    (
        "a phone as nobody stores it",
        |tx, f| put(tx, f, "phone", "+86 13900078412"),
        "change_fields_refused",
    ),
    (
        "truth as a phone",
        |tx, f| put(tx, f, "phone", true),
        "change_fields_refused",
    ),
    (
        "an element that is no code",
        |tx, f| say(tx, f, "needs", "火箭", ID),
        "change_fields_refused",
    ),
    (
        "a note of 1,001 letters",
        |tx, f| note(tx, f, "remarks", &"长".repeat(1_001)),
        "change_fields_refused",
    ),
    (
        "a note with NUL",
        |tx, f| note(tx, f, "remarks", "电话\u{0}打不通"),
        "change_fields_refused",
    ),
    (
        "a note of 5,001 letters",
        |tx, f| note(tx, f, "remarks", &"长".repeat(5_001)),
        "change_too_many_operations",
    ),
];

#[test]
fn what_a_change_may_not_say() {
    for (what, write, code) in SAID {
        let mut desk = desk();
        let change = Client::of(&desk).change(ID, write).unwrap();
        check(what, &mut desk, &[change], code);
    }
}

fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    // Checksum and length are right: it is what is inside that counts.
    super::mutated::framed(kind, body)
}

#[test]
fn what_is_no_change() {
    let desk = desk();
    let good = Client::of(&desk)
        .change(ID, |tx, f| put(tx, f, "phone", "13900078412"))
        .unwrap();
    let mut zeros = DeflateEncoder::new(Vec::new(), Compression::best());
    zeros.write_all(&vec![0; 64 << 20]).unwrap();
    let bomb = framed(2, &zeros.finish().unwrap()[..]);
    let flipped: Vec<u8> = good
        .iter()
        .enumerate()
        .map(|(n, b)| if n == 40 { b ^ 1 } else { *b })
        .collect();
    let ten_million = {
        let mut body = vec![0, 16];
        body.extend(ID.bytes());
        // Sequence 1, operation 5, time 0, no message, no other actors, one column of ten million equal rows.
        body.extend([1, 5, 0, 0, 0, 1, 0x34, 5, 0x80, 0xad, 0xe2, 0x04, 0x01]);
        framed(1, &body)
    };
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("nothing", Vec::new(), "change_damaged"),
        ("words", "改电话".as_bytes().to_vec(), "change_damaged"),
        (
            "a byte too many",
            [good.as_slice(), &[0]].concat(),
            "change_damaged",
        ),
        (
            "a byte too few",
            good[..good.len() - 1].to_vec(),
            "change_damaged",
        ),
        ("a bit flipped", flipped, "change_damaged"),
        (
            "70,000 bytes",
            [good.as_slice(), &[0; 70_000]].concat(),
            "change_too_large",
        ),
        ("zeros packed", bomb, "change_too_large"),
        ("a whole document", desk.record.doc.save(), "change_wrong_kind"),
        ("a kind to come", framed(9, b"x"), "change_wrong_kind"),
        (
            "ten million operations claimed",
            ten_million,
            "change_too_many_operations",
        ),
    ];
    for (what, bytes, code) in cases {
        let mut desk = self::desk();
        assert_eq!(
            check(what, &mut desk, &[bytes], code),
            serde_json::Value::Null,
            "{what}"
        );
    }
}
