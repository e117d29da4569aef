//! Histories of honest full clients beside light ones: every change is taken, and all end with the same heads.

use super::client::{Client, carrying, note, put, remove, say, text_of};
use crate::catalogue;
use crate::desk::{Desk, cadre, edit, list, phone};
use crate::dice::Dice;
use automerge::transaction::Transaction;
use automerge::{ObjId, ScalarValue};
use domain::EditId;
use serde_json::json;
use std::collections::BTreeMap;
use sync::{Outcome, State};

const VALUES: [(&str, [&str; 3]); 3] = [
    ("phone", ["13900078411", "13900078412", "13900078413"]),
    ("guardian_name", ["黎阿妹", "温好彩", "郭金娣"]),
    ("address", ["良围村旧围1号", "仙溪村3号", "良围村新围2号"]),
];
const ELEMENTS: [&str; 3] = ["轮椅", "送餐", "护理床"];
const WORDS: [&str; 5] = ["独居", "已上门", "电话不通", "老人👨‍👩‍👧", "\n"];

fn desk() -> Desk {
    let mut desk = Desk::new(catalogue::at(8), State::Present);
    let first = json!({"fields": {
        "phone": {"was": null, "now": "13900078410"}, "needs": {"add": ["轮椅"]},
        "remarks": {"was": null, "now": "电话打不通"}, "night_visits": {"was": null, "now": "每周三"},
        "tools": {"add": ["送餐"]},
    }});
    desk.says(&list("民政"), None, &first);
    desk
}

/// One thing that a worker does with a form.
fn write(
    dice: &mut Dice,
    tx: &mut Transaction<'_>,
    fields: &ObjId,
    id: EditId,
    texts: &BTreeMap<&str, String>,
) {
    match dice.below(4) {
        0 => {
            let (key, values) = dice.one_of(&VALUES);
            let cleared = dice.chance(15);
            let value = dice.one_of(values);
            put(
                tx,
                fields,
                key,
                if cleared {
                    ScalarValue::Null
                } else {
                    ScalarValue::Str((*value).into())
                },
            );
        }
        1 => {
            let key = *dice.one_of(&["needs", "tools"]);
            let element = *dice.one_of(&ELEMENTS);
            match dice.chance(60) {
                true => say(tx, fields, key, element, id),
                false => remove(tx, fields, key, element),
            }
        }
        _ => {
            let key = *dice.one_of(&["remarks", "night_visits"]);
            let old: Vec<char> = texts[key].chars().collect();
            let at = dice.below(old.len() + 1);
            let end = old.len().min(at + dice.below(4));
            let new: String = old[..at]
                .iter()
                .copied()
                .chain(dice.one_of(&WORDS).chars())
                .chain(old[end..].iter().copied())
                .collect();
            note(tx, fields, key, &new);
        }
    }
}

