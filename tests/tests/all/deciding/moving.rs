//! People who go from one grid to another, and phones that are granted more or less.

use super::{history, loaded, read, told};
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    a_cadre_moves_a_person,
    moves_that_are_refused,
    an_address_points_elsewhere,
    a_grant_ends_and_comes_back,
    who_died_is_dropped_and_comes_back_alive,
);

fn moving(from: Uuid, to: Uuid) -> Value {
    json!({ "id": Uuid::now_v7(), "from": from, "to": to, "reason": "已搬家" })
}

async fn a_cadre_moves_a_person(database: Database) {
    let county = County::start(database).await;
    let (old, new) = (county.place("良围一格"), county.place("仙溪一格"));
    let qiuju = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let (mut a, mut c) = (loaded(&county, "梁少芳").await, loaded(&county, "任国华").await);
    a.edit(qiuju).report("moved_out").done();
    a.sync().await;
    a.edit(qiuju).set("phone", "13900078442").done();

    let cadre = county.console("陆桂英").await;
    let path = format!("/api/v1/residents/{qiuju}/moves");
    let body = moving(old, new);
    let done = cadre.post(&path, &body).await.ok();
    assert_eq!(done["repeat"], false);
    assert_eq!(cadre.post(&path, &body).await.ok()["repeat"], true);
    assert_eq!(cadre.get(&format!("/api/v1/residents/{qiuju}")).await.status, 404);

    // What the old phone had not sent yet is not lost: it waits in the village that has the person now.
    a.sync().await;
    assert!(!a.holds(qiuju));
    assert_eq!(told(&a, "drop"), ["moved"]);
    c.sync().await;
    assert_eq!(c.shows(qiuju, "phone"), "13900078441");
    assert_eq!(told(&c, "notice"), ["resident_arrived"]);
    let there = county.console("任仲文").await;
    assert_eq!(
        there.waiting(qiuju).await,
        ["departure life_status", "proposal phone"]
    );
    assert_eq!(cadre.waiting(qiuju).await, [""; 0]);
    let proposal = there.item(qiuju, "proposal").await;
    there.decide(&proposal, "approve", json!({})).await.ok();
    c.sync().await;
    assert_eq!(c.shows(qiuju, "phone"), "13900078442");
    let steps = history(&there, qiuju).await;
    assert!(
        steps.contains(&format!("move 陆桂英: grid \"{old}\" → \"{new}\"")),
        "{steps:?}"
    );
    assert!(
        steps.contains(&"decision 任仲文: phone \"13900078441\" → \"13900078442\"".to_owned()),
        "{steps:?}"
    );
}

async fn moves_that_are_refused(database: Database) {
    let county = County::start(database).await;
    let (old, new) = (county.place("良围一格"), county.place("良围二格"));
    let resident = county.a_resident("郭金娣").made().await;
    let path = format!("/api/v1/residents/{resident}/moves");
    let elsewhere = format!("/api/v1/residents/{}/moves", Uuid::now_v7());
    let (cadre, other) = (county.console("陆桂英").await, county.console("任仲文").await);
    let admin = county.console("区划管理员").await;
    let cases = [
        (&cadre, &path, moving(new, old), 409, "changed_meanwhile"),
        (&cadre, &path, moving(old, old), 422, "same_grid"),
        (&cadre, &path, moving(old, Uuid::now_v7()), 422, "grid_unknown"),
        (&cadre, &elsewhere, moving(old, new), 404, "not_found"),
        (&other, &path, moving(old, new), 404, "not_found"),
        (
            &admin,
            &path,
            json!({ "id": Uuid::now_v7(), "to": new }),
            409,
            "changed_meanwhile",
        ),
    ];
    for (who, path, body, status, code) in cases {
        let answer = who.post(path, &body).await;
        assert_eq!(answer.code(), format!("{status} {code}"), "{body}");
    }
    let body = moving(old, new);
    admin.post(&path, &body).await.ok();
    let mut reused = body.clone();
    reused["reason"] = "别的理由".into();
    assert_eq!(admin.post(&path, &reused).await.code(), "409 id_reused");
    assert_eq!(cadre.post(&path, &body).await.code(), "409 id_reused");
}

