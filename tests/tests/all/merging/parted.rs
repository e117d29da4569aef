//! Giving back: two people again, as if they had never been taken for one.

use super::{loaded, merge, part, read, told};
use api::store::{epochs, records};
use automerge::Automerge;
use entity::edit;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    each_gets_back_what_named_it,
    of_two_merges_the_later_is_undone_first,
    what_was_asked_before_is_asked_again,
    what_was_adopted_leaves_the_documents
);

async fn resident_of(county: &County, id: Uuid) -> (Uuid, Uuid) {
    let row = edit::Entity::find_by_id(id)
        .one(county.program.db.read())
        .await
        .unwrap()
        .unwrap();
    (row.resident, row.named)
}

async fn each_gets_back_what_named_it(database: Database) {
    let county = County::start(database).await;
    let one = county
        .a_resident("黎阿妹")
        .phone("13900078411")
        .having("needs", &["轮椅"])
        .made()
        .await;
    let other = county
        .a_resident("黎阿美")
        .in_grid("良围二格")
        .phone("13900078412")
        .made()
        .await;
    let cadre = county.console("陆桂英").await;
    let (mut a, mut c) = (loaded(&county, "梁少芳").await, loaded(&county, "冯国强").await);
    let before = c.edit(other).visit("home", "met", "此前").done();
    c.sync().await;
    let (first, second) = (read(&cadre, one).await, read(&cadre, other).await);

    // While they are one: the survivor's own edit, one that names the other, and an offer that is approved.
    let late = c
        .edit(other)
        .set("guardian_name", "黎秀")
        .visit("phone", "met", "此后")
        .done();
    let mut body = super::asked(&cadre, one, other).await;
    body["grid"] = json!(county.place("良围二格"));
    super::try_merge(&cadre, one, &body).await.ok();
    a.sync().await;
    c.sync().await;
    assert!(c.holds(one) && !a.holds(one));
    assert_eq!(told(&c, "drop", other), ["merged"]);
    let own = c.edit(one).add("needs", &["送餐"]).done();
    c.sync().await;
    let item = cadre
        .items(one)
        .await
        .into_iter()
        .find(|item| item["key"] == "phone")
        .unwrap();
    cadre.decide(&item, "approve", json!({})).await.ok();
    let now = read(&cadre, one).await;
    assert_eq!(now["fields"]["phone"], "13900078412");
    assert_eq!(now["fields"]["guardian_name"], "黎秀");
    assert_eq!(resident_of(&county, late).await, (one, other));
    let told_of = cadre.get(&format!("/api/v1/residents/{one}/merges")).await.ok();
    let since = told_of["merges"][0]["since"].as_array().unwrap();
    assert_eq!(since.len(), 3, "{since:?}");

    let done = part(&cadre, one, other).await;
    let named: Vec<(&Value, &Value)> = done["since"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["edit"], &line["named"]))
        .collect();
    assert_eq!(named[0], (&json!(late), &json!(other)));
    assert_eq!(named[1], (&json!(own), &json!(one)));
    let (now, back) = (read(&cadre, one).await, read(&cadre, other).await);
    assert_eq!(now["fields"]["phone"], first["fields"]["phone"]);
    assert_eq!(now["fields"]["needs"], json!(["轮椅", "送餐"]), "its own stays");
    assert!(now["fields"]["guardian_name"].is_null() && now["conflicts"].is_null());
    assert_eq!(now["grid"], first["grid"], "where it was, too");
    assert!(now["visits"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(back["fields"]["phone"], second["fields"]["phone"]);
    assert_eq!(back["fields"]["guardian_name"], "黎秀");
    assert_eq!(
        (&back["state"], &back["grid"]),
        (&json!("present"), &second["grid"])
    );
    let visits: Vec<&Value> = back["visits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["visit"])
        .collect();
    assert_eq!(visits, [&json!(before), &json!(late)]);
    assert_eq!(resident_of(&county, late).await, (other, other));
    assert_eq!(resident_of(&county, own).await, (one, one));
    assert_eq!(cadre.waiting(one).await, [""; 0], "what was offered is withdrawn");

    // Phones have them again.
    a.sync().await;
    c.sync().await;
    assert!(a.holds(one) && c.holds(other) && !c.holds(one));
    assert_eq!(told(&c, "notice", other), ["resident_arrived"]);
    // Sent once more, everything is known.
    let version = read(&cadre, other).await["version"].clone();
    c.send_again();
    c.sync().await;
    assert_eq!(read(&cadre, other).await["version"], version);
    let path = format!("/api/v1/residents/{other}/unmerge");
    let body = json!({ "id": Uuid::now_v7(), "base": now["version"], "reason": "再试" });
    assert_eq!(cadre.post(&path, &body).await.code(), "409 not_merged");
    tests::verify(&county).await;
}

async fn of_two_merges_the_later_is_undone_first(database: Database) {
    let county = County::start(database).await;
    let mut ids = Vec::new();
    for (name, phone) in [
        ("黎一", "13900078411"),
        ("黎二", "13900078412"),
        ("黎三", "13900078413"),
    ] {
        ids.push(county.a_resident(name).phone(phone).made().await);
    }
    let [a, b, c] = ids[..] else { panic!() };
    let cadre = county.console("陆桂英").await;
    let mut phone = loaded(&county, "梁少芳").await;
    let late = phone.edit(a).set("guardian_name", "黎秀").done();
    merge(&cadre, b, a).await;
    merge(&cadre, c, b).await;
    phone.sync().await;
    assert_eq!(resident_of(&county, late).await, (c, a));
    assert_eq!(read(&cadre, a).await["merged_into"], json!(c));
    let base = read(&cadre, c).await["version"].clone();
    let body = json!({ "id": Uuid::now_v7(), "base": base, "reason": "核实" });
    let early = cadre.post(&format!("/api/v1/residents/{a}/unmerge"), &body).await;
    assert_eq!(early.code(), "409 merged_further");
    part(&cadre, c, b).await;
    assert_eq!(resident_of(&county, late).await, (b, a));
    assert_eq!(read(&cadre, a).await["merged_into"], json!(b));
    assert_eq!(read(&cadre, b).await["fields"]["guardian_name"], "黎秀");
    assert!(read(&cadre, c).await["fields"]["guardian_name"].is_null());
    part(&cadre, b, a).await;
    assert_eq!(resident_of(&county, late).await, (a, a));
    assert!(read(&cadre, b).await["fields"]["guardian_name"].is_null());
    // And once more the other way round.
    merge(&cadre, a, b).await;
    part(&cadre, a, b).await;
    phone.sync().await;
    for id in ids {
        assert!(phone.holds(id));
        assert_eq!(cadre.waiting(id).await, [""; 0]);
    }
    tests::verify(&county).await;
}

/// Somebody reported, merged as a duplicate and given back waits for approval again, with what was proposed.
async fn what_was_asked_before_is_asked_again(database: Database) {
    let county = County::start(database).await;
    let one = county.a_resident("黎阿妹").made().await;
    let mut a = loaded(&county, "梁少芳").await;
    let other = a
        .create(county.place("良围一格"))
        .set("name", "黎阿美")
        .set("phone", "13900078412")
        .person();
    a.sync().await;
    let died = a.edit(other).report("died").done();
    a.sync().await;
    let cadre = county.console("陆桂英").await;
    let waiting = cadre.waiting(other).await;
    merge(&cadre, one, other).await;
    a.sync().await;
    assert!(!a.holds(other));
    // What was reported of the other is believed of the survivor: that goes back too.
    let item = cadre.item(one, "departure").await;
    cadre.decide(&item, "approve", json!({})).await.ok();
    assert_eq!(read(&cadre, one).await["state"], "departed");
    part(&cadre, one, other).await;
    let now = read(&cadre, one).await;
    assert!(
        now["state"] == "present" && now["fields"]["life_status"].is_null(),
        "{now}"
    );
    assert_eq!(cadre.waiting(other).await, waiting);
    assert_eq!(cadre.waiting(one).await, [""; 0]);
    let item = cadre.item(other, "departure").await;
    assert_eq!(item["content"]["sides"][0]["edit"], died.to_string());
    a.sync().await;
    assert_eq!(a.record(other)["state"], "reported");
    let item = cadre.item(other, "new_resident").await;
    cadre.decide(&item, "approve", json!({})).await.ok();
    tests::verify(&county).await;
}

/// Everything that documents of somebody hold, those of earlier epochs included.
async fn documents(county: &County, id: Uuid) -> (String, usize) {
    let (db, keys) = (county.program.db.read(), &county.program.keys);
    let past = epochs::past(db, keys, id).await.unwrap();
    let now = records::documents(db, keys, &[id])
        .await
        .unwrap()
        .remove(&id)
        .unwrap();
    let now = Automerge::load(&now).unwrap();
    let all = past.iter().map(|past| &past.doc).chain([&now]);
    let held = |doc: &Automerge| {
        let bytes = doc.save_nocompress();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    (all.map(held).collect(), past.len())
}

async fn what_was_adopted_leaves_the_documents(database: Database) {
    let county = County::start(database).await;
    let admin = county.console("区划管理员").await;
    let cadre = county.console("陆桂英").await;
    // In the second round a merged note waits for a person while the two are parted.
    for waits in [false, true] {
        let one = county
            .a_resident("黎阿妹")
            .phone("13900078411")
            .with("remarks", "独居")
            .made()
            .await;
        let other = county.a_resident("黎阿美").phone("13900078412").made().await;
        let (mut a, mut b) = (loaded(&county, "梁少芳").await, loaded(&county, "吕小燕").await);
        merge(&cadre, one, other).await;
        let items = cadre.items(one).await;
        let offered = items.iter().find(|item| item["key"] == "phone").unwrap();
        cadre.decide(offered, "approve", json!({})).await.ok();
        a.sync().await;
        b.sync().await;
        if waits {
            a.edit(one).set("remarks", "与女儿同住").done();
            b.edit(one).set("remarks", "与孙同住").done();
        }
        let late = b.edit(one).add("needs", &["送餐"]).done();
        a.sync().await;
        b.sync().await;
        let (all, before) = documents(&county, one).await;
        assert!(all.contains("13900078412") && before == 0);
        part(&cadre, one, other).await;
        assert_eq!(read(&cadre, one).await["fields"]["phone"], "13900078411");
        let (_, past) = documents(&county, one).await;
        assert_eq!(
            past,
            usize::from(!waits),
            "a new epoch, unless somebody must look first"
        );
        // Both workers go on.
        let edit = a.edit(one).set("phone_other", "13900078413").done();
        a.sync().await;
        assert_eq!((a.outcome(edit), b.outcome(late)), ("merged", "merged"));
        if waits {
            let item = cadre.item(one, "merged_note").await;
            cadre.decide(&item, "accept", json!({})).await.ok();
        }

        // Nothing of the other is left with the one.
        let path = format!("/api/v1/residents/{other}/erasure");
        let confirm = admin.post(&path, &json!({ "reason": "requested" })).await.json()["present"].clone();
        let confirm = json!({ "reason": "requested", "confirm": confirm["version"] });
        admin.post(&path, &confirm).await.ok();
        let (all, past) = documents(&county, one).await;
        assert!(!all.contains("13900078412"), "what was adopted is still there");
        assert_eq!(past, 0);
        b.sync().await;
        let needs = json!(["送餐"]);
        assert_eq!(
            (b.shows(one, "phone"), b.shows(one, "needs")),
            (json!("13900078411"), needs)
        );
        assert_eq!(b.shows(one, "phone_other"), "13900078413");
        tests::verify(&county).await;
    }
}
