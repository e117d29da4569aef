//! Somebody at a console: reads the inbox and decides.

use crate::client::{Answer, Client};
use serde_json::{Value, json};
use std::ops::Deref;
use uuid::Uuid;

pub struct Console {
    client: Client,
}

impl Console {
    /// `client` is signed in as the person.
    pub fn new(client: Client) -> Console {
        Console { client }
    }

    /// Turns to the program at another address, with the same token.
    pub fn moved_to(&mut self, other: &Client) {
        self.client = self.client.moved_to(other);
    }

    /// Open items of a resident, oldest first.
    pub async fn items(&self, resident: Uuid) -> Vec<Value> {
        let page = self.get(&format!("/api/v1/inbox?resident={resident}")).await.ok();
        page["items"].as_array().expect("a page has items").clone()
    }

    /// What waits on a resident, as `reason key`, sorted; a reason without a key stands alone.
    pub async fn waiting(&self, resident: Uuid) -> Vec<String> {
        let items = self.items(resident).await;
        let named = |item: &Value| {
            format!("{} {}", text(&item["reason"]), text(&item["key"]))
                .trim()
                .to_owned()
        };
        let mut waiting: Vec<String> = items.iter().map(named).collect();
        waiting.sort();
        waiting
    }

    /// The one open item of a reason on a resident.
    pub async fn item(&self, resident: Uuid, reason: &str) -> Value {
        let mut items = self.items(resident).await;
        items.retain(|item| item["reason"] == reason);
        assert_eq!(items.len(), 1, "open items of {reason}: {items:?}");
        items.remove(0)
    }

    /// Decides an item at the version in which it was read. `more` holds what the choice needs: `edit`, `value`,
    /// `clear`, `reason`.
    pub async fn decide(&self, item: &Value, choice: &str, more: Value) -> Answer {
        self.decide_as(Uuid::now_v7(), item, choice, more).await
    }

    /// The same under an id of the test's choice, as a client does that sends again.
    pub async fn decide_as(&self, id: Uuid, item: &Value, choice: &str, more: Value) -> Answer {
        let mut decision = json!({ "id": id, "n": item["n"], "choice": choice });
        for (name, value) in more.as_object().into_iter().flatten() {
            decision[name] = value.clone();
        }
        self.post(
            &format!("/api/v1/inbox/{}/decision", text(&item["id"])),
            &decision,
        )
        .await
    }
}

impl Deref for Console {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
