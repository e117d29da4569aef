//! People who are moved while a phone is away: hand-over-1, and several at once.

use super::{loaded, told, undropped};
use entity::holding;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    moved_away_and_back_while_the_phone_was_off,
    a_late_word_of_a_drop_closes_nothing_new,
    two_hand_overs_while_the_phone_is_off,
    several_people_are_moved_at_once
);

const DAY: i64 = 24 * 3600 * 1000;

async fn moves(county: &County, resident: Uuid, from: &str, to: &str) {
    let admin = county.console("区划管理员").await;
    let body = json!({
        "id": Uuid::now_v7(), "from": county.place(from), "to": county.place(to), "reason": "调整",
    });
    admin
        .post(&format!("/api/v1/residents/{resident}/moves"), &body)
        .await
        .ok();
}

/// Holdings of a person on a device, oldest first: whether each was ended, and whether its drop was confirmed.
async fn holdings(county: &County, device: Uuid, resident: Uuid) -> Vec<(bool, bool)> {
    let rows = holding::Entity::find()
        .filter(holding::Column::Device.eq(device))
        .filter(holding::Column::Resident.eq(resident))
        .order_by_asc(holding::Column::Number);
    let rows = rows.all(county.program.db.read()).await.unwrap();
    rows.iter()
        .map(|row| (row.to_at.is_some(), row.dropped_at.is_some()))
        .collect()
}

/// hand-over-1.
async fn moved_away_and_back_while_the_phone_was_off(database: Database) {
    let county = County::start(database).await;
    let (one, two) = ("良围一格", "良围二格");
    let resident = county.a_resident("麦锦棠").phone("13900078400").made().await;
    let (mut a, device) = loaded(&county, "梁少芳").await;
    let (mut b, other) = loaded(&county, "冯国强").await;
    moves(&county, resident, one, two).await;
    b.sync().await;
    assert!(b.holds(resident));
    assert_eq!(holdings(&county, device, resident).await, [(true, false)]);
    moves(&county, resident, two, one).await;
    let cadre = county.console("陆桂英").await;
    let version = cadre.get(&format!("/api/v1/residents/{resident}")).await.ok()["version"].clone();
    let edit = json!({
        "id": Uuid::now_v7(), "base": version, "fields": { "phone": { "was": "13900078400", "now": "13900078423" } },
    });
    cadre
        .post(&format!("/api/v1/residents/{resident}/edits"), &edit)
        .await
        .ok();

    a.sync().await;
    assert!(
        told(&a, "drop").is_empty(),
        "a drop that was not fetched is withdrawn"
    );
    assert_eq!(a.shows(resident, "phone"), "13900078423");
    b.sync().await;
    assert!(!b.holds(resident));
    assert_eq!(told(&b, "drop"), ["moved"]);
    a.sync().await;
    assert!(a.holds(resident), "it never ends without the person");
    // Held until it was moved, and again since it came back.
    assert_eq!(
        holdings(&county, device, resident).await,
        [(true, true), (false, false)]
    );
    assert_eq!(holdings(&county, other, resident).await, [(true, true)]);
    assert!(undropped(&county.console("区划管理员").await).await.is_empty());
}

/// hand-over-1, variant b.
async fn a_late_word_of_a_drop_closes_nothing_new(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("麦锦棠").phone("13900078400").made().await;
    let (mut a, device) = loaded(&county, "梁少芳").await;
    moves(&county, resident, "良围一格", "良围二格").await;
    // The drop comes, the phone carries it out; what it says of it does not arrive before the person is back.
    a.exchange().await;
    assert!(!a.holds(resident));
    moves(&county, resident, "良围二格", "良围一格").await;
    a.sync().await;
    assert!(a.holds(resident));
    let all = holdings(&county, device, resident).await;
    assert_eq!(all, [(true, true), (false, false)], "the new holding is open");
    a.sync().await;
    assert_eq!(holdings(&county, device, resident).await, all);
}

async fn two_hand_overs_while_the_phone_is_off(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let (mut a, _) = loaded(&county, "梁少芳").await;
    let (mut b, _) = loaded(&county, "冯国强").await;
    let (mut c, _) = loaded(&county, "任国华").await;
    let edit = a.edit(resident).set("phone", "13900078442").done();
    a.edit(resident).report("moved_out").done();
    moves(&county, resident, "良围一格", "良围二格").await;
    moves(&county, resident, "良围二格", "仙溪一格").await;
    c.sync().await;
    assert!(c.holds(resident));
    a.sync().await;
    assert_eq!((a.outcome(edit), told(&a, "drop")), ("proposed", vec!["moved"]));
    b.sync().await;
    assert!(
        !b.holds(resident) && told(&b, "drop").is_empty(),
        "it never had the person"
    );
    // What the first worker typed waits where the person is now, and only there.
    let (here, before) = (county.console("任仲文").await, county.console("陆桂英").await);
    assert_eq!(
        here.waiting(resident).await,
        ["departure life_status", "proposal phone"]
    );
    assert_eq!(before.waiting(resident).await, [""; 0]);
    // A second phone of the first worker, off for 90 days, comes after all that.
    county.program.clock.advance(DAY);
    tests::verify(&county).await;
}

async fn several_people_are_moved_at_once(database: Database) {
    let county = County::start(database).await;
    let mut people = Vec::new();
    for n in 0..12 {
        people.push(county.a_resident(&format!("黎阿{n}")).made().await);
    }
    let (mut a, _) = loaded(&county, "梁少芳").await;
    let (mut b, _) = loaded(&county, "冯国强").await;
    let cadre = county.console("陆桂英").await;
    let body = json!({
        "id": Uuid::now_v7(), "residents": people[..10], "to": county.place("良围二格"), "reason": "调整",
    });
    assert_eq!(
        cadre.post("/api/v1/moves", &body).await.ok(),
        json!({ "moved": 10 })
    );
    assert_eq!(
        cadre.post("/api/v1/moves", &body).await.ok(),
        json!({ "moved": 0 }),
        "repeated"
    );
    assert_eq!(undropped(&cadre).await, [("梁少芳".to_owned(), 10)]);
    a.sync().await;
    b.sync().await;
    assert_eq!(told(&a, "drop").len(), 10);
    assert_eq!(told(&b, "notice"), ["residents_arrived"]);
    assert!(people[..10].iter().all(|id| b.holds(*id) && !a.holds(*id)));
    assert!(people[10..].iter().all(|id| a.holds(*id)));
    assert!(undropped(&cadre).await.is_empty());
    tests::verify(&county).await;
}
