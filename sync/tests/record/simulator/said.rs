//! What people say: by phone of either kind, at a console, in a list.

use super::device::{Device, Made};
use super::server::grid;
use crate::dice::Dice;
use crate::gate::client::{Client, note, put, remove, say, text_of};
use automerge::{ROOT, ScalarValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{EditId, GridId, ResidentId};
use serde_json::{Value as Json, json};
use sync::Arrived;

const REGISTERS: [(&str, [&str; 3]); 3] = [
    ("phone", ["13900078411", "13900078412", "13900078413"]),
    ("guardian_name", ["黎阿妹", "温好彩", "郭金娣"]),
    ("address", ["良围村旧围1号", "仙溪村3号", "良围村新围2号"]),
];
const FACTS: [(&str, [&str; 3]); 2] = [
    ("name", ["黎阿妹", "温好彩", "郭金娣"]),
    ("ethnicity", ["汉", "壮", "瑶"]),
];
const SETS: [&str; 2] = ["needs", "tools"];
const ELEMENTS: [&str; 3] = ["轮椅", "送餐", "护理床"];
const NOTES: [&str; 2] = ["remarks", "night_visits"];
const WORDS: [&str; 5] = ["独居", "已上门", "电话不通", "👨‍👩‍👧", "\n"];

fn changed_text(dice: &mut Dice, old: &str) -> String {
    let letters: Vec<char> = old.chars().collect();
    let at = dice.below(letters.len() + 1);
    let end = letters.len().min(at + dice.below(4));
    let front = letters[..at].iter().copied();
    front
        .chain(dice.one_of(&WORDS).chars())
        .chain(letters[end..].iter().copied())
        .collect()
}

/// A few field writes, having seen `shown`; `text` gives a note as it is shown.
pub fn fields(dice: &mut Dice, shown: &Json, text: &dyn Fn(&str) -> String, facts: bool) -> Json {
    let mut fields = json!({});
    for _ in 0..1 + dice.below(3) {
        match dice.below(if facts { 5 } else { 4 }) {
            0 | 1 => {
                let (key, values) = dice.one_of(&REGISTERS);
                let now = if dice.chance(15) {
                    Json::Null
                } else {
                    (*dice.one_of(values)).into()
                };
                fields[*key] = json!({ "was": shown[*key], "now": now });
            }
            2 => {
                let key = *dice.one_of(&NOTES);
                let old = text(key);
                fields[key] = json!({ "was": old, "now": changed_text(dice, &old) });
            }
            3 => {
                let (add, remove) = (*dice.one_of(&ELEMENTS), *dice.one_of(&ELEMENTS));
                fields[*dice.one_of(&SETS)] = json!({ "add": [add], "remove": [remove] });
            }
            _ => {
                let (key, values) = dice.one_of(&FACTS);
                let was = if dice.chance(80) {
                    shown[*key].clone()
                } else {
                    Json::Null
                };
                fields[*key] = json!({ "was": was, "now": *dice.one_of(values) });
            }
        }
    }
    fields
}

/// An edit's usual members.
pub fn edit(id: EditId, seq: i64, resident: ResidentId, parts: Json) -> Made {
    let mut wire = json!({
        "id": id.to_string(), "seq": seq, "made_at": format!("2026-11-{:02}T01:00:00Z", 1 + seq % 28),
        "resident": resident.to_string(), "catalogue": 8,
    });
    for (key, value) in parts.as_object().unwrap() {
        wire[key] = value.clone();
    }
    let raw = wire.to_string();
    match Arrived::parse(raw.as_bytes()) {
        Arrived::Edit(edit) => Made { edit: *edit, raw },
        Arrived::Unreadable { why, .. } => panic!("{}: {raw}", why.code()),
    }
}

/// A worker does something with a record that the phone has.
pub fn by_phone(dice: &mut Dice, device: &mut Device, resident: ResidentId) {
    let id = EditId::from_bytes(dice.bytes16());
    if device.full && dice.chance(80) {
        return by_document(dice, device, resident, id);
    }
    let item = device.items.get(&resident).cloned().unwrap_or_default();
    let before = device.last_unsent(resident).map(|made| made.edit.id);
    let typed: Vec<Json> = device
        .unsent
        .iter()
        .filter(|m| m.edit.resident == resident)
        .map(|m| serde_json::from_str(&m.raw).unwrap())
        .collect();
    let text = |key: &str| {
        let own = typed
            .iter()
            .rev()
            .find_map(|edit| edit["fields"][key]["now"].as_str());
        own.or(item["fields"][key].as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let mut parts = json!({});
    match dice.below(10) {
        0 => {
            parts["visit"] = json!({ "means": "home", "outcome": "met", "at": format!("2026-10-{:02}T08:00:00Z", 1 + dice.below(28)) })
        }
        1 => parts["report"] = json!({ "kind": "moved_out" }),
        2 | 3 => parts["confirm"] = json!([*dice.one_of(&["phone", "needs", "remarks", "name"])]),
        _ => parts["fields"] = fields(dice, &item["fields"], &text, true),
    }
    if let Some(version) = item["version"].as_str() {
        parts["base"] = version.into();
    }
    let before = before.or_else(|| {
        item.is_null()
            .then(|| device.last_made(resident).map(|made| made.edit.id))
            .flatten()
    });
    if let Some(before) = before {
        parts["after"] = before.to_string().into();
    }
    if dice.chance(3) {
        // A version of another life.
        parts["base"] = "AAEAAAABAAAAAAAAAAA".into();
    }
    let made = edit(id, device.seq + 1, resident, parts);
    device.keep(made);
}

fn by_document(dice: &mut Dice, device: &mut Device, resident: ResidentId, id: EditId) {
    let Some(doc) = device.documents.get(&resident) else {
        return;
    };
    let mut client = Client::over(doc.clone());
    let hostile = dice.chance(8);
    let mut changes = Vec::new();
    for _ in 0..1 + dice.below(2) {
        let kind = dice.below(if hostile { 7 } else { 4 });
        let (key, values) = *dice.one_of(&REGISTERS);
        let value = if dice.chance(15) {
            ScalarValue::Null
        } else {
            ScalarValue::Str((*dice.one_of(&values)).into())
        };
        let old = text_of(&client.doc, "remarks");
        let text = changed_text(dice, &old);
        let (element, gone) = (*dice.one_of(&ELEMENTS), *dice.one_of(&ELEMENTS));
        changes.extend(client.change(id, |tx, fields| match kind {
            0 | 1 => put(tx, fields, key, value),
            2 => note(tx, fields, "remarks", &text),
            3 => {
                remove(tx, fields, "needs", gone);
                say(tx, fields, "needs", element, id);
            }
            // What no client may do.
            4 => put(tx, fields, "name", "黎阿妹"),
            5 => put(tx, &ROOT, "phone", "13900078412"),
            _ => put(tx, fields, "shoe_size", "43"),
        }));
    }
    if changes.is_empty() {
        return;
    }
    let sent: Vec<String> = changes.iter().map(|bytes| STANDARD.encode(bytes)).collect();
    let mut parts = json!({ "changes": sent });
    if let Some(version) = device
        .items
        .get(&resident)
        .and_then(|item| item["version"].as_str())
    {
        parts["base"] = version.into();
    }
    let made = edit(id, device.seq + 1, resident, parts);
    device.documents.insert(resident, client.doc);
    device.keep(made);
}

/// A worker reports somebody whom nobody knows.
pub fn create(dice: &mut Dice, device: &mut Device, into: GridId) {
    let (id, resident) = (
        EditId::from_bytes(dice.bytes16()),
        ResidentId::from_bytes(dice.bytes16()),
    );
    let parts = json!({ "create": { "grid": into.to_string() }, "fields": {
        "name": { "was": null, "now": "温好彩" }, "phone": { "was": null, "now": "13900078411" },
    } });
    let made = edit(id, device.seq + 1, resident, parts);
    device.keep(made);
    if dice.chance(50) {
        by_phone(dice, device, resident);
    }
}

/// The people who are there at the beginning, as a list has them.
pub fn first(dice: &mut Dice, n: u8) -> (Made, GridId) {
    let (id, resident) = (
        EditId::from_bytes(dice.bytes16()),
        ResidentId::from_bytes(dice.bytes16()),
    );
    let parts = json!({ "fields": {
        "name": { "was": null, "now": "黎阿妹" }, "phone": { "was": null, "now": "13900078410" },
        "needs": { "add": ["轮椅"], "remove": [] }, "remarks": { "was": null, "now": "电话打不通" },
    } });
    (edit(id, 1, resident, parts), grid(n % 2))
}
