//! Phones that hold something else than the server counts: found by digests, mended record by record.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::county::County;
use tests::database::Database;
use tests::on_both;

on_both!(
    what_a_phone_lacks_is_sent,
    equal_grids_are_not_sent_again,
    many_pages_hold_everybody
);

fn records(answer: &Value) -> BTreeSet<String> {
    let items = answer["items"].as_array().unwrap().iter();
    let records = items.filter(|item| item["kind"] == "record");
    records
        .map(|item| item["resident"].as_str().unwrap().to_owned())
        .collect()
}

async fn what_a_phone_lacks_is_sent(database: Database) {
    let county = County::start(database).await;
    let (first, second) = (
        county.a_resident("黎阿妹").made().await,
        county.a_resident("谭国强").made().await,
    );
    let elsewhere = county.a_resident("温好彩").in_grid("仙溪一格").made().await;
    let mut phone = county.phone("梁少芳").await;
    let answer = phone.exchange().await.unwrap();
    assert_eq!(answer["more"], false);
    let grid = county.place("良围一格").to_string();
    let version = phone.record(first)["version"].clone();
    // The cursor says that nothing is new; the phone says what it has: one of two, and a stranger.
    let request = json!({
        "catalogue": 1, "cursor": answer["cursor"],
        "have": { grid.as_str(): [[first, version], [elsewhere, "AAEAAAABAAAAAAAAAAA"]] },
    });
    let answer = phone.send_raw(&request).await.ok();
    assert_eq!(records(&answer), BTreeSet::from([second.to_string()]));
    let told = &answer["grids"][grid.as_str()];
    assert_eq!(told["fetch"], json!([second]));
    assert_eq!(told["remove"], json!([elsewhere]));
}

async fn equal_grids_are_not_sent_again(database: Database) {
    let county = County::start(database).await;
    county.a_resident("黎阿妹").made().await;
    let mut phone = county.phone("梁少芳").await;
    let answer = phone.exchange().await.unwrap();
    let grid = county.place("良围一格").to_string();
    let counted = json!({ "count": answer["grids"][grid.as_str()]["count"], "digest": answer["grids"][grid.as_str()]["digest"] });
    for (digests, expected) in [
        (json!({ grid.as_str(): counted }), 0),
        (
            json!({ grid.as_str(): { "count": 1, "digest": "0".repeat(32) } }),
            1,
        ),
        (json!({}), 1),
    ] {
        let answer = phone
            .send_raw(&json!({ "catalogue": 1, "digests": digests }))
            .await
            .ok();
        assert_eq!(records(&answer).len(), expected, "{digests}");
        assert_eq!(answer["more"], false);
    }
}

async fn many_pages_hold_everybody(database: Database) {
    let county = County::start(database).await;
    for n in 0..7 {
        county.a_resident(&format!("黎阿{n}")).made().await;
    }
    let phone = county.phone("梁少芳").await;
    let (mut cursor, mut all, mut pages) = (Value::Null, BTreeSet::new(), 0);
    loop {
        let answer = phone
            .send_raw(&json!({ "catalogue": 1, "limit": 3, "cursor": cursor }))
            .await
            .ok();
        let page = records(&answer);
        assert!(page.len() <= 3 && page.is_disjoint(&all), "{page:?}");
        all.extend(page);
        pages += 1;
        cursor = answer["cursor"].clone();
        if answer["more"] == false {
            break;
        }
        assert!(
            answer.get("grids").is_none_or(Value::is_null),
            "counts come at the end: {answer}"
        );
    }
    assert_eq!((all.len(), pages), (7, 3));
    let idle = phone
        .send_raw(&json!({ "catalogue": 1, "cursor": cursor }))
        .await
        .ok();
    assert_eq!(idle["items"], json!([]));
}
