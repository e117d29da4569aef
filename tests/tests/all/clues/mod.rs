//! Clues over HTTP: what comparison rules find, who is asked, and what departments hear.

mod county;
mod each_rule;
mod erased;
mod kept;
mod merged;
mod reach;
mod story;
mod trying;
mod whole_loop;

use api::jobs::{Runner, Timing, run_rules};
use api::program::Program;
use api::store::jobs::{self, JobKind, NewJob};
use entity::job;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::Value;
use std::time::Duration;
use tests::clerk::{Clerk, Handed};
use tests::client::Client;
use tests::county::County;
use uuid::Uuid;

/// Starts what commits lists and runs rules, at a pace that suits a test.
async fn worker(program: &Program) -> Runner {
    let timing = Timing {
        poll: Duration::from_millis(20),
        ..Timing::default()
    };
    run_rules::keep(program).await.unwrap();
    let handlers = run_rules::with(tests::clerk::handlers(program), program);
    let runner = Runner::start(program.db.clone(), handlers, 1, timing)
        .await
        .unwrap();
    quiet(program).await;
    runner
}

/// Waits until no rule runs any more, and no row is looked at again.
async fn quiet(program: &Program) {
    loop {
        let kinds = [JobKind::RunRules, JobKind::LinkAgain].map(JobKind::name);
        let waits = job::Entity::find()
            .filter(job::Column::Kind.is_in(kinds))
            .filter(job::Column::FinishedAt.is_null());
        let nightly = job::Entity::find()
            .filter(job::Column::Kind.eq(JobKind::RunAllRules.name()))
            .filter(job::Column::State.eq("running"));
        let db = program.db.read();
        if waits.count(db).await.unwrap() + nightly.count(db).await.unwrap() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// All rules run once, as they do at night.
async fn night(program: &Program) {
    let all = NewJob {
        subject: None,
        ..NewJob::run_rules(Uuid::nil(), Uuid::nil())
    };
    let all = &all;
    program
        .db
        .write(|txn| async move { jobs::insert(&*txn, all).await })
        .await
        .unwrap();
    quiet(program).await;
    let failed = job::Entity::find()
        .filter(job::Column::State.eq("failed"))
        .all(program.db.read())
        .await
        .unwrap();
    assert!(
        failed.is_empty(),
        "{:?}",
        failed.iter().map(|j| &j.last_error).collect::<Vec<_>>()
    );
}

/// A list of the whole county.
fn handed<'a>(county: &County, kind: &'a str, month: &'a str, text: &str) -> Handed<'a> {
    let source = match kind {
        "disabled" => "残联",
        "low_income" | "old_age_allowance" => "民政",
        "deaths" => "卫健",
        _ => "公安",
    };
    Handed {
        source,
        kind,
        division: county.place("鹤山市"),
        month,
        name: "list.csv",
        content: text.as_bytes().to_vec(),
    }
}

/// Somebody who may hand in everything.
async fn bureau(county: &County) -> Clerk {
    Clerk::new((*county.console("区划管理员").await).clone())
}

/// Hands in, commits, and waits for the rules.
async fn hand_in(county: &County, kind: &str, month: &str, text: &str) -> String {
    let clerk = bureau(county).await;
    let id = clerk.hand_in(&handed(county, kind, month, text), true).await;
    quiet(&county.program).await;
    id
}

/// All clues that somebody sees, page by page.
async fn clues(client: &Client, filter: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/clues?limit=2{filter}{after}");
        let page = client.get(&path).await.ok();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else {
            return all;
        };
        after = format!("&after={next}");
    }
}

/// `rule name state` of clues, sorted.
fn told(clues: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |clue: &Value| {
        format!(
            "{} {} {}",
            text(&clue["rule"]),
            text(&clue["person"]["name"]),
            text(&clue["state"])
        )
    };
    let mut all: Vec<String> = clues.iter().map(one).collect();
    all.sort();
    all
}

/// A valid number of somebody born on that day.
fn number(born: &str, n: usize) -> String {
    let digits = format!("440784{}{n:03}", born.replace('-', ""));
    let check = domain::id_number::check(digits.as_bytes());
    format!("{digits}{}", char::from(check))
}
