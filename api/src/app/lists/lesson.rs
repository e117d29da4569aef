//! What agreements are worth in this county: how often names, dates, phones and places are met in its register, and what
//! rows of its lists show of the errors that lists have. Learned in the background when a register has come, and at night
//! when lists have; kept sealed, as hashes and numbers.
//!
//! Every list is weighed by the lesson of the register at hand, so that when it was learned changes no answer.

use super::evidence::{fits, known, pool};
use super::ground::Ground;
use crate::app::Error;
use crate::program::Program;
use crate::store::lessons::{self, Body};
use crate::store::lists::{self, MISSING_SHEET, Row, Stage};
use crate::store::{clues, divisions, register};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use matching::county::Lesson;
use matching::record::{Reader, Record, hash};
use matching::weigh::{Counting, Kept, Pairs};
use std::sync::Arc;
use uuid::Uuid;

/// Rows of the register that are opened at once.
const PAGE: u64 = 1000;
/// Rows of lists that are learned from.
const ROWS: u64 = 1000;
/// Rows of lists, and people of the register, that are compared as strangers.
const STRANGERS: usize = 200;

/// The lesson of the register at hand; learns it where nobody has. None where there is no register, or where it was told
/// to stop (`go`, asked between two pages). Of a small register it is kept too, and nobody is weighed by it.
pub async fn current(
    program: &Program,
    go: &(impl Fn() -> bool + Sync),
) -> Result<Option<Arc<Lesson>>, Error> {
    let db = program.db.read();
    let Some(basis) = basis(program).await? else {
        return Ok(None);
    };
    if let Some(row) = lessons::find(db).await?.filter(|row| row.basis == basis) {
        let lesson = opened(&lessons::body(&program.keys, &row)?)?;
        return Ok(Some(Arc::new(lesson)));
    }
    learn(program, basis, go).await
}

/// Learns again where lists have come since.
pub async fn renew(program: &Program, go: &(impl Fn() -> bool + Sync)) -> Result<(), Error> {
    let db = program.db.read();
    let Some(basis) = basis(program).await? else {
        return Ok(());
    };
    let before = lessons::find(db).await?.filter(|row| row.basis == basis);
    let newest = of_people(program).await?.into_iter().map(|(_, at)| at).max();
    if before.is_none_or(|row| newest.is_some_and(|at| at > row.learnt_at)) {
        learn(program, basis, go).await?;
    }
    Ok(())
}

/// Which register is at hand, in one number.
async fn basis(program: &Program) -> Result<Option<i64>, Error> {
    let db = program.db.read();
    if !register::any(db).await? {
        return Ok(None);
    }
    let lists = clues::committed_of_kind(db, "population").await?;
    let mut ids: Vec<(u64, u64)> = lists.iter().map(|list| list.id.as_u64_pair()).collect();
    ids.sort_unstable();
    let parts: Vec<u64> = ids.into_iter().flat_map(|(high, low)| [high, low]).collect();
    Ok(Some(hash(&parts).cast_signed()))
}

/// Committed lists whose rows name people, each with when it was committed.
async fn of_people(program: &Program) -> Result<Vec<(Uuid, i64)>, Error> {
    let all = lessons::committed(program.db.read()).await?;
    let all = all.into_iter().filter(|list| fits(&list.kind));
    Ok(all
        .map(|list| (list.id, list.committed_at.unwrap_or_default()))
        .collect())
}

async fn learn(
    program: &Program,
    basis: i64,
    go: &(impl Fn() -> bool + Sync),
) -> Result<Option<Arc<Lesson>>, Error> {
    let db = program.db.read();
    // What comes while this is learned is learned the next time.
    let now = program.clock.now().millis();
    let mut reader = Reader::new(divisions::gazetteer(db).await?);
    let mut counting = Counting::default();
    let mut after = 0;
    loop {
        if !go() {
            return Ok(None);
        }
        program.limiter.give_way().await;
        let page = register::page(db, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for entry in register::opened(&program.keys, page)? {
            let known = known::of_entry(&mut reader, &entry);
            counting.row(&reader.names, &known.record);
        }
    }
    let pairs = pairs(program, &mut reader).await?;
    let body = &Body {
        weights: serde_json::to_value(pairs.weights()).map_err(|_| Error::Damaged("lesson"))?,
        counts: BASE64_STANDARD.encode(counting.kept().to_bytes()),
        odds: pairs.odds(),
    };
    program
        .db
        .write(|txn| async move { lessons::keep(&*txn, &program.keys, (basis, now), body).await })
        .await?;
    // As everybody reads it later.
    Ok(Some(Arc::new(opened(body)?)))
}

/// Rows of lists beside people of the register: those whom keyed hashes find, and strangers.
async fn pairs(program: &Program, reader: &mut Reader) -> Result<Pairs, Error> {
    let db = program.db.read();
    let lists: Vec<Uuid> = of_people(program).await?.into_iter().map(|(id, _)| id).collect();
    let mut pairs = Pairs::default();
    let mut read: Vec<Record> = Vec::new();
    for (list, places) in lessons::drawn(db, &lists, ROWS).await? {
        let ground = Ground::of(db, program, list).await?;
        let cx = ground.commit(Uuid::nil(), Stage::Planned);
        let mut rows: Vec<Row> = lists::arriving::at(db, &program.keys, list, &places).await?;
        rows.retain(|row| row.sheet != MISSING_SHEET);
        let asked: Vec<_> = rows.iter().map(|row| known::of_row(reader, &cx, row)).collect();
        let pool = pool::find(db, &cx, reader, &asked).await?;
        for (asked, near) in asked.iter().zip(&pool.near) {
            // Residents say what lists said of them.
            let near = near.iter().map(|at| &pool.people[*at]);
            let near = near
                .filter(|known| known.entry.is_some())
                .map(|known| &known.record);
            pairs.row(&reader.names, &asked.record, near);
        }
        read.extend(asked.into_iter().map(|asked| asked.record));
    }
    let strangers = lessons::strangers(db, &program.keys, STRANGERS as u64).await?;
    let strangers: Vec<Record> = strangers
        .iter()
        .map(|entry| known::of_entry(reader, entry).record)
        .collect();
    for row in read.iter().take(STRANGERS) {
        pairs.strangers(&reader.names, row, strangers.iter());
    }
    Ok(pairs)
}

fn opened(body: &Body) -> Result<Lesson, Error> {
    let damaged = || Error::Damaged("lesson");
    let counts = BASE64_STANDARD.decode(&body.counts).map_err(|_| damaged())?;
    Ok(Lesson {
        counts: Arc::new(Kept::parse(&counts).ok_or_else(damaged)?),
        weights: serde_json::from_value(body.weights.clone()).map_err(|_| damaged())?,
        odds: body.odds,
    })
}
