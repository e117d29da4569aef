//! Somebody leaves a phone's grid at the very moment in which the phone is being answered.

use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use serde_json::json;
use std::time::Duration;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

/// The phone is not sent who has left, and asks once more at once: what the answer counts is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_meanwhile_is_not_sent_and_the_phone_asks_again() {
    let county = County::start(Database::postgres().await).await;
    let leaves = county.a_resident("黎阿妹").made().await;
    let stays = county.a_resident("陆润生").made().await;
    let (here, there) = (county.place("良围一格"), county.place("良围二格"));
    let mut phone = county.phone("梁少芳").await;
    let db = county.program.db.schema().clone();
    // A move that has its record's lock, and has not ended when the phone's page is read.
    let moving = db.begin().await.unwrap();
    put(&moving, leaves, there).await;
    let asking = tokio::spawn(async move {
        let answer = phone.exchange().await.unwrap();
        (phone, answer)
    });
    until_somebody_waits(&db).await;
    moving.commit().await.unwrap();
    let (mut phone, answer) = asking.await.unwrap();
    assert!(!phone.holds(leaves) && phone.holds(stays));
    assert_eq!(answer["more"], json!(true), "{answer}");
    // The feeds know nothing of a move that was made so: it is taken back.
    put(&db, leaves, here).await;
    phone.sync().await;
    assert!(phone.holds(leaves) && phone.holds(stays));
    tests::verify(&county).await;
}

async fn put<C: ConnectionTrait>(db: &C, resident: Uuid, grid: Uuid) {
    let sql = "UPDATE resident SET grid = $1 WHERE id = $2";
    let sql = Statement::from_sql_and_values(db.get_database_backend(), sql, [grid.into(), resident.into()]);
    db.execute_raw(sql).await.unwrap();
}

async fn until_somebody_waits<C: ConnectionTrait>(db: &C) {
    let sql = "SELECT 1 FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let sql = Statement::from_string(db.get_database_backend(), sql);
        if db.query_one_raw(sql).await.unwrap().is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
