//! Attempts to make a backup, and what of each phone's edits is in one.

use entity::{backup, device};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

pub const DONE: &str = "done";
pub const FAILED: &str = "failed";

/// An attempt that came to its end.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// `file`: written by the program; `command`: by the database's own tools.
    pub how: &'static str,
    pub started_at: i64,
    pub finished_at: i64,
    /// Of the file that was written, where the program knows.
    pub bytes: Option<i64>,
    /// Why it failed: a stable name.
    pub failed: Option<&'static str>,
    /// How many are kept beside each other, where the program removes the others.
    pub keep: Option<i32>,
}

/// How the county stands with its backups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When the newest good one was begun: all that was acknowledged before is in it.
    pub good: Option<i64>,
    pub bytes: Option<i64>,
    /// The first of the attempts that have failed since.
    pub failing_since: Option<i64>,
    pub failures: i64,
}

/// What a device has in the database: its id and its numbers without a gap.
pub type Through = Vec<(Uuid, i64)>;

/// Up to where each phone's edits are in the database now: read before a backup begins.
pub async fn through<C: ConnectionTrait>(db: &C) -> Result<Through, DbErr> {
    device::Entity::find()
        .select_only()
        .columns([device::Column::Id, device::Column::Through])
        .filter(device::Column::Through.gt(0))
        .into_tuple()
        .all(db)
        .await
}

/// Notes an attempt.
pub async fn note<C: ConnectionTrait>(db: &C, attempt: &Attempt) -> Result<(), DbErr> {
    let row = backup::ActiveModel {
        id: Set(Uuid::now_v7()),
        how: Set(attempt.how.into()),
        state: Set(if attempt.failed.is_some() { FAILED } else { DONE }.into()),
        started_at: Set(attempt.started_at),
        finished_at: Set(attempt.finished_at),
        bytes: Set(attempt.bytes),
        code: Set(attempt.failed.map(str::to_owned)),
        keep: Set(attempt.keep),
    };
    backup::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Says that each phone's edits up to these numbers are in a backup.
pub async fn mark_safe<C: ConnectionTrait>(db: &C, through: &[(Uuid, i64)]) -> Result<(), DbErr> {
    for (id, number) in through {
        device::Entity::update_many()
            .col_expr(device::Column::Safe, Expr::value(*number))
            .filter(device::Column::Id.eq(*id))
            .filter(device::Column::Safe.lt(*number))
            .exec(db)
            .await?;
    }
    Ok(())
}

pub async fn standing<C: ConnectionTrait>(db: &C) -> Result<Standing, DbErr> {
    let good = backup::Entity::find()
        .filter(backup::Column::State.eq(DONE))
        .order_by_desc(backup::Column::StartedAt)
        .limit(1)
        .one(db)
        .await?;
    let since = good.as_ref().map_or(i64::MIN, |b| b.started_at);
    let failed = backup::Entity::find()
        .filter(backup::Column::State.eq(FAILED))
        .filter(backup::Column::StartedAt.gt(since))
        .order_by_asc(backup::Column::StartedAt)
        .all(db)
        .await?;
    Ok(Standing {
        good: good.as_ref().map(|b| b.started_at),
        bytes: good.and_then(|b| b.bytes),
        failing_since: failed.first().map(|b| b.started_at),
        failures: failed.len() as i64,
    })
}

/// A good backup, as far as it is known when it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub how: String,
    pub started_at: i64,
    /// Good ones that have to be made until it is removed; 0: it has been. None: nobody here removes it.
    pub goes_after: Option<u64>,
}

/// Good backups that were begun before an instant, the oldest first.
pub async fn before<C: ConnectionTrait>(db: &C, at: i64) -> Result<Vec<Kept>, DbErr> {
    let all = backup::Entity::find()
        .filter(backup::Column::State.eq(DONE))
        .order_by_asc(backup::Column::StartedAt)
        .all(db)
        .await?;
    let of = |row: &backup::Model| {
        let newer = |other: &&backup::Model| other.how == row.how && other.started_at > row.started_at;
        let newer = all.iter().filter(newer).count() as u64;
        Kept {
            how: row.how.clone(),
            started_at: row.started_at,
            goes_after: row.keep.map(|keep| (keep as u64).saturating_sub(newer)),
        }
    };
    Ok(all.iter().filter(|row| row.started_at < at).map(of).collect())
}

/// Forgets attempts that began before an instant, at most `limit`; the newest good one stays.
pub async fn forget<C: ConnectionTrait>(db: &C, before: i64, limit: u64) -> Result<u64, DbErr> {
    let newest = standing(db).await?.good.unwrap_or(i64::MAX);
    let old: Vec<Uuid> = backup::Entity::find()
        .select_only()
        .column(backup::Column::Id)
        .filter(backup::Column::StartedAt.lt(before.min(newest)))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let done = backup::Entity::delete_many()
        .filter(backup::Column::Id.is_in(old))
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}
