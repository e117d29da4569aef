//! The second door over HTTP: what a full client does honestly is taken, everything else is kept, and it is told to
//! make that one document anew.

use super::bench::{Bench, another_phone};
use api::store::{held, inbox};
use automerge::transaction::Transactable;
use automerge::{Automerge, ObjType, ROOT};
use entity::held as held_rows;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::full_phone::{FullPhone, note, say};
use tests::on_both;
use tests::verify::verify;
use uuid::Uuid;

on_both!(
    both_doors_lead_to_one_hall,
    documents_come_when_they_are_asked_for,
    what_the_gate_refuses_hinders_nothing,
    a_foreign_record_and_none_are_the_same,
    what_a_leaving_full_client_did_is_decided,
    an_edit_that_waits_for_an_earlier_one,
);

async fn full(county: &County, worker: &str) -> FullPhone {
    let mut phone = FullPhone::new(another_phone(county, worker).await.0);
    phone.sync().await;
    phone
}

async fn heads(county: &County, resident: Uuid) -> Vec<automerge::ChangeHash> {
    let ids = [resident];
    let program = &county.program;
    let documents = api::store::records::documents(program.db.read(), &program.keys, &ids)
        .await
        .unwrap();
    Automerge::load(&documents[&resident]).unwrap().get_heads()
}

async fn both_doors_lead_to_one_hall(database: Database) {
    let county = County::start(database).await;
    let resident = county
        .a_resident("黄秋菊")
        .phone("13900078441")
        .having("needs", &["轮椅"])
        .made()
        .await;
    let (mut one, mut other) = (full(&county, "梁少芳").await, full(&county, "吕小燕").await);
    let mut light = county.phone("梁少芳").await;
    light.sync().await;
    let first = one.edit(resident, |tx, fields, edit| {
        tx.put(fields, "phone", "13900078442").unwrap();
        note(tx, fields, "remarks", "电话打不通");
        say(tx, fields, "needs", "送餐", edit);
    });
    let second = other.edit(resident, |tx, fields, _| {
        tx.put(fields, "phone", "13900078443").unwrap();
        note(tx, fields, "remarks", "每周三透析");
    });
    let third = light
        .edit(resident)
        .set("guardian_name", "黄志强")
        .remove("needs", &["轮椅"])
        .done();
    let told = one.sync().await["receipts"].clone();
    assert_eq!(told, json!([{ "edit": first, "outcome": "merged" }]));
    let told = other.sync().await["receipts"].clone();
    assert_eq!(
        told,
        json!([{ "edit": second, "outcome": "conflict", "fields": { "remarks": "merged" } }])
    );
    light.sync().await;
    assert_eq!(light.outcome(third), "merged");
    one.sync().await;
    other.sync().await;
    let here = heads(&county, resident).await;
    for phone in [&one, &other] {
        assert_eq!(phone.documents[&resident].get_heads(), here);
    }
    let shown = light.record(resident)["fields"].clone();
    assert_eq!(shown["needs"], json!(["送餐"]));
    let text = shown["remarks"].as_str().unwrap();
    assert!(
        text.contains("电话打不通") && text.contains("每周三透析"),
        "{text}"
    );
    assert_eq!(light.conflict(resident, "phone").len(), 2);
    let cadre = county.console("陆桂英").await;
    assert_eq!(cadre.waiting(resident).await, ["conflict phone"]);
    // The history says what was done, by whichever door.
    let path = format!("/api/v1/residents/{resident}/history");
    let history = cadre.get(&path).await.ok()["steps"].to_string();
    assert!(
        history.contains("13900078442") && history.contains("黄志强"),
        "{history}"
    );
    verify(&county).await;
    verify(&county).await;
}

