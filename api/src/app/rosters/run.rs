//! What the audit trail says of an export: announced before the first byte, noted ahead of what leaves, completed at the
//! end, and marked broken off by whoever finds that its program is no more.

use crate::actor::{Actor, ClientRights};
use crate::app::{Error, clients};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::roster_exports as exports;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// An export that was not heard of for so long, in milliseconds, is one whose program is no more.
const SILENT: i64 = 5 * 60 * 1000;

/// An export under way. One that is dropped before its end is marked broken off.
pub struct Run {
    program: Program,
    audit: i64,
    client: Option<Uuid>,
    /// Rows that were taken from the client's quota.
    taken: u64,
    /// Rows that have been handed to the network, or written into the file.
    pub handed: u64,
    ended: bool,
}

/// Announces an export, within the transaction of whatever it begins with.
///
/// # Errors
/// `OverQuota` `row_quota`.
pub async fn announce<C: ConnectionTrait>(
    txn: &C,
    program: &Program,
    actor: &Actor,
    entry: Entry,
    planned: u64,
) -> Result<i64, Error> {
    let now = program.clock.now();
    let rights: Option<&ClientRights> = actor.client.as_ref();
    clients::take_rows(txn, actor.account, rights, planned, now).await?;
    let mut entry = entry;
    entry.outcome = "begun";
    entry.count = Some(planned as i64);
    let audit = audit::begin(txn, entry, now.millis()).await?;
    exports::begin_run(txn, audit, now.millis()).await?;
    Ok(audit)
}

impl Run {
    /// Goes on with what was announced.
    pub fn of(program: &Program, audit: i64, client: Option<Uuid>, planned: u64) -> Run {
        Run {
            program: program.clone(),
            audit,
            client,
            taken: planned,
            handed: 0,
            ended: false,
        }
    }

    pub fn audit(&self) -> i64 {
        self.audit
    }

    /// Says how it ended, within a transaction.
    ///
    /// # Errors
    /// Of the database.
    pub async fn end_within<C: ConnectionTrait>(
        &self,
        txn: &C,
        outcome: &'static str,
        handed: u64,
    ) -> Result<(), Error> {
        if !exports::end_run(txn, self.audit).await? {
            return Ok(());
        }
        audit::finish(txn, self.audit, outcome, handed as i64).await?;
        let left = self.taken.saturating_sub(handed);
        if let Some(client) = self.client.filter(|_| left > 0) {
            clients::give_back_rows(txn, client, left, self.program.clock.now()).await?;
        }
        Ok(())
    }

    /// Says how it ended.
    ///
    /// # Errors
    /// Of the database.
    pub async fn end(&mut self, outcome: &'static str) -> Result<(), Error> {
        self.ended = true;
        let (run, handed) = (&*self, self.handed);
        let db = run.program.db.clone();
        db.write(|txn| async move { run.end_within(&*txn, outcome, handed).await })
            .await
    }

    /// It is at an end by [`Run::end_within`], or goes on elsewhere.
    pub fn settled(&mut self) {
        self.ended = true;
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut rest = Run {
            program: self.program.clone(),
            audit: self.audit,
            client: self.client,
            taken: self.taken,
            handed: self.handed,
            ended: true,
        };
        tokio::spawn(async move {
            // What cannot be written now is found silent later.
            if let Err(error) = rest.end("broken_off").await {
                tracing::warn!(%error, "an export's end was not written");
            }
        });
    }
}

/// Notes how many rows may leave next, so that a killed program has said at least what it had handed out.
///
/// # Errors
/// Of the database.
pub async fn note(program: &Program, audit: i64, rows: u64) -> Result<(), Error> {
    let now = program.clock.now().millis();
    let work = program
        .db
        .write(|txn| async move { exports::note_run(&*txn, audit, rows as i64, now).await });
    Ok(work.await?)
}

/// Marks exports broken off whose program is no more: those not heard of for minutes, or since `before`.
///
/// # Errors
/// Of the database.
pub async fn close_silent(program: &Program, before: Option<i64>) -> Result<(), Error> {
    let before = before.unwrap_or(program.clock.now().millis() - SILENT);
    if exports::silent(program.db.read(), before).await?.is_empty() {
        return Ok(());
    }
    let work = program.db.write(|txn| async move {
        for (audit, rows) in exports::silent(&*txn, before).await? {
            if exports::end_run(&*txn, audit).await? {
                audit::finish(&*txn, audit, "broken_off", rows).await?;
            }
        }
        Ok::<_, Error>(())
    });
    work.await
}
