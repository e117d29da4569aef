//! What comes before the first row of a list is judged: rows without a valid number are weighed against the people who are
//! known, and what the evidence says of each is kept beside it.
//!
//! It is done as a whole before anything is written, since who is known must not depend on which rows came first. A run
//! that is broken off begins again and comes to the same.

use super::JobFault;
use super::list_run::{Ground, STEP};
use crate::app::lists::evidence::{self, Claims, contested};
use crate::app::lists::lesson;
use crate::store::lists::{self, Evidence, Part, Row, Stage};
use matching::county::Lesson;
use std::sync::Arc;

/// Rows that are read at once.
const PAGE: u64 = 5 * STEP;

pub async fn run(ground: &Ground<'_>, stage: Stage) -> Result<(), JobFault> {
    if !evidence::fits(&ground.list.kind) {
        return Ok(());
    }
    let (db, keys) = (ground.program.db.read(), &ground.program.keys);
    let lesson = lesson(ground).await?;
    let mut claims = Claims::numbered(lists::numbers(db, ground.list.id).await?);
    let mut after = None;
    loop {
        ground.context.go_on()?;
        let part = Part {
            unnumbered: true,
            ..Part::of_file(after, Some(PAGE))
        };
        let rows = lists::rows(db, keys, ground.list.id, part).await;
        let rows = rows.map_err(crate::app::Error::from)?;
        let Some(last) = rows.last() else { break };
        after = Some((last.sheet, last.row));
        rows.iter().for_each(|row| claims.number(keys, row));
        let asked: Vec<&Row> = rows.iter().filter(|row| evidence::asks(row)).collect();
        for part in asked.chunks(STEP as usize) {
            ground.context.go_on()?;
            ground.program.limiter.give_way().await;
            weigh(ground, (stage, lesson.as_deref()), part, &mut claims).await?;
        }
    }
    settle(ground, claims).await
}

/// Where two rows want one person, both wait.
pub async fn settle(ground: &Ground<'_>, claims: Claims) -> Result<(), JobFault> {
    let db = &ground.program.db;
    let places = claims.contested();
    for part in places.chunks(STEP as usize) {
        ground.context.go_on()?;
        let of_part = part.iter().copied().collect();
        let rows = lists::arriving::at(db.read(), &ground.program.keys, ground.list.id, &of_part).await;
        let rows = rows.map_err(crate::app::Error::from)?;
        let said = rows.into_iter().map(|row| {
            let said = row.evidence.map(contested);
            ((row.sheet, row.row), said)
        });
        keep(ground, &said.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// What is known of the county's register.
pub async fn lesson(ground: &Ground<'_>) -> Result<Option<Arc<Lesson>>, JobFault> {
    let lesson = lesson::current(ground.program, &|| ground.context.go_on().is_ok()).await?;
    ground.context.go_on()?;
    Ok(lesson)
}

/// Weighs some rows and keeps what is said of them.
pub async fn weigh(
    ground: &Ground<'_>,
    (stage, lesson): (Stage, Option<&Lesson>),
    rows: &[&Row],
    claims: &mut Claims,
) -> Result<(), JobFault> {
    let cx = ground.commit(stage);
    let said = evidence::weigh(ground.program.db.read(), &cx, rows, lesson).await?;
    let mut kept = Vec::new();
    for (row, said) in rows.iter().zip(said) {
        if let Some(said) = &said {
            claims.want(&ground.program.keys, row, said);
        }
        // What an earlier run said is taken away where nothing is said any more.
        if said.is_some() || row.evidence.is_some() {
            kept.push(((row.sheet, row.row), said));
        }
    }
    keep(ground, &kept).await
}

async fn keep(ground: &Ground<'_>, all: &[((i32, i32), Option<Evidence>)]) -> Result<(), JobFault> {
    if all.is_empty() {
        return Ok(());
    }
    let (program, list) = (ground.program, &ground.list);
    program
        .db
        .write(|txn| async move {
            lists::keep_evidence(&*txn, &program.keys, list.id, all).await?;
            ground.context.advance(&*txn, 0, list.rows).await
        })
        .await
}
