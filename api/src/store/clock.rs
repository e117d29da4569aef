//! The database's clock: what rows, leases and tokens are dated by, so that all nodes agree.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Milliseconds since 1970 by the database's clock, also inside a transaction that has lasted a while.
pub async fn now<C: ConnectionTrait>(db: &C) -> Result<i64, DbErr> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS ms",
        // Seconds with three decimals: '%f' is the one form that all versions of SQLite know.
        _ => {
            "SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000
                   + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) AS ms"
        }
    };
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    row.ok_or(DbErr::RecordNotFound("clock".into()))?
        .try_get("", "ms")
}
