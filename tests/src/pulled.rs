//! A roster as a reader pulls it and keeps it up to date with the changes since.

use crate::client::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows by resident.
pub type Roster = BTreeMap<String, Value>;

/// The whole roster, and the cursor of its state.
pub async fn whole(who: &Client, category: &str) -> (Roster, String) {
    let wanted = json!({ "category": category, "format": "ndjson", "purpose": "核对" });
    let answer = who.post("/api/v1/rosters/export", &wanted).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let cursor = answer.header("x-roster-cursor").unwrap().to_owned();
    (rows(&answer.text()), cursor)
}

/// The rows of a file of NDJSON.
pub fn rows(text: &str) -> Roster {
    let mut out = Roster::new();
    for line in text.lines() {
        let mut row: Value = serde_json::from_str(line).unwrap();
        if let Some(id) = row["resident"].as_str().map(str::to_owned) {
            row.as_object_mut().unwrap().remove("changed_meanwhile");
            assert!(out.insert(id, row).is_none(), "twice: {line}");
        }
    }
    out
}

/// One page of changes since a cursor; `more` is put behind the query.
pub async fn page(who: &Client, category: &str, cursor: &str, more: &str) -> Value {
    let path = format!("/api/v1/rosters/changes?category={category}&purpose=check&cursor={cursor}{more}");
    who.get(&path).await.ok()
}

/// Brings a page of changes into a roster.
pub fn apply(roster: &mut Roster, page: &Value) {
    for item in page["items"].as_array().unwrap() {
        let id = item["resident"].as_str().unwrap().to_owned();
        match item["change"].as_str().unwrap() {
            "left" => _ = roster.remove(&id),
            _ => _ = roster.insert(id, item["row"].clone()),
        }
    }
}

/// Brings a roster up to date, some changes at a time.
pub async fn keep_up(who: &Client, category: &str, roster: &mut Roster, cursor: &mut String, limit: u32) {
    loop {
        let page = page(who, category, cursor, &format!("&limit={limit}")).await;
        apply(roster, &page);
        *cursor = page["cursor"].as_str().unwrap().to_owned();
        if page["more"] != true {
            return;
        }
    }
}
