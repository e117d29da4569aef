//! The job that commits a list, in steps of at most 200 rows, taken up from where it was.

use super::{Handlers, JobContext, JobFault, JobKind};
use crate::app::Error;
use crate::app::lists::steps::Commit;
use crate::app::lists::{draw, enrol, register};
use crate::program::Program;
use crate::store::divisions;
use crate::store::lists::{self, Head, state};
use domain::Instant;
use domain::place::Gazetteer;
use entity::list;

/// Rows of one transaction: few enough that a phone's sync need not wait long behind it. A row of the register is one
/// row; a row of any other list may make a record with all that belongs to it.
const REGISTER_STEP: u64 = 200;
const STEP: u64 = 50;

/// What runs jobs of lists.
pub fn handlers(program: &Program) -> Handlers {
    let program = program.clone();
    Handlers::new().with(JobKind::CommitList, move |context| {
        let program = program.clone();
        async move { run(&program, &context).await }
    })
}

async fn run(program: &Program, context: &JobContext) -> Result<(), JobFault> {
    let db = program.db.read();
    let id = context.subject.ok_or(JobFault::Failed("no_list"))?;
    let list = &lists::find(db, id).await?.ok_or(JobFault::Failed("no_list"))?;
    if list.state == state::COMMITTED {
        return Ok(());
    }
    let head = &lists::head(&program.keys, list).map_err(Error::from)?;
    let gazetteer = &divisions::gazetteer(db).await.map_err(Error::from)?;
    let mut earlier = lists::committed(db, &list.source, &list.kind).await?;
    // The previous row is that of a month before. A death is reported once, whichever month said so first.
    earlier.retain(|l| l.id != list.id && (l.month < list.month || list.kind == "deaths"));
    let run = Run {
        program,
        context,
        list,
        head,
        gazetteer,
        earlier: &earlier,
    };
    if list.kind == "grids" {
        return run.grids().await;
    }
    let mut done = context.progress;
    while done < list.rows {
        context.go_on()?;
        done = run.step(done).await?;
    }
    run.finish().await
}

struct Run<'a> {
    program: &'a Program,
    context: &'a JobContext,
    list: &'a list::Model,
    head: &'a Head,
    gazetteer: &'a Gazetteer,
    earlier: &'a [list::Model],
}

impl Run<'_> {
    fn commit(&self) -> Commit<'_> {
        let now = self.program.clock.now();
        Commit {
            program: self.program,
            list: self.list,
            head: self.head,
            gazetteer: self.gazetteer,
            earlier: self.earlier,
            account: self.context.created_by,
            begun: self.list.begun_at.map_or(now, Instant::from_millis),
            now,
        }
    }

    /// The next rows behind the first `done`; answers how many are done then.
    async fn step(&self, done: i32) -> Result<i32, JobFault> {
        let (list, context) = (self.list, self.context);
        let after = match done {
            0 => None,
            n => lists::place_of(self.program.db.read(), list.id, n as u64 - 1).await?,
        };
        let cx = &self.commit();
        let step = if list.kind == "population" {
            REGISTER_STEP
        } else {
            STEP
        };
        self.program
            .db
            .write(|txn| async move {
                lists::one_at_a_time(&*txn).await?;
                let keys = &cx.program.keys;
                let rows = lists::rows(&*txn, keys, list.id, None, after, Some(step))
                    .await
                    .map_err(Error::from)?;
                if list.kind == "population" {
                    register::step(&txn, cx, &rows).await?;
                } else {
                    enrol::step(&txn, cx, &rows).await?;
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

    async fn grids(&self) -> Result<(), JobFault> {
        let (list, context) = (self.list, self.context);
        let cx = &self.commit();
        let keys = &self.program.keys;
        let rows = &lists::rows(self.program.db.read(), keys, list.id, None, None, None)
            .await
            .map_err(Error::from)?;
        let (outcomes, questions) = &draw::draw(cx, rows).await?;
        self.program
            .db
            .write(|txn| async move {
                cx.ask(&*txn, questions).await?;
                let judged: Vec<_> = rows.iter().zip(outcomes).collect();
                lists::judge(&*txn, &judged).await?;
                context.advance(&*txn, list.rows, list.rows).await
            })
            .await?;
        self.finish().await
    }

    async fn finish(&self) -> Result<(), JobFault> {
        let (list, context) = (self.list, self.context);
        let now = self.program.clock.now().millis();
        self.program
            .db
            .write(|txn| async move {
                if list.kind == "population" {
                    crate::store::register::replace(&*txn, list).await?;
                }
                lists::set_state(&*txn, list.id, state::COMMITTED, now).await?;
                context.advance(&*txn, list.rows, list.rows).await
            })
            .await
    }
}
