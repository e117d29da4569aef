//! Copies of the embedded database: made while it is written to, looked into before anybody relies on them.

use super::db::Db;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use std::path::Path;

/// What a copy says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// SQLite finds nothing wrong with it.
    pub whole: bool,
    /// When the backup was begun, where `backup` made it.
    pub made_at: Option<i64>,
    pub edits: i64,
    pub residents: i64,
    pub accounts: i64,
}

/// Writes all that is committed now into `file`, which must be empty or missing. One read transaction: who writes
/// meanwhile is neither waited for nor kept waiting.
pub async fn write(db: &Db, file: &Path) -> Result<(), DbErr> {
    let name = file.display().to_string();
    let sql = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [name.into()]);
    db.read().execute_raw(sql).await.map(|_| ())
}

/// Writes into a copy when it was begun.
pub async fn stamp(file: &Path, at: i64) -> Result<(), DbErr> {
    let db = open(file, "rw").await?;
    let done = super::meta::put(&db, "backup_at", &at.to_string()).await;
    db.close().await?;
    done
}

/// Reads a copy through: whether it is whole, and how much is in it.
pub async fn examine(file: &Path) -> Result<Copy, DbErr> {
    let db = open(file, "ro").await?;
    let looked = look(&db).await;
    db.close().await?;
    looked
}

/// The same figures of a database that is in use; whether it is whole is not asked.
pub async fn figures<C: ConnectionTrait>(db: &C) -> Result<Copy, DbErr> {
    let made_at = super::meta::get(db, "backup_at").await?;
    Ok(Copy {
        whole: true,
        made_at: made_at.and_then(|at| at.parse().ok()),
        edits: count(db, "edit").await?,
        residents: count(db, "resident").await?,
        accounts: count(db, "account").await?,
    })
}

async fn look(db: &DatabaseConnection) -> Result<Copy, DbErr> {
    let row = db
        .query_one_raw(text(db, "PRAGMA integrity_check".into()))
        .await?;
    let said: String = match row {
        Some(row) => row.try_get_by_index(0)?,
        None => String::new(),
    };
    let mut copy = figures(db).await?;
    copy.whole = said == "ok";
    Ok(copy)
}

async fn count<C: ConnectionTrait>(db: &C, table: &str) -> Result<i64, DbErr> {
    let row = db
        .query_one_raw(text(db, format!("SELECT COUNT(*) AS n FROM {table}")))
        .await?;
    row.ok_or(DbErr::RecordNotFound("a count".into()))?
        .try_get("", "n")
}

async fn open(file: &Path, mode: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode={mode}", file.display()));
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await
}

fn text<C: ConnectionTrait>(db: &C, sql: String) -> Statement {
    Statement::from_string(db.get_database_backend(), sql)
}

/// How many others are connected to this database of a PostgreSQL server. `db` holds one connection itself.
pub async fn others(db: &Db) -> Result<i64, DbErr> {
    let sql = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let row = db.read().query_one_raw(text(db.read(), sql.into())).await?;
    row.ok_or(DbErr::RecordNotFound("a count".into()))?
        .try_get("", "n")
}
