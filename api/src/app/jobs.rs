//! Background work as people see it.

use crate::actor::Actor;
use crate::app::Error;
use crate::store::audit::{self, Entry};
use crate::store::db::Db;
use crate::store::jobs::{self, Filter, Job, JobKind};
use domain::Instant;
use domain::catalogue::Role;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// The account whose jobs `actor` may see; `None` is all of them.
fn reach(actor: &Actor) -> Result<Option<Uuid>, Error> {
    actor.ready()?;
    match actor.role() {
        Some(Role::BureauAdmin) => Ok(None),
        Some(Role::TownOfficer | Role::Cadre | Role::Worker | Role::Department) => Ok(Some(actor.account)),
        Some(Role::Auditor) | None => Err(Error::Forbidden {
            code: "role_required",
            message: "您的角色不能进行此操作",
        }),
    }
}

/// One page, newest first: the bureau sees all jobs, everyone else those that they started.
pub async fn list(
    db: &Db,
    actor: &Actor,
    filter: &Filter,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<Job>, Error> {
    let mut filter = filter.clone();
    if let Some(account) = reach(actor)? {
        filter.created_by = Some(account);
    }
    Ok(jobs::page(db.read(), &filter, after, limit).await?)
}

/// One job.
///
/// # Errors
/// [`Error::NotFound`] for what does not exist and for what somebody else started.
pub async fn get(db: &Db, actor: &Actor, id: Uuid) -> Result<Job, Error> {
    find(db.read(), actor, id).await
}

async fn find<C: ConnectionTrait>(db: &C, actor: &Actor, id: Uuid) -> Result<Job, Error> {
    let own = reach(actor)?;
    let job = jobs::find(db, id).await?.ok_or(Error::NotFound)?;
    match own {
        Some(account) if job.created_by != account => Err(Error::NotFound),
        Some(_) | None => Ok(job),
    }
}

/// What somebody wants of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A failed one goes on from its progress.
    Retry,
    /// One that has not come to its end stops at the step that it is at; what is committed stays.
    Cancel,
}

/// Retries or cancels a job in reach, and answers it as it is then.
///
/// # Errors
/// [`Error::NotFound`]; `Conflict` `not_failed`, `at_an_end`, `comes_round`.
pub async fn wish(db: &Db, actor: &Actor, id: Uuid, wish: Wish, now: Instant) -> Result<Job, Error> {
    db.write(|txn| async move {
        let job = find(&*txn, actor, id).await?;
        if JobKind::parse(&job.kind).is_some_and(|kind| kind.every().is_some()) {
            return Err(Error::conflict(
                "comes_round",
                "这是定期任务，会自行再次运行，不能重试或取消",
            ));
        }
        let (done, action, refusal) = match wish {
            Wish::Retry => {
                let refusal = ("not_failed", "任务没有失败，不需要重试");
                (jobs::again(&*txn, id).await?, "retry_job", refusal)
            }
            Wish::Cancel => {
                let refusal = ("at_an_end", "任务已经结束，不能取消");
                (jobs::cancel(&*txn, id).await?, "cancel_job", refusal)
            }
        };
        if !done {
            let (code, message) = refusal;
            return Err(Error::Conflict {
                code,
                message: message.to_owned(),
                present: Some(job.state.into()),
            });
        }
        let entry = Entry::done(action, actor.account).on("job", id).detail(job.kind);
        audit::insert(&*txn, entry, now.millis()).await?;
        find(&*txn, actor, id).await
    })
    .await
}
