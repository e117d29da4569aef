//! The job that says what a list's rows would become: judged by what commits them, and nothing is written but that.
//!
//! It reads in short transactions that lock nobody, and begins anew when it was broken off: what earlier rows would
//! have written is only in memory.

use super::list_run::{Ground, STEP};
use super::{JobContext, JobFault, weigh_list};
use crate::app::lists::carry::Carry;
use crate::app::lists::{draw, judge, register};
use crate::program::Program;
use crate::store::lists::{self, Outcome, Row, Stage, state};
use std::sync::Arc;

pub async fn run(program: &Program, context: &JobContext) -> Result<(), JobFault> {
    let ground = &Ground::of(program, context).await?;
    if ground.list.state != state::UPLOADED {
        return Ok(());
    }
    match ground.list.kind.as_str() {
        "grids" => {
            let cx = &ground.commit(Stage::Planned);
            let rows = ground.rows(program.db.read(), None, None).await?;
            let (outcomes, _) = draw::draw(cx, &rows).await?;
            for (rows, outcomes) in rows.chunks(STEP as usize).zip(outcomes.chunks(STEP as usize)) {
                keep(ground, rows, outcomes, 0).await?;
            }
        }
        "population" => go_through(ground, None).await?,
        _ => {
            weigh_list::run(ground, Stage::Planned).await?;
            let mut carry = Carry::default();
            let mut after = None;
            loop {
                let rows = ground.rows(program.db.read(), after, Some(5 * STEP)).await?;
                let Some(last) = rows.last() else { break };
                after = Some((last.sheet, last.row));
                carry.count(program, &rows);
            }
            carry.counted();
            go_through(ground, Some(carry)).await?;
        }
    }
    let known = ground.missing(Stage::Planned).await?;
    let now = program.clock.now().millis();
    let id = ground.list.id;
    program
        .db
        .write(|txn| async move { lists::set_planned(&*txn, id, known, now).await })
        .await?;
    Ok(())
}

async fn go_through(ground: &Ground<'_>, mut carry: Option<Carry>) -> Result<(), JobFault> {
    let (mut after, mut done) = (None, 0);
    loop {
        ground.context.go_on()?;
        ground.program.limiter.give_way().await;
        let txn = Arc::new(ground.program.db.snapshot().await?);
        let cx = ground.commit(Stage::Planned);
        let rows = ground.rows(&*txn, after, Some(STEP)).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some((last.sheet, last.row));
        let outcomes = match &mut carry {
            None => register::judge(&txn, &cx, &rows).await?.outcomes,
            Some(carry) => {
                let judged = judge::judge(&txn, &cx, &rows, Some(carry)).await?;
                carry.said(judged.outcomes)
            }
        };
        done += rows.len() as i32;
        if let Some(txn) = Arc::into_inner(txn) {
            txn.rollback().await?;
        }
        keep(ground, &rows, &outcomes, done).await?;
    }
}

async fn keep(ground: &Ground<'_>, rows: &[Row], outcomes: &[Outcome], done: i32) -> Result<(), JobFault> {
    let total = ground.list.rows;
    ground
        .program
        .db
        .write(|txn| async move {
            lists::judge(&*txn, rows, outcomes, Stage::Planned).await?;
            ground.context.advance(&*txn, done, total).await
        })
        .await
}
