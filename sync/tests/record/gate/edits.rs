//! Edits of both kinds, damaged at random as text: whatever they have become, each is taken or kept, and the record
//! stays sound. `FUZZ_CASES` and `FUZZ_SEED` as for damaged changes.

use super::client::{Client, note, put, say};
use super::quietly;
use crate::catalogue;
use crate::desk::{Desk, RESIDENT, cadre, list, phone};
use crate::dice::{Dice, setting};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::EditId;
use domain::catalogue::Merge;
use serde_json::{Value as Json, json};
use sync::{Arrived, State, document};

fn desk() -> Desk {
    let mut desk = Desk::new(catalogue::at(8), State::Present);
    let first = json!({"fields": {
        "phone": {"was": null, "now": "13900078411"}, "needs": {"add": ["轮椅"]}, "remarks": {"was": null, "now": "电话打不通"},
    }});
    desk.says(&list("民政"), None, &first);
    desk
}

/// Good edits as text.
fn good(desk: &Desk) -> Vec<String> {
    let id = EditId::from_bytes([0x51; 16]);
    let change = Client::of(desk).change(id, |tx, fields| {
        put(tx, fields, "phone", "13900078412");
        note(tx, fields, "remarks", "电话打通了");
        say(tx, fields, "needs", "送餐", id);
    });
    let parts = [
        json!({ "fields": { "phone": { "was": "13900078411", "now": null }, "address": { "was": null, "now": "仙溪村3号" },
            "needs": { "add": ["送餐"], "remove": ["轮椅"] }, "name": { "was": null, "now": "黎阿妹" },
            "remarks": { "was": "电话打不通", "now": "电话打通了" } }, "confirm": ["phone", "needs"], "base": desk.version() }),
        json!({ "visit": { "means": "home", "outcome": "met", "at": "2026-11-06T01:00:00Z", "text": "已上门", "needs": ["送餐"] },
            "report": { "kind": "died", "date": "2026-11-02", "text": "邻居告知" }, "after": id.to_string() }),
        json!({ "create": { "grid": id.to_string() }, "fields": { "disabled.grade": { "was": null, "now": "三级" } } }),
        json!({ "changes": [STANDARD.encode(change.unwrap())], "confirm": ["phone"], "base": desk.version() }),
    ];
    let whole = |parts: &Json| {
        let mut edit = json!({ "id": id.to_string(), "seq": 3, "made_at": "2026-11-06T01:00:00Z",
            "resident": RESIDENT.to_string(), "catalogue": 8 });
        edit.as_object_mut()
            .unwrap()
            .extend(parts.as_object().unwrap().clone());
        edit.to_string()
    };
    parts.iter().map(whole).collect()
}

const BITS: [&str; 16] = [
    "null",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "1e999",
    "\\ud83d",
    "\\u0000",
    "\"was\"",
    "\"now\":",
    "\"add\":[\"轮椅\"]",
    "99999999999999999999",
    "true",
    "👨‍👩‍👧",
    ",",
    "\"fields\":{",
];

fn damage(dice: &mut Dice, text: &mut String) {
    for _ in 0..1 + dice.below(3) {
        let mut letters: Vec<char> = text.chars().collect();
        let at = dice.below(letters.len() + 1);
        let end = letters.len().min(at + dice.below(12));
        let bit = *dice.one_of(&BITS);
        let new: Vec<char> = match dice.below(4) {
            0 => bit.chars().collect(),
            1 => Vec::new(),
            2 => letters[at..end]
                .iter()
                .chain(&letters[at..end])
                .copied()
                .collect(),
            _ => vec![char::from_u32(dice.below(0x300) as u32).unwrap_or('x')],
        };
        letters.splice(at..end, new);
        *text = letters.into_iter().collect();
    }
}

#[test]
fn damaged_edits_harm_nothing() {
    let taken = quietly(|| {
        let desk = desk();
        let good = good(&desk);
        let (cases, seed) = (setting("FUZZ_CASES", 3_000), setting("FUZZ_SEED", 1));
        (0..cases)
            .filter(|case| played(Dice(seed << 32 | case), &good))
            .count() as u64
    });
    assert!(taken > 0);
}

/// Whether the damaged edit was read; then it is taken, and the record is looked at.
fn played(mut dice: Dice, good: &[String]) -> bool {
    let mut text = dice.one_of(good).clone();
    damage(&mut dice, &mut text);
    let Arrived::Edit(mut edit) = Arrived::parse(text.as_bytes()) else {
        return false;
    };
    edit.resident = RESIDENT;
    let mut desk = desk();
    let writer = if dice.chance(80) { phone(1) } else { cadre() };
    desk.take(&edit, &writer);
    let doc = document::load(&desk.record.doc.save_nocompress()).unwrap();
    assert_eq!(doc.get_heads(), desk.record.doc.get_heads(), "{text}");
    let shown = document::shown(&doc, &desk.catalogue);
    for (key, shown) in shown {
        let field = desk.catalogue.fields.iter().find(|f| f.key == key).unwrap();
        let Some(said) = shown.value.filter(|_| field.merge == Merge::Register) else {
            continue;
        };
        let read = field.parse_value(&said.value.to_json(), 8, &desk.catalogue);
        assert!(read.is_ok_and(|read| read == said.value), "{key}: {text}");
    }
    desk.projection();
    true
}
