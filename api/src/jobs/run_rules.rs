//! The job that runs the comparison rules: all of them every night, and those that read a kind of list after one of it
//! was committed or undone.
//!
//! It reads page by page outside of any transaction, and writes a hundred clues at a time. A run that is broken off simply
//! begins again: what is there already is found as it is.

use super::{Handlers, JobContext, JobFault, JobKind};
use crate::app::Error;
use crate::app::clues::enter::{PART, Run};
use crate::app::clues::gather::{Between, gather, months};
use crate::app::clues::{find, rules, sources};
use crate::app::lists::lesson;
use crate::program::Program;
use crate::store::{clock, lists};
use matching::clues::Rule;
use std::collections::HashSet;
use uuid::Uuid;

/// Clues of one transaction while phones are at work.
const SMALL_PART: usize = 20;

/// Adds both jobs to what a node runs.
pub fn with(handlers: Handlers, program: &Program) -> Handlers {
    let (nightly, after) = (program.clone(), program.clone());
    handlers
        .with(JobKind::RunAllRules, move |context| {
            let program = nightly.clone();
            async move { run(&program, &context).await }
        })
        .with(JobKind::RunRules, move |context| {
            let program = after.clone();
            async move { run(&program, &context).await }
        })
}

/// Sees to it that the rules are there and that the nightly run is in line.
pub async fn keep(program: &Program) -> Result<(), Error> {
    rules::seed(program).await?;
    let work = program
        .db
        .write(|txn| async move { crate::store::jobs::keep(&*txn, JobKind::RunAllRules).await });
    Ok(work.await?)
}

/// Lets phones and lists go first between two pages, and ends where the node stops.
struct Paused<'a> {
    program: &'a Program,
    context: &'a JobContext,
}

impl Between for Paused<'_> {
    async fn pause(&self) -> Result<(), Error> {
        self.program.limiter.give_way().await;
        match self.context.lists_first().await {
            Err(JobFault::Database(error)) => Err(error.into()),
            Err(_) => Err(Error::Damaged(STOPPED)),
            Ok(()) => Ok(()),
        }
    }
}

/// Not a fault: how a run that must stop comes out of reading.
const STOPPED: &str = "the node stops";

async fn run(program: &Program, context: &JobContext) -> Result<(), JobFault> {
    rules::seed(program).await?;
    if context.kind == JobKind::RunAllRules {
        lesson::renew(program, &|| context.go_on().is_ok()).await?;
        context.go_on()?;
    }
    let began = clock::now(program.db.read()).await?;
    let today = program.clock.now().date();
    let wanted = wanted(program, context).await?;
    if wanted.is_empty() {
        return Ok(());
    }
    let paused = Paused { program, context };
    let all = gather(program, wanted, &paused).await;
    let all = match all {
        Err(Error::Damaged(STOPPED)) => return Err(JobFault::Stopped),
        other => other?,
    };
    let found = find::find(program, &all, today);
    let run = &Run {
        program,
        all: &all,
        began,
        today,
        months: months(program).await?,
    };
    let total = i32::try_from(found.clues.len()).unwrap_or(i32::MAX);
    let mut done = 0;
    while done < found.clues.len() {
        context.lists_first().await?;
        let size = match program.limiter.give_way().await {
            true => SMALL_PART,
            false => PART as usize,
        };
        let part = &found.clues[done..found.clues.len().min(done + size)];
        let ready = &run.prepare(part).await?;
        done += part.len();
        let now = program.clock.now();
        program
            .db
            .write(|txn| async move {
                lists::one_at_a_time(&*txn).await?;
                run.enter(&txn, ready, now).await?;
                context.advance(&*txn, done as i32, total).await
            })
            .await?;
    }
    let mut kept: HashSet<Uuid> = found.unsure;
    kept.extend(found.clues.iter().flat_map(|clue| clue.ids.iter().copied()));
    for rule in &found.ran {
        gone(run, context, rule, &kept, total).await?;
    }
    Ok(())
}

/// Closes what a rule finds no more.
async fn gone(
    run: &Run<'_>,
    context: &JobContext,
    rule: &str,
    kept: &HashSet<Uuid>,
    total: i32,
) -> Result<(), JobFault> {
    let mut after = None;
    loop {
        context.lists_first().await?;
        run.program.limiter.give_way().await;
        let now = run.program.clock.now();
        let last = run.program.db.write(|txn| async move {
            lists::one_at_a_time(&*txn).await?;
            let last = run.gone(&txn, rule, kept, after, now).await?;
            context.advance(&*txn, total, total).await?;
            Ok::<_, JobFault>(last)
        });
        match last.await? {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}

/// The rules that run: all of them, or those that read the kind of list which has come.
async fn wanted(program: &Program, context: &JobContext) -> Result<Vec<Rule>, JobFault> {
    let all = rules::all(program).await?;
    let Some(id) = context.subject else {
        return Ok(all);
    };
    let list = lists::find(program.db.read(), id)
        .await?
        .ok_or(JobFault::Failed("not_found"))?;
    let reads = |rule: &Rule| sources::reads(rule, &list.kind);
    Ok(all.into_iter().filter(reads).collect())
}
