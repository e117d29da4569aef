//! Two people decide one item in the same second: one decision counts, and the other hears whose it was.

use serde_json::{Value, json};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::phone::Phone;
use uuid::Uuid;

tests::on_both!(
    two_cadres_decide_one_item_in_the_same_second,
    what_the_item_shows_changed_meanwhile,
    the_same_approval_is_sent_twice,
);

/// 黄秋菊, whom 梁少芳 reports as moved to Foshan; both cadres have the item open.
pub(super) struct Case {
    pub county: County,
    pub resident: Uuid,
    pub phone: Phone,
    pub cadres: [Console; 2],
    pub item: Value,
}

impl Case {
    pub(super) async fn on(county: County) -> Case {
        let resident = county
            .a_resident("黄秋菊")
            .number("440784194802262463")
            .phone("13900078441")
            .made()
            .await;
        let mut phone = county.phone("梁少芳").await;
        phone.sync().await;
        let report = json!({ "kind": "moved_out", "place": "佛山", "text": "迁往佛山" });
        let edit = phone.edit(resident).part("report", report).done();
        phone.sync().await;
        assert_eq!(phone.outcome(edit), "proposed");
        let cadres = [county.console("陆桂英").await, county.console("何伟民").await];
        let item = cadres[0].item(resident, "departure").await;
        assert_eq!(cadres[1].item(resident, "departure").await, item);
        Case {
            county,
            resident,
            phone,
            cadres,
            item,
        }
    }

    /// What became of the person, as the villages' list and the first cadre see it.
    pub(super) async fn life_status(&self) -> Value {
        let path = format!("/api/v1/residents/{}", self.resident);
        self.cadres[0].get(&path).await.ok()["fields"]["life_status"].clone()
    }

    /// Steps of the record's history that are decisions.
    pub(super) async fn decisions(&self) -> Vec<Value> {
        let path = format!("/api/v1/residents/{}/history", self.resident);
        let steps = self.cadres[0].get(&path).await.ok();
        let steps = steps["steps"].as_array().unwrap().clone();
        steps
            .into_iter()
            .filter(|step| step["kind"] == "decision")
            .collect()
    }
}

/// inbox-1: one approves, within 5 ms the other rejects.
async fn two_cadres_decide_one_item_in_the_same_second(database: Database) {
    let mut county = Some(County::start(database).await);
    let mut winners = [0, 0];
    for round in 0..6 {
        let mut case = Case::on(county.take().unwrap()).await;
        let [first, second] = &case.cadres;
        let approve = first.decide(&case.item, "approve", json!({}));
        let reject = second.decide(&case.item, "reject", json!({ "reason": "只是走亲戚" }));
        let answers = match round % 2 {
            0 => tokio::join!(approve, reject),
            _ => {
                let (reject, approve) = tokio::join!(reject, approve);
                (approve, reject)
            }
        };
        let (names, choices) = (["陆桂英", "何伟民"], ["approve", "reject"]);
        let (won, lost) = match (answers.0.status, answers.1.status) {
            (200, 409) => (0, &answers.1),
            (409, 200) => (1, &answers.0),
            both => panic!("{both:?}: {} {}", answers.0.text(), answers.1.text()),
        };
        winners[won] += 1;
        let told = lost.json();
        assert_eq!(told["code"], "already_decided");
        assert_eq!(
            (&told["present"]["by"], &told["present"]["choice"]),
            (&json!(names[won]), &json!(choices[won]))
        );
        let at = told["present"]["at"].as_str().unwrap();
        assert!(domain::Instant::parse(at).is_some(), "{at}");

        // The effect is there once.
        let status = if won == 0 { json!("moved_out") } else { Value::Null };
        assert_eq!(case.life_status().await, status);
        assert_eq!(case.decisions().await.len(), 1);
        let mut waiting = case.cadres[1].waiting(case.resident).await;
        // Every round makes the same person anew, which is asked about by itself.
        waiting.retain(|item| !item.starts_with("possible_duplicate"));
        assert_eq!(waiting, [""; 0]);
        case.phone.sync().await;
        assert_eq!(case.phone.holds(case.resident), won == 1);
        let drops = case.phone.heard("drop");
        let own = drops
            .iter()
            .filter(|drop| drop["resident"] == case.resident.to_string());
        assert_eq!(own.count(), usize::from(won == 0));
        let heard = case.phone.heard("decision");
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(
            (&heard[0]["decision"], &heard[0]["by"]),
            (&json!(choices[won]), &json!(names[won]))
        );
        // Whoever lost and tries again, or sends the same again, hears the same.
        let again = case.cadres[1 - won].decide(&case.item, choices[1 - won], json!({ "reason": "再试" }));
        assert_eq!(again.await.code(), "409 already_decided");
        county = Some(case.county);
    }
    assert_eq!(winners.iter().sum::<i32>(), 6);
}

/// Variant b: between opening and approving another worker's edit changed the item.
async fn what_the_item_shows_changed_meanwhile(database: Database) {
    let case = Case::on(County::start(database).await).await;
    let mut other = case.county.phone("吕小燕").await;
    other.sync().await;
    other.edit(case.resident).report("not_found").done();
    other.sync().await;
    let [cadre, _] = &case.cadres;
    let edit = case.item["content"]["sides"][0]["edit"].clone();
    let old = cadre.decide(&case.item, "approve", json!({ "edit": edit })).await;
    assert_eq!(old.code(), "409 changed_meanwhile");
    let newer = cadre.item(case.resident, "departure").await;
    assert_eq!(old.json()["present"]["n"], newer["n"]);
    assert!(newer["n"].as_i64() > case.item["n"].as_i64());
    assert_eq!(newer["content"]["sides"].as_array().unwrap().len(), 2);
    assert_eq!(case.life_status().await, Value::Null, "nothing happened");
    cadre
        .decide(&newer, "approve", json!({ "edit": edit }))
        .await
        .ok();
    assert_eq!(case.life_status().await, "moved_out");
}

/// Variant c: the answer was lost, or the button pressed twice.
async fn the_same_approval_is_sent_twice(database: Database) {
    let mut case = Case::on(County::start(database).await).await;
    let [cadre, other] = &case.cadres;
    let id = Uuid::now_v7();
    let sent = || cadre.decide_as(id, &case.item, "approve", json!({}));
    let first = sent().await.ok();
    assert_eq!(first["repeat"], false);
    for _ in 0..2 {
        let again = sent().await.ok();
        assert_eq!(again["repeat"], true);
        for member in ["choice", "by", "at"] {
            assert_eq!(again[member], first[member], "{member}");
        }
    }
    assert_eq!(case.decisions().await.len(), 1);
    // The id is the client's own: other content under it, or another person with it, is no repetition.
    let changed = cadre
        .decide_as(id, &case.item, "reject", json!({ "reason": "改主意" }))
        .await;
    assert_eq!(changed.code(), "409 id_reused");
    let stolen = other.decide_as(id, &case.item, "approve", json!({})).await;
    assert_eq!(stolen.code(), "409 id_reused");
    case.phone.sync().await;
    assert_eq!(case.phone.heard("decision").len(), 1);
    assert_eq!(case.phone.heard("drop").len(), 1);
}
