//! The job that removes what nobody needs any more, once a day, on one of all nodes.

use super::{Handlers, JobContext, JobFault, JobKind};
use crate::app::tidy::{self, Terms, What};
use crate::clock::Clock;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use sea_orm::DbErr;

/// Adds the job to what a node runs.
pub fn with(handlers: Handlers, program: &Program) -> Handlers {
    let (clock, terms) = (program.clock.clone(), program.terms);
    handlers.with(JobKind::Tidy, move |context| {
        let clock = clock.clone();
        async move { run(&clock, &terms, &context).await }
    })
}

/// Sees to it that the job is in line.
pub async fn keep(program: &Program) -> Result<(), DbErr> {
    let work = program
        .db
        .write(|txn| async move { crate::store::jobs::keep(&*txn, JobKind::Tidy).await });
    work.await
}

/// In steps that nobody waits behind for long; each begins with what is left. What was removed, by kind, stands in
/// the audit trail.
async fn run(clock: &Clock, terms: &Terms, context: &JobContext) -> Result<(), JobFault> {
    let (mut removed, mut told) = (0, Vec::new());
    for what in What::ALL {
        let mut of_kind = 0;
        loop {
            context.go_on()?;
            let now = clock.now().millis();
            let step = context.db.write(|txn| async move {
                let step = tidy::step(&*txn, what, terms, now).await?;
                context.advance(&*txn, removed + step as i32, 0).await?;
                Ok::<_, JobFault>(step)
            });
            match step.await? {
                0 => break,
                step => {
                    removed += step as i32;
                    of_kind += step;
                }
            }
        }
        if of_kind > 0 {
            told.push(format!("{}={of_kind}", what.name()));
        }
    }
    if told.is_empty() {
        return Ok(());
    }
    let entry = &Entry {
        action: "tidy",
        outcome: "done",
        count: Some(removed.into()),
        detail: Some(told.join(" ")),
        ..Entry::default()
    };
    let now = clock.now().millis();
    let noted = context
        .db
        .write(|txn| async move { Ok::<_, JobFault>(audit::insert(&*txn, entry.clone(), now).await?) });
    noted.await
}
