//! A registration that two phones use: found by a number used twice, held on both, until somebody says what is so.

use serde_json::{Value, json};
use tests::client::Client;
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(both_are_held_and_said_so);

fn edit(resident: Uuid, seq: i64) -> Value {
    let at = "2026-11-25T01:00:00.000Z";
    json!({
        "id": Uuid::now_v7(), "seq": seq, "made_at": at, "resident": resident, "catalogue": 1, "base": "unknown",
        "visit": { "means": "home", "outcome": "met", "at": at, "text": "一切如常" },
    })
}

/// Outcomes with the code of a problem, as one text each.
async fn send(client: &Client, edits: &[&Value]) -> Vec<String> {
    let answer = client
        .post("/api/v1/sync", &json!({ "catalogue": 1, "edits": edits }))
        .await
        .ok();
    let receipts = answer["receipts"].as_array().unwrap().iter();
    let said = receipts.map(|r| {
        let code = r["problem"]["code"].as_str().unwrap_or_default();
        format!("{} {code}", r["outcome"].as_str().unwrap())
            .trim()
            .to_owned()
    });
    said.collect()
}

async fn both_are_held_and_said_so(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").made().await;
    let signed_in = county.sign_in("梁少芳", Some("phone-of-the-worker")).await;
    let client = county
        .client
        .with_token(signed_in["access_token"].as_str().unwrap());
    let device = signed_in["device"]["id"].as_str().unwrap();
    let [first, second, third] = [1, 2, 2].map(|seq| edit(resident, seq));
    assert_eq!(send(&client, &[&first, &second]).await, ["merged", "merged"]);
    // The phone's storage was copied: the copy counts from where it was.
    assert_eq!(send(&client, &[&third]).await, ["held seq_reused"]);
    let (here, there) = (edit(resident, 3), edit(resident, 4));
    assert_eq!(send(&client, &[&here]).await, ["held seq_reused"], "the one");
    assert_eq!(
        send(&client, &[&there]).await,
        ["held seq_reused"],
        "and the other"
    );
    assert_eq!(
        send(&client, &[&first]).await,
        ["merged"],
        "what was taken stays taken"
    );

    let admin = county.console("区划管理员").await;
    let phones = admin.get("/api/v1/phones").await.ok();
    assert!(phones["items"][0]["cloned_at"].is_string(), "{phones}");
    let auditor = county.console("审计员").await;
    let trail = auditor.get("/api/v1/audit?action=device_cloned").await.ok();
    assert_eq!(trail["items"].as_array().unwrap().len(), 1);

    // It was one phone whose storage had been put back: what it sent since is taken, in its order.
    let path = format!("/api/v1/devices/{device}/one-phone");
    let own = client.send("POST", &path, None).await;
    assert_eq!(own.code(), "404 not_found", "nobody says so of an own phone");
    admin.send("POST", &path, None).await.ok();
    assert_eq!(admin.send("POST", &path, None).await.code(), "409 not_cloned");
    let shown = admin.get(&format!("/api/v1/residents/{resident}")).await.ok();
    assert_eq!(shown["visits"].as_array().unwrap().len(), 3, "{shown}");
    let answer = client
        .post("/api/v1/sync", &json!({ "catalogue": 1, "edits": [here, there] }))
        .await
        .ok();
    for receipt in answer["receipts"].as_array().unwrap() {
        assert_eq!(
            (&receipt["repeat"], receipt["outcome"] == "held"),
            (&json!(true), false),
            "{receipt}"
        );
    }
    assert_eq!(send(&client, &[&edit(resident, 5)]).await.len(), 1);
    // The one whose number was used twice is left to a person, who applies it.
    let cadre = county.console("陆桂英").await;
    let page = cadre.get("/api/v1/inbox?reason=held_edit").await.ok();
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{page}");
    cadre.decide(&items[0], "apply", json!({})).await.ok();
    tests::verify(&county).await;
}
