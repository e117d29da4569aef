//! Background work as people see it.

use crate::actor::Actor;
use crate::app::Error;
use crate::store::db::Db;
use crate::store::jobs::{self, Filter, Job};
use domain::catalogue::Role;
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
    let own = reach(actor)?;
    let job = jobs::find(db.read(), id).await?.ok_or(Error::NotFound)?;
    match own {
        Some(account) if job.created_by != account => Err(Error::NotFound),
        Some(_) | None => Ok(job),
    }
}
