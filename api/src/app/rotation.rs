//! Data keys of a running program: a new one is made by whatever process, every node follows, everything is sealed
//! anew, and the former ones are retired. The look-up key is another matter: every hash hangs on it, and it stays.

use crate::app::Error;
use crate::program::Program;
use crate::seal::signing::RIPENING;
use crate::store::audit::{self, Entry};
use crate::store::jobs::{self, JobKind, NewJob};
use crate::store::keys;
use uuid::Uuid;

/// Reads the data keys anew.
pub async fn follow(program: &Program) -> Result<(), Error> {
    let now = program.clock.now().millis();
    let read = keys::reread_data(&program.db, &program.secrets, &program.keys, now);
    Ok(read.await?)
}

/// Makes a new data key and puts the work of sealing everything anew in line. Answers the key's id and the job.
///
/// # Errors
/// `Conflict` `rotation_runs` while an earlier rotation has not come to its end.
pub async fn rotate(program: &Program) -> Result<(i32, Uuid), Error> {
    let now = program.clock.now().millis();
    let done = program
        .db
        .write(|txn| async move {
            let id = keys::add_data(&*txn, &program.secrets, now).await?;
            if jobs::unfinished(&*txn, JobKind::Reseal.name()).await? {
                return Err(Error::conflict("rotation_runs", "上一次更换数据密钥尚未完成"));
            }
            let job = &NewJob {
                id: Uuid::now_v7(),
                kind: JobKind::Reseal.name(),
                subject: None,
                total: 0,
                created_by: Uuid::nil(),
            };
            jobs::insert(&*txn, job).await?;
            let entry = Entry {
                action: "rotate_data_key",
                outcome: "done",
                detail: Some(id.to_string()),
                ..Default::default()
            };
            audit::insert(&*txn, entry, now).await?;
            Ok::<_, Error>((id, job.id))
        })
        .await?;
    follow(program).await?;
    Ok(done)
}

/// Whether the newest key seals on every node, with as much time again for what was being written then.
pub async fn everybody_seals_with_it(program: &Program) -> Result<bool, Error> {
    follow(program).await?;
    let newest = keys::newest_data(program.db.read()).await?;
    let now = program.clock.now().millis();
    Ok(newest
        .is_none_or(|key| key.id as u32 == program.keys.current() && key.created_at + 2 * RIPENING <= now))
}

/// Retires the keys before the present one: nothing is sealed with them any more.
pub async fn retire(program: &Program) -> Result<(), Error> {
    let now = program.clock.now().millis();
    let current = i32::try_from(program.keys.current()).unwrap_or(i32::MAX);
    program
        .db
        .write(|txn| async move {
            let retired = keys::retire_data(&*txn, current, now).await?;
            let entry = Entry {
                action: "retire_data_keys",
                outcome: "done",
                count: Some(retired as i64),
                ..Default::default()
            };
            audit::insert(&*txn, entry, now).await?;
            Ok::<_, Error>(())
        })
        .await?;
    follow(program).await
}
