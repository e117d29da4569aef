//! Audit rows of reads. Where the database cannot be written they are kept in the reserve, so that people can still
//! be looked up and nobody is looked up without a trace.

use crate::app::Error;
use crate::program::Program;
use crate::store::audit::{self, Entry, Kept};
use crate::store::meta;

/// Writes the row of something that was read.
///
/// # Errors
/// [`Error::StorageFull`] when the reserve is used up too: then the read is not answered.
pub async fn read(program: &Program, entry: Entry) -> Result<(), Error> {
    let (entry, now) = (&entry, program.clock.now().millis());
    let written = program
        .db
        .write(|txn| async move { Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now).await?) })
        .await;
    match written {
        Err(Error::StorageFull) => {
            let kept = program.reserve.keep(&Kept::of(entry.clone(), now)).await;
            kept.map_err(|_| Error::StorageFull)
        }
        other => other,
    }
}

/// Which filling of the reserve the database has taken in last.
const TAKEN: &str = "audit_reserve";

/// Takes into the trail what was kept, once it can be written. Answers how many rows there were.
pub async fn take_in(program: &Program) -> Result<usize, Error> {
    let mut room = program.reserve.room().await;
    let Some(room) = room.as_mut().filter(|room| !room.is_empty()) else {
        return Ok(0);
    };
    let unreadable = |_| Error::Damaged("audit reserve");
    let (rows, filling) = (&room.rows().map_err(unreadable)?, room.filling.to_string());
    let filling = &filling;
    program
        .db
        .write(|txn| async move {
            audit::insert_kept(&*txn, rows).await?;
            Ok::<_, Error>(meta::put(&*txn, TAKEN, filling).await?)
        })
        .await?;
    room.clear().map_err(unreadable)?;
    Ok(rows.len())
}

/// At a start: a filling that was taken in before a crash could empty it is not taken in twice.
pub async fn settle(program: &Program) -> Result<(), Error> {
    let taken = meta::get(program.db.read(), TAKEN).await?;
    if let Some(room) = program.reserve.room().await.as_mut()
        && taken.is_some_and(|id| id == room.filling.to_string())
    {
        room.clear().map_err(|_| Error::Damaged("audit reserve"))?;
    }
    Ok(())
}
