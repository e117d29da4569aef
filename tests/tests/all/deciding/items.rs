//! Every reason of an item with every choice that it knows.

use super::{history, loaded, read, told};
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    a_proposal_is_approved_rejected_or_edited,
    a_proposal_shows_what_is_there_now,
    a_proposed_set_is_chosen,
    sides_of_a_conflict_are_chosen,
    a_late_value_tells_what_was_decided,
    a_merged_note_is_accepted_or_written_anew,
    a_reported_person_is_approved_or_turned_away,
    a_departure_is_decided,
    what_policy_refused_is_seen_and_discarded,
    choices_that_do_not_fit,
);

async fn a_proposal_is_approved_rejected_or_edited(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    for (choice, more, shown, decided) in [
        (
            "approve",
            json!({}),
            "黎亚妹",
            "decision 陆桂英: name \"黎阿妹\" → \"黎亚妹\"",
        ),
        ("reject", json!({ "reason": "户口本上是阿" }), "黎阿妹", ""),
        (
            "edit",
            json!({ "value": "黎雅妹" }),
            "黎雅妹",
            "decision 陆桂英: name \"黎阿妹\" → \"黎雅妹\"",
        ),
    ] {
        let amei = county.a_resident("黎阿妹").made().await;
        let mut phone = loaded(&county, "梁少芳").await;
        let edit = phone.edit(amei).set("name", "黎亚妹").done();
        phone.sync().await;
        assert_eq!(phone.outcome(edit), "proposed");
        assert_eq!(phone.record(amei)["pending"]["name"][0]["value"], "黎亚妹");
        let item = cadre.item(amei, "proposal").await;
        cadre.decide(&item, choice, more).await.ok();
        phone.sync().await;
        assert_eq!(phone.shows(amei, "name"), shown, "{choice}");
        assert_eq!(phone.record(amei).get("pending"), None);
        assert_eq!(told(&phone, "decision").len(), 1, "{choice}");
        assert_eq!(cadre.waiting(amei).await, [""; 0]);
        let steps = history(&cadre, amei).await;
        assert!(
            decided.is_empty() || steps.contains(&decided.to_owned()),
            "{steps:?}"
        );
    }
}

async fn a_proposal_shows_what_is_there_now(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    let amei = county.a_resident("黎阿妹").made().await;
    let mut phone = loaded(&county, "梁少芳").await;
    phone.edit(amei).set("name", "黎亚妹").done();
    phone.sync().await;
    let seen = cadre.item(amei, "proposal").await;
    let version = phone.record(amei)["version"].clone();
    let body = json!({
        "id": uuid::Uuid::now_v7(), "base": version, "fields": { "name": { "was": "黎阿妹", "now": "黎大妹" } },
    });
    cadre
        .post(&format!("/api/v1/residents/{amei}/edits"), &body)
        .await
        .ok();
    let stale = cadre.decide(&seen, "approve", json!({})).await;
    assert_eq!(stale.code(), "409 changed_meanwhile");
    let now = cadre.item(amei, "proposal").await;
    assert_eq!(now["content"]["present"], "黎大妹");
    cadre.decide(&now, "approve", json!({})).await.ok();
    phone.sync().await;
    assert_eq!(phone.shows(amei, "name"), "黎亚妹");
}

/// Of a person who has left its grid a phone proposes what a set shall be; a cadre takes one of the proposals as its own.
async fn a_proposed_set_is_chosen(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    let amei = county
        .a_resident("黎阿妹")
        .having("needs", &["轮椅", "护理床"])
        .made()
        .await;
    let (mut a, mut b) = (loaded(&county, "梁少芳").await, loaded(&county, "吕小燕").await);
    let one = a
        .edit(amei)
        .add("needs", &["送餐"])
        .remove("needs", &["轮椅"])
        .done();
    b.edit(amei).remove("needs", &["护理床"]).done();
    let body = json!({ "id": Uuid::now_v7(), "residents": [amei], "to": county.place("良围二格") });
    cadre.post("/api/v1/moves", &body).await.ok();
    a.sync().await;
    b.sync().await;
    assert_eq!(
        (a.outcome(one), cadre.waiting(amei).await),
        ("proposed", vec!["proposal needs".to_owned()])
    );
    let item = cadre.item(amei, "proposal").await;
    cadre.decide(&item, "choose", json!({ "edit": one })).await.ok();
    let now = read(&cadre, amei).await["fields"]["needs"].clone();
    let now: std::collections::BTreeSet<&str> =
        now.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(now, ["护理床", "送餐"].into());
    assert_eq!(cadre.waiting(amei).await, [""; 0]);
    tests::verify(&county).await;
}

