//! Two people write one field without seeing each other.

use super::catalogue::versions;
use crate::exports::{Act, act};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::phone::Phone;
use uuid::Uuid;

/// Phones sync one after the other, by their places.
async fn sync(phones: &mut [Phone], order: &[usize]) {
    for place in order {
        phones[*place].sync().await;
    }
}

/// Phones of workers of 良围一格, who hold all that is there.
async fn phones<const N: usize>(county: &County, workers: [&str; N]) -> [Phone; N] {
    let mut phones = Vec::new();
    for worker in workers {
        let mut phone = county.phone(worker).await;
        phone.sync().await;
        phones.push(phone);
    }
    phones
        .try_into()
        .unwrap_or_else(|_| unreachable!("a phone for each worker"))
}

/// Values that every phone shows in conflict, the same on all of them, sorted.
#[track_caller]
fn in_conflict(phones: &[Phone], resident: Uuid, key: &str) -> Vec<String> {
    let mut shown: Vec<Vec<String>> = phones.iter().map(|phone| phone.conflict(resident, key)).collect();
    shown.iter_mut().for_each(|values| values.sort());
    shown.dedup();
    assert_eq!(shown.len(), 1, "all phones show the same");
    shown.remove(0)
}

async fn history(cadre: &Console, resident: Uuid) -> Vec<Value> {
    let history = cadre
        .get(&format!("/api/v1/residents/{resident}/history"))
        .await
        .ok();
    history["steps"].as_array().unwrap().clone()
}

/// What a roster's line about somebody in dispute says is in dispute.
async fn disputed(county: &County, name: &str) -> String {
    let admin = county.console("区划管理员").await;
    let wanted = json!({
        "category": "low_income", "division": county.place("鹤山市"), "format": "csv", "purpose": "核对",
    });
    let csv = admin.post("/api/v1/rosters/export", &wanted).await.text();
    let mut lines = csv.lines();
    let header = lines.find(|line| line.contains("争议字段")).unwrap();
    let place = header.split(',').position(|cell| cell == "争议字段").unwrap();
    let cells = lines.filter(|line| line.contains(name));
    let cells = cells.map(|line| line.split(',').nth(place).unwrap().to_owned());
    cells.collect()
}

/// conflict-1: one writes, one clears, one writes something else.
async fn one_writes_one_clears_one_writes_something_else(database: Database) {
    let county = County::start(database).await;
    for order in [[0, 1, 2], [2, 1, 0]] {
        let qiuju = county.a_resident("黄秋菊").phone("13900078441").made().await;
        act(&county, qiuju, Act::Join).await;
        let mut phones = phones(&county, ["梁少芳", "吕小燕", "梁少芳"]).await;
        let edits = [
            phones[0].edit(qiuju).set("phone", "13900078442").done(),
            phones[1].edit(qiuju).clear("phone").done(),
            phones[2].edit(qiuju).set("phone", "13900078443").done(),
        ];
        for (place, phone) in order.into_iter().enumerate() {
            phones[phone].sync().await;
            let expected = if place == 0 { "merged" } else { "conflict" };
            assert_eq!(
                phones[phone].outcome(edits[phone]),
                expected,
                "number {place} of {order:?}"
            );
        }
        sync(&mut phones, &[0, 1, 2]).await;
        assert_eq!(
            in_conflict(&phones, qiuju, "phone"),
            ["13900078442", "13900078443", "null"]
        );

        let cadre = county.console("陆桂英").await;
        assert_eq!(cadre.waiting(qiuju).await, ["conflict phone"]);
        let item = cadre.item(qiuju, "conflict").await;
        let sides = item["content"]["sides"].as_array().unwrap();
        assert_eq!(sides.len(), 3);
        for (edit, worker) in edits.iter().zip(["梁少芳", "吕小燕", "梁少芳"]) {
            let side = sides.iter().find(|side| side["edit"] == json!(edit)).unwrap();
            assert_eq!(side["by"], worker);
            assert!(side["at"].is_string(), "{side}");
        }
        let label = county.program.catalogue.field("phone").unwrap().label;
        assert_eq!(disputed(&county, "黄秋菊").await, label);
        cadre.decide(&item, "choose", json!({ "clear": true })).await.ok();
        sync(&mut phones, &[0, 1, 2]).await;
        assert_eq!(in_conflict(&phones, qiuju, "phone"), [""; 0]);
        assert_eq!(phones[0].shows(qiuju, "phone"), Value::Null);
        assert_eq!(cadre.waiting(qiuju).await, [""; 0]);
        assert_eq!(disputed(&county, "黄秋菊").await, "");
        // What was there first, three values, and who decided.
        let steps = history(&cadre, qiuju).await;
        assert_eq!(steps.len(), 5, "{steps:?}");
        assert!(
            edits
                .iter()
                .all(|edit| steps.iter().any(|step| step["edit"] == json!(edit))),
            "{steps:?}"
        );
        assert_eq!(
            steps.iter().filter(|step| step["by"] == "陆桂英").count(),
            1,
            "{steps:?}"
        );
    }
    tests::verify(&county).await;
}

