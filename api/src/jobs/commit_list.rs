//! The job that commits a list, in steps of few rows, taken up from where it was.

use super::ahead::Ahead;
use super::list_run::{Ground, STEP};
use super::pace::Pace;
use super::{Handlers, JobContext, JobFault, JobKind, try_list, undo_list, weigh_list};
use crate::app::lists::{draw, judge, later, register};
use crate::program::Program;
use crate::store::jobs::{self, NewJob};
use crate::store::lists::{self, Stage, state};

/// What runs jobs of lists.
pub fn handlers(program: &Program) -> Handlers {
    let (commits, tries, undoes) = (program.clone(), program.clone(), program.clone());
    Handlers::new()
        .with(JobKind::CommitList, move |context| {
            let program = commits.clone();
            async move {
                program.db.remember(true).await?;
                let done = run(&program, &context).await;
                program.db.remember(false).await?;
                done
            }
        })
        .with(JobKind::TryList, move |context| {
            let program = tries.clone();
            async move { try_list::run(&program, &context).await }
        })
        .with(JobKind::UndoList, move |context| {
            let program = undoes.clone();
            async move { undo_list::run(&program, &context).await }
        })
}

async fn run(program: &Program, context: &JobContext) -> Result<(), JobFault> {
    let ground = Ground::of(program, context).await?;
    if ground.list.state == state::COMMITTED {
        return Ok(());
    }
    if ground.list.kind == "grids" {
        grids(&ground).await?;
        return finish(&ground).await;
    }
    // Where an earlier run got to is looked for once: to count rows up to a place is to read them all.
    let mut done = context.progress;
    let after = match done {
        0 => None,
        n => lists::place_of(program.db.read(), ground.list.id, n as u64 - 1).await?,
    };
    if done == 0 {
        weigh_list::run(&ground, Stage::Final).await?;
    }
    let mut ahead = Ahead::of(program, ground.list.id, after);
    let (mut weighed, mut pace) = (STEP as i32, ground.pace());
    while done < ground.list.rows {
        context.go_on()?;
        done = step(&ground, (&mut ahead, &mut pace), done).await?;
        if ground.list.kind == "population" && done / 2 >= weighed {
            weighed = done;
            let weigh = program
                .db
                .write(|txn| async move { crate::store::register::weigh(&*txn).await });
            weigh.await?;
        }
    }
    ground.missing(Stage::Final).await?;
    finish(&ground).await
}

/// The next rows behind the first `done`; answers how many are done then.
async fn step(
    ground: &Ground<'_>,
    (ahead, pace): (&mut Ahead, &mut Pace),
    done: i32,
) -> Result<i32, JobFault> {
    let (list, context) = (&ground.list, ground.context);
    let cx = &ground.commit(Stage::Final);
    let rows = &ahead.take(pace.next(ground.program).await).await?;
    ground
        .program
        .db
        .write(|txn| async move {
            lists::one_at_a_time(&*txn).await?;
            if list.kind == "population" {
                let judged = register::judge(&txn, cx, rows).await?;
                judged.write(&txn, cx, rows).await?;
            } else {
                let judged = judge::judge(&txn, cx, rows, None).await?;
                judged.write(&txn, cx, rows).await?;
            }
            let done = if rows.is_empty() {
                list.rows
            } else {
                done + rows.len() as i32
            };
            context.advance(&*txn, done, list.rows).await?;
            Ok::<_, JobFault>(done)
        })
        .await
}

/// Grids are drawn as a whole.
async fn grids(ground: &Ground<'_>) -> Result<(), JobFault> {
    let (list, context) = (&ground.list, ground.context);
    let cx = &ground.commit(Stage::Final);
    let rows = &ground.rows(ground.program.db.read(), None, None).await?;
    let (outcomes, questions) = &draw::draw(cx, rows).await?;
    ground
        .program
        .db
        .write(|txn| async move {
            cx.ask(&*txn, questions).await?;
            lists::judge(&*txn, rows, outcomes, Stage::Final).await?;
            context.advance(&*txn, list.rows, list.rows).await
        })
        .await
}

async fn finish(ground: &Ground<'_>) -> Result<(), JobFault> {
    let (list, context) = (&ground.list, ground.context);
    later::tell_waiting(&ground.ground).await?;
    let now = ground.program.clock.now().millis();
    ground
        .program
        .db
        .write(|txn| async move {
            if list.kind == "population" && ground.ground.later_month.is_none() {
                crate::store::register::replace(&*txn, list).await?;
            }
            lists::set_state(&*txn, list.id, state::COMMITTED, now).await?;
            if list.kind != "grids" {
                jobs::insert(&*txn, &NewJob::link_again(list.id, context.created_by)).await?;
                jobs::insert(&*txn, &NewJob::run_rules(list.id, context.created_by)).await?;
            }
            context.advance(&*txn, list.rows, list.rows).await
        })
        .await
}
