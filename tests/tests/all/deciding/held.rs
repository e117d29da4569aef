//! Held edits before a person: applied, given to another person, entered as somebody new, or left with a reason.

use super::loaded;
use serde_json::{Value, json};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    a_held_edit_is_applied_assigned_or_discarded,
    what_is_typed_beside_a_departure_becomes_an_item
);

async fn held(console: &Console) -> Vec<Value> {
    let page = console.get("/api/v1/inbox?reason=held_edit").await.ok();
    page["items"].as_array().unwrap().clone()
}

async fn a_held_edit_is_applied_assigned_or_discarded(database: Database) {
    let county = County::start(database).await;
    let mine = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let mut phone = loaded(&county, "梁少芳").await;
    // Of people whom nobody knows: perhaps the phone of another worker made them.
    let (stranger, other) = (Uuid::now_v7(), Uuid::now_v7());
    let first = phone.edit(stranger).set("phone", "13900078442").done();
    let second = phone.edit(other).visit("home", "met", "在路口遇见").done();
    let third = phone.edit(stranger).set("phone", "13900078449").done();
    phone.sync().await;
    for edit in [first, second, third] {
        assert_eq!(phone.outcome(edit), "held");
    }
    let admin = county.console("区划管理员").await;
    let cadre = county.console("陆桂英").await;
    assert!(held(&cadre).await.is_empty(), "of no village: the bureau's");
    let items = held(&admin).await;
    assert_eq!(items.len(), 3);
    for item in &items {
        let content = &item["content"];
        assert_eq!(
            (&content["by"], &content["reason"]),
            (&json!("梁少芳"), &json!("not_in_scope"))
        );
        assert!(content["received_at"].is_string() && content["problem"]["message"].is_string());
    }
    let cases = [
        (json!({}), "apply", "422 resident_unknown"),
        (json!({ "value": "nobody" }), "assign", "422 resident_required"),
        (
            json!({ "value": Uuid::now_v7() }),
            "assign",
            "422 resident_unknown",
        ),
        (json!({ "value": Uuid::now_v7() }), "create", "422 grid_unknown"),
        (json!({}), "create", "422 grid_required"),
        (json!({}), "discard", "422 reason_required"),
        (json!({}), "approve", "422 unfit_choice"),
    ];
    for (more, choice, expected) in cases {
        assert_eq!(
            admin.decide(&items[0], choice, more).await.code(),
            expected,
            "{choice}"
        );
    }
    // To somebody who is known, by what it was and is.
    let id = Uuid::now_v7();
    let assign = json!({ "value": mine });
    let done = admin
        .decide_as(id, &items[0], "assign", assign.clone())
        .await
        .ok();
    assert_eq!(done["repeat"], false);
    assert_eq!(
        admin.decide_as(id, &items[0], "assign", assign).await.ok()["repeat"],
        true
    );
    phone.sync().await;
    assert_ne!(phone.outcome(first), "held");
    assert_eq!(
        phone.conflict(mine, "phone"),
        ["13900078441", "13900078442"],
        "its base was another person's"
    );
    // To somebody new, who is reported from then on.
    let create = json!({ "value": county.place("良围一格") });
    admin.decide(&items[1], "create", create).await.ok();
    phone.sync().await;
    assert_eq!((phone.outcome(second), phone.holds(other)), ("merged", true));
    assert_eq!(cadre.waiting(other).await, ["new_resident"]);
    admin
        .decide(&items[2], "discard", json!({ "reason": "输错了人" }))
        .await
        .ok();
    phone.sync().await;
    let decisions: Vec<(&str, &str)> = phone
        .heard("decision")
        .iter()
        .map(|d| {
            (
                d["decision"].as_str().unwrap(),
                d["reason"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        decisions,
        [("assign", ""), ("create", ""), ("discard", "输错了人")]
    );
    assert!(held(&admin).await.is_empty());
    let again = admin.decide(&items[2], "apply", json!({})).await;
    assert_eq!(again.code(), "409 already_decided");
    tests::verify(&county).await;
}

async fn what_is_typed_beside_a_departure_becomes_an_item(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("陆润生").phone("13900078441").made().await;
    let (mut a, mut b) = (loaded(&county, "梁少芳").await, loaded(&county, "吕小燕").await);
    a.edit(resident).report("died").done();
    a.sync().await;
    let late = b
        .edit(resident)
        .set("phone", "13900078442")
        .visit("home", "met", "本人在家")
        .done();
    let cadre = county.console("陆桂英").await;
    let item = cadre.item(resident, "departure").await;
    cadre.decide(&item, "approve", json!({})).await.ok();
    b.sync().await;
    let problem = &b.receipt(late).unwrap()["problem"]["code"];
    assert_eq!((b.outcome(late), problem), ("held", &json!("resident_departed")));
    let items = held(&cadre).await;
    assert_eq!((items.len(), &items[0]["content"]["by"]), (1, &json!("吕小燕")));
    cadre.decide(&items[0], "apply", json!({})).await.ok();
    let history = cadre
        .get(&format!("/api/v1/residents/{resident}/history"))
        .await
        .ok();
    assert!(
        history.to_string().contains("13900078442"),
        "written in its author's name: {history}"
    );
    assert!(held(&cadre).await.is_empty());
    tests::verify(&county).await;
}
