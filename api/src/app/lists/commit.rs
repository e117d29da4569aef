//! Committing a list: begun once, run by the job table in steps of at most 200 rows, taken up from where it was.

use super::Reach;
use super::figures::{Named, confirmed};
use super::mapping;
use crate::app::Error;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::jobs::{self, JobKind, NewJob};
use crate::store::lists::{self, state};
use domain::Instant;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    pub job: Uuid,
    /// It had been started already.
    pub repeat: bool,
}

/// Starts the commit of a list in reach; started again, it answers the same job.
///
/// # Errors
/// [`Error::NotFound`]; `Conflict` `undone`, `undo_running`; `dry_run_needed` and `needs_confirmation` as `figures`
/// says.
pub async fn commit(
    program: &Program,
    reach: &Reach,
    by: Uuid,
    id: Uuid,
    named: &Named,
    now: Instant,
) -> Result<Started, Error> {
    let kind = JobKind::CommitList.name();
    program
        .db
        .write(|txn| async move {
            let txn = &*txn;
            let list = lists::lock(txn, id)
                .await?
                .filter(|l| reach.sees(l))
                .ok_or(Error::NotFound)?;
            if matches!(list.state.as_str(), state::UNDOING | state::UNDONE) {
                return Err(Error::conflict(
                    "undone",
                    "名单已撤回；如需再次提交，请重新上传该文件",
                ));
            }
            if let Some(job) = jobs::of_subject(txn, kind, id).await?
                && (list.state == state::COMMITTED || job.state != jobs::state::FAILED)
            {
                return Ok(Started {
                    job: job.id,
                    repeat: true,
                });
            }
            if lists::begun_since(txn, &list)
                .await?
                .iter()
                .any(|l| l.state == state::UNDOING)
            {
                return Err(Error::conflict("undo_running", "同类名单正在撤回，请稍后再提交"));
            }
            mapping::answered(&lists::head(&program.keys, &list)?)?;
            let committed = lists::committed(txn, &list.source, &list.kind).await?;
            // A job that failed goes on from its progress under the instant at which the commit first began.
            let (job, progress) = match jobs::of_subject(txn, kind, id).await? {
                Some(failed) if jobs::again(txn, failed.id).await? => (failed.id, true),
                _ => (Uuid::now_v7(), false),
            };
            let mut figures = String::new();
            if !progress {
                figures = confirmed(txn, &list, &committed, named).await?;
                let new = NewJob {
                    id: job,
                    kind,
                    subject: Some(id),
                    total: list.rows,
                    created_by: by,
                };
                jobs::insert(txn, &new).await?;
                lists::set_state(txn, id, state::COMMITTING, now.millis()).await?;
            }
            let detail = format!("kind={} month={} job={job} {figures}", list.kind, list.month);
            let mut entry = Entry::done("commit_list", by)
                .on("list", id)
                .detail(detail.trim_end());
            entry.count = Some(i64::from(list.rows));
            audit::insert(txn, entry, now.millis()).await?;
            Ok(Started { job, repeat: false })
        })
        .await
}
