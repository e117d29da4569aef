//! Counters of failed sign-ins, found by keyed hash only.

use entity::sign_in_guard;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// One counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    pub key: Vec<u8>,
    pub failures: i32,
    pub locked_until: i64,
    pub updated_at: i64,
}

/// The counters of these keys, made where they are missing and locked until commit, in the order of `keys`.
pub async fn lock<C: ConnectionTrait>(db: &C, keys: &[Vec<u8>], now: i64) -> Result<Vec<Counter>, DbErr> {
    let mut sorted = keys.to_vec();
    sorted.sort();
    let rows = sorted.iter().map(|key| sign_in_guard::ActiveModel {
        key: Set(key.clone()),
        failures: Set(0),
        locked_until: Set(0),
        updated_at: Set(now),
    });
    let on = OnConflict::column(sign_in_guard::Column::Key)
        .do_nothing()
        .to_owned();
    sign_in_guard::Entity::insert_many(rows)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    let found = sign_in_guard::Entity::find()
        .filter(sign_in_guard::Column::Key.is_in(sorted))
        .order_by_asc(sign_in_guard::Column::Key)
        .lock_exclusive()
        .all(db)
        .await?;
    let counter = |key: &Vec<u8>| {
        let row = found.iter().find(|row| row.key == *key);
        let row = row.ok_or(DbErr::RecordNotFound("sign-in guard".into()))?;
        Ok(Counter {
            key: row.key.clone(),
            failures: row.failures,
            locked_until: row.locked_until,
            updated_at: row.updated_at,
        })
    };
    keys.iter().map(counter).collect()
}

/// When a counter last counted; `None` where there is none.
pub async fn updated_at<C: ConnectionTrait>(db: &C, key: &[u8]) -> Result<Option<i64>, DbErr> {
    let row = sign_in_guard::Entity::find_by_id(key.to_vec()).one(db).await?;
    Ok(row.map(|row| row.updated_at))
}

pub async fn save<C: ConnectionTrait>(db: &C, counter: &Counter) -> Result<(), DbErr> {
    let row = sign_in_guard::ActiveModel {
        key: Unchanged(counter.key.clone()),
        failures: Set(counter.failures),
        locked_until: Set(counter.locked_until),
        updated_at: Set(counter.updated_at),
    };
    sign_in_guard::Entity::update(row).exec(db).await.map(|_| ())
}

/// Removes the counters whose key starts with `prefix` (shorter than a whole key).
pub async fn clear<C: ConnectionTrait>(db: &C, prefix: &[u8]) -> Result<(), DbErr> {
    let mut last = prefix.to_vec();
    last.resize(64, 0xff);
    sign_in_guard::Entity::delete_many()
        .filter(sign_in_guard::Column::Key.gte(prefix.to_vec()))
        .filter(sign_in_guard::Column::Key.lte(last))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes counters that have not counted since `before`.
pub async fn tidy<C: ConnectionTrait>(db: &C, before: i64) -> Result<u64, DbErr> {
    let done = sign_in_guard::Entity::delete_many()
        .filter(sign_in_guard::Column::UpdatedAt.lt(before))
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}
