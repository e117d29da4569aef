//! Whoever is erased leaves no clue, no item and no task.

use super::whole_loop::{allowance, deaths, items};
use super::{clues, hand_in, night, worker};
use api::app::persons;
use entity::{clue, visit_task};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;
use tests::county::County;
use tests::database::Database;

tests::on_both!(an_erased_person_has_no_clue);

async fn an_erased_person_has_no_clue(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let (cadre, admin) = (county.console("陆桂英").await, county.console("区划管理员").await);
    let mut phone = county.phone("梁少芳").await;
    let people = [("何一新", 1), ("何二喜", 2)];
    hand_in(&county, "old_age_allowance", "2026-10", &allowance(&people)).await;
    hand_in(&county, "deaths", "2026-11", &deaths(&people)).await;
    let all = items(&cadre).await;
    let item = all
        .iter()
        .find(|i| i["content"]["person"]["name"] == "何一新")
        .unwrap();
    cadre
        .decide(item, "send", json!({ "value": county.account("梁少芳").await }))
        .await
        .ok();
    phone.sync().await;
    let resident = phone.heard("task")[0]["resident"].as_str().unwrap().to_owned();

    let report = persons::report(&county.program, resident.parse().unwrap())
        .await
        .unwrap();
    assert_eq!(report["held"]["clues"][0]["rule"], "deceased_on_elder");
    let path = format!("/api/v1/residents/{resident}/erasure");
    let asked = admin.post(&path, &json!({ "reason": "requested" })).await;
    let confirm = json!({ "reason": "requested", "confirm": asked.json()["present"]["version"] });
    admin.post(&path, &confirm).await.ok();
    let db = county.program.db.read();
    let left = clue::Entity::find().all(db).await.unwrap();
    assert_eq!(left.len(), 1, "the other's");
    assert_ne!(left[0].resident.unwrap().to_string(), resident);
    assert_eq!(visit_task::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(items(&cadre).await.len(), 1);
    night(&county.program).await;
    assert_eq!(clues(&admin, "").await.len(), 1);
    runner.stop().await;
    tests::verify::agrees(&county.program).await;
}
