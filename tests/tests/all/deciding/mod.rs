//! What cadres decide, and what becomes of it on every phone: played over HTTP on both databases.

mod gone;
mod held;
mod items;
mod moving;

use serde_json::Value;
use tests::console::Console;
use tests::county::County;
use tests::phone::Phone;
use uuid::Uuid;

/// A worker's phone that holds all that is there.
async fn loaded(county: &County, worker: &str) -> Phone {
    let mut phone = county.phone(worker).await;
    phone.sync().await;
    phone
}

/// The record as a console reads it.
async fn read(console: &Console, resident: Uuid) -> Value {
    console.get(&format!("/api/v1/residents/{resident}")).await.ok()
}

/// The fields of one step of the history after another, as `kind by: key from → to`.
async fn history(console: &Console, resident: Uuid) -> Vec<String> {
    let history = console
        .get(&format!("/api/v1/residents/{resident}/history"))
        .await
        .ok();
    let mut lines = Vec::new();
    for step in history["steps"].as_array().unwrap() {
        for change in step["changes"].as_array().unwrap() {
            lines.push(format!(
                "{} {}: {} {} → {}",
                step["kind"].as_str().unwrap(),
                step["by"].as_str().unwrap_or("?"),
                change["key"].as_str().unwrap(),
                change["from"],
                change["to"],
            ));
        }
    }
    lines
}

/// Kind and reason of the drops and notices that a phone heard, in their order.
fn told(phone: &Phone, kind: &str) -> Vec<String> {
    let member = if kind == "drop" { "reason" } else { "code" };
    phone
        .heard(kind)
        .iter()
        .map(|item| item[member].as_str().unwrap_or("?").to_owned())
        .collect()
}
