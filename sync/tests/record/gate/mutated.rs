//! Honest changes, damaged at random with their checksums repaired: nothing breaks, and what is still taken makes a
//! document that loads again and can be written to. `FUZZ_CASES` plays more of them, `FUZZ_SEED` others.

use super::client::{Client, carrying, note, put, remove, say};
use super::quietly;
use crate::catalogue;
use crate::desk::{Desk, list};
use crate::dice::{Dice, setting};
use automerge::Automerge;
use domain::EditId;
use serde_json::json;
use sha2::{Digest, Sha256};
use sync::State;
use sync::gate::{admit, scan};

/// A chunk with the right length and checksum.
pub fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut inner = vec![kind];
    let mut length = body.len();
    loop {
        let low = (length & 0x7f) as u8;
        length >>= 7;
        inner.push(if length == 0 { low } else { low | 0x80 });
        if length == 0 {
            break;
        }
    }
    inner.extend(body);
    let mut summed = inner.clone();
    summed[0] = 1;
    let checksum = Sha256::digest(&summed);
    [[0x85, 0x6f, 0x4a, 0x83].as_slice(), &checksum[..4], &inner].concat()
}

/// The body of a change chunk, unpacked.
fn body(change: &[u8]) -> Vec<u8> {
    let whole = scan(change).unwrap().bytes;
    let length = 9 + whole[9..].iter().position(|b| *b < 0x80).unwrap() + 1;
    whole[length..].to_vec()
}

fn desk() -> Desk {
    let mut desk = Desk::new(catalogue::at(8), State::Present);
    let first = json!({"fields": {
        "phone": {"was": null, "now": "13900078411"}, "needs": {"add": ["轮椅", "送餐"]},
        "remarks": {"was": null, "now": "电话打不通"}, "tools": {"add": ["送餐"]},
    }});
    desk.says(&list("民政"), None, &first);
    desk
}

/// Bodies of honest changes of several shapes.
fn honest(desk: &Desk) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut change =
        |n: u8, write: fn(&mut automerge::transaction::Transaction<'_>, &automerge::ObjId, EditId)| {
            let id = EditId::from_bytes([n; 16]);
            let bytes = Client::of(desk).change(id, |tx, f| write(tx, f, id)).unwrap();
            all.push(body(&bytes));
        };
    change(1, |tx, f, _| put(tx, f, "phone", "13900078412"));
    change(2, |tx, f, _| {
        put(tx, f, "phone", "13900078413");
        put(tx, f, "address", "仙溪村3号");
        put(tx, f, "guardian_name", automerge::ScalarValue::Null);
    });
    change(3, |tx, f, _| note(tx, f, "remarks", "电话打通了，本人接听"));
    change(4, |tx, f, id| {
        say(tx, f, "needs", "护理床", id);
        remove(tx, f, "needs", "轮椅");
        note(tx, f, "remarks", "");
    });
    change(5, |tx, f, _| note(tx, f, "remarks", "老人👨‍👩‍👧独居\n每周三透析"));
    all
}

/// Damages a body a little.
fn damage(dice: &mut Dice, body: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..1 + dice.below(3) {
        let at = dice.below(body.len().max(1));
        match dice.below(7) {
            0 if !body.is_empty() => body[at] ^= 1 << dice.below(8),
            1 if !body.is_empty() => body[at] = *dice.one_of(&[0, 1, 2, 0x7e, 0x7f, 0x80, 0xff]),
            2 => body.insert(at, dice.roll() as u8),
            3 if body.len() > 1 => drop(body.remove(at)),
            4 => {
                let other = dice.one_of(others);
                let from = dice.below(other.len());
                let to = (from + 1 + dice.below(8)).min(other.len());
                let end = (at + (to - from)).min(body.len());
                body.splice(at..end, other[from..to].iter().copied());
            }
            5 => {
                let end = (at + 1 + dice.below(4)).min(body.len());
                let again = body[at..end].to_vec();
                body.splice(at..at, again);
            }
            // A number that is far too large.
            _ => drop(body.splice(at..at, [0xfe, 0xff, 0xff, 0xff, 0x0f])),
        }
    }
}

#[test]
fn damaged_changes_harm_nothing() {
    let (taken, cases) = quietly(|| play(setting("FUZZ_CASES", 6_000), setting("FUZZ_SEED", 1)));
    // Bytes that are still a change in every respect are taken, and those alone.
    assert!(taken < cases / 4, "{taken} of {cases}");
}

fn play(cases: u64, seed: u64) -> (u64, u64) {
    let desk = desk();
    let bodies = honest(&desk);
    for body in &bodies {
        assert!(taken(&desk, body), "the honest ones are taken");
    }
    let mut all = 0;
    for case in 0..cases {
        let mut dice = Dice(seed << 32 | case);
        let mut body = dice.one_of(&bodies).clone();
        damage(&mut dice, &mut body, &bodies);
        all += u64::from(taken(&desk, &body));
    }
    (all, cases)
}

/// Whether the gate takes the change; what it takes makes a sound document.
fn taken(desk: &Desk, body: &[u8]) -> bool {
    let change = framed(1, body);
    let Ok(scanned) = scan(&change) else { return false };
    // In whatever name it now speaks: the gate's first look must not be what stops it.
    let Ok(actor) = <[u8; 16]>::try_from(scanned.actor.as_slice()) else {
        return false;
    };
    let id = EditId::from_bytes(actor);
    let Ok(admitted) = admit(&desk.record, &carrying(id, 1, &[change]), &desk.catalogue) else {
        return false;
    };
    let mut again = Automerge::load(&admitted.doc.save()).unwrap();
    assert_eq!(again.get_heads(), admitted.doc.get_heads());
    let heads = again.get_heads();
    let puts = [(
        "address".to_owned(),
        sync::write::Put::Register(domain::Value::from("良围村旧围1号")),
    )]
    .into();
    sync::write::write_at(&mut again, EditId::from_bytes([0xee; 16]), 0, 0, &heads, &puts)
        .unwrap()
        .unwrap();
    sync::document::load(&again.save_nocompress()).unwrap();
    true
}
