//! Whole grids and people from one worker to another, each as one operation, seen from both phones.

mod again;
mod grids;
mod late;
mod moved;

use serde_json::Value;
use tests::console::Console;
use tests::county::County;
use tests::phone::Phone;
use uuid::Uuid;

/// A phone with its first load, and its registration's id.
async fn loaded(county: &County, worker: &str) -> (Phone, Uuid) {
    let installation = Uuid::now_v7().simple().to_string();
    let signed_in = county.sign_in(worker, Some(&installation)).await;
    let client = county
        .client
        .with_token(signed_in["access_token"].as_str().unwrap());
    let mut phone = Phone::new(client, county.program.catalogue.version.into());
    phone.sync().await;
    (
        phone,
        signed_in["device"]["id"].as_str().unwrap().parse().unwrap(),
    )
}

/// What a phone was told of one kind: reasons of drops, codes of notices.
fn told<'a>(phone: &'a Phone, kind: &str) -> Vec<&'a str> {
    let heard = phone.heard(kind).into_iter();
    heard
        .map(|item| item.get("reason").or(item.get("code")).unwrap().as_str().unwrap())
        .collect()
}

/// The phones that were told to drop something and have not said that they did: worker and how many records.
async fn undropped(console: &Console) -> Vec<(String, i64)> {
    let page = console.get("/api/v1/phones?undropped=true").await.ok();
    let phones = page["items"].as_array().unwrap().iter();
    phones
        .map(|phone| {
            (
                phone["worker"].as_str().unwrap().to_owned(),
                number(&phone["undropped"]),
            )
        })
        .collect()
}

#[track_caller]
fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}
