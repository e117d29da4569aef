//! Two residents who are one person, two again, and people who may be one: over HTTP, on both databases.

mod alive;
mod damaged;
mod late;
mod listed;
mod merged;
mod parted;
mod twice;

use serde_json::{Value, json};
use tests::client::{Answer, Client};
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
async fn read(console: &Client, resident: Uuid) -> Value {
    console.get(&format!("/api/v1/residents/{resident}")).await.ok()
}

/// What merges `absorbed` into `survivor`, as both are now.
async fn asked(console: &Console, survivor: Uuid, absorbed: Uuid) -> Value {
    let version = async |id| read(console, id).await["version"].clone();
    json!({
        "id": Uuid::now_v7(), "absorbed": absorbed, "version": version(survivor).await,
        "absorbed_version": version(absorbed).await, "reason": "核实是同一人",
    })
}

async fn try_merge(console: &Console, survivor: Uuid, body: &Value) -> Answer {
    let path = format!("/api/v1/residents/{survivor}/merge");
    console.post(&path, body).await
}

async fn merge(console: &Console, survivor: Uuid, absorbed: Uuid) -> Value {
    let body = asked(console, survivor, absorbed).await;
    try_merge(console, survivor, &body).await.ok()
}

async fn part(console: &Console, survivor: Uuid, absorbed: Uuid) -> Value {
    let base = read(console, survivor).await["version"].clone();
    let body = json!({ "id": Uuid::now_v7(), "base": base, "reason": "核实是两个人" });
    let path = format!("/api/v1/residents/{absorbed}/unmerge");
    console.post(&path, &body).await.ok()
}

/// Notices and drops that a phone heard about somebody, by code or reason.
fn told(phone: &Phone, kind: &str, who: Uuid) -> Vec<String> {
    let member = if kind == "drop" { "reason" } else { "code" };
    let all = phone.heard(kind).into_iter();
    all.filter(|item| item["resident"] == who.to_string())
        .map(|item| item[member].as_str().unwrap().to_owned())
        .collect()
}