async fn sides_of_a_conflict_are_chosen(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    let amei = county.a_resident("黎阿妹").phone("13900078411").made().await;
    let (mut a, mut b) = (loaded(&county, "梁少芳").await, loaded(&county, "吕小燕").await);
    let first = a.edit(amei).set("phone", "13900078412").done();
    b.edit(amei).set("phone", "13900078413").done();
    a.sync().await;
    b.sync().await;
    let item = cadre.item(amei, "conflict").await;
    cadre.decide(&item, "choose", json!({ "edit": first })).await.ok();
    a.sync().await;
    assert_eq!(a.shows(amei, "phone"), "13900078412");
    assert_eq!(cadre.waiting(amei).await, [""; 0]);
    // Both authors hear of it.
    b.sync().await;
    assert_eq!((told(&a, "decision").len(), told(&b, "decision").len()), (1, 1));

    // Who saw both may also end it by writing: then nobody has to decide.
    a.edit(amei).set("phone", "13900078414").done();
    b.edit(amei).set("phone", "13900078415").done();
    a.sync().await;
    b.sync().await;
    a.sync().await;
    assert_eq!(cadre.waiting(amei).await, ["conflict phone"]);
    a.edit(amei).set("phone", "13900078415").done();
    a.sync().await;
    assert_eq!(cadre.waiting(amei).await, [""; 0]);
    let closed = cadre
        .get(&format!("/api/v1/inbox?resident={amei}&state=superseded"))
        .await
        .ok();
    assert_eq!(closed["items"].as_array().unwrap().len(), 1);
}

/// A phone that was away comes with a third value when the conflict is decided already.
async fn a_late_value_tells_what_was_decided(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    let amei = county.a_resident("黎阿妹").phone("13900078411").made().await;
    let mut phones = Vec::new();
    for worker in ["梁少芳", "吕小燕", "梁少芳"] {
        phones.push(loaded(&county, worker).await);
    }
    for (phone, number) in phones
        .iter_mut()
        .zip(["13900078412", "13900078413", "13900078414"])
    {
        phone.edit(amei).set("phone", number).done();
    }
    phones[0].sync().await;
    phones[1].sync().await;
    let item = cadre.item(amei, "conflict").await;
    assert_eq!(item["content"].get("earlier"), None);
    let chosen = json!({ "value": "13900078412", "reason": "本人确认" });
    cadre.decide(&item, "choose", chosen).await.ok();
    phones[2].sync().await;
    let item = cadre.item(amei, "conflict").await;
    let earlier = &item["content"]["earlier"];
    assert_eq!(
        (&earlier["by"], &earlier["reason"]),
        (&json!("陆桂英"), &json!("本人确认")),
        "{item}"
    );
}

async fn a_merged_note_is_accepted_or_written_anew(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    for (choice, more, expected) in [
        ("accept", json!({}), None),
        (
            "choose",
            json!({ "value": "白天在家，夜里独居" }),
            Some("白天在家，夜里独居"),
        ),
    ] {
        let amei = county
            .a_resident("黎阿妹")
            .with("remarks", "白天不在家")
            .made()
            .await;
        let (mut a, mut b) = (loaded(&county, "梁少芳").await, loaded(&county, "吕小燕").await);
        a.edit(amei).set("remarks", "白天在家").done();
        b.edit(amei).set("remarks", "白天不在家，夜里独居").done();
        a.sync().await;
        b.sync().await;
        let item = cadre.item(amei, "merged_note").await;
        let texts: Vec<&Value> = item["content"]["sides"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| &s["text"])
            .collect();
        assert!(
            texts.contains(&&json!("白天在家")) && texts.contains(&&json!("白天不在家，夜里独居")),
            "{item}"
        );
        let merged = item["content"]["present"].as_str().unwrap().to_owned();
        cadre.decide(&item, choice, more).await.ok();
        a.sync().await;
        assert_eq!(a.shows(amei, "remarks"), expected.unwrap_or(&merged));
        // Accepted once, it asks nobody again.
        a.edit(amei).set("phone", "13900078411").done();
        a.sync().await;
        assert_eq!(cadre.waiting(amei).await, [""; 0], "{choice}");
    }
}

