//! The job that seals everything anew after a new data key was made, in steps that nobody waits behind, and retires the
//! former keys once they seal nothing any more. Broken off, it begins at the first row that is left.

use super::{Handlers, JobContext, JobFault, JobKind};
use crate::app::{Error, rotation};
use crate::program::Program;
use crate::store::fault::Fault;
use crate::store::reseal::{self, Sealed};
use std::time::Duration;

/// Rows of one transaction.
const STEP: u64 = 50;

/// Adds the job to what a node runs.
pub fn with(handlers: Handlers, program: &Program) -> Handlers {
    let program = program.clone();
    handlers.with(JobKind::Reseal, move |context| {
        let program = program.clone();
        async move { run(&program, &context).await }
    })
}

async fn run(program: &Program, context: &JobContext) -> Result<(), JobFault> {
    // Nodes that do not know the new key seal with the former one: they are waited for first.
    while !rotation::everybody_seals_with_it(program).await? {
        context.go_on()?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut done = context.progress;
    loop {
        let before = done;
        for sealed in reseal::ALL {
            done = table(program, context, sealed, done).await?;
        }
        // A row that was locked, or written in between, is met in the next round.
        if done == before && !left(program).await? {
            break;
        }
    }
    rotation::retire(program).await?;
    Ok(())
}

async fn table(
    program: &Program,
    context: &JobContext,
    sealed: &Sealed,
    mut done: i32,
) -> Result<i32, JobFault> {
    let mut after = None;
    loop {
        context.go_on()?;
        let found = reseal::stale(program.db.read(), &program.keys, sealed, after.as_ref(), STEP).await;
        let found = &found.map_err(Error::from)?;
        let Some(last) = found.last() else {
            return Ok(done);
        };
        let renewed = program.db.write(|txn| async move {
            let mut renewed = 0;
            for key in found {
                let one = reseal::renew(&*txn, &program.keys, sealed, key).await;
                renewed += i32::from(one.map_err(fault)?);
            }
            context.advance(&*txn, done + renewed, 0).await?;
            Ok::<_, JobFault>(renewed)
        });
        done += renewed.await?;
        after = Some(last.clone());
    }
}

async fn left(program: &Program) -> Result<bool, JobFault> {
    for sealed in reseal::ALL {
        let found = reseal::stale(program.db.read(), &program.keys, sealed, None, 1).await;
        if !found.map_err(Error::from)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A database's error as it is, so that a write which was in somebody's way is tried again.
fn fault(fault: Fault) -> JobFault {
    match fault {
        Fault::Database(error) => error.into(),
        Fault::Damaged(what) => Error::Damaged(what).into(),
    }
}
