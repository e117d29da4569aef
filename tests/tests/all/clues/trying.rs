//! Rules as rows: listed, added, tried, ended.

use super::whole_loop::{allowance, deaths};
use super::{clues, hand_in, night, told, worker};
use entity::{clue, inbox_item, visit_task};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;

tests::on_both!(a_dry_run_writes_nothing, a_rule_is_added_and_ended);

fn richer() -> Value {
    json!({
        "code": "allowance_of_fifty", "number": 6, "says": "津贴不低于五十元", "severity": "data", "owner": "elder",
        "when": { "at_least": { "list": "elder", "column": "月发放标准", "yuan": 50 } },
    })
}

async fn a_dry_run_writes_nothing(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let bureau = county.console("区划管理员").await;
    let people = [("何一新", 1), ("何二喜", 2)];
    hand_in(&county, "old_age_allowance", "2026-10", &allowance(&people)).await;
    let count = || async {
        let db = county.program.db.read();
        (
            clue::Entity::find().count(db).await.unwrap(),
            inbox_item::Entity::find().count(db).await.unwrap(),
            visit_task::Entity::find().count(db).await.unwrap(),
        )
    };
    let before = count().await;
    let tried = bureau.post("/api/v1/clue-rules/dry-run", &richer()).await.ok();
    assert_eq!((&tried["found"], &tried["missing"]), (&json!(2), &json!([])));
    assert_eq!(
        tried["items"][0]["person"]["name"]
            .as_str()
            .map(|n| n.starts_with('何')),
        Some(true)
    );
    // A list that nobody has handed in is named.
    let mut other = richer();
    other["when"] = json!({ "all": [{ "on": "vehicles" }, { "on": "elder" }] });
    let tried = bureau.post("/api/v1/clue-rules/dry-run", &other).await.ok();
    assert_eq!(
        (&tried["found"], &tried["missing"]),
        (&json!(0), &json!(["vehicles"]))
    );
    assert_eq!(count().await, before);
    let rules = bureau.get("/api/v1/clue-rules").await.ok();
    assert!(
        rules["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r["code"] != "allowance_of_fifty")
    );
    runner.stop().await;
}

async fn a_rule_is_added_and_ended(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let bureau = county.console("区划管理员").await;
    hand_in(
        &county,
        "old_age_allowance",
        "2026-10",
        &allowance(&[("何一新", 1)]),
    )
    .await;
    bureau.post("/api/v1/clue-rules", &richer()).await.ok();
    let twice = bureau.post("/api/v1/clue-rules", &richer()).await;
    assert_eq!(twice.code(), "409 rule_exists");
    let mut wrong = richer();
    wrong["code"] = json!("another_one");
    wrong["when"] = json!({ "on": "nonsense" });
    assert_eq!(
        bureau.post("/api/v1/clue-rules", &wrong).await.code(),
        "422 unknown_list"
    );
    wrong["when"] = json!({ "sounds_like": "nonsense" });
    assert_eq!(
        bureau.post("/api/v1/clue-rules", &wrong).await.code(),
        "422 rule_malformed"
    );
    night(&county.program).await;
    assert_eq!(
        told(&clues(&bureau, "").await),
        ["allowance_of_fifty 何一新 open"]
    );

    // It is ended: what it found stays, and it finds nothing more.
    let ended = bureau
        .post("/api/v1/clue-rules/allowance_of_fifty/end", &json!({}))
        .await
        .ok();
    assert!(ended["until"].is_string());
    let people = [("何一新", 1), ("何二喜", 2)];
    hand_in(&county, "old_age_allowance", "2026-11", &allowance(&people)).await;
    assert_eq!(
        told(&clues(&bureau, "").await),
        ["allowance_of_fifty 何一新 open"]
    );
    hand_in(&county, "deaths", "2026-11", &deaths(&[("何二喜", 2)])).await;
    let expected = ["allowance_of_fifty 何一新 open", "deceased_on_elder 何二喜 open"];
    assert_eq!(told(&clues(&bureau, "").await), expected);
    let rules = bureau.get("/api/v1/clue-rules").await.ok();
    let of = |code: &str| {
        let all = rules["items"].as_array().unwrap();
        all.iter().find(|r| r["code"] == code).unwrap().clone()
    };
    assert_eq!(of("allowance_of_fifty")["until"], ended["until"]);
    assert_eq!(of("deceased_on_elder")["number"], 1);
    runner.stop().await;
}