async fn a_reported_person_is_approved_or_turned_away(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    for (choice, more) in [
        ("approve", json!({})),
        ("reject", json!({ "reason": "不属本村" })),
    ] {
        let mut phone = loaded(&county, "梁少芳").await;
        let person = phone
            .create(county.place("良围一格"))
            .set("name", "任仪志")
            .set("id_number", "440784194609011881")
            .person();
        phone.sync().await;
        phone.edit(person).set("needs_held", "x").done();
        phone.sync().await;
        assert_eq!(phone.record(person)["state"], "reported");
        let item = cadre.item(person, "new_resident").await;
        assert_eq!(item["content"]["person"]["name"], "任仪志");
        cadre.decide(&item, choice, more).await.ok();
        phone.sync().await;
        match choice {
            "approve" => assert_eq!(phone.record(person)["state"], "present"),
            _ => {
                assert!(!phone.holds(person));
                assert_eq!(told(&phone, "drop"), ["rejected"]);
                assert_eq!(cadre.waiting(person).await, [""; 0]);
            }
        }
    }
}

async fn a_departure_is_decided(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    for (kind, choice, more, holds) in [
        ("died", "approve", json!({}), false),
        ("moved_out", "approve", json!({}), false),
        ("not_found", "approve", json!({}), true),
        ("died", "reject", json!({ "reason": "本人还在" }), true),
    ] {
        let amei = county.a_resident("黎阿妹").made().await;
        let mut phone = loaded(&county, "梁少芳").await;
        phone.edit(amei).report(kind).done();
        phone.sync().await;
        let item = cadre.item(amei, "departure").await;
        cadre.decide(&item, choice, more).await.ok();
        phone.sync().await;
        assert_eq!(phone.holds(amei), holds, "{kind} {choice}");
        if kind == "not_found" {
            assert_eq!(phone.shows(amei, "life_status"), "not_found");
        }
    }
}

async fn what_policy_refused_is_seen_and_discarded(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    let amei = county.a_resident("黎阿妹").made().await;
    let mut phone = loaded(&county, "梁少芳").await;
    phone
        .edit(amei)
        .set("phone", "12")
        .set("living_arrangement", "独居")
        .done();
    phone.sync().await;
    let item = cadre.item(amei, "held_fields").await;
    assert_eq!(item["content"]["sides"][0]["typed"]["phone"]["value"], "12");
    let missing = cadre.decide(&item, "discard", json!({})).await;
    assert_eq!(missing.code(), "422 reason_required");
    cadre
        .decide(&item, "discard", json!({ "reason": "号码不全" }))
        .await
        .ok();
    assert_eq!(cadre.waiting(amei).await, [""; 0]);
    assert_eq!(phone.shows(amei, "living_arrangement"), "独居");
}

async fn choices_that_do_not_fit(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    let amei = county.a_resident("黎阿妹").made().await;
    let (mut a, mut b) = (loaded(&county, "梁少芳").await, loaded(&county, "吕小燕").await);
    a.edit(amei).set("name", "黎亚妹").done();
    b.edit(amei).set("name", "黎雅妹").done();
    a.sync().await;
    b.sync().await;
    let item = cadre.item(amei, "proposal").await;
    for (choice, more, status, code) in [
        ("approve", json!({}), 422, "side_required"),
        (
            "approve",
            json!({ "edit": uuid::Uuid::now_v7() }),
            422,
            "unknown_side",
        ),
        ("accept", json!({}), 422, "unfit_choice"),
        ("爱", json!({}), 422, "unfit_choice"),
        ("edit", json!({}), 422, "value_required"),
        ("edit", json!({ "value": 7 }), 422, "unfit_value"),
        ("reject", json!({ "reason": "  " }), 422, "reason_required"),
    ] {
        let answer = cadre.decide(&item, choice, more.clone()).await;
        assert_eq!(answer.code(), format!("{status} {code}"), "{choice} {more}");
    }
    assert_eq!(cadre.waiting(amei).await, ["proposal name"]);
}
