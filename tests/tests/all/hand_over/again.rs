//! What a phone was to drop and may hold again, what it holds without the server's knowledge, and grids that end while
//! somebody comes to them.

use super::{loaded, told, undropped};
use api::app::Error;
use api::app::desk::Desk;
use entity::{holding, resident};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use std::collections::BTreeSet;
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    a_grid_is_taken_given_back_and_taken_again,
    who_died_is_dropped_though_the_grid_is_given_back,
    what_a_phone_has_all_the_same_is_known,
    a_grid_ends_while_somebody_comes_to_it
);

/// One worker's grid becomes another's.
async fn reassign(county: &County, grid: &str, from: &str, to: &str) {
    let (from, to) = (county.account(from).await, county.account(to).await);
    let path = format!("/api/v1/grids/{}/worker", county.place(grid));
    let admin = county.console("区划管理员").await;
    admin.post(&path, &json!({ "from": from, "to": to })).await.ok();
}

async fn a_grid_is_taken_given_back_and_taken_again(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let (mut phone, _) = loaded(&county, "梁少芳").await;
    let admin = county.console("区划管理员").await;
    reassign(&county, "良围一格", "梁少芳", "冯国强").await;
    assert_eq!(undropped(&admin).await, [("梁少芳".to_owned(), 1)]);
    reassign(&county, "良围一格", "冯国强", "梁少芳").await;
    assert!(
        undropped(&admin).await.is_empty(),
        "nothing is asked of it any more"
    );
    reassign(&county, "良围一格", "梁少芳", "冯国强").await;
    let late: Vec<_> = undropped(&admin).await;
    assert_eq!(late, [("梁少芳".to_owned(), 1)]);
    // It has been off all the time.
    let (mut door, _) = loaded(&county, "冯国强").await;
    assert!(door.holds(resident));
    reassign(&county, "良围二格", "冯国强", "梁少芳").await;
    phone.sync().await;
    assert!(!phone.holds(resident));
    assert_eq!(told(&phone, "drop"), ["grant_ended"]);
    assert!(
        undropped(&admin)
            .await
            .iter()
            .all(|(worker, _)| worker != "梁少芳")
    );
    door.sync().await;
    tests::verify(&county).await;
}

async fn who_died_is_dropped_though_the_grid_is_given_back(database: Database) {
    let county = County::start(database).await;
    let stays = county.a_resident("陆润生").made().await;
    let died = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let (mut phone, _) = loaded(&county, "梁少芳").await;
    let cadre = county.console("陆桂英").await;
    let seen = cadre.get(&format!("/api/v1/residents/{died}")).await.ok();
    let edit = json!({
        "id": Uuid::now_v7(), "base": seen["version"],
        "fields": { "life_status": { "was": seen["fields"]["life_status"], "now": "died" } },
    });
    let path = format!("/api/v1/residents/{died}/edits");
    cadre.post(&path, &edit).await.ok();
    reassign(&county, "良围一格", "梁少芳", "冯国强").await;
    reassign(&county, "良围一格", "冯国强", "梁少芳").await;
    let late = phone.edit(died).set("phone", "13900078442").done();
    phone.sync().await;
    assert!(phone.holds(stays) && !phone.holds(died));
    assert_eq!(told(&phone, "drop").len(), 1);
    assert!(phone.receipt(late).is_some());
    assert!(undropped(&cadre).await.is_empty());
    tests::verify(&county).await;
}

/// A restored database does not know what phones carry.
async fn what_a_phone_has_all_the_same_is_known(database: Database) {
    let county = County::start(database).await;
    let people = [
        county.a_resident("黄秋菊").made().await,
        county.a_resident("陆润生").made().await,
    ];
    let (mut phone, device) = loaded(&county, "梁少芳").await;
    let db = &county.program.db;
    let open = || {
        holding::Entity::find()
            .filter(holding::Column::Device.eq(device))
            .filter(holding::Column::DroppedAt.is_null())
    };
    let grid = county.place("良围一格");
    let counted = phone.exchange().await.unwrap()["grids"][grid.to_string()].clone();
    let versions: Vec<_> = phone
        .records()
        .map(|(id, record)| json!([id, record["version"]]))
        .collect();
    for shows in [
        json!({ "digests": { grid.to_string(): counted } }),
        json!({ "have": { grid.to_string(): versions } }),
    ] {
        holding::Entity::delete_many().exec(db.schema()).await.unwrap();
        let mut request = json!({ "catalogue": 1, "edits": [] });
        for (key, value) in shows.as_object().unwrap() {
            request[key] = value.clone();
        }
        let answer = phone.send_raw(&request).await.ok();
        assert_eq!(answer["items"], json!([]), "it has all");
        let known: BTreeSet<Uuid> = open()
            .all(db.read())
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.resident)
            .collect();
        assert_eq!(known, people.into(), "{shows}");
    }
    // So the next one who leaves is dropped by name.
    let cadre = county.console("陆桂英").await;
    let body = json!({ "id": Uuid::now_v7(), "residents": [people[0]], "to": county.place("良围二格") });
    cadre.post("/api/v1/moves", &body).await.ok();
    phone.sync().await;
    assert_eq!(told(&phone, "drop"), ["moved"]);
    tests::verify(&county).await;
}

/// A list reads the map of grids once; one may end before the last of its rows is written.
async fn a_grid_ends_while_somebody_comes_to_it(database: Database) {
    let county = County::start(database).await;
    let who = county.a_resident("黄秋菊").made().await;
    let (ends, stays) = (county.place("良围二格"), county.place("良围一格"));
    let admin = county.console("区划管理员").await;
    let body = json!({ "id": Uuid::now_v7(), "into": stays, "workers_go_along": true, "reason": "两格合并" });
    admin
        .post(&format!("/api/v1/grids/{ends}/merge"), &body)
        .await
        .ok();
    let (program, now) = (&county.program, county.program.clock.now());
    let done = program.db.write(|txn| async move {
        let mut desk = Desk::open(&txn, program, &BTreeSet::from([who]), &[], now).await?;
        let village = desk.records[&who].village.unwrap();
        desk.move_to(who, village, Some(ends))?;
        desk.save().await
    });
    let done: Result<(), Error> = done.await;
    done.unwrap();
    let row = resident::Entity::find_by_id(who).one(program.db.read()).await;
    assert_eq!(row.unwrap().unwrap().grid, None);
    let cadre = county.console("陆桂英").await;
    let item = cadre.item(who, "unplaced").await;
    cadre.decide(&item, "place", json!({ "value": stays })).await.ok();
    let (phone, _) = loaded(&county, "梁少芳").await;
    assert!(phone.holds(who));
    tests::verify(&county).await;
}