async fn documents_come_when_they_are_asked_for(database: Database) {
    let bench = Bench::start(database).await;
    for (asked, expected) in [(json!(true), true), (json!(false), false), (Value::Null, false)] {
        let mut request = json!({ "catalogue": 1 });
        if !asked.is_null() {
            request["documents"] = asked.clone();
        }
        let answer = bench.send(request.to_string()).await.ok();
        let items = answer["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "only what is in scope: {items:?}");
        assert_eq!(items[0]["resident"], bench.mine.to_string());
        assert_eq!(items[0]["document"].is_string(), expected, "{asked}");
    }
    let answer = bench.send(r#"{"catalogue":1,"documents":"yes"}"#).await;
    assert_eq!(answer.code(), "400 bad_request");
}

/// What happens to the bytes of an honest edit's changes.
type Damage = fn(&mut FullPhone, Uuid, Uuid) -> Vec<Vec<u8>>;

const REFUSED: &[(&str, Damage)] = &[
    ("change_forged_actor", |phone, resident, _| {
        vec![phone.change(resident, Uuid::now_v7(), |tx, f, _| {
            tx.put(f, "phone", "13900078442").unwrap()
        })]
    }),
    ("change_object_made", |phone, resident, id| {
        vec![phone.change(resident, id, |tx, f, _| {
            drop(tx.put_object(f, "diary", ObjType::Map))
        })]
    }),
    ("change_foreign_path", |phone, resident, id| {
        vec![phone.change(resident, id, |tx, _, _| {
            tx.put(ROOT, "phone", "13900078442").unwrap()
        })]
    }),
    ("change_fields_refused", |phone, resident, id| {
        vec![phone.change(resident, id, |tx, f, _| tx.put(f, "name", "黄秋兰").unwrap())]
    }),
    ("change_register_deleted", |phone, resident, id| {
        vec![phone.change(resident, id, |tx, f, _| tx.delete(f, "phone").unwrap())]
    }),
    // What a note was before cannot be told without the change that is missing.
    ("changes_missing", |phone, resident, id| {
        phone.change(resident, Uuid::now_v7(), |tx, f, _| {
            note(tx, f, "remarks", "未送达")
        });
        vec![phone.change(resident, id, |tx, f, _| note(tx, f, "remarks", "家中无人"))]
    }),
    ("change_damaged", |phone, resident, id| {
        let mut change = phone.change(resident, id, |tx, f, _| {
            tx.put(f, "phone", "13900078442").unwrap()
        });
        change[20] ^= 1;
        vec![change]
    }),
    ("change_wrong_kind", |phone, resident, _| {
        vec![phone.documents[&resident].save()]
    }),
    ("change_too_large", |_, _, _| vec![vec![0; 70_000]]),
    ("change_too_many_operations", |phone, resident, id| {
        vec![phone.change(resident, id, |tx, f, _| {
            note(tx, f, "remarks", &"长".repeat(5_001))
        })]
    }),
];

async fn what_the_gate_refuses_hinders_nothing(database: Database) {
    let bench = Bench::start(database).await;
    let county = &bench.county;
    let mut phone = full(county, "梁少芳").await;
    for (code, damage) in REFUSED {
        let before = heads(county, bench.mine).await;
        let bad = Uuid::now_v7();
        let changes = damage(&mut phone, bench.mine, bad);
        let bad = phone.carrying(bad, bench.mine, &changes);
        let good = json!({
            "id": Uuid::now_v7(), "seq": bad["seq"].as_i64().unwrap() + 100, "made_at": "2026-11-25T01:00:00.000Z",
            "resident": bench.mine, "catalogue": 1,
            "visit": { "means": "home", "outcome": "met", "at": "2026-11-25T01:00:00.000Z" },
        });
        phone.unsent = vec![bad.clone(), good];
        let answer = phone.sync().await;
        let receipt = &answer["receipts"][0];
        assert_eq!(
            (&receipt["outcome"], &receipt["problem"]["code"]),
            (&json!("held"), &json!(code)),
            "{receipt}"
        );
        assert_eq!(receipt["rebuild"], true, "{code}");
        assert_eq!(answer["receipts"][1]["outcome"], "merged", "{code}");
        // The document came along, and the phone stands where the server does.
        assert_eq!(phone.documents[&bench.mine].get_heads(), before, "{code}");
        let kept = kept(county, &bad).await;
        assert_eq!(
            kept["raw"].as_str().map(|raw| serde_json::from_str(raw).unwrap()),
            Some(bad.clone()),
            "{code}"
        );
        let again = phone.ask(std::slice::from_ref(&bad)).await.ok();
        assert_eq!(again["receipts"][0]["repeat"], true, "{code}");
    }
    let items = held_rows::Entity::find()
        .all(county.program.db.read())
        .await
        .unwrap();
    assert_eq!(items.len(), REFUSED.len());
    let fact = items
        .iter()
        .find(|row| row.reason == "change_fields_refused")
        .unwrap();
    let writes = held::body(&county.program.keys, fact).unwrap().writes.unwrap();
    assert_eq!(writes, json!({ "name": { "was": null, "now": "黄秋兰" } }));
    for text in [r#"["AAAA",7]"#, r#""AAAA""#, r#"["!"]"#] {
        let raw = bench.edit(&format!(r#""changes":{text}"#));
        let answer = bench.send(bench.request(&[raw])).await.ok();
        let receipt = &answer["receipts"][0];
        assert_eq!(
            (&receipt["problem"]["code"], &receipt["rebuild"]),
            (&json!("changes_malformed"), &json!(true))
        );
    }
}

/// The inbox item of a held edit.
async fn kept(county: &County, edit: &Value) -> Value {
    let program = &county.program;
    let rows = held_rows::Entity::find().all(program.db.read()).await.unwrap();
    let row = rows
        .iter()
        .find(|row| row.edit.is_some_and(|id| edit["id"] == id.to_string()))
        .unwrap();
    let items = inbox::open_for_held(program.db.read(), &[row.id]).await.unwrap();
    inbox::body(&program.keys, &items[0]).unwrap()
}

async fn a_foreign_record_and_none_are_the_same(database: Database) {
    let bench = Bench::start(database).await;
    let mut phone = full(&bench.county, "梁少芳").await;
    let mut told = Vec::new();
    for stranger in [bench.others, Uuid::now_v7()] {
        let id = Uuid::now_v7();
        let doc = sync::skeleton::document(&bench.county.program.catalogue, stranger.into(), 1);
        phone.documents.insert(stranger, doc);
        let change = phone.change(stranger, id, |tx, f, _| {
            tx.put(f, "phone", "13900078442").unwrap()
        });
        let edit = phone.carrying(id, stranger, &[change]);
        let answer = phone.ask(&[edit]).await.ok();
        assert_eq!(answer["items"], json!([]));
        told.push(answer["receipts"].to_string().replace(&id.to_string(), "ID"));
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].contains("not_in_scope"), "{}", told[0]);
}

async fn what_a_leaving_full_client_did_is_decided(database: Database) {
    let county = County::start(database).await;
    let (from, to) = (county.place("良围一格"), county.place("仙溪一格"));
    let resident = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let mut phone = full(&county, "梁少芳").await;
    let edit = phone.edit(resident, |tx, f, _| tx.put(f, "phone", "13900078442").unwrap());
    let cadre = county.console("陆桂英").await;
    let moving = json!({ "id": Uuid::now_v7(), "from": from, "to": to, "reason": "已搬家" });
    cadre
        .post(&format!("/api/v1/residents/{resident}/moves"), &moving)
        .await
        .ok();
    let answer = phone.sync().await;
    assert_eq!(
        answer["receipts"],
        json!([{ "edit": edit, "outcome": "proposed", "rebuild": true }])
    );
    assert!(
        !answer["items"].to_string().contains("document"),
        "it is not its record any more"
    );
    let there = county.console("任仲文").await;
    let proposal = there.item(resident, "proposal").await;
    there.decide(&proposal, "approve", json!({})).await.ok();
    let mut new = full(&county, "任国华").await;
    new.sync().await;
    let doc = &new.documents[&resident];
    let shown = sync::document::now(doc, county.program.catalogue.field("phone").unwrap());
    assert_eq!(shown, domain::Value::from("13900078442"));
    verify(&county).await;
}

async fn an_edit_that_waits_for_an_earlier_one(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").made().await;
    let mut phone = full(&county, "梁少芳").await;
    let first = phone.edit(resident, |tx, f, _| tx.put(f, "phone", "13900078442").unwrap());
    let second = phone.edit(resident, |tx, f, _| tx.put(f, "address", "仙溪村3号").unwrap());
    let mut edits = std::mem::take(&mut phone.unsent);
    edits[1]["after"] = json!(first);
    let answer = phone.ask(&edits[1..]).await.ok();
    assert_eq!(answer["receipts"][0]["problem"]["code"], "waits_for_earlier");
    let answer = phone.ask(&edits[..1]).await.ok();
    assert_eq!(answer["receipts"][0]["outcome"], "merged");
    let changed = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["kind"] == "receipt")
        .unwrap();
    assert_eq!(
        (&changed["edit"], &changed["outcome"]),
        (&json!(second), &json!("merged"))
    );
    assert_eq!(
        heads(&county, resident).await,
        phone.documents[&resident].get_heads()
    );
}
