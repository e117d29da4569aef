//! Epochs of documents that are over, and which records may need a new one.

use super::fault::Fault;
use crate::seal::{Keyring, Place};
use entity::{device, holding, past_document};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};
use sync::Automerge;
use sync::record::Past;
use uuid::Uuid;

/// The document of an epoch as it ended.
pub struct Closed {
    pub resident: Uuid,
    pub epoch: u16,
    /// The number with which the next epoch began.
    pub n: i32,
    pub doc: Automerge,
}

/// Earlier epochs whose documents late changes are read on.
const LOOKED_AT: u64 = 4;

pub async fn insert<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    all: &[Closed],
    now: i64,
) -> Result<(), DbErr> {
    for one in all {
        let id = Uuid::now_v7();
        let row = past_document::ActiveModel {
            id: Set(id),
            resident: Set(one.resident),
            epoch: Set(i32::from(one.epoch)),
            n: Set(one.n),
            sealed: Set(keys.seal(place(&id), &one.doc.save_nocompress())),
            closed_at: Set(now),
        };
        past_document::Entity::insert(row)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// The last epochs of a record that are over, the newest first.
pub async fn past<C: ConnectionTrait>(db: &C, keys: &Keyring, resident: Uuid) -> Result<Vec<Past>, Fault> {
    let rows = past_document::Entity::find()
        .filter(past_document::Column::Resident.eq(resident))
        .order_by_desc(past_document::Column::Epoch)
        .limit(LOOKED_AT)
        .all(db)
        .await?;
    let open = |row: past_document::Model| {
        let plain = keys.open(place(&row.id), &row.sealed)?;
        let doc = sync::document::load(&plain).map_err(|_| Fault::Damaged("past document"))?;
        let epoch = row.epoch as u16;
        Ok(Past { epoch, doc })
    };
    rows.into_iter().map(open).collect()
}

fn place(id: &Uuid) -> Place<'_> {
    Place {
        table: "past_document",
        row: id.as_bytes(),
        group: "all",
    }
}

/// A record that may need a new epoch; whether it does, only its document tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub resident: Uuid,
    /// Its present epoch began before the term, and was written in since.
    pub old: bool,
}

/// Bytes of a sealed document, and numbers of an epoch, below which no document is near a limit.
const SMALL: (u64, u64) = (8 * 1024, 250);

/// The next records behind `after`, by id, whose document may be too large, or whose epoch began before `term`.
pub async fn candidates<C: ConnectionTrait>(
    db: &C,
    after: Option<Uuid>,
    term: i64,
    limit: u64,
) -> Result<Vec<Candidate>, DbErr> {
    let (bytes, numbers) = SMALL;
    let sql = format!(
        "SELECT * FROM (SELECT r.id AS id, length(d.sealed) AS size,
           r.n - COALESCE((SELECT MAX(p.n) FROM past_document p WHERE p.resident = r.id), 0) AS numbers,
           COALESCE((SELECT MAX(p.closed_at) FROM past_document p WHERE p.resident = r.id), r.created_at) AS since
         FROM resident r JOIN document d ON d.resident = r.id WHERE r.id > $1) AS all_records
         WHERE size > {bytes} OR numbers > {numbers} OR (since < $2 AND numbers > 0) ORDER BY id LIMIT {limit}"
    );
    let values = [after.unwrap_or(Uuid::nil()).into(), term.into()];
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            sql,
            values,
        ))
        .await?;
    let one = |row: &sea_orm::QueryResult| {
        Ok(Candidate {
            resident: row.try_get("", "id")?,
            old: row.try_get::<i64>("", "since")? < term && number(row, "numbers")? > 0,
        })
    };
    rows.iter().map(one).collect()
}

/// A number that SQLite counts in 64 bits and PostgreSQL in 32.
fn number(row: &sea_orm::QueryResult, name: &str) -> Result<i64, DbErr> {
    row.try_get::<i64>("", name)
        .or_else(|_| row.try_get::<i32>("", name).map(i64::from))
}

/// Phones in use that carry the record and were not heard of since it changed: what they do meanwhile stands on an
/// older version.
pub async fn behind<C: ConnectionTrait>(db: &C, resident: Uuid, changed_at: i64) -> Result<u64, DbErr> {
    let on = holding::Entity::belongs_to(device::Entity)
        .from(holding::Column::Device)
        .to(device::Column::Id)
        .into();
    let silent = Condition::any()
        .add(device::Column::LastContactAt.is_null())
        .add(device::Column::LastContactAt.lte(changed_at));
    holding::Entity::find()
        .join(JoinType::InnerJoin, on)
        .filter(holding::Column::Resident.eq(resident))
        .filter(holding::Column::DroppedAt.is_null())
        .filter(device::Column::State.eq(super::devices::ACTIVE))
        .filter(silent)
        .count(db)
        .await
}

/// Forgets documents of epochs that ended before an instant.
pub async fn forget<C: ConnectionTrait>(db: &C, before: i64, most: u64) -> Result<u64, DbErr> {
    let sql = format!(
        "DELETE FROM past_document WHERE id IN
         (SELECT id FROM past_document WHERE closed_at < {before} LIMIT {most})"
    );
    let done = db
        .execute_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    Ok(done.rows_affected())
}
