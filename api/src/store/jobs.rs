//! Job rows: background work of all nodes in one table, each row leased to at most one owner.
//!
//! An owner is one run of one job, not a node: a node that lost a lease and took it again is another owner, so
//! that what the first run still tries to commit is refused. Leases are dated by the database's clock.

mod kind;
mod page;

pub use kind::{JobKind, NewJob};
pub use page::{Filter, page};

use super::clock;
use entity::job;
pub use entity::job::Model as Job;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

/// The states of a job's row.
pub mod state {
    /// Waits for an owner, not before `lease_until`.
    pub const QUEUED: &str = "queued";
    pub const RUNNING: &str = "running";
    pub const DONE: &str = "done";
    /// Ended without success; `last_error` says why.
    pub const FAILED: &str = "failed";
}

pub async fn insert<C: ConnectionTrait>(db: &C, new: &NewJob) -> Result<(), DbErr> {
    let row = job::ActiveModel {
        id: Set(new.id),
        kind: Set(new.kind.into()),
        subject: Set(new.subject),
        state: Set(state::QUEUED.into()),
        owner: Set(None),
        lease_until: Set(0),
        attempts: Set(0),
        progress: Set(0),
        total: Set(new.total),
        last_error: Set(None),
        created_by: Set(new.created_by),
        created_at: Set(clock::now(db).await?),
        finished_at: Set(None),
    };
    job::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Puts work that comes round again in line, unless it is there: all nodes begin with this, and there is one row.
pub async fn keep<C: ConnectionTrait>(db: &C, kind: JobKind) -> Result<(), DbErr> {
    let row = job::ActiveModel {
        id: Set(standing(kind)),
        kind: Set(kind.name().into()),
        subject: Set(None),
        state: Set(state::QUEUED.into()),
        owner: Set(None),
        lease_until: Set(0),
        attempts: Set(0),
        progress: Set(0),
        total: Set(0),
        last_error: Set(None),
        created_by: Set(Uuid::nil()),
        created_at: Set(clock::now(db).await?),
        finished_at: Set(None),
    };
    let on = OnConflict::column(job::Column::Id).do_nothing().to_owned();
    job::Entity::insert(row)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// The id of the one row of work that comes round again: the same on every node.
pub fn standing(kind: JobKind) -> Uuid {
    let mut bytes = [0; 16];
    for (into, byte) in bytes.iter_mut().zip(kind.name().bytes()) {
        *into = byte;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Whether a job of these kinds could be taken now: the cheap look before [`claim`].
pub async fn any_due<C: ConnectionTrait>(db: &C, kinds: &[&str]) -> Result<bool, DbErr> {
    let now = clock::now(db).await?;
    let row = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(due(kinds, now))
        .limit(1)
        .into_tuple::<Uuid>()
        .one(db)
        .await?;
    Ok(row.is_some())
}

/// Takes the oldest job that is queued or whose owner's lease has ended, for `lease` milliseconds.
pub async fn claim<C: ConnectionTrait>(
    db: &C,
    kinds: &[&str],
    owner: Uuid,
    lease: i64,
) -> Result<Option<job::Model>, DbErr> {
    let now = clock::now(db).await?;
    let found = job::Entity::find()
        .filter(due(kinds, now))
        .order_by_asc(job::Column::CreatedAt)
        .order_by_asc(job::Column::Id)
        .limit(1)
        // Two nodes that look at the same moment take two jobs, and neither waits. SQLite has one writer anyway.
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(db)
        .await?;
    let Some(mut row) = found else {
        return Ok(None);
    };
    row.state = state::RUNNING.into();
    row.owner = Some(owner);
    row.lease_until = now + lease;
    row.attempts += 1;
    job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(row.state.clone()))
        .col_expr(job::Column::Owner, Expr::value(row.owner))
        .col_expr(job::Column::LeaseUntil, Expr::value(row.lease_until))
        .col_expr(job::Column::Attempts, Expr::value(row.attempts))
        .filter(job::Column::Id.eq(row.id))
        .exec(db)
        .await?;
    Ok(Some(row))
}

fn due(kinds: &[&str], now: i64) -> Condition {
    Condition::all()
        .add(job::Column::Kind.is_in(kinds.iter().copied()))
        .add(job::Column::State.is_in([state::QUEUED, state::RUNNING]))
        .add(job::Column::LeaseUntil.lte(now))
}

/// Lengthens the lease from now. `false`: the job has another owner, or none, by now.
pub async fn renew<C: ConnectionTrait>(db: &C, id: Uuid, owner: Uuid, lease: i64) -> Result<bool, DbErr> {
    let until = clock::now(db).await? + lease;
    let done = owned(id, owner)
        .col_expr(job::Column::LeaseUntil, Expr::value(until))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Says how far the owner is, and locks the row until commit: what is committed together with this was done by
/// the one owner. `false`: the job has another owner by now, and nothing of this run may be committed.
pub async fn advance<C: ConnectionTrait>(
    db: &C,
    id: Uuid,
    owner: Uuid,
    progress: i32,
    total: i32,
) -> Result<bool, DbErr> {
    let done = owned(id, owner)
        .col_expr(job::Column::Progress, Expr::value(progress))
        .col_expr(job::Column::Total, Expr::value(total))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// For good: `code` is a stable name, never text from the data.
    Failed {
        code: &'static str,
    },
    /// To be tried again after `wait` milliseconds.
    Again {
        code: &'static str,
        wait: i64,
    },
    /// Work that comes round again: its next run is due after `wait` milliseconds, with its attempts counted anew.
    Later {
        /// Of a run that did not succeed.
        code: Option<&'static str>,
        wait: i64,
    },
    /// It cannot be done now, whatever it is: to be taken up from its progress after `wait` milliseconds, with its
    /// attempts counted anew.
    Waits {
        code: &'static str,
        wait: i64,
    },
    /// The node stops: to be taken up by anyone at once, and not counted as an attempt.
    Stopped,
}

/// Ends the owner's run. `false`: the job has another owner by now, nothing was changed.
pub async fn finish<C: ConnectionTrait>(db: &C, id: Uuid, owner: Uuid, ended: Ended) -> Result<bool, DbErr> {
    let now = clock::now(db).await?;
    let free = owned(id, owner).col_expr(job::Column::Owner, Expr::value(None::<Uuid>));
    let update = match ended {
        Ended::Done => free
            .col_expr(job::Column::State, Expr::value(state::DONE))
            .col_expr(job::Column::LastError, Expr::value(None::<String>))
            .col_expr(job::Column::FinishedAt, Expr::value(now)),
        Ended::Failed { code } => free
            .col_expr(job::Column::State, Expr::value(state::FAILED))
            .col_expr(job::Column::LastError, Expr::value(code))
            .col_expr(job::Column::FinishedAt, Expr::value(now)),
        Ended::Again { code, wait } => free
            .col_expr(job::Column::State, Expr::value(state::QUEUED))
            .col_expr(job::Column::LastError, Expr::value(code))
            .col_expr(job::Column::LeaseUntil, Expr::value(now + wait)),
        Ended::Later { code, wait } => free
            .col_expr(job::Column::State, Expr::value(state::QUEUED))
            .col_expr(job::Column::LastError, Expr::value(code))
            .col_expr(job::Column::Attempts, Expr::value(0))
            .col_expr(job::Column::Progress, Expr::value(0))
            .col_expr(job::Column::LeaseUntil, Expr::value(now + wait)),
        Ended::Waits { code, wait } => free
            .col_expr(job::Column::State, Expr::value(state::QUEUED))
            .col_expr(job::Column::LastError, Expr::value(code))
            .col_expr(job::Column::Attempts, Expr::value(0))
            .col_expr(job::Column::LeaseUntil, Expr::value(now + wait)),
        Ended::Stopped => free
            .col_expr(job::Column::State, Expr::value(state::QUEUED))
            .col_expr(job::Column::Attempts, Expr::col(job::Column::Attempts).sub(1))
            .col_expr(job::Column::LeaseUntil, Expr::value(now)),
    };
    Ok(update.exec(db).await?.rows_affected == 1)
}

fn owned(id: Uuid, owner: Uuid) -> sea_orm::UpdateMany<job::Entity> {
    job::Entity::update_many()
        .filter(job::Column::Id.eq(id))
        .filter(job::Column::Owner.eq(owner))
        .filter(job::Column::State.eq(state::RUNNING))
}

/// Ends all leases: for a database with one node, when that node starts.
pub async fn end_leases<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    job::Entity::update_many()
        .col_expr(job::Column::LeaseUntil, Expr::value(0))
        .filter(job::Column::State.eq(state::RUNNING))
        .exec(db)
        .await?;
    Ok(())
}

/// Puts a failed job in line again, with its attempts counted anew. `false`: it has not failed.
pub async fn again<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<bool, DbErr> {
    let done = job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(state::QUEUED))
        .col_expr(job::Column::Attempts, Expr::value(0))
        .col_expr(job::Column::LeaseUntil, Expr::value(0))
        .col_expr(job::Column::FinishedAt, Expr::value(None::<i64>))
        .filter(job::Column::Id.eq(id))
        .filter(job::Column::State.eq(state::FAILED))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The code of a job that somebody stopped.
pub const CANCELLED: &str = "cancelled";

/// Ends a job that is in line or at work: it has failed, and its run commits nothing more. `false`: it was at an end.
pub async fn cancel<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<bool, DbErr> {
    let now = clock::now(db).await?;
    let done = job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(state::FAILED))
        .col_expr(job::Column::Owner, Expr::value(None::<Uuid>))
        .col_expr(job::Column::LastError, Expr::value(CANCELLED))
        .col_expr(job::Column::FinishedAt, Expr::value(now))
        .filter(job::Column::Id.eq(id))
        .filter(job::Column::State.is_in([state::QUEUED, state::RUNNING]))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Whether a job of these kinds is in somebody's hands now.
pub async fn at_work<C: ConnectionTrait>(db: &C, kinds: &[&str]) -> Result<bool, DbErr> {
    let now = clock::now(db).await?;
    let found = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(job::Column::Kind.is_in(kinds.iter().copied()))
        .filter(job::Column::State.eq(state::RUNNING))
        .filter(job::Column::LeaseUntil.gt(now))
        .limit(1)
        .into_tuple::<Uuid>()
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// Whether a job of a kind is in line or at work.
pub async fn unfinished<C: ConnectionTrait>(db: &C, kind: &str) -> Result<bool, DbErr> {
    let found = job::Entity::find()
        .filter(job::Column::Kind.eq(kind))
        .filter(job::Column::State.is_in([state::QUEUED, state::RUNNING]))
        .limit(1)
        .one(db)
        .await?;
    Ok(found.is_some())
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<job::Model>, DbErr> {
    job::Entity::find_by_id(id).one(db).await
}

/// The newest job of a kind about one subject.
pub async fn of_subject<C: ConnectionTrait>(
    db: &C,
    kind: &str,
    subject: Uuid,
) -> Result<Option<job::Model>, DbErr> {
    job::Entity::find()
        .filter(job::Column::Kind.eq(kind))
        .filter(job::Column::Subject.eq(subject))
        .order_by_desc(job::Column::CreatedAt)
        .order_by_desc(job::Column::Id)
        .one(db)
        .await
}
