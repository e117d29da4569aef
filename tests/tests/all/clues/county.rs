//! A generated county goes through the program: what its rules find is held against the truth.

use super::{night, quiet, worker};
use api::app::divisions;
use api::app::inbox::{self, Decider, Decision};
use api::app::lists::{self, Named, NewList, Reach};
use api::clock::Clock;
use api::lists::ListKind;
use api::program::Program;
use api::seal::master::Secrets;
use api::store::inbox::{Filter, Reach as Everything};
use api::store::{clues, jobs};
use domain::Instant;
use entity::clue;
use sea_orm::EntityTrait;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use tests::database::Database;
use tests::generated::Generated;
use uuid::Uuid;

tests::on_both!(rules_find_what_is_true);

const LISTS: [(&str, ListKind, &str); 6] = [
    ("grids", ListKind::Grids, "社工部"),
    ("roster", ListKind::Population, "公安"),
    ("disabled", ListKind::Disabled, "残联"),
    ("dibao", ListKind::LowIncome, "民政"),
    ("elder", ListKind::OldAgeAllowance, "民政"),
    ("deaths", ListKind::Deaths, "卫健"),
];

async fn rules_find_what_is_true(database: Database) {
    let truth = Generated::county(2000, 77);
    let secrets = Secrets {
        master: [1; 32],
        lookup: [2; 32],
    };
    // The day that the county was generated for: ages are those of that day.
    let day = Instant::parse("2025-12-31T04:00:00Z").unwrap();
    let offset = day.millis() - Clock::with_offset(0).now().millis();
    let program = Program::over(database.open().await, secrets, Clock::with_offset(offset))
        .await
        .unwrap();
    let now = program.clock.now();
    divisions::import::csv(&program.db, divisions::import::HESHAN, now)
        .await
        .unwrap();
    let all = api::store::divisions::tree(program.db.read()).await.unwrap();
    let division = all.iter().find(|d| d.parent.is_none()).unwrap().id;
    let runner = worker(&program).await;
    for (name, kind, source) in LISTS {
        let new = NewList {
            source: source.into(),
            kind,
            division,
            month: "2025-12".into(),
            name: format!("{name}.csv"),
            complete: true,
        };
        hand_in(&program, truth.folder(), name, new, now).await;
    }
    quiet(&program).await;
    let (precision, recall) = score(&program, &truth).await;
    // Rows that wait for a person stay silent: what they would find is missing.
    assert!(precision >= 990 && recall >= 900, "{precision} {recall}");
    answered(&program, &truth).await;
    quiet(&program).await;
    night(&program).await;
    let (precision, recall) = score(&program, &truth).await;
    runner.stop().await;
    assert!(precision >= 990 && recall >= 990, "{precision} {recall}");
}

/// Precision and recall over all rules that the truth knows, in thousandths.
async fn score(program: &Program, truth: &Generated) -> (usize, usize) {
    let found = found(program, truth).await;
    let (mut hits, mut all, mut right) = (0, 0, 0);
    for (rule, people) in &truth.rules {
        let own = found.get(rule).cloned().unwrap_or_default();
        let both = own.intersection(people).count();
        eprintln!("{rule}: true {}, found {}, both {both}", people.len(), own.len());
        (hits, all, right) = (hits + both, all + own.len(), right + people.len());
    }
    eprintln!("precision {}, recall {}", hits * 1000 / all, hits * 1000 / right);
    (hits * 1000 / all, hits * 1000 / right)
}

/// Somebody who knows answers whom rows are about.
async fn answered(program: &Program, truth: &Generated) {
    let who = Decider {
        account: Uuid::now_v7(),
        name: "数据局".into(),
        reach: Everything::County,
        may_decide: true,
    };
    let filter = Filter {
        reason: Some("list_row_ambiguous".into()),
        ..Filter::default()
    };
    let (mut after, mut items) = (None, Vec::new());
    loop {
        let page = inbox::page(program, &who, &filter, after, 200).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.opened_at.millis(), last.id));
        items.extend(page);
    }
    for item in items {
        let kind = item.body["kind"].as_str().unwrap();
        let (list, ..) = LISTS.iter().find(|(_, k, _)| k.name() == kind).unwrap();
        // A row of the register waits for no answer.
        if *list == "roster" {
            continue;
        }
        let cells = item.body["handed_in"].as_array().unwrap().iter();
        let cells = cells.map(|cell| (cell[0].as_str().unwrap(), cell[1].as_str().unwrap()));
        let person = truth.person(list, cells).to_owned();
        // Answers to other rows may have changed what is asked about this one.
        let Ok(item) = inbox::one(program, &who, item.id).await else {
            continue;
        };
        let shown = item.body["candidates"].as_array().cloned().unwrap_or_default();
        let is = |c: &&Value| truth.shows(c, &person);
        let (choice, value) = match (shown.iter().find(is), truth.registered(&person)) {
            (Some(one), _) => ("same", one["id"].clone()),
            (None, false) => ("new", shown.iter().map(|c| c["id"].clone()).collect()),
            (None, true) => continue,
        };
        let what = Decision {
            id: Uuid::now_v7(),
            item: item.id,
            n: item.n,
            choice: choice.into(),
            edit: None,
            value: Some(value),
            reason: None,
        };
        // What cannot be answered so goes on waiting.
        let _ = inbox::decide(program, &who, &what).await;
    }
}

async fn hand_in(program: &Program, folder: &Path, name: &str, new: NewList, now: Instant) {
    let content = std::fs::read(folder.join(format!("{name}.csv"))).unwrap();
    let admin = Uuid::now_v7();
    let id = lists::upload(program, &Reach::All, admin, new, content.as_slice(), now)
        .await
        .unwrap()
        .id;
    let tried = lists::dry_run(program, &Reach::All, admin, id).await.unwrap();
    done(program, tried.job).await;
    let begun = lists::commit(program, &Reach::All, admin, id, &Named::default(), now)
        .await
        .unwrap();
    done(program, begun.job).await;
}

async fn done(program: &Program, job: Uuid) {
    loop {
        let row = jobs::find(program.db.read(), job).await.unwrap().unwrap();
        if row.finished_at.is_some() {
            assert_eq!((row.state.as_str(), row.last_error), ("done", None));
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whom each rule found, as the truth calls them.
async fn found(program: &Program, truth: &Generated) -> BTreeMap<String, BTreeSet<String>> {
    let db = program.db.read();
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in clue::Entity::find().all(db).await.unwrap() {
        let body = clues::body(&program.keys, &row).unwrap();
        let mut who = body
            .person
            .get("id_number")
            .and_then(|n| truth.of_number(n))
            .map(str::to_owned);
        for seen in &body.rows {
            let list = LISTS
                .iter()
                .find(|(_, kind, _)| kind.name() == seen.kind)
                .unwrap()
                .0;
            let row = api::store::lists::row_at(db, &program.keys, seen.list, seen.sheet, seen.row)
                .await
                .unwrap()
                .unwrap();
            let cells = row
                .content
                .handed_in
                .iter()
                .map(|(h, c)| (h.as_str(), c.as_str()));
            let of_row = truth.person(list, cells).to_owned();
            who = who.or(Some(of_row));
        }
        out.entry(row.rule).or_default().insert(who.unwrap_or_default());
    }
    out
}
