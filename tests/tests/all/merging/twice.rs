//! Somebody who is reported twice, found at the moment of the second report: matching-2, and the report of matching-1.

use super::{loaded, merge, part, read, told};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, worker};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    born_twice_offline_in_two_villages,
    a_twin_is_asked_about_and_merged_by_nobody,
    the_roster_is_looked_through,
    two_phones_at_the_same_moment
);

async fn duplicates(console: &Console) -> Vec<Value> {
    let page = console.get("/api/v1/inbox?reason=possible_duplicate").await.ok();
    page["items"].as_array().unwrap().clone()
}

const NUMBER: &str = "440784194609011881";

/// matching-2.
async fn born_twice_offline_in_two_villages(database: Database) {
    let county = County::start(database).await;
    let mut a = loaded(&county, "梁少芳").await;
    let mut c = loaded(&county, "任国华").await;
    let mut d = loaded(&county, "冯国强").await;
    let report = |phone: &mut tests::phone::Phone, grid: &str, number: &str, address: &str| {
        let draft = phone.create(county.place(grid)).set("name", "任仪志");
        draft.set("id_number", number).set("address", address).person()
    };
    let first = report(&mut a, "良围一格", NUMBER, "沙坪街道良围村旧围村9号");
    let second = report(&mut c, "仙溪一格", NUMBER, "沙坪街道仙溪村新屋村2号");
    let third = report(&mut d, "良围二格", &NUMBER[..14], "沙坪街道良围村旧围村9号");
    a.sync().await;
    let (own, beside) = (county.console("陆桂英").await, county.console("任仲文").await);
    assert_eq!(own.waiting(first).await, ["new_resident"]);
    assert!(duplicates(&own).await.is_empty());
    c.sync().await;

    // One item, for both villages' cadres, each of whom sees the own person whole and of the other one the name.
    let mine = duplicates(&own).await.remove(0);
    let theirs = duplicates(&beside).await.remove(0);
    assert_eq!(mine["id"], theirs["id"]);
    assert_eq!(mine["content"]["why"], "same_number");
    for (item, whole) in [(&mine, first), (&theirs, second)] {
        let people = item["content"]["people"].as_array().unwrap();
        let (seen, other): (Vec<&Value>, Vec<&Value>) = people.iter().partition(|p| p["elsewhere"].is_null());
        assert_eq!(seen[0]["resident"], whole.to_string());
        assert_eq!(seen[0]["id_number"], NUMBER);
        assert_eq!(other[0]["name"], "任仪志");
        assert!(
            other[0]["resident"].is_null() && other[0]["id_number"].is_null(),
            "{other:?}"
        );
    }
    assert!(
        told(&c, "notice", second).is_empty(),
        "another village's person is no worker's to know"
    );
    d.sync().await;
    assert_eq!(
        told(&d, "notice", third),
        ["possibly_registered"],
        "in the own village they are told"
    );
    assert_eq!(duplicates(&own).await.len(), 2);

    // Of two approvals at the same minute one goes through, the other hears of the first.
    let (one, two) = (
        own.item(first, "new_resident").await,
        beside.item(second, "new_resident").await,
    );
    let (one, two) = tokio::join!(
        own.decide(&one, "approve", json!({})),
        beside.decide(&two, "approve", json!({}))
    );
    let codes = [one.code(), two.code()];
    assert!(
        codes.contains(&"200".to_owned()) && codes.contains(&"409 duplicate_open".to_owned()),
        "{codes:?}"
    );
    let refused = if one.status == 409 { &one } else { &two };
    assert_eq!(refused.json()["present"]["item"], mine["id"]);
    assert_eq!(refused.json()["present"]["name"], "任仪志");
    let item = own.item(third, "new_resident").await;
    let approved = one.status == 200;
    if approved {
        let refused = own.decide(&item, "approve", json!({})).await;
        assert_eq!(refused.code(), "409 duplicate_open", "the third one is hers too");
        assert_eq!(refused.json()["present"]["resident"], first.to_string());
    }

    // A list brings her as well: the row waits, and makes no fourth.
    let text = format!(
        "姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n任仪志,{NUMBER},1946-09-01,13900071009,肢体,二级,沙坪街道良围村旧围村9号\n"
    );
    let list = Handed::disabled(&county, "2026-10", text);
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let id = clerk.hand_in(&list, true).await;
    let rows = clerk.rows(&id, None).await;
    assert_eq!(rows[0]["verdict"], "ambiguous", "{rows:?}");

    // Each village's cadre can decide nothing about the other's person; the town merges.
    let town = county.console("谭志成").await;
    for cadre in [&own, &beside] {
        let item = duplicates(cadre)
            .await
            .into_iter()
            .find(|i| i["id"] == mine["id"])
            .unwrap();
        let refused = cadre.decide(&item, "keep_apart", json!({})).await;
        assert!(matches!(refused.status, 403), "{}", refused.text());
    }
    let (stays, goes) = if approved {
        (first, second)
    } else {
        (second, first)
    };
    let item = duplicates(&town)
        .await
        .into_iter()
        .find(|i| i["id"] == mine["id"])
        .unwrap();
    let versions = async |ids: &[Uuid]| {
        let mut all = serde_json::Map::new();
        for id in ids {
            all.insert(id.to_string(), read(&town, *id).await["version"].clone());
        }
        Value::Object(all)
    };
    let value = json!({ "survivor": stays, "versions": versions(&[first, second]).await });
    town.decide(&item, "merge", json!({ "value": value })).await.ok();
    assert_eq!(read(&town, goes).await["merged_into"], json!(stays));
    // The question whether the third one is she is about the survivor now, and "two people" is remembered.
    let left = duplicates(&town).await;
    for item in &left {
        town.decide(item, "keep_apart", json!({})).await.ok();
    }
    assert!(duplicates(&town).await.is_empty());
    let edit = d.edit(third).set("remarks", "再次上门").done();
    d.sync().await;
    assert_eq!(d.outcome(edit), "merged");
    let name = d.edit(third).set("birth_date", "1946-09-01").done();
    d.sync().await;
    assert_eq!(d.outcome(name), "merged");
    let about_third = duplicates(&town).await;
    let again = about_third
        .iter()
        .filter(|item| left.iter().any(|l| l["key"] == item["key"]));
    assert_eq!(again.count(), 0, "who is kept apart is not asked about again");
    // The row finds the one whom they have become.
    let waiting = town.get("/api/v1/inbox?reason=list_row_ambiguous").await.ok();
    let row = &waiting["items"][0];
    if !row.is_null() {
        let candidates = row["content"]["candidates"].as_array().unwrap();
        let found = candidates.iter().filter(|c| c["resident"].is_string());
        assert_eq!(found.count(), 1, "{candidates:?}");
    }
    runner.stop().await;
    tests::verify(&county).await;
}

