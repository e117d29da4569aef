//! What workers do on phones of either kind: what is typed on a light one goes out as fields, on a full one as changes of
//! the document.

use super::run::Ground;
use automerge::transaction::{Transactable, Transaction};
use automerge::{ObjId, ReadDoc, ScalarValue};
use serde_json::json;
use tests::dice::Dice;
use tests::full_phone::{note, say};
use tests::phone::{Loss, Phone};
use uuid::Uuid;

pub const PHONES: [&str; 3] = ["13900078411", "13900078412", "13900078413"];
const WORDS: [&str; 4] = ["独居", "已上门", "电话不通", "与女儿同住"];
const NEEDS: [&str; 3] = ["轮椅", "送餐", "护理床"];
const ENDS: [&str; 2] = ["died", "moved_out"];

/// A worker does something with somebody who is on the phone, or reports somebody new. Answers edit and resident.
pub fn says(dice: &mut Dice, phone: &mut Phone, ground: &Ground<'_>) -> Option<(Uuid, Uuid)> {
    if dice.roll(12) == 0 {
        let edit = phone.create(ground.grid).set("name", "温好彩").done();
        return Some((edit, phone.made(edit).resident));
    }
    let there = phone.records().map(|(id, _)| id);
    let there: Vec<Uuid> = there.filter(|id| ground.people.contains(id)).collect();
    if there.is_empty() {
        return None;
    }
    let who = there[dice.roll(there.len())];
    if phone.documents.is_some() && dice.roll(10) < 7 {
        return types(dice, phone, who).map(|edit| (edit, who));
    }
    let draft = phone.edit(who);
    let word = WORDS[dice.roll(WORDS.len())];
    let draft = match dice.roll(15) {
        0..4 => draft.set("phone", PHONES[dice.roll(PHONES.len())]),
        4..6 => draft.set("remarks", word),
        6..8 => draft.part(
            "fields",
            json!({ "needs": { "add": [NEEDS[dice.roll(3)]], "remove": [NEEDS[dice.roll(3)]] } }),
        ),
        8..10 => draft.visit("home", "met", word),
        10..12 => draft.set("name", "黎阿美"),
        12 => draft.report(ENDS[dice.roll(ENDS.len())]),
        _ => draft.confirm(&["phone", "needs"]),
    };
    Some((draft.done(), who))
}

fn types(dice: &mut Dice, phone: &mut Phone, who: Uuid) -> Option<Uuid> {
    let kind = dice.roll(16);
    let (number, word) = (PHONES[dice.roll(PHONES.len())], WORDS[dice.roll(WORDS.len())]);
    let (element, gone) = (NEEDS[dice.roll(3)], NEEDS[dice.roll(3)]);
    phone.types(who, |tx, fields, edit| match kind {
        0..5 => tx.put(fields, "phone", number).unwrap(),
        5 => tx.put(fields, "phone", ScalarValue::Null).unwrap(),
        6..10 => note(tx, fields, "remarks", word),
        10..14 => {
            remove(tx, fields, "needs", gone);
            say(tx, fields, "needs", element, edit);
        }
        // What no client may do: it is kept, and the document is made anew.
        14 => tx.put(fields, "name", "黎阿美").unwrap(),
        _ => tx.put(fields, "shoe_size", "43").unwrap(),
    })
}

fn remove(tx: &mut Transaction<'_>, fields: &ObjId, key: &str, element: &str) {
    let (_, set) = tx.get(fields, key).unwrap().unwrap();
    if tx.get(&set, element).unwrap().is_some() {
        tx.delete(&set, element).unwrap();
    }
}

/// One exchange on a bad line.
pub async fn exchange(dice: &mut Dice, phone: &mut Phone) {
    let mut unsent = phone.unsent();
    match dice.roll(12) {
        0 | 1 => phone.lose_next(Loss::Request),
        2 | 3 => phone.lose_next(Loss::Answer),
        4 => {
            // The same twice: the phone hears the second answer.
            phone.lose_next(Loss::Answer);
            phone.send(&unsent).await;
        }
        5 | 6 if unsent.len() > 1 => {
            // In another order, and not all of them.
            let place = dice.roll(unsent.len());
            unsent.swap(0, place);
            unsent.truncate(1 + dice.roll(unsent.len()));
            phone.send(&unsent).await;
            return;
        }
        _ => {}
    }
    phone.exchange().await;
}
