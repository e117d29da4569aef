//! What an operator counts: how much waits and since when, which phones do not answer, how large the database is.
//! Numbers and ages only.

use super::{devices, held};
use crate::store::jobs;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use std::collections::BTreeMap;

/// So many wait, the oldest since this instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub count: i64,
    pub since: Option<i64>,
}

/// Phones in use, and what is not as it should be with some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phones {
    pub active: i64,
    /// Not heard of since the instant that was asked about.
    pub silent: i64,
    /// Phones that were told to remove records before that instant and have not said that they did.
    pub undropped: i64,
    /// The records that they should have removed.
    pub undropped_records: i64,
    pub undropped_since: Option<i64>,
}

/// Edits that could not be taken and wait for a person.
pub async fn held<C: ConnectionTrait>(db: &C) -> Result<Waiting, DbErr> {
    let waiting = held::WAITING;
    let sql = format!("SELECT COUNT(*) AS n, MIN(received_at) AS since FROM held WHERE state = '{waiting}'");
    waiting_of(db, sql).await
}

/// Items that nobody has decided.
pub async fn inbox<C: ConnectionTrait>(db: &C) -> Result<Waiting, DbErr> {
    let sql = "SELECT COUNT(*) AS n, MIN(opened_at) AS since FROM inbox_item WHERE state = 'open'";
    waiting_of(db, sql.to_owned()).await
}

/// Jobs whose turn it is, by kind: since when they could have been taken.
pub async fn jobs_due<C: ConnectionTrait>(db: &C, now: i64) -> Result<BTreeMap<String, Waiting>, DbErr> {
    let (queued, running) = (jobs::state::QUEUED, jobs::state::RUNNING);
    // A job in line has no lease yet, or the instant of its next attempt; a dead owner's lease has ended.
    let sql = format!(
        "SELECT kind, COUNT(*) AS n, MIN(CASE WHEN lease_until > 0 THEN lease_until ELSE created_at END) AS since
         FROM job WHERE state IN ('{queued}', '{running}') AND lease_until <= {now} GROUP BY kind"
    );
    let rows = db.query_all_raw(text(db, sql)).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "kind")?, one(row)?)))
        .collect()
}

/// Jobs that failed for good at or after an instant.
pub async fn jobs_failed<C: ConnectionTrait>(db: &C, since: i64) -> Result<i64, DbErr> {
    let (failed, cancelled) = (jobs::state::FAILED, jobs::CANCELLED);
    let sql = format!(
        "SELECT COUNT(*) AS n, MIN(finished_at) AS since FROM job
         WHERE state = '{failed}' AND finished_at >= {since} AND COALESCE(last_error, '') <> '{cancelled}'"
    );
    Ok(waiting_of(db, sql).await?.count)
}

/// Phones in use; `silent` and `late` are the instants before which a last contact, and an unconfirmed drop, count.
pub async fn phones<C: ConnectionTrait>(db: &C, silent: i64, late: i64) -> Result<Phones, DbErr> {
    let active = devices::ACTIVE;
    let sql = format!("SELECT COUNT(*) AS n FROM device WHERE state = '{active}'");
    let all = count(db, sql).await?;
    let sql = format!(
        "SELECT COUNT(*) AS n FROM device
         WHERE state = '{active}' AND COALESCE(last_contact_at, created_at) < {silent}"
    );
    let quiet = count(db, sql).await?;
    let sql = format!(
        "SELECT COUNT(DISTINCT device) AS devices, COUNT(*) AS n, MIN(to_at) AS since FROM holding
         WHERE dropped_at IS NULL AND to_at < {late}"
    );
    let row = db.query_one_raw(text(db, sql)).await?;
    let row = row.ok_or_else(none)?;
    let undropped = one(&row)?;
    Ok(Phones {
        active: all,
        silent: quiet,
        undropped: row.try_get("", "devices")?,
        undropped_records: undropped.count,
        undropped_since: undropped.since,
    })
}

/// The date of the newest row of the audit trail: what the clock showed at the last thing that anybody did.
pub async fn newest<C: ConnectionTrait>(db: &C) -> Result<Option<i64>, DbErr> {
    edge(db, "DESC").await
}

/// The date of the first row of the audit trail: about when the database was taken into use.
pub async fn first<C: ConnectionTrait>(db: &C) -> Result<Option<i64>, DbErr> {
    edge(db, "ASC").await
}

async fn edge<C: ConnectionTrait>(db: &C, order: &str) -> Result<Option<i64>, DbErr> {
    let sql = format!("SELECT at FROM audit ORDER BY id {order} LIMIT 1");
    let row = db.query_one_raw(text(db, sql)).await?;
    row.map(|row| row.try_get("", "at")).transpose()
}

/// Bytes of the database, without the write-ahead log.
pub async fn size<C: ConnectionTrait>(db: &C) -> Result<i64, DbErr> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "SELECT pg_database_size(current_database()) AS n",
        _ => "SELECT page_count * page_size AS n FROM pragma_page_count(), pragma_page_size()",
    };
    count(db, sql.to_owned()).await
}

/// The newest migration that the database has had.
pub async fn schema<C: ConnectionTrait>(db: &C) -> Result<String, DbErr> {
    let sql = "SELECT MAX(version) AS version FROM seaql_migrations";
    let row = db.query_one_raw(text(db, sql.to_owned())).await?;
    row.ok_or_else(none)?.try_get("", "version")
}

async fn waiting_of<C: ConnectionTrait>(db: &C, sql: String) -> Result<Waiting, DbErr> {
    let row = db.query_one_raw(text(db, sql)).await?;
    one(&row.ok_or_else(none)?)
}

fn one(row: &sea_orm::QueryResult) -> Result<Waiting, DbErr> {
    Ok(Waiting {
        count: row.try_get("", "n")?,
        since: row.try_get("", "since")?,
    })
}

async fn count<C: ConnectionTrait>(db: &C, sql: String) -> Result<i64, DbErr> {
    let row = db.query_one_raw(text(db, sql)).await?;
    row.ok_or_else(none)?.try_get("", "n")
}

fn text<C: ConnectionTrait>(db: &C, sql: String) -> Statement {
    Statement::from_string(db.get_database_backend(), sql)
}

fn none() -> DbErr {
    DbErr::RecordNotFound("a count".into())
}
