//! The database itself: its incarnation; small audit rows; which versions a grid holds.

use super::audit::{self, Entry};
use domain::Instant;
use entity::{meta, resident};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Changes when a backup is restored; cursors of another life are worth nothing.
pub async fn incarnation<C: ConnectionTrait>(db: &C) -> Result<Uuid, DbErr> {
    let row = meta::Entity::find_by_id("incarnation".to_owned()).one(db).await?;
    Ok(row
        .and_then(|r| Uuid::try_parse(&r.value).ok())
        .unwrap_or(Uuid::nil()))
}

/// What an answer to a phone says of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub incarnation: Uuid,
    /// When the newest good backup was begun: all that was acknowledged before is in it.
    pub safe_at: Option<i64>,
    /// When it was restored, if ever.
    pub restored_at: Option<i64>,
}

pub const SAFE_AT: &str = "safe_at";

impl Life {
    /// The keys under which it is kept.
    pub const KEYS: [&str; 3] = ["incarnation", SAFE_AT, "restored_at"];

    /// Of the values of [`Life::KEYS`], in their order.
    pub fn of([incarnation, safe_at, restored_at]: [Option<&str>; 3]) -> Life {
        let incarnation = incarnation.and_then(|id| Uuid::try_parse(id).ok());
        Life {
            incarnation: incarnation.unwrap_or_default(),
            safe_at: safe_at.and_then(|at| at.parse().ok()),
            restored_at: restored_at.and_then(|at| at.parse().ok()),
        }
    }
}

/// All of it in one look.
pub async fn life<C: ConnectionTrait>(db: &C) -> Result<Life, DbErr> {
    let rows = meta::Entity::find()
        .filter(meta::Column::Key.is_in(Life::KEYS))
        .all(db)
        .await?;
    let value = |key: &str| {
        rows.iter()
            .find(|row| row.key == key)
            .map(|row| row.value.as_str())
    };
    Ok(Life::of(Life::KEYS.map(value)))
}

/// Gives a database that has no incarnation its first one.
pub async fn begin<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    put_new(db, "incarnation", &Uuid::now_v7().to_string()).await
}

/// A value that is kept when it is there already.
pub async fn put_new<C: ConnectionTrait>(db: &C, key: &str, value: &str) -> Result<(), DbErr> {
    let row = meta::ActiveModel {
        key: Set(key.into()),
        value: Set(value.into()),
    };
    let on = OnConflict::column(meta::Column::Key).do_nothing().to_owned();
    meta::Entity::insert(row)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// A value that takes the place of the one before.
pub async fn put<C: ConnectionTrait>(db: &C, key: &str, value: &str) -> Result<(), DbErr> {
    let row = meta::ActiveModel {
        key: Set(key.into()),
        value: Set(value.into()),
    };
    let on = OnConflict::column(meta::Column::Key)
        .update_column(meta::Column::Value)
        .to_owned();
    meta::Entity::insert(row)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Forgets a value.
pub async fn remove<C: ConnectionTrait>(db: &C, key: &str) -> Result<(), DbErr> {
    meta::Entity::delete_by_id(key.to_owned()).exec(db).await?;
    Ok(())
}

pub async fn get<C: ConnectionTrait>(db: &C, key: &str) -> Result<Option<String>, DbErr> {
    Ok(meta::Entity::find_by_id(key.to_owned())
        .one(db)
        .await?
        .map(|r| r.value))
}

/// One audit row; nothing personal is in it.
pub async fn audit<C: ConnectionTrait>(
    db: &C,
    now: Instant,
    account: Option<Uuid>,
    device: Option<Uuid>,
    action: &'static str,
    count: i64,
) -> Result<(), DbErr> {
    let entry = Entry {
        account,
        device,
        action,
        outcome: "done",
        count: Some(count),
        ..Default::default()
    };
    audit::insert(db, entry, now.millis()).await
}

/// The versions of some records, wherever they are.
pub async fn versions_of<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, DbErr> {
    let mut out = BTreeMap::new();
    for part in ids.chunks(500) {
        let rows = resident::Entity::find()
            .select_only()
            .columns([resident::Column::Id, resident::Column::Version])
            .filter(resident::Column::Id.is_in(part.iter().copied()))
            .into_tuple::<(Uuid, String)>()
            .all(db)
            .await?;
        out.extend(rows);
    }
    Ok(out)
}

/// The versions of all records in a grid.
pub async fn versions<C: ConnectionTrait>(db: &C, grid: Uuid) -> Result<BTreeMap<Uuid, String>, DbErr> {
    let rows = resident::Entity::find()
        .select_only()
        .columns([resident::Column::Id, resident::Column::Version])
        .filter(resident::Column::Grid.eq(grid))
        .filter(resident::Column::State.ne("departed"))
        .into_tuple::<(Uuid, String)>()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}
