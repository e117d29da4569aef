//! Pages of a roster: read in short transactions by key, opened and written on other threads, in their order.
//!
//! A page is read while the ones before it are opened, so that both cores work; nothing but two pages is in memory. No
//! lock and no transaction is held between two pages.

use super::line;
use super::mark::Mark;
use super::permission::Permission;
use super::plan::Plan;
use super::steps::kind;
use super::xlsx::Book;
use super::{Format, csv, ndjson, xlsx};
use crate::app::Error;
use crate::program::Program;
use crate::seal::{Keyring, Place};
use crate::store::rosters::{self, Line, Narrow, Span, Which};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Rows of the first page and of the others: whoever waits sees something at once.
const FIRST: u64 = 500;
const PAGE: u64 = 2_000;
/// Rows of a page while phones are at work, and how many times as long as it takes the export then rests.
const SMALL_PAGE: u64 = 500;
const RESTS: u32 = 3;
/// For so long at most.
const LONGEST_REST: Duration = Duration::from_millis(100);
/// Pages that are opened while another is read.
const AHEAD: usize = 2;

/// Bytes of the file, and how many rows they hold.
pub struct Part {
    pub bytes: Vec<u8>,
    pub rows: u64,
}

/// What a roster's file is made of.
pub struct Source {
    pub program: Program,
    pub permission: Permission,
    pub plan: Arc<Plan>,
    pub narrow: Narrow,
    pub format: Format,
    pub watermark: bool,
    pub mark: Mark,
    /// How far each village's roster was at the start: what came later is no part of the file, or is marked.
    pub start: BTreeMap<Uuid, i64>,
}

/// Where parts go.
pub trait Sink {
    /// Takes a part; `false` when nobody wants more. Asks whether the asker still may before it hands out rows.
    fn put(&mut self, part: Part) -> impl Future<Output = Result<bool, Error>> + Send;
}

/// Makes the whole file. Answers its rows; `None` when nobody wanted more.
///
/// # Errors
/// Of the database; `Damaged` for a record that does not open; `Forbidden`, `Unauthorized` once the asker may no more.
pub async fn make(source: &Source, sink: &mut impl Sink) -> Result<Option<u64>, Error> {
    let mut book = match source.format {
        Format::Xlsx => Some(Book::begin(&source.plan)?),
        Format::Csv | Format::Ndjson => None,
    };
    let head = match source.format {
        Format::Csv => csv::header(&source.plan),
        Format::Ndjson => ndjson::header(&source.mark),
        Format::Xlsx => String::new(),
    };
    if !sink.put(part(head.into_bytes(), 0)).await? {
        return Ok(None);
    }
    let (mut after, mut limit, mut ended, mut rows) = (None, FIRST, false, 0);
    let mut opening: VecDeque<JoinHandle<Result<(String, u64), Error>>> = VecDeque::new();
    let mut began: Option<Instant> = None;
    loop {
        while !ended && opening.len() < AHEAD {
            let busy = source.program.limiter.give_way().await;
            if busy {
                limit = limit.min(SMALL_PAGE);
            }
            // Beside phones the processors are theirs first.
            if let Some(began) = began.take().filter(|_| busy) {
                tokio::time::sleep((RESTS * began.elapsed()).min(LONGEST_REST)).await;
            }
            began = Some(Instant::now());
            let page = read(source, after, limit).await?;
            ended = (page.lines.len() as u64) < limit;
            after = page.lines.last().map(|line| line.id).or(after);
            limit = PAGE;
            let (keys, plan, format) = (source.program.keys.clone(), source.plan.clone(), source.format);
            opening.push_back(tokio::task::spawn_blocking(move || {
                written(&keys, &plan, format, &page)
            }));
        }
        let Some(first) = opening.pop_front() else { break };
        let (text, count) = first.await.map_err(|_| Error::Damaged("a page broke off"))??;
        rows += count;
        let bytes = match book.take() {
            None => text.into_bytes(),
            Some(mut open) => {
                let packed = tokio::task::spawn_blocking(move || {
                    let bytes = open.add(&text);
                    (open, bytes)
                });
                let (open, bytes) = packed.await.map_err(|_| Error::Damaged("a page broke off"))?;
                book = Some(open);
                bytes?
            }
        };
        if !sink.put(part(bytes, count)).await? {
            return Ok(None);
        }
    }
    let tail = match (source.format, book) {
        (Format::Ndjson, _) => ndjson::end(rows).into_bytes(),
        (_, Some(book)) => book.end(&source.mark, rows)?,
        (_, None) if source.watermark => csv::mark(&source.plan, &source.mark, rows).into_bytes(),
        (_, None) => Vec::new(),
    };
    Ok(sink.put(part(tail, 0)).await?.then_some(rows))
}

fn part(bytes: Vec<u8>, rows: u64) -> Part {
    Part { bytes, rows }
}

/// Lines with what happened to them since the start.
struct Page {
    lines: Vec<Line>,
    /// Who was not there at the start, and who was and has changed.
    came: BTreeSet<Uuid>,
    changed: BTreeSet<Uuid>,
}

async fn read(source: &Source, after: Option<Uuid>, limit: u64) -> Result<Page, Error> {
    let category = source.plan.category;
    let txn = source.program.db.snapshot().await?;
    let which = Which::After(after, limit);
    let lines = rosters::lines(&txn, &source.permission.scope, category, &source.narrow, which).await?;
    let heads = rosters::heads(&txn, category, None).await?;
    let moved: Vec<Span> = heads
        .into_iter()
        .map(|(village, n)| (village, source.start.get(&village).copied().unwrap_or(0), n))
        .filter(|(_, before, now)| before < now)
        .collect();
    let ends = lines.first().zip(lines.last()).map(|(a, b)| (a.id, b.id));
    let steps = match ends {
        Some(ends) => rosters::steps(&txn, category, &moved, Some(ends)).await?,
        None => Vec::new(),
    };
    txn.commit().await?;
    let (mut was, mut touched) = (BTreeSet::new(), BTreeSet::new());
    let mut seen = BTreeSet::new();
    for step in steps {
        touched.insert(step.resident);
        // The first step of a roster says whether somebody stood on it before.
        if seen.insert((step.resident, step.village)) && step.kind != kind::JOINED {
            was.insert(step.resident);
        }
    }
    Ok(Page {
        lines,
        came: touched.difference(&was).copied().collect(),
        changed: was,
    })
}

/// Opens and writes a page; who joined after the start is left out.
fn written(keys: &Keyring, plan: &Plan, format: Format, page: &Page) -> Result<(String, u64), Error> {
    let mut out = String::with_capacity(page.lines.len() * 320);
    let mut rows = 0;
    for line in page.lines.iter().filter(|line| !page.came.contains(&line.id)) {
        let place = Place {
            table: "projection",
            row: line.id.as_bytes(),
            group: "open",
        };
        let plain = keys.open(place, &line.open)?;
        let changed = page.changed.contains(&line.id);
        let Some(row) = line::read(plan, line, &plain, changed)? else {
            continue;
        };
        rows += 1;
        match format {
            Format::Csv => csv::row(plan, &row, &mut out),
            Format::Ndjson => ndjson::row(plan, &row, &mut out),
            Format::Xlsx => xlsx::row(plan, &row, &mut out),
        }
    }
    Ok((out, rows))
}
