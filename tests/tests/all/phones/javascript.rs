//! Full clients on the official JavaScript library, beside each other and beside a light client.

use automerge::Automerge;
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::dice::Dice;
use tests::node::Node;
use tests::on_both;
use tests::verify::verify;
use uuid::Uuid;

on_both!(
    two_devices_and_a_light_client_end_equal,
    what_is_not_taken_is_made_anew
);

const WORDS: [&str; 6] = ["独居，", "已上门。", "电话不通", "👨‍👩‍👧", "\n", "每周三透析"];
const PHONES: [&str; 3] = ["13900078442", "13900078443", "13900078444"];
const NEEDS: [&str; 3] = ["送餐", "轮椅", "护理床"];

/// A full client of a worker, started and loaded.
async fn opened(county: &County, node: &mut Node, client: &str, worker: &str) {
    let installation = Uuid::now_v7().simple().to_string();
    let signed_in = county.sign_in(worker, Some(&installation)).await;
    let base = county.client.base();
    tell(
        node,
        json!({ "do": "open", "client": client, "base": base, "token": signed_in["access_token"] }),
    )
    .await;
    tell(node, json!({ "do": "sync", "client": client })).await;
}

/// Node talks to this very process: it must not stand still while it waits.
async fn tell(node: &mut Node, command: Value) -> Value {
    tokio::task::block_in_place(|| node.tell(&command))
}

fn one_of<'a, T>(dice: &mut Dice, all: &'a [T]) -> &'a T {
    &all[dice.roll(all.len())]
}

/// Writes of one sitting. A note is written anew from what the client shows.
async fn sitting(dice: &mut Dice, node: &mut Node, client: &str, resident: Uuid) -> Vec<Value> {
    let shown = tell(
        node,
        json!({ "do": "shown", "client": client, "resident": resident }),
    )
    .await;
    let text: Vec<char> = shown["fields"]["remarks"].as_str().unwrap().chars().collect();
    let mut writes = Vec::new();
    for _ in 0..1 + dice.roll(3) {
        writes.push(match dice.roll(4) {
            0 => json!({ "register": "phone", "value": one_of(dice, &PHONES) }),
            1 => json!({ "register": "guardian_name", "value": if dice.roll(3) == 0 { Value::Null } else { "黄志强".into() } }),
            2 => json!({ "set": "needs", "add": [one_of(dice, &NEEDS)], "remove": [one_of(dice, &NEEDS)] }),
            _ => {
                let at = dice.roll(text.len() + 1);
                let end = text.len().min(at + dice.roll(4));
                let new: String = text[..at].iter().copied().chain(one_of(dice, &WORDS).chars()).chain(text[end..].iter().copied()).collect();
                json!({ "note": "remarks", "text": new })
            }
        });
    }
    writes
}

async fn two_devices_and_a_light_client_end_equal(database: Database) {
    let county = County::start(database).await;
    let mut residents = Vec::new();
    for name in ["黄秋菊", "谭国强"] {
        let made = county
            .a_resident(name)
            .phone("13900078441")
            .having("needs", &["轮椅"]);
        residents.push(made.with("remarks", "电话打不通").made().await);
    }
    let mut node = Node::start();
    opened(&county, &mut node, "one", "梁少芳").await;
    opened(&county, &mut node, "two", "吕小燕").await;
    let mut light = county.phone("梁少芳").await;
    light.sync().await;
    let mut dice = Dice::seeded(5);
    let mut made = Vec::new();
    for round in 0..6 {
        // Offline, everybody for themselves.
        for client in ["one", "two"] {
            for _ in 0..1 + dice.roll(3) {
                let resident = *one_of(&mut dice, &residents);
                let writes = sitting(&mut dice, &mut node, client, resident).await;
                let command =
                    json!({ "do": "edit", "client": client, "resident": resident, "writes": writes });
                let edit = tell(&mut node, command).await;
                // What changes nothing is no edit.
                if !edit.is_null() {
                    made.push((client, edit));
                }
            }
        }
        let resident = *one_of(&mut dice, &residents);
        light
            .edit(resident)
            .set("phone_other", format!("1390007845{round}"))
            .add("needs", &["送餐"])
            .done();
        // Back online, one after the other; who comes first changes.
        for client in if round % 2 == 0 {
            ["one", "two"]
        } else {
            ["two", "one"]
        } {
            tell(&mut node, json!({ "do": "sync", "client": client })).await;
        }
        light.sync().await;
    }
    for client in ["one", "two"] {
        tell(&mut node, json!({ "do": "sync", "client": client })).await;
    }
    for (client, edit) in &made {
        let receipt = tell(
            &mut node,
            json!({ "do": "receipt", "client": client, "edit": edit }),
        )
        .await;
        assert!(
            ["merged", "conflict"].contains(&receipt["outcome"].as_str().unwrap()),
            "{receipt}"
        );
    }
    let program = &county.program;
    let documents = api::store::records::documents(program.db.read(), &program.keys, &residents)
        .await
        .unwrap();
    for resident in residents {
        let mut heads: Vec<String> = Automerge::load(&documents[&resident])
            .unwrap()
            .get_heads()
            .iter()
            .map(ToString::to_string)
            .collect();
        heads.sort();
        let record = light.record(resident);
        for client in ["one", "two"] {
            let shown = tell(
                &mut node,
                json!({ "do": "shown", "client": client, "resident": resident }),
            )
            .await;
            assert_eq!(shown["heads"], json!(heads), "{client}");
            for key in ["phone", "phone_other", "guardian_name", "remarks", "needs"] {
                assert_eq!(
                    said(&shown["fields"][key]),
                    said(&record["fields"][key]),
                    "{client}: {key}"
                );
            }
        }
    }
    verify(&county).await;
}

/// An empty text and an empty set say nothing, like a value that was never written; sets are in no order.
fn said(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Array(elements) if elements.is_empty() => Value::Null,
        Value::Array(elements) => {
            let mut sorted = elements.clone();
            sorted.sort_by_key(ToString::to_string);
            sorted.into()
        }
        other => other.clone(),
    }
}

async fn what_is_not_taken_is_made_anew(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let mut node = Node::start();
    opened(&county, &mut node, "one", "梁少芳").await;
    let before = tell(
        &mut node,
        json!({ "do": "shown", "client": "one", "resident": resident }),
    )
    .await;
    let bad = [
        (
            json!({ "register": "name", "value": "黄秋兰" }),
            "change_fields_refused",
        ),
        (
            json!({ "raw": "phone", "value": "13900078442" }),
            "change_object_made",
        ),
        (
            json!({ "register": "phone", "value": 1.5 }),
            "change_value_not_allowed",
        ),
    ];
    for (write, code) in bad {
        let command = json!({ "do": "edit", "client": "one", "resident": resident, "writes": [write] });
        let edit = tell(&mut node, command).await;
        tell(&mut node, json!({ "do": "sync", "client": "one" })).await;
        let receipt = tell(
            &mut node,
            json!({ "do": "receipt", "client": "one", "edit": edit }),
        )
        .await;
        assert_eq!(
            (&receipt["problem"]["code"], &receipt["rebuild"]),
            (&json!(code), &json!(true)),
            "{receipt}"
        );
        let shown = tell(
            &mut node,
            json!({ "do": "shown", "client": "one", "resident": resident }),
        )
        .await;
        assert_eq!(shown, before, "{code}");
    }
}
