//! What a phone that brings nothing asks for, in one look: what is here of its edits, which life of the database this
//! is, and its feeds.

use super::meta::Life;
use super::paging::placeholder;
use entity::feed;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use uuid::Uuid;

/// All of it is of one moment.
pub struct Glance {
    pub received: i64,
    pub through: i64,
    pub safe: i64,
    pub life: Life,
    /// Those that ever had something in them.
    pub feeds: Vec<feed::Model>,
}

/// `feeds` are their ids, at least one. None for a device that is not there.
pub async fn at<C: ConnectionTrait>(db: &C, device: Uuid, feeds: &[Uuid]) -> Result<Option<Glance>, DbErr> {
    let backend = db.get_database_backend();
    let theirs: Vec<String> = (1..=feeds.len()).map(|n| placeholder(backend, n)).collect();
    let life: Vec<String> = Life::KEYS
        .iter()
        .map(|key| format!("(SELECT value FROM meta WHERE key = '{key}') AS {key}"))
        .collect();
    let sql = format!(
        "SELECT d.received, d.through, d.safe, {}, f.id, f.next, f.count, f.digest
         FROM device d LEFT JOIN feed f ON f.id IN ({}) WHERE d.id = {}",
        life.join(", "),
        theirs.join(", "),
        placeholder(backend, feeds.len() + 1),
    );
    let values = feeds.iter().chain([&device]).map(|id| (*id).into());
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let mut life: [Option<String>; 3] = Default::default();
    for (value, key) in life.iter_mut().zip(Life::KEYS) {
        *value = row.try_get("", key)?;
    }
    let feeds = rows
        .iter()
        .map(|row| feed::Model::from_query_result_optional(row, ""));
    Ok(Some(Glance {
        received: row.try_get("", "received")?,
        through: row.try_get("", "through")?,
        safe: row.try_get("", "safe")?,
        life: Life::of(life.each_ref().map(Option::as_deref)),
        feeds: feeds
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect(),
    }))
}
