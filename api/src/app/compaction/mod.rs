//! Compaction: records whose documents have grown past the soft limits, or whose history is older than its term, get a
//! new epoch while no phone is behind. The history stays in the edit rows.

use crate::app::Error;
use crate::app::desk::Desk;
use crate::program::Program;
use crate::store::epochs::{self, Candidate};
use entity::resident;
use sea_orm::EntityTrait;
use std::collections::BTreeSet;
use sync::epoch::{SOFT, Size, has_history};
use uuid::Uuid;

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It has a new epoch.
    Renewed,
    /// Nothing of it has to end.
    Fine,
    /// A phone is behind: it is looked at again the next night.
    Behind,
    /// Somebody must decide first what is open.
    Waits,
}

/// For how long a record must have been left alone: who is at work on it is not disturbed.
const QUIET: i64 = 6 * 3600 * 1000;

const DAY: i64 = 24 * 3600 * 1000;

/// The next records to look at, behind `after`.
pub async fn candidates(program: &Program, after: Option<Uuid>, limit: u64) -> Result<Vec<Candidate>, Error> {
    let term = program.clock.now().millis() - i64::from(program.terms.documents) * DAY;
    Ok(epochs::candidates(program.db.read(), after, term, limit).await?)
}

/// Gives one record a new epoch where it needs one and nobody is behind.
pub async fn renew(program: &Program, candidate: Candidate) -> Result<Done, Error> {
    let now = program.clock.now();
    let id = candidate.resident;
    program
        .db
        .write(|txn| async move {
            let Some(row) = resident::Entity::find_by_id(id).one(&*txn).await? else {
                return Ok(Done::Fine);
            };
            let mut desk = Desk::open(&txn, program, &BTreeSet::from([id]), &[], now).await?;
            let Some(loaded) = desk.records.get(&id) else {
                return Ok(Done::Fine);
            };
            let derive = |parts: &[&[u8]]| program.keys.derive(parts);
            let grown = Size::of(&loaded.record.doc).passes(&SOFT);
            if !grown && !candidate.old || !has_history(&loaded.record, &program.catalogue, &derive) {
                return Ok(Done::Fine);
            }
            if row.changed_at > now.millis() - QUIET || epochs::behind(&*txn, id, row.changed_at).await? > 0 {
                return Ok(Done::Behind);
            }
            if desk.begin_epoch(id).is_err() {
                return Ok(Done::Waits);
            }
            desk.save().await?;
            Ok::<_, Error>(Done::Renewed)
        })
        .await
}
