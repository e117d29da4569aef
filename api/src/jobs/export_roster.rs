//! The job that makes a roster's file: read page by page, sealed chunk by chunk. Broken off, it begins anew; what it had
//! written is nobody's file and is tidied away.

use super::{Handlers, JobContext, JobFault, JobKind};
use crate::app::Error;
use crate::app::files::{Purpose, Writer};
use crate::app::rosters::job::{self, Work};
use crate::app::rosters::pages::{self, Part, Sink};
use crate::app::rosters::run;
use crate::program::Program;
use domain::Instant;

/// Bytes of the largest file.
const MOST: u64 = 4 * 1024 * 1024 * 1024;
/// Rows between two notes of how far it is.
const NOTED: u64 = 10_000;
const DAY: i64 = 24 * 3600 * 1000;

/// Adds the job to what a node runs.
pub fn with(handlers: Handlers, program: &Program) -> Handlers {
    let program = program.clone();
    handlers.with(JobKind::ExportRoster, move |context| {
        let program = program.clone();
        async move { run(&program, &context).await }
    })
}

async fn run(program: &Program, context: &JobContext) -> Result<(), JobFault> {
    let id = context.subject.ok_or(JobFault::Failed("no_export"))?;
    let Some(mut work) = job::open(program, id).await? else {
        return Ok(());
    };
    let ended = make(program, context, &work).await;
    match &ended {
        // What may be tried again goes on under the same announcement.
        Ok(())
        | Err(
            JobFault::Again(_) | JobFault::Stopped | JobFault::Lost | JobFault::Full | JobFault::Database(_),
        ) => {
            work.run.settled();
        }
        Err(JobFault::Failed(_)) => work.run.end("failed").await?,
    }
    ended
}

async fn make(program: &Program, context: &JobContext, work: &Work) -> Result<(), JobFault> {
    let (db, keys) = (&program.db, &program.keys);
    let now = program.clock.now();
    let name = &work.spec.name;
    let file = Writer::begin(db, keys, Purpose::Export, name, MOST, work.account, now).await?;
    let mut sink = Filed {
        program,
        context,
        work,
        file,
        rows: 0,
        noted: 0,
        fault: None,
    };
    let made = pages::make(&work.source, &mut sink).await;
    let Filed { file, fault, .. } = sink;
    let rows = match (made, fault) {
        (_, Some(fault)) => return Err(fault),
        (Ok(Some(rows)), None) => rows,
        (Ok(None), None) => return Err(JobFault::Failed("removed")),
        (Err(error), None) => return Err(error.into()),
    };
    let now = program.clock.now();
    let until = Instant::from_millis(now.millis() + i64::from(program.export_days) * DAY);
    let (file, total) = (&file, i32::try_from(rows).unwrap_or(i32::MAX));
    program
        .db
        .write(|txn| async move {
            file.finish_within(&*txn, keys, now, Some(until)).await?;
            if !work.made_within(&*txn, program, file.id(), rows).await? {
                return Err(JobFault::Failed("removed"));
            }
            context.advance(&*txn, total, total).await
        })
        .await
}

/// The file that is being written, and what the job says of it.
struct Filed<'a> {
    program: &'a Program,
    context: &'a JobContext,
    work: &'a Work,
    file: Writer,
    rows: u64,
    noted: u64,
    fault: Option<JobFault>,
}

impl Filed<'_> {
    async fn note(&mut self) -> Result<(), JobFault> {
        self.context.go_on()?;
        self.noted = self.rows;
        let (done, total) = (
            self.rows as i32,
            i32::try_from(self.work.planned).unwrap_or(i32::MAX),
        );
        let (context, audit) = (self.context, self.work.run.audit());
        run::note(self.program, audit, self.rows).await?;
        self.program
            .db
            .write(|txn| async move { context.advance(&*txn, done, total).await })
            .await
    }
}

impl Sink for Filed<'_> {
    async fn put(&mut self, part: Part) -> Result<bool, Error> {
        self.work.source.permission.still(self.program).await?;
        self.file
            .append(&self.program.db, &self.program.keys, &part.bytes)
            .await?;
        self.rows += part.rows;
        if self.rows >= self.noted + NOTED
            && let Err(fault) = self.note().await
        {
            self.fault = Some(fault);
            return Ok(false);
        }
        Ok(true)
    }
}
