//! A visit answers a task: the clue becomes what the visit found, and the row of the department's list is contradicted by
//! the field where that is so.

use super::enter::{item, step};
use super::tasks;
use crate::app::Error;
use crate::program::Program;
use crate::store::clues::tasks as rows;
use crate::store::clues::{self, Body};
use crate::store::db::Txn;
use crate::store::feeds::News;
use crate::store::inbox;
use domain::Instant;
use entity::clue;
use matching::clues::state::State;
use sync::arrived::Finding;
use uuid::Uuid;

/// What a visit says of the task that it answers.
#[derive(Clone)]
pub struct Answered {
    pub task: Uuid,
    pub visit: Uuid,
    pub resident: Uuid,
    pub account: Uuid,
    /// The visitor's name.
    pub by: String,
    pub finding: Finding,
    pub text: Option<String>,
}

/// Enters what visits answered. Whoever answers a task that is another's, or about somebody else, has made a visit and
/// answered nothing.
pub async fn settle(
    txn: &Txn,
    program: &Program,
    all: &[Answered],
    now: Instant,
) -> Result<Vec<News>, Error> {
    let mut news = Vec::new();
    for answered in all {
        let Some(mut task) = rows::lock(&**txn, answered.task).await? else {
            continue;
        };
        let meant = task.resident.is_none_or(|resident| resident == answered.resident);
        if task.state != rows::state::OPEN || task.account != answered.account || !meant {
            continue;
        }
        task.state = rows::state::DONE.into();
        task.visit = Some(answered.visit);
        task.done_at = Some(now.millis());
        task.resident = Some(answered.resident);
        rows::update(&**txn, &task).await?;
        news.extend(tasks::tell(txn, &program.keys, &task).await?);
        if let Some(row) = clues::lock(&**txn, task.clue).await?
            && row.state == State::Sent.name()
            && row.task == Some(task.id)
        {
            found(txn, program, row, answered, now).await?;
        }
    }
    Ok(news)
}

async fn found(
    txn: &Txn,
    program: &Program,
    mut row: clue::Model,
    answered: &Answered,
    now: Instant,
) -> Result<(), Error> {
    let state = match answered.finding {
        Finding::Confirmed => State::Confirmed,
        Finding::Refuted => State::Refuted,
        Finding::Unclear => State::Open,
    };
    let mut body = clues::body(&program.keys, &row)?;
    body.went(step(state, now, Some(&answered.by), answered.text.clone()));
    row.state = state.name().into();
    row.n += 1;
    row.changed_at = now.millis();
    row.resident = row.resident.or(Some(answered.resident));
    if state == State::Open {
        row.task = None;
        let again = item(&mut row, &body);
        inbox::insert(&**txn, &program.keys, &[again], now.millis()).await?;
    }
    if state == State::Confirmed {
        contradict(txn, &row, &body).await?;
    }
    clues::seal(&program.keys, &mut row, &body);
    Ok(clues::update(&**txn, &row).await?)
}

/// The rows of the owner's lists are contradicted by the field: what they say is not so, or should not be paid.
pub async fn contradict(txn: &Txn, row: &clue::Model, body: &Body) -> Result<(), Error> {
    // Who should be paid and is not is no fault of a row.
    if body.severity == "entitled" {
        return Ok(());
    }
    let reason = format!("现场核实与名单不符：{}", body.says);
    for seen in body.rows.iter().filter(|seen| seen.kind == row.kind) {
        clues::contradict(&**txn, seen.list, (seen.sheet, seen.row), &reason).await?;
    }
    Ok(())
}