/// The worker's own edit says that the person lives elsewhere.
async fn an_address_points_elsewhere(database: Database) {
    let county = County::start(database).await;
    let (old, new) = (county.place("良围一格"), county.place("仙溪一格"));
    let huizhen = county
        .a_resident("宋惠贞")
        .with("address", "沙坪良围旧围村33号")
        .made()
        .await;
    let (mut a, mut c) = (loaded(&county, "梁少芳").await, loaded(&county, "任国华").await);
    let there = "沙坪街道仙溪村委会新屋村5号";
    let edit = a.edit(huizhen).set("address", there).done();
    a.sync().await;
    assert_eq!(a.outcome(edit), "merged");
    assert_eq!(a.record(huizhen)["grid"], old.to_string());
    let visit = a.edit(huizhen).visit("home", "met", "在女儿家见到").done();
    a.sync().await;
    assert_eq!(a.outcome(visit), "merged");

    let (cadre, beyond) = (county.console("陆桂英").await, county.console("任仲文").await);
    let item = cadre.item(huizhen, "address").await;
    assert_eq!(item["content"]["sides"][0]["grid"], new.to_string());
    assert_eq!(item["content"]["present"]["grid"], old.to_string());
    // The other village sees it; the one that has the person decides.
    let seen = beyond.item(huizhen, "address").await;
    let refused = beyond.decide(&seen, "approve", json!({})).await;
    assert_eq!(refused.code(), "403 not_a_decider");

    // She only stays with her daughter for a month: remembered for that text.
    let reason = json!({ "reason": "只住一个月" });
    cadre.decide(&item, "reject", reason).await.ok();
    a.edit(huizhen).set("phone", "13900078499").done();
    a.edit(huizhen)
        .set("address", "沙坪街道 仙溪村委会新屋村5号")
        .done();
    a.sync().await;
    assert_eq!(cadre.waiting(huizhen).await, [""; 0]);
    assert_eq!(told(&a, "decision").len(), 1);
    assert_eq!(a.heard("decision")[0]["reason"], "只住一个月");
    assert!(a.holds(huizhen) && a.heard("drop").is_empty());

    a.edit(huizhen).set("address", "仙溪村新屋村6号").done();
    a.sync().await;
    let item = cadre.item(huizhen, "address").await;
    cadre.decide(&item, "approve", json!({})).await.ok();
    a.sync().await;
    c.sync().await;
    assert!(!a.holds(huizhen));
    assert_eq!(c.record(huizhen)["grid"], new.to_string());
    assert_eq!(c.record(huizhen)["visits"][0]["text"], "在女儿家见到");
    assert_eq!(told(&c, "notice"), ["resident_arrived"]);
    assert_eq!(read(&beyond, huizhen).await["grid"], new.to_string());
    assert_eq!(a.heard("drop").len(), 1);
    // An address that reads as the present grid again closes what it opened.
    c.edit(huizhen).set("address", "良围旧围33号").done();
    c.sync().await;
    assert_eq!(beyond.waiting(huizhen).await, ["address address"]);
    assert_eq!(
        beyond.item(huizhen, "address").await["village"],
        json!(county.place("仙溪村"))
    );
    c.edit(huizhen).set("address", "新屋村7号").done();
    c.sync().await;
    assert_eq!(beyond.waiting(huizhen).await, [""; 0]);
}

async fn a_grant_ends_and_comes_back(database: Database) {
    let county = County::start(database).await;
    let here = county.a_resident("黄秋菊").made().await;
    let there = county.a_resident("谭国强").in_grid("良围二格").made().await;
    let mut a = loaded(&county, "梁少芳").await;
    let admin = county.console("区划管理员").await;
    let account = county.account("梁少芳").await;
    let give = async || {
        let grant = json!({ "role": "worker", "grid": county.place("良围二格") });
        let given = admin
            .post(&format!("/api/v1/accounts/{account}/grants"), &grant)
            .await
            .ok();
        given["id"].as_str().unwrap().to_owned()
    };
    let end = async |grant: String| {
        let ended = admin
            .send("DELETE", &format!("/api/v1/grants/{grant}"), None)
            .await;
        assert!(ended.status < 300, "{}", ended.text());
    };
    let grant = give().await;
    a.sync().await;
    assert!(a.holds(there));
    assert_eq!(told(&a, "notice"), ["grid_assigned"]);
    a.edit(there).set("phone", "13900078455").done();
    end(grant).await;
    a.sync().await;
    assert!(a.holds(here) && !a.holds(there));
    assert_eq!(told(&a, "drop"), ["grant_ended"]);
    // The edit that was under way became a proposal.
    let cadre = county.console("陆桂英").await;
    assert_eq!(cadre.waiting(there).await, ["proposal phone"]);

    // Ended and given again before the phone hears of it: nothing is dropped.
    let grant = give().await;
    a.sync().await;
    end(grant).await;
    give().await;
    a.sync().await;
    assert!(a.holds(there));
    assert_eq!(told(&a, "drop"), ["grant_ended"]);
}

async fn who_died_is_dropped_and_comes_back_alive(database: Database) {
    let county = County::start(database).await;
    let runsheng = county
        .a_resident("陆润生")
        .with("life_status", "living")
        .made()
        .await;
    let mut a = loaded(&county, "梁少芳").await;
    let cadre = county.console("陆桂英").await;
    let status = async |was: &str, now: &str| {
        let body = json!({
            "id": Uuid::now_v7(), "base": read(&cadre, runsheng).await["version"],
            "fields": { "life_status": { "was": was, "now": now } },
        });
        cadre
            .post(&format!("/api/v1/residents/{runsheng}/edits"), &body)
            .await
            .ok();
    };
    status("living", "died").await;
    a.sync().await;
    assert!(!a.holds(runsheng));
    assert_eq!(told(&a, "drop"), ["departed"]);
    status("died", "living").await;
    a.sync().await;
    assert!(a.holds(runsheng));
    assert_eq!(told(&a, "notice"), ["resident_arrived"]);
}
