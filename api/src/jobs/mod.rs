//! Background work: which kinds there are, what runs them, and what a run may know and do.
//!
//! Work is rows in one table (`store::jobs`), for all nodes. A run holds a lease that is lengthened while it
//! works; after kill -9 the lease ends and any node takes the job up again. A handler must therefore be able to
//! begin in the middle: it commits in steps, and each step says with [`JobContext::advance`], in the same
//! transaction, how far it is. A run that lost its lease gets [`JobFault::Lost`] there and commits nothing more.

mod ahead;
pub mod commit_list;
pub mod compact;
pub mod export_roster;
pub mod link_again;
mod list_run;
mod lists_first;
mod pace;
pub mod reseal;
pub mod run_rules;
mod runner;
pub mod tidy;
mod try_list;
mod undo_list;
mod weigh_list;

pub use crate::store::jobs::JobKind;
pub use runner::{Runner, Timing};

use crate::store::db::{Cause, Db, is_full};
use crate::store::jobs;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DbErr};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Why a run ended without success. Codes are stable names and hold no data.
#[derive(Debug)]
pub enum JobFault {
    /// Trying again cannot help.
    Failed(&'static str),
    /// Something that may pass: a database that does not answer, a full disk.
    Again(&'static str),
    /// The node stops; whoever takes the job up goes on from its progress.
    Stopped,
    /// Another owner has the job by now.
    Lost,
    /// Nothing can be written. That may last for days, and is no fault of the work: it is not counted as an attempt.
    Full,
    /// As [`JobFault::Again`], with its cause for the log.
    Database(DbErr),
}

impl fmt::Display for JobFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for JobFault {}

impl JobFault {
    pub const fn code(&self) -> &'static str {
        match self {
            JobFault::Failed(code) | JobFault::Again(code) => code,
            JobFault::Stopped => "stopped",
            JobFault::Lost => "lost",
            JobFault::Full => "storage_full",
            JobFault::Database(_) => "database",
        }
    }
}

impl From<DbErr> for JobFault {
    fn from(error: DbErr) -> JobFault {
        match is_full(&error) {
            true => JobFault::Full,
            false => JobFault::Database(error),
        }
    }
}

impl From<crate::app::Error> for JobFault {
    fn from(error: crate::app::Error) -> JobFault {
        use crate::app::Error;
        match error {
            Error::Database(error) => error.into(),
            Error::StorageFull => JobFault::Full,
            Error::NotFound => JobFault::Failed("not_found"),
            Error::Forbidden { code, .. } | Error::Refused { code, .. } | Error::Conflict { code, .. } => {
                JobFault::Failed(code)
            }
            Error::Unauthorized { code, .. } => JobFault::Failed(code),
            Error::TooMany { .. } => JobFault::Again("too_many"),
            Error::OverQuota { code, .. } => JobFault::Failed(code),
            Error::Damaged(_) => JobFault::Failed("damaged"),
        }
    }
}

impl Cause for JobFault {
    fn database(&self) -> Option<&DbErr> {
        match self {
            JobFault::Database(error) => Some(error),
            JobFault::Failed(_)
            | JobFault::Again(_)
            | JobFault::Stopped
            | JobFault::Lost
            | JobFault::Full => None,
        }
    }
}

/// What a run knows: its job, the database, and whether the node is stopping.
#[derive(Clone)]
pub struct JobContext {
    pub db: Db,
    pub job: Uuid,
    pub kind: JobKind,
    pub subject: Option<Uuid>,
    /// Who started the work; its author.
    pub created_by: Uuid,
    /// Where an earlier run got to; 0 at first.
    pub progress: i32,
    /// 1 at the first run.
    pub attempt: i32,
    owner: Uuid,
    stopping: CancellationToken,
}

impl JobContext {
    /// Says how far the work is, in the transaction that brings it there.
    ///
    /// # Errors
    /// [`JobFault::Lost`] when another owner has the job: the transaction must not be committed.
    pub async fn advance<C: ConnectionTrait>(
        &self,
        txn: &C,
        progress: i32,
        total: i32,
    ) -> Result<(), JobFault> {
        match jobs::advance(txn, self.job, self.owner, progress, total).await? {
            true => Ok(()),
            false => Err(JobFault::Lost),
        }
    }

    /// To be asked between two steps.
    ///
    /// # Errors
    /// [`JobFault::Stopped`] when the node stops.
    pub fn go_on(&self) -> Result<(), JobFault> {
        match self.stopping.is_cancelled() {
            true => Err(JobFault::Stopped),
            false => Ok(()),
        }
    }
}

type Handler = Arc<dyn Fn(JobContext) -> BoxFuture<'static, Result<(), JobFault>> + Send + Sync>;

/// What runs each kind of work, given at start.
#[derive(Clone, Default)]
pub struct Handlers(BTreeMap<JobKind, Handler>);

impl Handlers {
    pub fn new() -> Handlers {
        Handlers::default()
    }

    /// Adds the function that runs a kind; it may run again from any step.
    pub fn with<H, F>(mut self, kind: JobKind, handler: H) -> Handlers
    where
        H: Fn(JobContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), JobFault>> + Send + 'static,
    {
        self.0
            .insert(kind, Arc::new(move |context| Box::pin(handler(context))));
        self
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.0.keys().map(|kind| kind.name()).collect()
    }
}
