//! What is typed on one phone while somebody departs, dies or is turned away elsewhere: whatever it says, it becomes an
//! item for a person, and never nothing.

use super::loaded;
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use tests::phone::Phone;
use uuid::Uuid;

on_both!(whatever_is_typed_beside_somebody_who_goes_is_asked_about);

/// How somebody goes.
#[derive(Clone, Copy, Debug)]
enum Going {
    /// A cadre approves what a phone reported.
    Departs,
    /// A cadre writes that the person has died.
    Dies,
    /// A cadre turns a reported person away.
    TurnedAway,
}

/// One edit of each kind.
fn everything(phone: &mut Phone, who: Uuid) -> Vec<Uuid> {
    vec![
        phone.edit(who).set("phone", "13900078442").done(),
        phone.edit(who).set("remarks", "本人在家").done(),
        phone.edit(who).set("name", "陆润笙").done(),
        phone.edit(who).add("needs", &["轮椅"]).done(),
        phone.edit(who).confirm(&["phone"]).done(),
        phone.edit(who).visit("home", "met", "一切如常").done(),
        phone.edit(who).report("moved_out").done(),
    ]
}

async fn whatever_is_typed_beside_somebody_who_goes_is_asked_about(database: Database) {
    let county = County::start(database).await;
    let mut a = loaded(&county, "梁少芳").await;
    let mut b = county.phone("吕小燕").await;
    let mut full = county.phone("吕小燕").await.with_documents();
    let cadre = county.console("陆桂英").await;
    for going in [Going::Departs, Going::Dies, Going::TurnedAway] {
        let who = match going {
            Going::TurnedAway => {
                let grid = county.place("良围一格");
                a.create(grid).set("name", "温好彩").person()
            }
            _ => county.a_resident("陆润生").phone("13900078441").made().await,
        };
        a.sync().await;
        if let Going::Departs = going {
            a.edit(who).report("died").done();
            a.sync().await;
        }
        b.sync().await;
        full.sync().await;
        let mut late = everything(&mut b, who);
        let typed = full.types(who, |tx, fields, _| {
            use automerge::transaction::Transactable;
            tx.put(fields, "phone", "13900078449").unwrap();
        });
        goes(&county, who, going).await;
        b.sync().await;
        full.sync().await;
        let typed = typed.unwrap();
        for (phone, edits) in [(&b, &late), (&full, &vec![typed])] {
            for edit in edits {
                let receipt = phone.receipt(*edit).unwrap();
                assert_eq!(
                    (&receipt["outcome"], &receipt["problem"]["code"]),
                    (&json!("held"), &json!("resident_departed")),
                    "{going:?}"
                );
            }
            assert!(!phone.holds(who), "{going:?}");
        }
        late.push(typed);

        // Each is one item with what was typed, in the village's inbox, and ends with a reason that its author hears.
        let items = held(&cadre).await;
        assert_eq!(items.len(), late.len(), "{going:?}");
        for edit in &late {
            let own = items.iter().filter(|item| typed_in(item) == edit.to_string());
            assert_eq!(own.count(), 1, "{going:?}");
        }
        for item in &items {
            let reason = json!({ "reason": "已核实" });
            cadre.decide(item, "discard", reason).await.ok();
        }
        let before = b.heard("decision").len();
        b.sync().await;
        assert!(b.heard("decision").len() >= before + late.len() - 1, "{going:?}");
    }
    tests::verify(&county).await;
}

async fn goes(county: &County, who: Uuid, going: Going) {
    let cadre = county.console("陆桂英").await;
    match going {
        Going::Departs => {
            let item = cadre.item(who, "departure").await;
            cadre.decide(&item, "approve", json!({})).await.ok();
        }
        Going::Dies => {
            let seen = super::read(&cadre, who).await;
            let body = json!({
                "id": Uuid::now_v7(), "base": seen["version"],
                "fields": { "life_status": { "was": seen["fields"]["life_status"], "now": "died" } },
            });
            cadre
                .post(&format!("/api/v1/residents/{who}/edits"), &body)
                .await
                .ok();
        }
        Going::TurnedAway => {
            let item = cadre.item(who, "new_resident").await;
            let reason = json!({ "reason": "查无此人" });
            cadre.decide(&item, "reject", reason).await.ok();
        }
    }
}

/// The edit that an item keeps as it was typed.
fn typed_in(item: &Value) -> String {
    let raw: Value = serde_json::from_str(item["content"]["raw"].as_str().unwrap()).unwrap();
    raw["id"].as_str().unwrap().to_owned()
}

async fn held(cadre: &tests::console::Console) -> Vec<Value> {
    let page = cadre.get("/api/v1/inbox?reason=held_edit").await.ok();
    page["items"].as_array().unwrap().clone()
}
