//! Clues, and visits that they ask for, go with whoever is merged, and come back when the merge is undone.

use super::whole_loop::{allowance, deaths, items};
use super::{clues, hand_in, night, told, worker};
use entity::visit_task;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::phone::Phone;
use uuid::Uuid;

tests::on_both!(
    a_clue_follows_a_merge_and_comes_back,
    a_visit_to_the_survivor_answers
);

/// Somebody whose clue was sent to a worker, and somebody else who is the same person.
struct Sent {
    county: County,
    runner: api::jobs::Runner,
    cadre: Console,
    phone: Phone,
    clue: Value,
    /// Who has the clue.
    absorbed: Uuid,
    survivor: Uuid,
}

impl Sent {
    async fn new(database: Database) -> Sent {
        let county = County::start(database).await;
        let runner = worker(&county.program).await;
        let cadre = county.console("陆桂英").await;
        let mut phone = county.phone("梁少芳").await;
        let survivor = county.a_resident("何一辛").in_grid("良围一格").made().await;
        let people = [("何一新", 1)];
        hand_in(&county, "old_age_allowance", "2026-10", &allowance(&people)).await;
        hand_in(&county, "deaths", "2026-11", &deaths(&people)).await;
        let item = items(&cadre).await.remove(0);
        let to = json!({ "value": county.account("梁少芳").await });
        cadre.decide(&item, "send", to).await.ok();
        phone.sync().await;
        let clue = clues(&cadre, "").await.remove(0);
        let absorbed = clue["resident"].as_str().unwrap().parse().unwrap();
        Sent {
            county,
            runner,
            cadre,
            phone,
            clue,
            absorbed,
            survivor,
        }
    }

    async fn version(&self, who: Uuid) -> Value {
        let seen = self.cadre.get(&format!("/api/v1/residents/{who}")).await.ok();
        seen["version"].clone()
    }

    async fn merge(&self) {
        let body = json!({
            "id": Uuid::now_v7(), "absorbed": self.absorbed, "version": self.version(self.survivor).await,
            "absorbed_version": self.version(self.absorbed).await, "reason": "核实是同一人",
        });
        let path = format!("/api/v1/residents/{}/merge", self.survivor);
        self.cadre.post(&path, &body).await.ok();
    }

    async fn part(&self) {
        let base = self.version(self.survivor).await;
        let body = json!({ "id": Uuid::now_v7(), "base": base, "reason": "核实是两个人" });
        let path = format!("/api/v1/residents/{}/unmerge", self.absorbed);
        self.cadre.post(&path, &body).await.ok();
    }

    /// The one clue and the one task stand with this person, whatever the rules find meanwhile.
    async fn stand_with(&self, who: Uuid, expected: &str) {
        for _ in 0..2 {
            let all = clues(&self.cadre, "").await;
            assert_eq!(told(&all), [expected]);
            assert_eq!(all[0]["id"], self.clue["id"]);
            assert_eq!(all[0]["resident"], who.to_string());
            let db = self.county.program.db.read();
            let tasks = visit_task::Entity::find().all(db).await.unwrap();
            assert_eq!(tasks.len(), 1);
            assert_eq!(tasks[0].resident, Some(who));
            night(&self.county.program).await;
        }
    }

    /// The worker goes there because of the task.
    async fn visit(&mut self, who: Uuid) {
        self.phone.sync().await;
        let task = self.phone.heard("task").last().unwrap()["task"].clone();
        let visit = json!({
            "means": "neighbour", "outcome": "not_at_home", "at": "2026-11-28T01:00:00Z", "text": "已去世",
            "task": { "id": task, "finding": "confirmed" },
        });
        self.phone.edit(who).part("visit", visit).done();
        self.phone.sync().await;
        assert_eq!(self.phone.heard("task").last().unwrap()["state"], "done");
    }

    async fn end(self) {
        self.runner.stop().await;
        tests::verify::agrees(&self.county.program).await;
    }
}

async fn a_clue_follows_a_merge_and_comes_back(database: Database) {
    let mut sent = Sent::new(database).await;
    let (absorbed, survivor) = (sent.absorbed, sent.survivor);
    sent.stand_with(absorbed, "deceased_on_elder 何一新 sent").await;
    sent.merge().await;
    sent.stand_with(survivor, "deceased_on_elder 何一新 sent").await;
    sent.part().await;
    sent.stand_with(absorbed, "deceased_on_elder 何一新 sent").await;
    sent.visit(absorbed).await;
    sent.stand_with(absorbed, "deceased_on_elder 何一新 confirmed")
        .await;
    sent.end().await;
}

async fn a_visit_to_the_survivor_answers(database: Database) {
    let mut sent = Sent::new(database).await;
    let (absorbed, survivor) = (sent.absorbed, sent.survivor);
    sent.merge().await;
    sent.visit(survivor).await;
    sent.stand_with(survivor, "deceased_on_elder 何一新 confirmed")
        .await;
    sent.part().await;
    sent.stand_with(absorbed, "deceased_on_elder 何一新 confirmed")
        .await;
    sent.end().await;
}
