//! Trying a list: a job says of every row what a commit would make of it.

use super::{Reach, Started};
use crate::app::Error;
use crate::program::Program;
use crate::store::jobs::{self, JobKind, NewJob};
use crate::store::lists::{self, state};
use uuid::Uuid;

/// Starts a dry run of a list in reach. While one is at work it is that one; afterwards it is a new one, since
/// records change.
///
/// # Errors
/// [`Error::NotFound`]; `Conflict` `already_committed` once the commit was begun.
pub async fn dry_run(program: &Program, reach: &Reach, by: Uuid, id: Uuid) -> Result<Started, Error> {
    let kind = JobKind::TryList.name();
    program
        .db
        .write(|txn| async move {
            let txn = &*txn;
            let list = lists::lock(txn, id)
                .await?
                .filter(|l| reach.sees(l))
                .ok_or(Error::NotFound)?;
            if list.state != state::UPLOADED {
                return Err(Error::conflict("already_committed", "名单已开始提交，不能再试算"));
            }
            if let Some(job) = jobs::of_subject(txn, kind, id).await?
                && matches!(job.state.as_str(), jobs::state::QUEUED | jobs::state::RUNNING)
            {
                return Ok(Started {
                    job: job.id,
                    repeat: true,
                });
            }
            let new = NewJob {
                id: Uuid::now_v7(),
                kind,
                subject: Some(id),
                total: list.rows,
                created_by: by,
            };
            jobs::insert(txn, &new).await?;
            Ok(Started {
                job: new.id,
                repeat: false,
            })
        })
        .await
}
