//! Rosters out: a million sealed rows as CSV, against the same table in the clear; a workbook; changes since a cursor.

use super::Bench;
use super::beside::beside_export;
use crate::Fault;
use crate::client::Client;
use crate::county::ADMIN;
use crate::figure::{Figure, millis};
use crate::many::{self, CATEGORY};
use crate::phone::sign_in;
use crate::place::Place;
use crate::server::Server;
use sea_orm::{ConnectionTrait, DbBackend, Statement, StreamTrait, TransactionTrait};
use serde_json::json;
use std::time::Instant;
use tokio_stream::StreamExt;

/// Rows of the large roster, and of a village's or town's workbook.
pub const FULL: usize = 1_000_000;
const WORKBOOK: usize = 100_000;

pub async fn exports(bench: &Bench, place: &Place, rows: usize) -> Result<Vec<Figure>, Fault> {
    let mut all = Vec::new();
    let workbook = WORKBOOK.min(rows / 2);
    let program = place.open().await?;
    many::fill(&program, workbook).await?;
    drop(program);
    let server = Server::start(&bench.program, place).await?;
    let admin = sign_in(&server.client, ADMIN, None).await?;
    let made = file(&admin, "xlsx").await?;
    all.push(
        Figure::new(
            "export.xlsx",
            &format!("a roster of {workbook} rows as a workbook"),
            made.took / 1000.0,
            "s",
        )
        .below(10.0),
    );
    drop(server);
    let program = place.open().await?;
    many::fill(&program, rows).await?;
    drop(program);
    let server = Server::start(&bench.program, place).await?;
    let admin = sign_in(&server.client, ADMIN, None).await?;
    let made = file(&admin, "csv").await?;
    let speed = rows as f64 / (made.took / 1000.0);
    all.push(Figure::new(
        "export.csv",
        &format!("a roster of {rows} rows as CSV"),
        speed,
        "rows/s",
    ));
    if let Some(peak) = server.peak() {
        let megabytes = peak as f64 / 1e6;
        all.push(
            Figure::new(
                "export.memory",
                "most memory of the program meanwhile",
                megabytes,
                "MB",
            )
            .below(200.0),
        );
    }
    drop(server);
    let program = place.open().await?;
    let plain = in_the_clear(&program, &made.bytes).await?;
    all.push(Figure::new(
        "export.clear",
        "the same rows from a table in the clear (COPY, or a plain select)",
        rows as f64 / (plain / 1000.0),
        "rows/s",
    ));
    all.push(Figure::new(
        "export.ratio",
        "time of the export to that of the table in the clear",
        made.took / plain,
        "×",
    ));
    drop(program);
    let mut cursor = made.cursor;
    // Never more than a tenth: of a small roster the larger numbers are one.
    let mut sizes = [10, 1_000, 100_000].map(|people| people.min(rows / 10)).to_vec();
    sizes.dedup();
    for people in sizes {
        let program = place.open().await?;
        many::change(&program, people).await?;
        drop(program);
        let server = Server::start(&bench.program, place).await?;
        let admin = sign_in(&server.client, ADMIN, None).await?;
        let began = Instant::now();
        let mut told = 0;
        loop {
            let path = format!(
                "/api/v1/rosters/changes?category={CATEGORY}&purpose=bench&limit=5000&cursor={cursor}"
            );
            let page = admin.get(&path).await?.ok()?;
            told += page["items"].as_array().map_or(0, Vec::len);
            cursor = page["cursor"].as_str().unwrap_or_default().to_owned();
            if page["more"] == false {
                break;
            }
        }
        let took = millis(began.elapsed());
        if told != people {
            return Err(format!("{people} changed and {told} were told of").into());
        }
        let what = format!("changes since a cursor: {people} of {rows}");
        all.push(Figure::new(
            &format!("export.changes.{people}"),
            &what,
            took,
            "ms",
        ));
    }
    let server = Server::start(&bench.program, place).await?;
    all.extend(beside_export(&server, bench.crowd, rows).await?);
    Ok(all)
}

struct Made {
    /// Milliseconds to the last byte.
    took: f64,
    bytes: Vec<u8>,
    cursor: String,
}

/// Asks for the roster; its bytes are still to come.
pub async fn export(who: &Client, format: &str) -> Result<reqwest::Response, Fault> {
    let wanted = json!({ "category": CATEGORY, "format": format, "purpose": "bench" });
    let answer = who.post_plain("/api/v1/rosters/export", &wanted).await?;
    if answer.status() != 200 {
        return Err(format!("export: {}", answer.status()).into());
    }
    Ok(answer)
}

async fn file(who: &Client, format: &str) -> Result<Made, Fault> {
    let began = Instant::now();
    let answer = export(who, format).await?;
    let cursor = answer
        .headers()
        .get("x-roster-cursor")
        .and_then(|c| c.to_str().ok());
    let cursor = cursor.unwrap_or_default().to_owned();
    let bytes = answer.bytes().await?.to_vec();
    Ok(Made {
        took: millis(began.elapsed()),
        bytes,
        cursor,
    })
}

/// How long the database takes to give the same rows out of a table that nothing seals, in milliseconds.
async fn in_the_clear(program: &api::program::Program, csv: &[u8]) -> Result<f64, Fault> {
    let db = program.db.schema();
    let mut reader = csv::Reader::from_reader(csv);
    let columns = reader.headers()?.len();
    let names: Vec<String> = (0..columns).map(|n| format!("c{n}")).collect();
    let typed: Vec<String> = names.iter().map(|n| format!("{n} TEXT")).collect();
    db.execute_unprepared(&format!("CREATE TABLE in_the_clear ({})", typed.join(", ")))
        .await?;
    let txn = db.begin().await?;
    let mut values = Vec::new();
    for record in reader.records() {
        let record = record?;
        let cells: Vec<String> = record
            .iter()
            .map(|c| format!("'{}'", c.replace('\'', "''")))
            .collect();
        values.push(format!("({})", cells.join(",")));
        if values.len() == 500 {
            insert(&txn, &mut values).await?;
        }
    }
    insert(&txn, &mut values).await?;
    txn.commit().await?;
    let began = Instant::now();
    let mut bytes = 0;
    match program.db.backend() {
        DbBackend::Postgres => {
            use sea_orm::sqlx::postgres::PgPoolCopyExt;
            let pool = db.get_postgres_connection_pool();
            let mut out = pool
                .copy_out_raw("COPY in_the_clear TO STDOUT (FORMAT csv)")
                .await?;
            while let Some(part) = out.next().await {
                bytes += part?.len();
            }
        }
        backend => {
            let sql = format!("SELECT {} FROM in_the_clear", names.join(", "));
            let mut rows = db.stream_raw(Statement::from_string(backend, sql)).await?;
            let mut text = String::new();
            while let Some(row) = rows.next().await {
                let row = row?;
                text.clear();
                for n in 0..columns {
                    let cell: Option<String> = row.try_get_by_index(n)?;
                    text.push_str(&cell.unwrap_or_default());
                    text.push(',');
                }
                bytes += text.len();
            }
        }
    }
    if bytes == 0 {
        return Err("nothing was read".into());
    }
    Ok(millis(began.elapsed()))
}

async fn insert<C: ConnectionTrait>(db: &C, values: &mut Vec<String>) -> Result<(), Fault> {
    if !values.is_empty() {
        let sql = format!("INSERT INTO in_the_clear VALUES {}", values.join(","));
        db.execute_unprepared(&sql).await?;
        values.clear();
    }
    Ok(())
}
