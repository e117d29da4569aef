//! Who sees which clues, and the file that departments take.

use super::whole_loop::{allowance, deaths, months_since_march};
use super::{clues, hand_in, number, told, worker};
use serde_json::json;
use tests::county::County;
use tests::database::Database;

tests::on_both!(departments_see_their_own, a_file_of_clues);

async fn departments_see_their_own(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    hand_in(
        &county,
        "old_age_allowance",
        "2026-10",
        &allowance(&[("何一新", 1), ("何二喜", 2)]),
    )
    .await;
    let disabled = format!(
        "姓名,身份证号,出生日期,残疾类别,残疾等级,现住址\n何一新,{},1940-05-06,肢体,三级,沙坪街道仙溪村新屋村1号\n",
        number("1940-05-06", 1)
    );
    hand_in(&county, "disabled", "2026-10", &disabled).await;
    hand_in(
        &county,
        "deaths",
        "2026-11",
        &deaths(&[("何一新", 1), ("何二喜", 2)]),
    )
    .await;
    let see = |name: &'static str| {
        let county = &county;
        async move { told(&clues(&county.console(name).await.clone(), "").await) }
    };
    let all = [
        "deceased_on_disabled 何一新 open",
        "deceased_on_elder 何一新 open",
        "deceased_on_elder 何二喜 open",
    ];
    assert_eq!(see("区划管理员").await, all);
    assert_eq!(see("陆桂英").await, all);
    assert_eq!(see("谭志成").await, all);
    assert_eq!(see("残联").await, all[..1]);
    assert_eq!(see("民政").await, all[1..]);
    assert!(see("任仲文").await.is_empty(), "another village's");
    // What is not theirs is not there.
    let (own, other) = (county.console("残联").await, county.console("民政").await);
    let hidden = clues(&other, "").await[0]["id"].as_str().unwrap().to_owned();
    let answer = own.get(&format!("/api/v1/clues/{hidden}")).await;
    assert_eq!(answer.status, 404);
    let nothing = own.get(&format!("/api/v1/clues/{}", uuid::Uuid::now_v7())).await;
    assert_eq!(answer.text(), nothing.text());

    // A program of 民政 sees the kinds and places that it was given.
    let admin = county.console("区划管理员").await;
    for (kind, place, seen) in [
        ("old_age_allowance", "良围村", 2),
        ("old_age_allowance", "仙溪村", 0),
        ("low_income", "良围村", 0),
    ] {
        let new = json!({
            "name": "民政系统", "department": "民政", "categories": ["old_age_allowance", "low_income"],
            "operations": ["hand_in"], "kinds": [kind], "divisions": [county.place(place)],
        });
        let made = admin.post("/api/v1/clients", &new).await.ok();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            made["client"]["id"].as_str().or(made["client"].as_str()).unwrap(),
            made["secret"]["secret"].as_str().unwrap()
        );
        let body = ("application/x-www-form-urlencoded", form.into_bytes());
        let token = county
            .client
            .send_bytes("POST", "/api/v1/oauth/token", Some(body))
            .await
            .ok();
        let client = county.client.with_token(token["access_token"].as_str().unwrap());
        assert_eq!(clues(&client, "").await.len(), seen, "{kind} {place}");
        let export = client
            .post("/api/v1/clues/export", &json!({ "purpose": "核对" }))
            .await;
        assert_eq!(export.code(), "403 operation_not_granted");
    }
    let worker_sees = county.console("梁少芳").await.get("/api/v1/clues").await;
    assert_eq!(worker_sees.status, 403);
    runner.stop().await;
}

async fn a_file_of_clues(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let people = [("何一新", 1), ("=何二喜", 2)];
    hand_in(&county, "old_age_allowance", "2026-10", &allowance(&people)).await;
    hand_in(&county, "deaths", "2026-11", &deaths(&people)).await;
    let department = county.console("民政").await;
    let nothing = department
        .post("/api/v1/clues/export", &json!({ "purpose": " " }))
        .await;
    assert_eq!(nothing.code(), "422 purpose_required");
    let file = department
        .post("/api/v1/clues/export", &json!({ "purpose": "月度核查" }))
        .await;
    assert_eq!(file.header("cache-control"), Some("no-store"));
    let text = file.text();
    let lines: Vec<&str> = text.trim_start_matches('\u{FEFF}').lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("疑点编号,规则,序号,说明,状态"));
    let own = lines.iter().find(|line| line.contains("何一新")).unwrap();
    let months = months_since_march(&county);
    for cell in [
        "待处理",
        "良围村",
        &format!(",{months},{months}00.00,"),
        "民政高龄津贴名单 2026-10",
        "死亡日期：2026-03-10",
    ] {
        assert!(own.contains(cell), "{cell}: {own}");
    }
    let auditor = county.console("审计员").await;
    let trail = auditor.get("/api/v1/audit?action=export_clues").await.ok();
    let entry = &trail["items"][0];
    assert_eq!(
        (&entry["count"], &entry["detail"]),
        (&json!(2), &json!("purpose=月度核查"))
    );
    runner.stop().await;
}
