//! The job that takes back what a committed list wrote, in steps, taken up from where it was.

use super::list_run::{Ground, STEP};
use super::{JobContext, JobFault};
use crate::app::lists::{register, undoing};
use crate::program::Program;
use crate::store::jobs::{self, NewJob};
use crate::store::lists::{self, Part, Stage, state};

pub async fn run(program: &Program, context: &JobContext) -> Result<(), JobFault> {
    let ground = &Ground::of(program, context).await?;
    let list = &ground.list;
    if list.state != state::UNDOING {
        return Ok(());
    }
    if list.kind == "population" {
        register_back(ground).await?;
    } else {
        // Where an earlier run got to is looked for once: to count rows up to a place is to read them all.
        let mut done = context.progress;
        let mut after = match done {
            0 => None,
            n => lists::place_of(program.db.read(), list.id, n as u64 - 1).await?,
        };
        let mut pace = ground.pace();
        loop {
            context.go_on()?;
            let step = pace.next(program).await;
            let (step, last) = people(ground, step, done, after).await?;
            if last.is_none() {
                break;
            }
            (done, after) = (done + step, last);
        }
    }
    program
        .db
        .write(|txn| async move {
            lists::set_only_state(&*txn, list.id, state::UNDONE).await?;
            if list.kind != "grids" {
                jobs::insert(&*txn, &NewJob::run_rules(list.id, context.created_by)).await?;
            }
            context.advance(&*txn, list.rows, list.rows).await
        })
        .await
}

/// A row's sheet and number.
type RowPlace = Option<(i32, i32)>;

/// The next `step` rows behind the first `done`, the last of which stands at `after`, those of people whom the list does not
/// name too; answers how many there were, and where the last of them stands.
async fn people(
    ground: &Ground<'_>,
    step: u64,
    done: i32,
    after: RowPlace,
) -> Result<(i32, RowPlace), JobFault> {
    let (list, context, program) = (&ground.list, ground.context, ground.program);
    let mut cx = ground.commit(Stage::Final);
    // What goes back goes back now.
    cx.begun = cx.now;
    let cx = &cx;
    program
        .db
        .write(|txn| async move {
            lists::one_at_a_time(&*txn).await?;
            let part = Part {
                after,
                limit: Some(step),
                ..Part::default()
            };
            let rows = lists::places(&*txn, list.id, part).await?;
            undoing::step(&txn, cx, &rows).await?;
            context
                .advance(&*txn, done + rows.len() as i32, list.rows)
                .await?;
            let last = rows.last().map(|row| (row.sheet, row.row));
            Ok::<_, JobFault>((rows.len() as i32, last))
        })
        .await
}

/// The register before comes back from the rows of its own list, then the undone one goes.
async fn register_back(ground: &Ground<'_>) -> Result<(), JobFault> {
    let (list, context, program) = (&ground.list, ground.context, ground.program);
    let before = lists::register_before(program.db.read(), list).await?;
    if let Some(before) = before.filter(|_| ground.ground.later_month.is_none()) {
        let mut done = context.progress;
        loop {
            context.go_on()?;
            let after = match done {
                0 => None,
                n => lists::place_of(program.db.read(), before.id, n as u64 - 1).await?,
            };
            let (before, cx) = (&before, &ground.commit(Stage::Final));
            let step = program.db.write(|txn| async move {
                let part = Part::of_file(after, Some(STEP));
                let rows = lists::rows(&*txn, &program.keys, before.id, part)
                    .await
                    .map_err(crate::app::Error::from)?;
                register::put_back(&txn, cx, before.id, &rows).await?;
                context
                    .advance(&*txn, done + rows.len() as i32, before.rows + list.rows)
                    .await?;
                Ok::<_, JobFault>(rows.len() as i32)
            });
            match step.await? {
                0 => break,
                step => done += step,
            }
        }
    }
    program
        .db
        .write(|txn| async move {
            crate::store::register::remove(&*txn, list.id).await?;
            crate::store::inbox::withdraw_of_list(
                &*txn,
                &program.keys,
                list.id,
                program.clock.now().millis(),
            )
            .await
            .map_err(crate::app::Error::from)?;
            Ok::<_, JobFault>(())
        })
        .await
}