/// matching-1, step 3: a report without a number beside somebody of the very name.
async fn a_twin_is_asked_about_and_merged_by_nobody(database: Database) {
    let county = County::start(database).await;
    let tang = county
        .a_resident("何伟棠")
        .number("440784198803200510")
        .made()
        .await;
    let liang = county
        .a_resident("何伟梁")
        .number("440784198803200772")
        .made()
        .await;
    let mut a = loaded(&county, "梁少芳").await;
    let new = a.create(county.place("良围一格")).set("name", "何伟梁");
    let new = new.set("phone", "13900078461").person();
    a.sync().await;
    let cadre = county.console("陆桂英").await;
    assert_eq!(
        cadre.waiting(new).await,
        ["new_resident".to_owned(), format!("possible_duplicate {liang}")]
    );
    assert_eq!(told(&a, "notice", new), ["possibly_registered"]);
    assert_eq!(cadre.waiting(tang).await, [""; 0]);
    let item = cadre.item(new, "new_resident").await;
    let refused = cadre.decide(&item, "approve", json!({})).await;
    assert_eq!(refused.code(), "409 duplicate_open");
    let item = cadre.item(new, "possible_duplicate").await;
    assert_eq!(item["content"]["why"], "same_name_in_village");

    // It is he: what was typed is offered, and the phone hears into whom.
    let version = async |id| read(&cadre, id).await["version"].clone();
    let value = json!({
        "survivor": liang, "versions": { liang.to_string(): version(liang).await, new.to_string(): version(new).await },
    });
    let id = Uuid::now_v7();
    let more = json!({ "value": value });
    cadre.decide_as(id, &item, "merge", more.clone()).await.ok();
    let again = cadre.decide_as(id, &item, "merge", more).await.ok();
    assert_eq!(again["repeat"], true);
    assert_eq!(cadre.waiting(liang).await, ["proposal phone"]);
    a.sync().await;
    assert!(!a.holds(new));
    assert_eq!(told(&a, "drop", new), ["merged"]);
    assert_eq!(a.heard("drop")[0]["into"], liang.to_string());

    // It was not he: given back, he waits for approval and is not asked about again.
    part(&cadre, liang, new).await;
    assert_eq!(cadre.waiting(new).await, ["new_resident"]);
    let item = cadre.item(new, "new_resident").await;
    cadre.decide(&item, "approve", json!({})).await.ok();
    // Merged once more by hand, the two who are kept apart are one.
    merge(&cadre, liang, new).await;
    tests::verify(&county).await;
}

