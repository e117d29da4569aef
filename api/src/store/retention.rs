//! What is removed once its term is over, a few rows at a time.

use super::{devices, files, held};
use crate::store::{jobs, lists};
use entity::stored_file;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

/// Files of one step.
const FILES: u64 = 50;

/// Gives up files of one purpose that were made before an instant; what they hold is removed by `files::tidy`.
pub async fn files<C: ConnectionTrait>(db: &C, purpose: &str, before: i64) -> Result<u64, DbErr> {
    let old = stored_file::Entity::find()
        .select_only()
        .column(stored_file::Column::Id)
        .filter(stored_file::Column::Purpose.eq(purpose))
        .filter(stored_file::Column::FinishedAt.is_not_null())
        .filter(stored_file::Column::CreatedAt.lt(before))
        .order_by_asc(stored_file::Column::CreatedAt)
        .limit(FILES)
        .into_tuple()
        .all(db)
        .await?;
    give_up(db, old).await
}

/// Gives up files that were handed in before an instant and that no list names: their upload broke off.
pub async fn nobodys<C: ConnectionTrait>(db: &C, before: i64) -> Result<u64, DbErr> {
    let sql = format!(
        "SELECT id FROM stored_file WHERE purpose = 'list' AND finished_at IS NOT NULL AND created_at < {before}
         AND NOT EXISTS (SELECT 1 FROM list WHERE list.file = stored_file.id) LIMIT {FILES}"
    );
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    let ids: Result<Vec<Uuid>, DbErr> = rows.iter().map(|row| row.try_get("", "id")).collect();
    give_up(db, ids?).await
}

async fn give_up<C: ConnectionTrait>(db: &C, ids: Vec<Uuid>) -> Result<u64, DbErr> {
    for id in &ids {
        files::abandon(db, *id).await?;
    }
    Ok(ids.len() as u64)
}

/// Rows of lists that were handed in before an instant and never committed, and then the lists.
pub async fn uncommitted<C: ConnectionTrait>(db: &C, before: i64, most: u64) -> Result<u64, DbErr> {
    let (uploaded, reading) = (lists::state::UPLOADED, lists::state::READING);
    let old =
        format!("SELECT id FROM list WHERE state IN ('{uploaded}', '{reading}') AND uploaded_at < {before}");
    let sql = format!(
        "DELETE FROM list_row WHERE (list, sheet, \"row\") IN (SELECT list, sheet, \"row\" FROM list_row
         WHERE list IN ({old}) LIMIT {most})"
    );
    match execute(db, sql).await? {
        0 => execute(db, format!("DELETE FROM list WHERE id IN ({old})")).await,
        gone => Ok(gone),
    }
}

/// Rows of registers that were committed before an instant.
pub async fn register<C: ConnectionTrait>(db: &C, before: i64, most: u64) -> Result<u64, DbErr> {
    let sql = format!(
        "DELETE FROM register_row WHERE id IN (SELECT r.id FROM register_row r JOIN list l ON l.id = r.list
         WHERE l.committed_at < {before} LIMIT {most})"
    );
    execute(db, sql).await
}

/// What waits in the feeds of phones that ended, or were not heard of, before an instant.
pub async fn unread<C: ConnectionTrait>(db: &C, before: i64, most: u64) -> Result<u64, DbErr> {
    let active = devices::ACTIVE;
    let gone = format!(
        "SELECT id FROM device WHERE COALESCE(last_contact_at, created_at) < {before} AND state <> '{active}'"
    );
    let sql = format!(
        "DELETE FROM device_entry WHERE (device, kind, subject) IN (SELECT device, kind, subject FROM device_entry
         WHERE device IN ({gone}) LIMIT {most})"
    );
    execute(db, sql).await
}

/// Held edits about which somebody decided, received before an instant.
pub async fn held<C: ConnectionTrait>(db: &C, before: i64, most: u64) -> Result<u64, DbErr> {
    let waiting = held::WAITING;
    let sql = format!(
        "DELETE FROM held WHERE id IN (SELECT id FROM held
         WHERE state <> '{waiting}' AND received_at < {before} LIMIT {most})"
    );
    execute(db, sql).await
}

/// Rows of the audit trail before an instant.
pub async fn audit<C: ConnectionTrait>(db: &C, before: i64, most: u64) -> Result<u64, DbErr> {
    let sql =
        format!("DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < {before} LIMIT {most})");
    execute(db, sql).await
}

/// Jobs that ended before an instant. A list's own job stays as long as the list can ask for it.
pub async fn jobs<C: ConnectionTrait>(db: &C, before: i64, most: u64) -> Result<u64, DbErr> {
    let (done, failed) = (jobs::state::DONE, jobs::state::FAILED);
    let sql = format!(
        "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state IN ('{done}', '{failed}')
         AND finished_at < {before} AND NOT EXISTS (SELECT 1 FROM list WHERE list.id = job.subject) LIMIT {most})"
    );
    execute(db, sql).await
}

async fn execute<C: ConnectionTrait>(db: &C, sql: String) -> Result<u64, DbErr> {
    let done = db
        .execute_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    Ok(done.rows_affected())
}
