//! Divisions and grids: what the bureau can change, what imports make of files, and who sees what.

mod by_hand;
mod door;
mod file;
mod grids_by_hand;
mod grids_file;
mod reach;

use api::actor::{Actor, Grant};
use api::app::Error;
use api::app::divisions;
use api::app::grids::{self, GridRow, NewGrid, Wanted};
use api::store;
use api::store::db::Db;
use api::store::grids::Range;
use domain::Instant;
use domain::catalogue::Role;
use std::fmt::Write;
use tests::database::Database;
use uuid::Uuid;

const GRIDS: &str = include_str!("data/grids.csv");

fn now() -> Instant {
    Instant::parse("2026-11-25T01:00:00Z").unwrap()
}

/// The county with the divisions of the published file.
async fn county(database: &Database) -> Db {
    let db = database.open().await;
    let done = divisions::import::csv(&db, divisions::import::HESHAN, now())
        .await
        .unwrap();
    assert_eq!((done.rows, done.created, done.issues.len()), (153, 153, 0));
    db
}

/// Somebody with one role, in a grid, a village or a town.
fn somebody(role: Role, grid: Option<Uuid>, villages: &[Uuid], towns: &[Uuid]) -> Actor {
    Actor {
        account: Uuid::from_u128(1),
        name: "区划员".into(),
        session: Uuid::from_u128(2),
        device: None,
        epoch: 1,
        must_change: false,
        grants: vec![Grant {
            role,
            division: villages.first().or(towns.first()).copied(),
            grid,
            category: None,
            department: None,
        }],
        towns: towns.to_vec(),
        villages: villages.to_vec(),
        client: None,
    }
}

fn bureau() -> Actor {
    somebody(Role::BureauAdmin, None, &[], &[])
}

async fn id(db: &Db, name: &str) -> Uuid {
    let all = divisions::list(db, &bureau(), true).await.unwrap();
    let found: Vec<_> = all.iter().filter(|d| d.name == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0].id
}

/// `code name since..until [other names]` of a division.
async fn show(db: &Db, id: Uuid) -> String {
    let d = divisions::get(db, &bureau(), id).await.unwrap();
    let mut out = format!("{} {}", d.code.as_deref().unwrap_or("-"), d.name);
    for n in &d.names {
        let (since, until) = (n.since.as_deref().unwrap_or(""), n.until.as_deref().unwrap_or(""));
        write!(out, " [{:?} {} {since}..{until}]", n.kind, n.name).unwrap();
    }
    if let Some(until) = d.until {
        write!(out, " until {until}").unwrap();
    }
    out
}

/// The answer of a use case in a word: what it made, or the code and fields of its refusal.
fn told<T>(result: Result<T, Error>, fine: impl Fn(T) -> String) -> String {
    match result {
        Ok(done) => fine(done),
        Err(Error::Refused { code, fields, .. }) => format!("{code} {}", fields.join(",")),
        Err(Error::Conflict { code, .. } | Error::Forbidden { code, .. }) => code.to_owned(),
        Err(Error::NotFound) => "not found".to_owned(),
        Err(other) => panic!("{other:?}"),
    }
}

fn rows(text: &str) -> Vec<GridRow> {
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate().skip(1) {
        let record: Vec<&str> = line.split(',').collect();
        rows.push(GridRow {
            row: at as u32 + 1,
            code: record[0].into(),
            name: String::new(),
            town: record[1].into(),
            village: record[2].into(),
            natural_village: record[3].into(),
            from: record[4].into(),
            to: record[5].into(),
        });
    }
    rows
}

fn range(natural_village: &str, from: i32, to: i32) -> Range {
    Range {
        natural_village: natural_village.into(),
        from,
        to,
    }
}

async fn draw(db: &Db, village: Uuid, code: &str, ranges: Vec<Range>) -> Result<store::grids::Grid, Error> {
    let new = NewGrid {
        id: Uuid::now_v7(),
        code: code.into(),
        name: None,
        village,
        since: None,
        ranges,
    };
    grids::create(db, &bureau(), &new, now()).await
}

fn all() -> Wanted {
    Wanted {
        limit: 200,
        ..Default::default()
    }
}
