//! What a merge does: to values, to what waits, to phones, to rosters; and who may.

use super::{asked, loaded, merge, read, told, try_merge};
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    the_survivors_values_win_and_the_others_are_offered,
    what_waited_goes_along_and_is_decided_there,
    who_may_and_when
);

async fn the_survivors_values_win_and_the_others_are_offered(database: Database) {
    let county = County::start(database).await;
    let one = county
        .a_resident("黎阿妹")
        .phone("13900078411")
        .having("needs", &["轮椅"]);
    let one = one.with("remarks", "独居").made().await;
    let other = county
        .a_resident("黎阿妹")
        .in_grid("良围二格")
        .number("440784195106184849");
    let other = other.phone("13900078412").having("needs", &["轮椅", "送餐"]);
    let other = other
        .with("disabled.status", "active")
        .with("disabled.grade", "二级");
    let other = other.with("remarks", "与女儿同住").made().await;
    let cadre = county.console("陆桂英").await;
    let seen = read(&cadre, other).await;
    let enrol = json!({
        "id": Uuid::now_v7(), "base": seen["version"], "fields": { "disabled.status": { "was": "active", "now": "ended" } },
    });
    let edits = format!("/api/v1/residents/{other}/edits");
    cadre.post(&edits, &enrol).await.ok();
    let seen = read(&cadre, other).await;
    let enrol = json!({
        "id": Uuid::now_v7(), "base": seen["version"], "fields": { "disabled.status": { "was": "ended", "now": "active" } },
    });
    cadre.post(&edits, &enrol).await.ok();
    let (mut a, mut b) = (loaded(&county, "梁少芳").await, loaded(&county, "冯国强").await);
    let visit = b.edit(other).visit("home", "met", "身体尚可").done();
    b.sync().await;

    let done = merge(&cadre, one, other).await;
    assert_eq!(done["offers"], 4, "number, phone, needs, remarks");
    let now = read(&cadre, one).await;
    assert_eq!(now["version"], done["version"]);
    assert_eq!(now["fields"]["phone"], "13900078411");
    assert_eq!(now["fields"]["needs"], json!(["轮椅"]));
    assert_eq!(
        now["fields"]["disabled.grade"], "二级",
        "a category goes over whole"
    );
    assert_eq!(now["enrolments"][0]["category"], "disabled");
    assert_eq!(now["visits"][0]["visit"], visit.to_string());
    let gone = read(&cadre, other).await;
    assert_eq!(
        (&gone["state"], &gone["merged_into"]),
        (&json!("departed"), &json!(one))
    );
    assert_eq!(
        gone["fields"]["phone"], "13900078412",
        "documents are never merged"
    );
    assert_eq!(gone["enrolments"], json!([]));

    // Each value is one question, decided like any other; sets are put together.
    let offered = [
        "proposal id_number",
        "proposal needs",
        "proposal phone",
        "proposal remarks",
    ];
    assert_eq!(cadre.waiting(one).await, offered);
    for item in cadre.items(one).await {
        let side = &item["content"]["sides"][0];
        assert_eq!(side["merged_from"], other.to_string());
        let (choice, more) = match item["key"].as_str().unwrap() {
            "phone" => ("reject", json!({ "reason": "旧号码" })),
            _ => ("approve", json!({ "edit": side["edit"] })),
        };
        cadre.decide(&item, choice, more).await.ok();
    }
    let now = read(&cadre, one).await;
    assert_eq!(now["fields"]["id_number"], "440784195106184849");
    assert_eq!(now["fields"]["needs"], json!(["轮椅", "送餐"]));
    assert_eq!(now["fields"]["remarks"], "与女儿同住");
    assert_eq!(now["fields"]["phone"], "13900078411");

    // Phones: the one that has the survivor gets it anew, the other one drops and hears no more than that.
    a.sync().await;
    b.sync().await;
    assert_eq!(a.record(one)["fields"]["id_number"], "440784195106184849");
    assert!(!b.holds(other) && !b.holds(one));
    assert_eq!(told(&b, "drop", other), ["merged"]);
    assert!(
        b.heard("drop")[0]["into"].is_null(),
        "the survivor is not theirs to know"
    );
    // The history of the survivor has what was done under the other's name.
    let history = cadre.get(&format!("/api/v1/residents/{one}/history")).await.ok();
    let of = |edit: Uuid| {
        let steps = history["steps"].as_array().unwrap();
        steps
            .iter()
            .find(|step| step["edit"] == edit.to_string())
            .cloned()
    };
    assert_eq!(of(visit).unwrap()["named"], other.to_string());
    let auditor = county.console("审计员").await;
    for id in [one, other] {
        let trail = auditor
            .get(&format!("/api/v1/audit?action=merge_residents&subject={id}"))
            .await
            .ok();
        assert_eq!(trail["items"].as_array().unwrap().len(), 1, "{trail}");
    }
    let told = cadre.get(&format!("/api/v1/residents/{one}/merges")).await.ok();
    assert_eq!(told["merges"][0]["absorbed"], other.to_string());
    tests::verify(&county).await;
}

