//! Background work as people see it.

use crate::app::Error;
use crate::store::db::Db;
use crate::store::jobs::{self, Filter};
use entity::job;
use uuid::Uuid;

/// Whose jobs somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    All,
    /// Those that this account started.
    Own(Uuid),
}

/// One page, newest first.
pub async fn list(
    db: &Db,
    reach: Reach,
    filter: &Filter,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<job::Model>, Error> {
    let mut filter = filter.clone();
    if let Reach::Own(account) = reach {
        filter.created_by = Some(account);
    }
    Ok(jobs::page(db.read(), &filter, after, limit).await?)
}

/// One job.
///
/// # Errors
/// [`Error::NotFound`] for what does not exist and for what somebody else started.
pub async fn get(db: &Db, reach: Reach, id: Uuid) -> Result<job::Model, Error> {
    let job = jobs::find(db.read(), id).await?.ok_or(Error::NotFound)?;
    match reach {
        Reach::Own(account) if job.created_by != account => Err(Error::NotFound),
        Reach::Own(_) | Reach::All => Ok(job),
    }
}
