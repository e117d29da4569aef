//! A phone that asks when there is nothing new: the short way of the server says what the long way says, and whatever is new
//! ends it.

use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(the_short_way_says_what_the_long_one_says, what_is_new_is_sent);

/// Everything of an answer but the clock and the cursor, which is sealed anew each time.
fn said(mut answer: Value) -> Value {
    let answer = answer.as_object_mut().unwrap();
    answer.remove("now");
    answer.remove("cursor");
    Value::Object(std::mem::take(answer))
}

async fn the_short_way_says_what_the_long_one_says(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黎阿妹").made().await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    phone.edit(resident).set("remarks", "下午在家").done();
    phone.sync().await;
    let ask = json!({ "catalogue": 1, "cursor": phone.cursor() });
    // A confirmed drop that nobody asked for changes nothing, but is something to write.
    let mut long = ask.clone();
    long["dropped"] = json!([[Uuid::nil(), 1]]);
    let short = phone.send_raw(&ask).await.ok();
    let long = phone.send_raw(&long).await.ok();
    let grid = county.place("良围一格").to_string();
    assert_eq!(short["grids"][&grid]["count"], 1);
    assert_eq!(short["standing"]["through"], 1);
    assert_eq!(short["items"], json!([]));
    let again = json!({ "catalogue": 1, "cursor": short["cursor"] });
    assert_eq!(said(short), said(long));
    assert_eq!(
        phone.send_raw(&again).await.ok()["items"],
        json!([]),
        "its cursor is good"
    );
}

async fn what_is_new_is_sent(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黎阿妹").made().await;
    let mut phone = county.phone("梁少芳").await;
    let mut other = county.phone("吕小燕").await;
    phone.sync().await;
    phone.sync().await;
    other.sync().await;
    let cursor = json!({ "catalogue": 1, "cursor": phone.cursor() });
    other.edit(resident).set("phone", "13900078404").done();
    other.sync().await;
    let answer = phone.send_raw(&cursor).await.ok();
    assert_eq!(answer["items"][0]["resident"], json!(resident));
    // Somebody who comes, and what concerns this phone alone.
    let second = county.a_resident("谭国强").made().await;
    let answer = phone.send_raw(&cursor).await.ok();
    let items = answer["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["resident"] == json!(second)));
    assert_eq!(answer["grids"][county.place("良围一格").to_string()]["count"], 2);
}
