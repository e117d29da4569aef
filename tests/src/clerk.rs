//! Somebody who hands lists in: uploads, tries and commits them over HTTP, and reads what became of each row.

use crate::client::{Answer, Client};
use crate::county::County;
use api::jobs::{Handlers, Runner, Timing, commit_list, link_again};
use api::program::Program;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::time::Duration;
use uuid::Uuid;

/// A file with what it is said to be.
#[derive(Clone)]
pub struct Handed<'a> {
    pub source: &'a str,
    pub kind: &'a str,
    pub division: Uuid,
    pub month: &'a str,
    pub name: &'a str,
    pub content: Vec<u8>,
}

impl<'a> Handed<'a> {
    /// The county's list of disabled people of a month, from their department.
    pub fn disabled(county: &County, month: &'a str, content: impl Into<Vec<u8>>) -> Handed<'a> {
        Handed {
            source: "残联",
            kind: "disabled",
            division: county.place("鹤山市"),
            month,
            name: "list.csv",
            content: content.into(),
        }
    }
}

pub struct Clerk {
    client: Client,
}

/// What runs jobs of lists, and what looks again at the rows that wait.
pub fn handlers(program: &Program) -> Handlers {
    link_again::with(commit_list::handlers(program), program)
}

/// Starts what does background work, at a pace that suits a test.
pub async fn worker(program: &Program) -> Runner {
    let timing = Timing {
        poll: Duration::from_millis(20),
        ..Timing::default()
    };
    Runner::start(program.db.clone(), handlers(program), 1, timing)
        .await
        .unwrap()
}

impl Clerk {
    /// `client` is signed in as the person.
    pub fn new(client: Client) -> Clerk {
        Clerk { client }
    }

    pub async fn try_upload(&self, list: &Handed<'_>) -> Answer {
        let Handed {
            source,
            kind,
            division,
            month,
            name,
            ..
        } = list;
        let path = format!(
            "/api/v1/lists?kind={kind}&source={source}&division={division}&month={month}&name={name}"
        );
        let body = ("application/octet-stream", list.content.clone());
        self.send_bytes("POST", &path, Some(body)).await
    }

    pub async fn upload(&self, list: &Handed<'_>) -> String {
        let uploaded = self.try_upload(list).await.ok();
        uploaded["id"].as_str().unwrap().to_owned()
    }

    /// Tries a list; answers it once the dry run is at its end.
    pub async fn dry_run(&self, id: &str) -> Value {
        let started = self
            .post(&format!("/api/v1/lists/{id}/dry-run"), &Value::Null)
            .await;
        self.done(&started.ok()).await;
        self.list(id).await
    }

    /// Asks for the commit; `more` is what the request says beside it, as a query.
    pub async fn try_commit(&self, id: &str, more: &str) -> Answer {
        self.post(&format!("/api/v1/lists/{id}/commit{more}"), &Value::Null)
            .await
    }

    /// Commits a list; answers it once that is done.
    pub async fn commit(&self, id: &str) -> Value {
        let started = self.try_commit(id, "").await.ok();
        self.done(&started).await;
        self.list(id).await
    }

    /// Uploads, tries and commits; where the commit asks for the figures to be named, it names them if it may.
    pub async fn hand_in(&self, list: &Handed<'_>, names_figures: bool) -> String {
        let id = self.upload(list).await;
        self.dry_run(&id).await;
        let answer = self.try_commit(&id, "").await;
        let asked = answer.status == 409 && answer.json()["code"] == "needs_confirmation";
        let answer = if asked && names_figures {
            let figures = answer.json()["present"].clone();
            let named = |name: &str| match &figures[name] {
                Value::Null => None,
                Value::String(text) => Some(format!("{name}={text}")),
                other => Some(format!("{name}={other}")),
            };
            let more: Vec<String> = ["missing", "changed", "later_month"]
                .into_iter()
                .filter_map(named)
                .collect();
            self.try_commit(&id, &format!("?{}", more.join("&"))).await
        } else {
            answer
        };
        self.done(&answer.ok()).await;
        id
    }

    /// Waits for a job that was started, which must succeed.
    pub async fn done(&self, started: &Value) {
        let job = started["job"].as_str().unwrap();
        loop {
            let job = self.get(&format!("/api/v1/jobs/{job}")).await.ok();
            match job["state"].as_str().unwrap() {
                "done" => return,
                "failed" => panic!("{job}"),
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    pub async fn list(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/lists/{id}")).await.ok()
    }

    /// All rows, of one verdict where one is given.
    pub async fn rows(&self, id: &str, verdict: Option<&str>) -> Vec<Value> {
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let verdict = verdict.map(|v| format!("&verdict={v}")).unwrap_or_default();
            let path = format!("/api/v1/lists/{id}/rows?limit=200{verdict}{after}");
            let page = self.get(&path).await.ok();
            rows.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else {
                return rows;
            };
            after = format!("&after={next}");
        }
    }
}

impl Deref for Clerk {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Counts by verdict as `new 3, same 1`.
pub fn counts(counts: &Value) -> String {
    let counts: BTreeMap<String, i64> = serde_json::from_value(counts.clone()).unwrap();
    let shown: Vec<String> = counts.iter().map(|(v, n)| format!("{v} {n}")).collect();
    shown.join(", ")
}