async fn two_phones_at_the_same_moment(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    for n in 0..4 {
        let name = ["黎一", "黎二", "黎三", "黎四"][n];
        let (mut a, mut b) = (loaded(&county, "梁少芳").await, loaded(&county, "冯国强").await);
        a.create(county.place("良围一格")).set("name", name).done();
        b.create(county.place("良围二格")).set("name", name).done();
        tokio::join!(a.sync(), b.sync());
        assert_eq!(duplicates(&cadre).await.len(), n + 1, "neither misses the other");
    }
    tests::verify(&county).await;
}

/// Who is there twice from before, page by page; each sees as much as is theirs.
async fn the_roster_is_looked_through(database: Database) {
    let county = County::start(database).await;
    let born = |name: &'static str, grid: &'static str| {
        let person = county.a_resident(name).in_grid(grid);
        person.with("birth_date", "1946-09-01")
    };
    let one = born("黎阿妹", "良围一格").made().await;
    let two = born("黎阿妹", "良围二格").made().await;
    let far = born("黎阿妹", "仙溪一格").made().await;
    born("黎阿美", "良围一格").made().await;
    let (cadre, town) = (county.console("陆桂英").await, county.console("谭志成").await);
    let path = format!("/api/v1/residents/duplicates?division={}", county.place("良围村"));
    let page = cadre.get(&path).await.ok();
    let pairs = page["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 3, "{page}");
    assert!(pairs.iter().all(|pair| pair["why"] == "same_name_and_birth_date"));
    let shown: Vec<&Value> = pairs
        .iter()
        .flat_map(|pair| pair["people"].as_array().unwrap())
        .collect();
    assert!(shown.iter().all(|half| half["resident"] != json!(far)), "{page}");
    assert!(
        pairs.iter().all(|pair| pair["item"].is_string()),
        "each was asked about when it arose"
    );
    // In pages.
    let (mut seen, mut after) = (0, String::new());
    loop {
        let page = cadre.get(&format!("{path}&limit=1{after}")).await.ok();
        seen += page["pairs"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, 3);
    let elsewhere = format!("/api/v1/residents/duplicates?division={}", county.place("仙溪村"));
    assert_eq!(cadre.get(&elsewhere).await.code(), "404 not_found");
    let all = format!(
        "/api/v1/residents/duplicates?division={}",
        county.place("沙坪街道")
    );
    assert_eq!(town.get(&all).await.ok()["pairs"].as_array().unwrap().len(), 3);
    // Merged and kept apart they are listed no more.
    merge(&cadre, one, two).await;
    for item in duplicates(&town).await {
        town.decide(&item, "keep_apart", json!({})).await.ok();
    }
    assert!(town.get(&all).await.ok()["pairs"].as_array().unwrap().is_empty());
    tests::verify(&county).await;
}