/// conflict-2: two first notes on a person who never had one; also of a field that a later catalogue brought.
async fn two_first_notes_on_a_person_who_never_had_one(database: Database) {
    let county = County::on(TestApp::start_under(database, versions::at(4)).await).await;
    for note in ["remarks", "night_visits"] {
        let haocai = county.a_resident("温好彩").made().await;
        let mut phones = phones(&county, ["梁少芳", "吕小燕"]).await;
        let first = phones[0].edit(haocai).set(note, "左眼失明，右眼0.3").done();
        let second = phones[1].edit(haocai).set(note, "每周三透析").done();
        sync(&mut phones, &[0, 1, 0]).await;

        let [a, b] = &phones;
        assert_eq!(b.outcome(second), "merged");
        let text = a.shows(haocai, note);
        let text = text.as_str().unwrap();
        assert!(
            text.contains("左眼失明，右眼0.3") && text.contains("每周三透析"),
            "{text}"
        );
        assert_eq!(a.record(haocai), b.record(haocai));
        let cadre = county.console("陆桂英").await;
        assert_eq!(cadre.waiting(haocai).await, [""; 0], "neither deleted anything");
        let steps = history(&cadre, haocai).await;
        for (edit, worker) in [(first, "梁少芳"), (second, "吕小燕")] {
            let step = steps.iter().find(|step| step["edit"] == json!(edit)).unwrap();
            assert_eq!(step["by"], worker);
        }
    }
    tests::verify(&county).await;
}

/// conflict-3: one says it is no longer needed, the other that it still is.
async fn one_says_it_is_no_longer_needed_the_other_that_it_still_is(database: Database) {
    let county = County::start(database).await;
    for (first_is_a, confirms) in [(true, false), (false, false), (true, true)] {
        let jindi = county
            .a_resident("郭金娣")
            .having("needs", &["轮椅", "送餐"])
            .made()
            .await;
        let mut phones = phones(&county, ["梁少芳", "吕小燕"]).await;
        let [a, b] = &mut phones;
        let took_out = a.edit(jindi).remove("needs", &["轮椅"]).done();
        let said = match confirms {
            true => b.edit(jindi).confirm(&["needs"]).done(),
            false => b.edit(jindi).add("needs", &["轮椅", "护理床"]).done(),
        };
        let order = if first_is_a { [0, 1, 0] } else { [1, 0, 1] };
        sync(&mut phones, &order).await;
        assert_eq!(in_conflict(&phones, jindi, "needs"), ["轮椅"]);
        let shown = phones[0].shows(jindi, "needs");
        assert!(shown.as_array().unwrap().contains(&json!("送餐")), "{shown}");
        let cadre = county.console("陆桂英").await;
        assert_eq!(cadre.waiting(jindi).await, ["conflict needs"]);
        let side = &cadre.item(jindi, "conflict").await["content"]["sides"][0];
        assert_eq!(
            (&side["element"], &side["removed"], &side["said"]),
            (&json!("轮椅"), &json!([took_out]), &json!([said])),
            "{side}"
        );
        let steps = history(&cadre, jindi).await;
        let step = steps.iter().find(|step| step["edit"] == json!(said)).unwrap();
        assert!(confirms || step.to_string().contains("轮椅"), "{step}");
        assert_eq!(
            shown.as_array().unwrap().contains(&json!("护理床")),
            !confirms,
            "{shown}"
        );
    }
    tests::verify(&county).await;
}

tests::on_both!(
    one_writes_one_clears_one_writes_something_else,
    two_first_notes_on_a_person_who_never_had_one,
    one_says_it_is_no_longer_needed_the_other_that_it_still_is,
);