#[test]
fn every_honest_change_is_taken() {
    let mut taken_in = 0;
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let mut desk = desk();
        let mut clients: Vec<(Client, Vec<sync::Edit>)> =
            (0..3).map(|_| (Client::of(&desk), Vec::new())).collect();
        let mut seq = 0;
        let mut push = |desk: &mut Desk, n: usize, waiting: &mut Vec<sync::Edit>| {
            for edit in waiting.drain(..) {
                let taken = desk.take(&edit, &phone(n as u8));
                let code = taken.problem.map(|p| p.code);
                assert!(
                    matches!(taken.outcome, Outcome::Merged | Outcome::Conflict),
                    "seed {seed}: {code:?}"
                );
                assert!(!taken.rebuild);
                taken_in += 1;
            }
        };
        for _ in 0..24 {
            let n = dice.below(3);
            let (client, waiting) = &mut clients[n];
            match dice.below(5) {
                0 => client.pull(&desk),
                1 => push(&mut desk, n, waiting),
                2 => {
                    // A light client beside them.
                    let (key, values) = dice.one_of(&VALUES);
                    let value = dice.one_of(values);
                    seq += 1;
                    let parts = json!({"fields": {(*key): {"was": null, "now": value}, "needs": {"add": [dice.one_of(&ELEMENTS)]}}});
                    let version = desk.version();
                    let light = edit(EditId::from_bytes(dice.bytes16()), seq, 8, Some(&version), &parts);
                    desk.take(&light, &if dice.chance(50) { phone(7) } else { cadre() });
                }
                _ => {
                    let id = EditId::from_bytes(dice.bytes16());
                    let mut changes = Vec::new();
                    for _ in 0..1 + dice.below(3) {
                        let texts = ["remarks", "night_visits"]
                            .map(|key| (key, text_of(&client.doc, key)))
                            .into();
                        let times = 1 + dice.below(3);
                        changes.extend(client.change(id, |tx, fields| {
                            let mut texts: BTreeMap<&str, String> = texts;
                            for _ in 0..times {
                                write(&mut dice, tx, fields, id, &texts);
                                for (key, text) in &mut texts {
                                    let (_, object) =
                                        automerge::ReadDoc::get(tx, fields, *key).unwrap().unwrap();
                                    *text = automerge::ReadDoc::text(tx, &object).unwrap();
                                }
                            }
                        }));
                        if dice.chance(10) {
                            // What others did arrives in the middle of the sitting.
                            client.pull(&desk);
                        }
                    }
                    if !changes.is_empty() {
                        seq += 1;
                        waiting.push(carrying(id, seq, &changes));
                    }
                }
            }
        }
        for (n, (_, waiting)) in clients.iter_mut().enumerate() {
            push(&mut desk, n, waiting);
        }
        for (client, _) in &mut clients {
            client.pull(&desk);
            assert_eq!(client.doc.get_heads(), desk.record.doc.get_heads(), "seed {seed}");
        }
        desk.reload();
    }
    assert!(taken_in > 150, "{taken_in}");
}

/// Both doors lead to one hall: the same edit, at the same base, is the same change.
#[test]
fn both_doors_make_the_same_change() {
    let id = EditId::from_bytes([0x51; 16]);
    let parts = json!({"fields": {
        "phone": {"was": "13900078410", "now": "13900078412"}, "guardian_name": {"was": null, "now": "黎阿妹"},
        "remarks": {"was": "电话打不通", "now": "电话打通了"}, "needs": {"add": ["护理床"], "remove": ["轮椅"]},
    }});
    let (mut light, mut full) = (desk(), desk());
    let base = light.version();
    let said = edit(id, 1, 8, Some(&base), &parts);
    light.take(&said, &phone(1));
    let mut client = Client::of(&full);
    let seconds = said.made_at.seconds();
    client
        .doc
        .set_actor(automerge::ActorId::from(id.bytes().to_vec()));
    let mut tx = client.doc.transaction();
    {
        use automerge::transaction::Transactable;
        let (_, fields) = automerge::ReadDoc::get(&tx, automerge::ROOT, "fields")
            .unwrap()
            .unwrap();
        put(&mut tx, &fields, "guardian_name", "黎阿妹");
        remove(&mut tx, &fields, "needs", "轮椅");
        say(&mut tx, &fields, "needs", "护理床", id);
        tx.put(&fields, "phone", "13900078412").unwrap();
        note(&mut tx, &fields, "remarks", "电话打通了");
    }
    let options = automerge::transaction::CommitOptions::default().with_time(seconds);
    let hash = tx.commit_with(options).0.unwrap();
    let bytes = automerge::ReadDoc::get_change_by_hash(&client.doc, &hash)
        .unwrap()
        .bytes()
        .into_owned();
    let taken = full.take(&carrying(id, 1, &[bytes]), &phone(1));
    assert_eq!(taken.outcome, Outcome::Merged);
    assert_eq!(full.record.doc.get_heads(), light.record.doc.get_heads());
    assert_eq!(full.fields(), light.fields());
    let told = |desk: &Desk| {
        let of = desk.history.iter().filter(|((edit, _), _)| *edit == id);
        of.map(|((_, key), step)| (key.clone(), step.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&full), told(&light));
}
