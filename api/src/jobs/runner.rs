//! Takes jobs whose turn it is, one at a time a lane, and keeps their leases alive.

use super::{Handlers, JobContext, JobFault, JobKind};
use crate::store::db::Db;
use crate::store::jobs::{self, Ended};
use entity::job;
use sea_orm::{DbBackend, DbErr};
use std::time::Duration;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long things take. A lease outlives two missed renewals.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub lease: Duration,
    /// Between two looks at the table when nothing was committed here.
    pub poll: Duration,
    /// The first wait after a failure; it doubles with each attempt, up to 32 times.
    pub wait: Duration,
    /// How long a stopping node lets its runs come to the end of a step.
    pub grace: Duration,
    /// A job that failed this often has failed for good.
    pub attempts: i32,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            wait: Duration::from_secs(2),
            grace: Duration::from_secs(20),
            attempts: 6,
        }
    }
}

/// How many first waits go by before work is tried again that found no space.
const FULL: u32 = 5;

/// Between a commit on this node and the look at the table.
const LOOK: Duration = Duration::from_millis(50);

/// The lanes of this node.
pub struct Runner {
    stopping: CancellationToken,
    lanes: Vec<JoinHandle<()>>,
}

impl Runner {
    /// Starts `lanes` lanes, each with at most one job at a time.
    pub async fn start(db: Db, handlers: Handlers, lanes: usize, timing: Timing) -> Result<Runner, DbErr> {
        if db.backend() == DbBackend::Sqlite {
            // The lock file says that we are the only node: whoever holds a lease is dead, nobody need wait.
            db.write(|txn| async move { jobs::end_leases(&*txn).await })
                .await?;
        }
        let stopping = CancellationToken::new();
        let lanes = (0..lanes).map(|_| {
            let lane = Lane {
                db: db.clone(),
                handlers: handlers.clone(),
                timing,
                stopping: stopping.clone(),
            };
            tokio::spawn(lane.run())
        });
        Ok(Runner {
            lanes: lanes.collect(),
            stopping,
        })
    }

    /// Takes no more jobs, lets those at work come to the end of a step, and gives them back to the table.
    pub async fn stop(self) {
        self.stopping.cancel();
        for lane in self.lanes {
            // A lane never panics by itself; if it did, its job's lease ends and another node goes on.
            let _ = lane.await;
        }
    }
}

struct Lane {
    db: Db,
    handlers: Handlers,
    timing: Timing,
    stopping: CancellationToken,
}

impl Lane {
    async fn run(self) {
        let mut changes = self.db.listen();
        while !self.stopping.is_cancelled() {
            match self.take().await {
                Ok(Some((job, owner))) => {
                    self.work(job, owner).await;
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(target: "jobs", code = "look_failed", cause = %kind_of(&error));
                }
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = sleep(self.timing.poll) => {}
                // A commit on this node may have put a job in line. Commits come in hundreds: one look for all.
                _ = changes.recv() => {
                    sleep(LOOK).await;
                    changes = self.db.listen();
                }
            }
        }
    }

    async fn take(&self) -> Result<Option<(job::Model, Uuid)>, DbErr> {
        let kinds = self.handlers.kinds();
        if kinds.is_empty() || !jobs::any_due(self.db.read(), &kinds).await? {
            return Ok(None);
        }
        let (owner, lease, kinds) = (Uuid::now_v7(), self.lease(), &kinds);
        let job = self
            .db
            .write(|txn| async move { jobs::claim(&*txn, kinds, owner, lease).await })
            .await?;
        Ok(job.map(|job| (job, owner)))
    }

