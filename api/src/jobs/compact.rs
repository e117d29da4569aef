//! The job that ends histories, once a night on one of all nodes: a record at a time, so that nobody waits behind it.

use super::{Handlers, JobContext, JobFault, JobKind};
use crate::app::compaction::{self, Done};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use sea_orm::DbErr;

/// Records of one look.
const PAGE: u64 = 200;

/// Adds the job to what a node runs.
pub fn with(handlers: Handlers, program: &Program) -> Handlers {
    let program = program.clone();
    handlers.with(JobKind::Compact, move |context| {
        let program = program.clone();
        async move { run(&program, &context).await }
    })
}

/// Sees to it that the job is in line.
pub async fn keep(program: &Program) -> Result<(), DbErr> {
    let work = program
        .db
        .write(|txn| async move { crate::store::jobs::keep(&*txn, JobKind::Compact).await });
    work.await
}

async fn run(program: &Program, context: &JobContext) -> Result<(), JobFault> {
    let (mut after, mut renewed, mut behind, mut waiting) = (None, 0, 0, 0);
    loop {
        let page = compaction::candidates(program, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.resident);
        for candidate in &page {
            context.go_on()?;
            match compaction::renew(program, *candidate).await? {
                Done::Renewed => renewed += 1,
                Done::Behind => behind += 1,
                Done::Waits => waiting += 1,
                Done::Fine => {}
            }
        }
        let done = context
            .db
            .write(|txn| async move { context.advance(&*txn, renewed, 0).await });
        done.await?;
    }
    if renewed + behind + waiting == 0 {
        return Ok(());
    }
    let entry = &Entry {
        action: "compact",
        outcome: "done",
        count: Some(renewed.into()),
        detail: Some(format!("renewed={renewed} behind={behind} waiting={waiting}")),
        ..Entry::default()
    };
    let now = program.clock.now().millis();
    let noted = context
        .db
        .write(|txn| async move { Ok::<_, JobFault>(audit::insert(&*txn, entry.clone(), now).await?) });
    noted.await
}
