//! Departments' programs: made by the bureau, let in by their secrets, within their scopes and quotas, and out at once.

mod coming_in;

use serde_json::{Value, json};
use tests::client::{Answer, Client};
use tests::console::Console;
use tests::county::County;

/// A client that the bureau made.
pub struct Program {
    pub id: String,
    pub secret: String,
    pub secret_id: String,
    http: Client,
}

/// Makes a client of 民政; `more` says what is other than usual.
pub async fn made(county: &County, more: Value) -> Program {
    let mut new = json!({
        "name": "民政救助系统", "department": "民政", "kinds": ["low_income"],
        "categories": ["low_income"], "operations": ["hand_in", "export", "changes"],
        "requests_per_minute": 6_000,
    });
    for (name, value) in more.as_object().unwrap() {
        new[name] = value.clone();
    }
    let made = bureau(county).await.post("/api/v1/clients", &new).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Program {
        id: text(&made["client"]),
        secret: text(&made["secret"]["secret"]),
        secret_id: text(&made["secret"]["id"]),
        http: county.client.clone(),
    }
}

pub async fn bureau(county: &County) -> Console {
    county.console("区划管理员").await
}

/// Asks for a token by a form.
pub async fn asks(http: &Client, form: &str) -> Answer {
    let kind = "application/x-www-form-urlencoded";
    http.send_bytes(
        "POST",
        "/api/v1/oauth/token",
        Some((kind, form.as_bytes().to_vec())),
    )
    .await
}

impl Program {
    pub fn form(&self) -> String {
        let Program { id, secret, .. } = self;
        format!("grant_type=client_credentials&client_id={id}&client_secret={secret}")
    }

    /// The client with a token of its own.
    pub async fn signed_in(&self) -> Client {
        let token = asks(&self.http, &self.form()).await.ok();
        self.http.with_token(token["access_token"].as_str().unwrap())
    }
}