    async fn work(&self, job: job::Model, owner: Uuid) {
        let id = job.id;
        let attempt = job.attempts;
        let (Some(kind), stopping) = (JobKind::parse(&job.kind), self.stopping.child_token()) else {
            return;
        };
        if attempt > self.timing.attempts {
            // Its runs never came to an end of their own: something in it brings the program down.
            let code = "too_many_attempts";
            let ended = comes_round(kind, Ended::Failed { code });
            return self.finish(id, owner, ended).await;
        }
        let Some(handler) = self.handlers.0.get(&kind) else {
            return;
        };
        tracing::info!(target: "jobs", %id, kind = kind.name(), attempt, "begun");
        let context = JobContext {
            db: self.db.clone(),
            job: id,
            kind,
            subject: job.subject,
            created_by: job.created_by,
            progress: job.progress,
            attempt,
            owner,
            stopping,
        };
        // A task of its own: a panic in the work ends the run, not the lane.
        let mut run = tokio::spawn(handler(context));
        let outcome = tokio::select! {
            outcome = &mut run => Some(outcome),
            () = self.lose(id, owner) => None,
            () = self.run_out() => {
                run.abort();
                Some((&mut run).await)
            }
        };
        let ended = match outcome {
            None => {
                run.abort();
                tracing::warn!(target: "jobs", %id, kind = kind.name(), "lost to another owner");
                return;
            }
            Some(outcome) => self.ended(outcome, attempt),
        };
        let Some(ended) = ended else {
            tracing::warn!(target: "jobs", %id, kind = kind.name(), "lost to another owner");
            return;
        };
        let ended = comes_round(kind, ended);
        tracing::info!(target: "jobs", %id, kind = kind.name(), attempt, outcome = ?ended, "ended");
        self.finish(id, owner, ended).await;
    }

    /// What to write about a run; `None` when the job is another's by now.
    fn ended(&self, outcome: Result<Result<(), JobFault>, JoinError>, attempt: i32) -> Option<Ended> {
        let fault = match outcome {
            Ok(Ok(())) => return Some(Ended::Done),
            Ok(Err(fault)) => fault,
            Err(error) if error.is_cancelled() => JobFault::Stopped,
            Err(_) => JobFault::Again("panicked"),
        };
        if let JobFault::Database(error) = &fault {
            tracing::warn!(target: "jobs", code = "database", cause = %kind_of(error));
        }
        let code = fault.code();
        match fault {
            JobFault::Lost => None,
            JobFault::Stopped => Some(Ended::Stopped),
            JobFault::Failed(_) => Some(Ended::Failed { code }),
            JobFault::Full => Some(Ended::Waits {
                code,
                wait: (self.timing.wait * FULL).as_millis() as i64,
            }),
            JobFault::Again(_) | JobFault::Database(_) if attempt >= self.timing.attempts => {
                Some(Ended::Failed { code })
            }
            JobFault::Again(_) | JobFault::Database(_) => {
                let factor = 1 << (attempt - 1).clamp(0, 5);
                let wait = (self.timing.wait * factor).as_millis() as i64;
                Some(Ended::Again { code, wait })
            }
        }
    }

    /// Lengthens the lease again and again; returns when it is lost.
    async fn lose(&self, id: Uuid, owner: Uuid) {
        let lease = self.lease();
        loop {
            sleep(self.timing.lease / 3).await;
            let renewed = self
                .db
                .write(|txn| async move { jobs::renew(&*txn, id, owner, lease).await })
                .await;
            match renewed {
                Ok(true) => {}
                Ok(false) => return,
                // The database may answer next time; if it does not, each commit of the run is refused by itself.
                Err(error) => {
                    tracing::warn!(target: "jobs", %id, code = "renewal_failed", cause = %kind_of(&error));
                }
            }
        }
    }

    /// Returns when the node has been stopping for the whole time of grace.
    async fn run_out(&self) {
        self.stopping.cancelled().await;
        sleep(self.timing.grace).await;
    }

    async fn finish(&self, id: Uuid, owner: Uuid, ended: Ended) {
        let work = self
            .db
            .write(|txn| async move { jobs::finish(&*txn, id, owner, ended).await });
        // If this cannot be written the lease ends by itself, and the job is taken up from its progress.
        match timeout(self.timing.lease, work).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => tracing::warn!(target: "jobs", %id, "ended too late"),
            Ok(Err(error)) => {
                tracing::warn!(target: "jobs", %id, code = "end_failed", cause = %kind_of(&error));
            }
            Err(_) => tracing::warn!(target: "jobs", %id, code = "end_failed", cause = "timeout"),
        }
    }

    fn lease(&self) -> i64 {
        self.timing.lease.as_millis() as i64
    }
}

/// Work that comes round again is neither done nor failed for good: its next run comes.
fn comes_round(kind: JobKind, ended: Ended) -> Ended {
    match (kind.every(), ended) {
        (Some(wait), Ended::Done) => Ended::Later { code: None, wait },
        (Some(wait), Ended::Failed { code }) => Ended::Later {
            code: Some(code),
            wait,
        },
        (_, ended) => ended,
    }
}

/// The kind of a database error: its text may quote values.
fn kind_of(error: &DbErr) -> &'static str {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => "connection",
        DbErr::Exec(_) | DbErr::Query(_) => "statement",
        _ => "other",
    }
}
