//! A worker's phone, as far as load needs one: what it holds of its grid, its cursor, and the edits that it sends.

use crate::Fault;
use crate::client::{Answer, Client};
use crate::county::PASSWORD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

pub struct Phone {
    client: Client,
    cursor: Option<String>,
    seq: i64,
    /// Version and fields by resident, in the order of ids.
    records: BTreeMap<String, (String, Map<String, Value>)>,
}

/// What an edit of the load does.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Writes one register.
    Field,
    /// Notes something, and visits.
    Visit,
    /// Finds two values right, at a visit.
    Confirm,
    /// Writes the phone number, which another worker may have written as well.
    Number,
}

/// Signs somebody in; with an installation, on a device.
pub async fn sign_in(client: &Client, phone: &str, installation: Option<Uuid>) -> Result<Client, Fault> {
    let mut credentials = json!({ "phone": phone, "password": PASSWORD });
    if let Some(installation) = installation {
        credentials["installation"] = installation.simple().to_string().into();
    }
    let tokens = client.post("/api/v1/sign-in", &credentials).await?.ok()?;
    let token = tokens["access_token"].as_str().ok_or("no token")?;
    Ok(client.with_token(token))
}

impl Phone {
    /// A new installation, empty.
    pub async fn new(client: &Client, worker: &str) -> Result<Phone, Fault> {
        Ok(Phone {
            client: sign_in(client, worker, Some(Uuid::now_v7())).await?,
            cursor: None,
            seq: 0,
            records: BTreeMap::new(),
        })
    }

    /// The residents that it holds.
    pub fn residents(&self) -> Vec<String> {
        self.records.keys().cloned().collect()
    }

    /// One request with these edits; the answer is taken in and given back with its body.
    pub async fn sync(&mut self, edits: &[Value]) -> Result<(Answer, Value), Fault> {
        let mut request = json!({ "catalogue": 1, "edits": edits, "dropped": [], "sent_at": now() });
        if let Some(cursor) = &self.cursor {
            request["cursor"] = cursor.as_str().into();
        }
        let answer = self.client.post("/api/v1/sync", &request).await?;
        let body = answer.ok()?;
        self.cursor = body["cursor"].as_str().map(str::to_owned);
        for item in body["items"].as_array().into_iter().flatten() {
            let (Some(resident), Some(version)) = (item["resident"].as_str(), item["version"].as_str())
            else {
                continue;
            };
            if item["kind"] == "record" {
                let fields = item["fields"].as_object().cloned().unwrap_or_default();
                self.records.insert(resident.into(), (version.into(), fields));
            }
        }
        Ok((answer, body))
    }

    /// Loads until there is no more. Answers what each request was answered.
    pub async fn load(&mut self) -> Result<Vec<Answer>, Fault> {
        let mut answers = Vec::new();
        loop {
            let (answer, body) = self.sync(&[]).await?;
            answers.push(answer);
            if body["more"] == false {
                return Ok(answers);
            }
        }
    }

    /// Makes an edit on what this phone holds of the resident; `turn` makes its values differ from the last ones.
    pub fn edit(&mut self, resident: &str, kind: Kind, turn: usize) -> Value {
        self.seq += 1;
        let none = (String::new(), Map::new());
        let (base, shown) = self.records.get(resident).unwrap_or(&none);
        let mut edit = json!({
            "id": Uuid::now_v7(), "seq": self.seq, "made_at": now(), "resident": resident, "catalogue": 1,
            "base": base,
        });
        let write = |key: &str, now: Value| {
            let was = shown.get(key).cloned().unwrap_or_default();
            json!({ key: { "was": was, "now": now } })
        };
        let visit = json!({
            "means": "home", "outcome": "met", "at": now(), "text": "精神尚可，独自在家，血压偏高，已提醒按时服药。",
        });
        match kind {
            Kind::Field => {
                edit["fields"] = write("caretaker_phone", format!("1370{:07}", turn % 10_000_000).into());
            }
            Kind::Visit => {
                edit["fields"] = write(
                    "remarks",
                    format!("第{turn}次走访：行动不便，需协助取药。").into(),
                );
                edit["visit"] = visit;
            }
            Kind::Confirm => {
                edit["confirm"] = json!(["phone", "address"]);
                edit["visit"] = visit;
            }
            Kind::Number => {
                edit["fields"] = write("phone", format!("1360{:07}", turn % 10_000_000).into());
            }
        }
        edit
    }
}

/// How many receipts say this outcome.
pub fn outcomes(body: &Value, outcome: &str) -> usize {
    let receipts = body["receipts"].as_array().into_iter().flatten();
    receipts.filter(|receipt| receipt["outcome"] == outcome).count()
}

fn now() -> domain::Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    domain::Instant::from_millis(since.as_millis() as i64)
}
