//! The job that removes what nobody needs any more, once a day, on one of all nodes.

use super::{Handlers, JobContext, JobFault, JobKind};
use crate::app::tidy;
use crate::clock::Clock;
use crate::program::Program;
use sea_orm::DbErr;

/// Adds the job to what a node runs.
pub fn with(handlers: Handlers, program: &Program) -> Handlers {
    let clock = program.clock.clone();
    handlers.with(JobKind::Tidy, move |context| {
        let clock = clock.clone();
        async move { run(&clock, &context).await }
    })
}

/// Sees to it that the job is in line.
pub async fn keep(program: &Program) -> Result<(), DbErr> {
    let work = program
        .db
        .write(|txn| async move { crate::store::jobs::keep(&*txn, JobKind::Tidy).await });
    work.await
}

/// In steps that nobody waits behind for long; each begins with what is left.
async fn run(clock: &Clock, context: &JobContext) -> Result<(), JobFault> {
    let mut removed = 0;
    loop {
        context.go_on()?;
        let now = clock.now().millis();
        let step = context.db.write(|txn| async move {
            let step = tidy::step(&*txn, now).await?;
            context.advance(&*txn, removed + step as i32, 0).await?;
            Ok::<_, JobFault>(step)
        });
        match step.await? {
            0 => return Ok(()),
            step => removed += step as i32,
        }
    }
}
