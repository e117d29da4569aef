//! Two people write one field without seeing each other.

use serde_json::{Value, json};
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

/// conflict-1: one writes, one clears, one writes something else.
async fn one_writes_one_clears_one_writes_something_else(database: Database) {
    let county = County::start(database).await;
    for order in [[0, 1, 2], [2, 1, 0]] {
        let qiuju = county.a_resident("黄秋菊").phone("13900078441").made().await;
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
        cadre.decide(&item, "choose", json!({ "clear": true })).await.ok();
        sync(&mut phones, &[0, 1, 2]).await;
        assert_eq!(in_conflict(&phones, qiuju, "phone"), [""; 0]);
        assert_eq!(phones[0].shows(qiuju, "phone"), Value::Null);
        assert_eq!(cadre.waiting(qiuju).await, [""; 0]);
    }
    tests::verify(&county).await;
}

/// conflict-2: two first notes on a person who never had one.
async fn two_first_notes_on_a_person_who_never_had_one(database: Database) {
    let county = County::start(database).await;
    let haocai = county.a_resident("温好彩").made().await;
    let mut phones = phones(&county, ["梁少芳", "吕小燕"]).await;
    phones[0].edit(haocai).set("remarks", "左眼失明，右眼0.3").done();
    let second = phones[1].edit(haocai).set("remarks", "每周三透析").done();
    sync(&mut phones, &[0, 1, 0]).await;

    let [a, b] = &phones;
    assert_eq!(b.outcome(second), "merged");
    let text = a.shows(haocai, "remarks");
    let text = text.as_str().unwrap();
    assert!(
        text.contains("左眼失明，右眼0.3") && text.contains("每周三透析"),
        "{text}"
    );
    assert_eq!(a.record(haocai), b.record(haocai));
    let cadre = county.console("陆桂英").await;
    assert_eq!(cadre.waiting(haocai).await, [""; 0], "neither deleted anything");
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
        a.edit(jindi).remove("needs", &["轮椅"]).done();
        if confirms {
            b.edit(jindi).confirm(&["needs"]).done();
        } else {
            b.edit(jindi).add("needs", &["轮椅", "护理床"]).done();
        }
        let order = if first_is_a { [0, 1, 0] } else { [1, 0, 1] };
        sync(&mut phones, &order).await;
        assert_eq!(in_conflict(&phones, jindi, "needs"), ["轮椅"]);
        let shown = phones[0].shows(jindi, "needs");
        assert!(shown.as_array().unwrap().contains(&json!("送餐")), "{shown}");
        let cadre = county.console("陆桂英").await;
        assert_eq!(cadre.waiting(jindi).await, ["conflict needs"]);
    }
    tests::verify(&county).await;
}

tests::on_both!(
    one_writes_one_clears_one_writes_something_else,
    two_first_notes_on_a_person_who_never_had_one,
    one_says_it_is_no_longer_needed_the_other_that_it_still_is,
);
