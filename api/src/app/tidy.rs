//! Removing what nobody needs any more.

use crate::app::rosters::changes;
use crate::app::{Error, files, guard, lists};
use crate::store::{rosters, sessions};
use sea_orm::ConnectionTrait;

/// How long a session that is over stays to be looked at, in milliseconds. Its tokens open nothing either way.
const SESSIONS: i64 = 90 * 24 * 3600 * 1000;
/// Rows of one step.
const STEP: u64 = 500;
/// Chunks of files of one step: 16 MiB of them.
const CHUNKS: u64 = 64;

/// One step; answers how many rows were removed, 0 when nothing is left to do.
pub async fn step<C: ConnectionTrait>(db: &C, now: i64) -> Result<u64, Error> {
    let counters = guard::tidy(db, now).await?;
    let sessions = sessions::forget(db, now - SESSIONS, STEP).await?;
    let chunks = files::tidy(db, now, CHUNKS).await?;
    let steps = rosters::forget(db, now - changes::KEPT, STEP).await?;
    let lists = lists::tidy(db, now).await?;
    Ok(counters + sessions + chunks + steps + lists)
}
