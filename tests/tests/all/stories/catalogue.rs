//! The catalogue changed while a phone was away.

#[path = "../../../../sync/tests/record/catalogue.rs"]
pub(super) mod versions;

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(a_code_was_withdrawn_while_the_phone_was_away);

/// sync-3: a code was withdrawn while the phone was away.
async fn a_code_was_withdrawn_while_the_phone_was_away(database: Database) {
    let county = County::on(TestApp::start_under(database, versions::at(8)).await).await;
    let haocai = county
        .a_resident("温好彩")
        .number("440784195604092381")
        .made()
        .await;
    let guoqiang = county
        .a_resident("谭国强")
        .number("440784196207113577")
        .made()
        .await;
    let mut a = county.phone_with("梁少芳", 7).await;
    a.sync().await;
    a.at("2026-11-06T01:00:00.000Z");
    let e1 = a.edit(haocai).set("living_arrangement", "空巢").done();
    let e2 = a
        .edit(guoqiang)
        .set("living_arrangement", "寄养")
        .set("phone", "13900078414")
        .done();

    // One request: both receipts, and the version that the phone is to fetch.
    let answer = a.exchange().await.unwrap();
    assert_eq!(answer["receipts"].as_array().unwrap().len(), 2);
    assert_eq!(answer["catalogue"], 8);
    a.sync().await;

    // e1: shown as its successor; what was sent is in the history.
    assert_eq!(a.outcome(e1), "merged");
    assert_eq!(a.shows(haocai, "living_arrangement"), "仅与配偶同住");
    let cadre = county.console("陆桂英").await;
    let step = step(&cadre, haocai, e1).await;
    let change = &step["changes"][0];
    assert_eq!(change["to"], "仅与配偶同住", "{step}");
    assert_eq!(change["sent"], "空巢", "{step}");

    // e2: the number is written, the withdrawn code is kept for a person with author and time.
    let receipt = a.receipt(e2).unwrap().clone();
    assert_eq!(
        (a.outcome(e2), &receipt["fields"]),
        ("held", &json!({ "phone": "merged" }))
    );
    assert_eq!(receipt["problem"]["fields"], json!(["living_arrangement"]));
    assert_eq!(a.shows(guoqiang, "phone"), "13900078414");
    assert_eq!(a.shows(guoqiang, "living_arrangement"), Value::Null);
    let item = cadre.item(guoqiang, "held_fields").await;
    let side = &item["content"]["sides"][0];
    assert_eq!(
        side["typed"],
        json!({ "living_arrangement": { "value": "寄养", "code": "withdrawn_code" } })
    );
    assert_eq!(
        (&side["by"], &side["at"]),
        (&json!("梁少芳"), &json!("2026-11-06T01:00:00.000Z"))
    );
    assert_eq!(cadre.waiting(haocai).await, [""; 0]);

    // Three versions back: held with a word that names the version, and nothing of it is lost.
    let old = a
        .edit(haocai)
        .set("living_arrangement", "独居")
        .part("catalogue", json!(5))
        .done();
    a.sync().await;
    let receipt = a.receipt(old).unwrap();
    assert_eq!(receipt["outcome"], "held");
    assert_eq!(receipt["problem"]["code"], "catalogue_too_old");
    let told = receipt["problem"]["message"].as_str().unwrap();
    assert!(told.contains('5') && told.contains('8'), "{told}");
    assert_eq!(a.shows(haocai, "living_arrangement"), "仅与配偶同住");
    let held = cadre.get("/api/v1/inbox?reason=held_edit").await.ok();
    let raw = held["items"][0]["content"]["raw"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(raw).unwrap(), a.made(old).body);
}

/// What the history says of one edit.
async fn step(cadre: &tests::console::Console, resident: Uuid, edit: Uuid) -> Value {
    let path = format!("/api/v1/residents/{resident}/history");
    let history = cadre.get(&path).await.ok();
    let steps = history["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["edit"] == edit.to_string());
    found
        .unwrap_or_else(|| panic!("{edit} is not in {history}"))
        .clone()
}