async fn what_waited_goes_along_and_is_decided_there(database: Database) {
    let county = County::start(database).await;
    let one = county.a_resident("陆润生").made().await;
    let other = county.a_resident("陆润笙").made().await;
    let mut a = loaded(&county, "梁少芳").await;
    let mut b = loaded(&county, "吕小燕").await;
    let name = a.edit(other).set("name", "陆润声").done();
    let died = b.edit(other).report("died").done();
    a.sync().await;
    b.sync().await;
    let cadre = county.console("陆桂英").await;
    merge(&cadre, one, other).await;
    let waiting = cadre.waiting(one).await;
    assert_eq!(waiting, ["departure life_status", "proposal name"]);
    assert_eq!(cadre.waiting(other).await, [""; 0]);
    let item = cadre.item(one, "proposal").await;
    let sides = item["content"]["sides"].as_array().unwrap().clone();
    assert_eq!(
        sides.len(),
        2,
        "what a phone proposed, and what the other was called: {sides:?}"
    );
    let more = json!({ "edit": name });
    cadre.decide(&item, "approve", more).await.ok();
    assert_eq!(read(&cadre, one).await["fields"]["name"], "陆润声");
    let item = cadre.item(one, "departure").await;
    assert_eq!(item["content"]["sides"][0]["edit"], died.to_string());
    cadre
        .decide(&item, "reject", json!({ "reason": "健在" }))
        .await
        .ok();

    // Both phones have the grid: they drop the one and hear into whom, and their workers hear of the decisions.
    for phone in [&mut a, &mut b] {
        phone.sync().await;
        assert!(phone.holds(one) && !phone.holds(other));
        assert_eq!(told(phone, "drop", other), ["merged"]);
        assert_eq!(phone.heard("drop")[0]["into"], one.to_string());
        assert_eq!(phone.heard("decision").len(), 1);
    }
    tests::verify(&county).await;
}

async fn who_may_and_when(database: Database) {
    let county = County::start(database).await;
    let one = county
        .a_resident("任仪志")
        .number("440784194609011881")
        .made()
        .await;
    let other = county.a_resident("任仪芝").in_grid("仙溪一格").made().await;
    let twin = county
        .a_resident("任仪志")
        .number("440784198803200510")
        .made()
        .await;
    let (own, beside) = (county.console("陆桂英").await, county.console("任仲文").await);
    let town = county.console("谭志成").await;
    let body = asked(&town, one, other).await;
    // A cadre of one of the two villages does not see the other person.
    for cadre in [&own, &beside] {
        assert_eq!(try_merge(cadre, one, &body).await.code(), "404 not_found");
    }
    let mut stale = body.clone();
    stale["absorbed_version"] = "nothing".into();
    let refused = try_merge(&town, one, &stale).await;
    assert_eq!(refused.code(), "409 changed_meanwhile");
    assert_eq!(
        refused.json()["present"][other.to_string()],
        body["absorbed_version"]
    );
    let mut itself = body.clone();
    itself["absorbed"] = one.to_string().into();
    assert_eq!(try_merge(&town, one, &itself).await.code(), "422 same_resident");
    // Two valid numbers are two people, unless somebody says why not.
    let mut numbers = asked(&own, one, twin).await;
    numbers["reason"] = Value::Null;
    assert_eq!(try_merge(&own, one, &numbers).await.code(), "422 reason_required");
    let mut elsewhere = body.clone();
    elsewhere["grid"] = Uuid::now_v7().to_string().into();
    assert_eq!(try_merge(&town, one, &elsewhere).await.code(), "422 grid_unknown");

    let mut chosen = body.clone();
    chosen["grid"] = json!(county.place("仙溪一格"));
    let done = try_merge(&town, one, &chosen).await.ok();
    assert_eq!(done["repeat"], false);
    let now = read(&town, one).await;
    assert_eq!(now["grid"], json!(county.place("仙溪一格")));
    assert_eq!(now["village"], json!(county.place("仙溪村")));
    // The same again is the same answer, and nothing else may bear its id.
    assert_eq!(try_merge(&town, one, &chosen).await.ok()["repeat"], true);
    assert_eq!(try_merge(&town, one, &body).await.code(), "409 id_reused");
    let again = asked(&town, twin, other).await;
    let refused = try_merge(&town, twin, &again).await;
    assert_eq!(refused.code(), "409 resident_merged");
    assert_eq!(refused.json()["present"]["into"], one.to_string());
    let edit = json!({ "id": Uuid::now_v7(), "base": "x", "fields": { "phone": { "was": null, "now": "13900078411" } } });
    let path = format!("/api/v1/residents/{other}/edits");
    assert_eq!(beside.post(&path, &edit).await.code(), "409 resident_merged");
    let admin = county.console("区划管理员").await;
    let erase = format!("/api/v1/residents/{other}/erasure");
    let refused = admin.post(&erase, &json!({ "reason": "requested" })).await;
    assert_eq!(refused.code(), "409 resident_merged");

    // The survivor is erased with whom it has become.
    let erase = format!("/api/v1/residents/{one}/erasure");
    let asked = admin.post(&erase, &json!({ "reason": "requested" })).await;
    let confirm = asked.json()["present"]["version"].clone();
    admin
        .post(&erase, &json!({ "reason": "requested", "confirm": confirm }))
        .await
        .ok();
    for id in [one, other] {
        let proof = api::app::erasure::proof(&county.program, id).await.unwrap();
        assert!(proof.leftovers.is_empty(), "{:?}", proof.leftovers);
    }
    tests::verify(&county).await;
}
