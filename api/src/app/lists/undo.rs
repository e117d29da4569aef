//! Undoing a committed list, as long as nothing was built on it: a job takes back what the list wrote.

use super::built::{built_upon, no_later_list};
use super::ground::Ground;
use super::{Reach, Started, found};
use crate::app::Error;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::jobs::{self, JobKind, NewJob};
use crate::store::lists::{self, state};
use domain::Instant;
use uuid::Uuid;

/// Starts undoing a list in reach; asked for again, it answers the same job.
///
/// # Errors
/// [`Error::NotFound`]; `Conflict` `not_committed`, `built_upon` with what was built, `commit_running`;
/// `Refused` `cannot_be_undone` for grids, `register_gone` where the register before is kept no longer.
pub async fn undo(
    program: &Program,
    reach: &Reach,
    by: Uuid,
    id: Uuid,
    now: Instant,
) -> Result<Started, Error> {
    let list = found(program, reach, id).await?;
    if list.kind == "grids" {
        let message = "网格划分不能撤回：人员已按新网格归入。请提交更正后的网格划分";
        return Err(Error::refused("cannot_be_undone", message));
    }
    if list.state == state::COMMITTED {
        // Looked through without holding anybody up; what comes in meanwhile is left as it is.
        let db = program.db.read();
        let ground = Ground::of(db, program, id).await?;
        no_later_list(db, &ground.list).await?;
        built_upon(db, &ground).await?.or_none()?;
    }
    let kind = JobKind::UndoList.name();
    program
        .db
        .write(|txn| async move {
            let txn = &*txn;
            let list = lists::lock(txn, id).await?.ok_or(Error::NotFound)?;
            let job = jobs::of_subject(txn, kind, id).await?;
            match (list.state.as_str(), job) {
                (state::UNDOING | state::UNDONE, Some(job)) => {
                    // A job that failed goes on from where it was.
                    let again = jobs::again(txn, job.id).await?;
                    return Ok(Started {
                        job: job.id,
                        repeat: !again,
                    });
                }
                (state::COMMITTED, _) => {}
                _ => return Err(Error::conflict("not_committed", "名单尚未提交，没有可撤回的内容")),
            }
            no_later_list(txn, &list).await?;
            let mut total = list.rows;
            if list.kind == "population" {
                total += register_before(txn, &list).await?;
            }
            let new = NewJob {
                id: Uuid::now_v7(),
                kind,
                subject: Some(id),
                total,
                created_by: by,
            };
            jobs::insert(txn, &new).await?;
            lists::set_only_state(txn, id, state::UNDOING).await?;
            let mut entry = Entry::done("undo_list", by)
                .on("list", id)
                .detail(format!("kind={} month={} job={}", list.kind, list.month, new.id));
            entry.count = Some(i64::from(list.rows));
            audit::insert(txn, entry, now.millis()).await?;
            Ok(Started {
                job: new.id,
                repeat: false,
            })
        })
        .await
}

/// How many rows the register before had, which comes back.
async fn register_before<C: sea_orm::ConnectionTrait>(
    db: &C,
    list: &entity::list::Model,
) -> Result<i32, Error> {
    let Some(before) = lists::register_before(db, list).await? else {
        return Ok(0);
    };
    if lists::count_rows(db, before.id).await? == 0 && before.rows > 0 {
        let message = format!(
            "{} 的人口底册已按保存期限清除，不能恢复，因此不能撤回",
            before.month
        );
        return Err(Error::refused("register_gone", message));
    }
    Ok(before.rows)
}
