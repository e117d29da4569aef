//! Attempts at one item beyond the first that counts: the same decision at the same time, a record that changed
//! while the item was open, and the trace that every attempt leaves.

use super::decisions::Case;
use entity::audit;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tests::client::Answer;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    the_same_approval_arrives_twice_at_once,
    another_edit_changes_what_the_item_shows,
    every_attempt_is_one_audit_row,
);

/// inbox-1, variant c, without the first answer having been given.
async fn the_same_approval_arrives_twice_at_once(database: Database) {
    let mut county = Some(County::start(database).await);
    for _ in 0..4 {
        let case = Case::on(county.take().unwrap()).await;
        let id = Uuid::now_v7();
        let sent = || case.cadres[0].decide_as(id, &case.item, "approve", json!({}));
        let (one, two, three) = tokio::join!(sent(), sent(), sent());
        let answers: Vec<Value> = [one, two, three].iter().map(Answer::ok).collect();
        let mut repeats: Vec<&Value> = answers.iter().map(|answer| &answer["repeat"]).collect();
        repeats.sort_by_key(|repeat| repeat.as_bool());
        assert_eq!(repeats, [&json!(false), &json!(true), &json!(true)]);
        for answer in &answers {
            for member in ["choice", "by", "at"] {
                assert_eq!(answer[member], answers[0][member], "{member}");
            }
        }
        assert_eq!(case.decisions().await.len(), 1);
        county = Some(case.county);
    }
}

/// inbox-1, variant b, as the story has it: a second worker's edit of the phone number while the item is open.
async fn another_edit_changes_what_the_item_shows(database: Database) {
    let case = Case::on(County::start(database).await).await;
    let mut other = case.county.phone("吕小燕").await;
    other.sync().await;
    other.edit(case.resident).set("phone", "13900078442").done();
    other.sync().await;
    let [cadre, _] = &case.cadres;
    let old = cadre.decide(&case.item, "approve", json!({})).await;
    assert_eq!(old.code(), "409 changed_meanwhile");
    assert_eq!(case.life_status().await, Value::Null, "nothing happened");
    let newer = cadre.item(case.resident, "departure").await;
    assert!(newer["n"].as_i64() > case.item["n"].as_i64());
    cadre.decide(&newer, "approve", json!({})).await.ok();
}

/// inbox-1: one audit row for each attempt, whoever won.
async fn every_attempt_is_one_audit_row(database: Database) {
    let case = Case::on(County::start(database).await).await;
    let [first, second] = &case.cadres;
    let reject = json!({ "reason": "只是走亲戚" });
    let (one, two) = tokio::join!(
        first.decide(&case.item, "approve", json!({})),
        second.decide(&case.item, "reject", reject),
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    for (name, answer) in [("陆桂英", one), ("何伟民", two)] {
        let account = case.county.account(name).await;
        let rows = audit::Entity::find()
            .filter(audit::Column::Account.eq(account))
            .filter(audit::Column::Action.contains("decide"));
        let rows = rows.all(case.county.program.db.read()).await.unwrap();
        assert_eq!(rows.len(), 1, "{name} was answered {}", answer.status);
        assert_eq!(
            rows[0].outcome == "done",
            answer.status == 200,
            "{name}: {}",
            rows[0].outcome
        );
    }
}
