//! Where the time of a county's lists goes, by the program's own spans. They are handed in once more, in this process.

use crate::Fault;
use crate::lists::{MONTH, Shared};
use crate::report::Share;
use crate::spans::{self, Sum};
use api::app::lists::{self, Named, NewList, Reach};
use api::jobs::{Runner, Timing, commit_list};
use api::program::Program;
use api::store::{divisions, jobs};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What a span's own thread does, by the span's name.
const WORK: [(&str, &str); 7] = [
    ("read", "reading files"),
    ("link", "linking rows to people"),
    ("place", "placing addresses"),
    ("compare", "comparing with the last list"),
    ("merge", "merging edits into records"),
    ("project", "projecting records"),
    ("seal", "sealing and opening"),
];

pub async fn shares(program: Program, lists: &[&Shared], folder: &Path) -> Result<Vec<Share>, Fault> {
    let tree = divisions::tree(program.db.read()).await?;
    let county = tree.iter().find(|d| d.parent.is_none()).ok_or("no county")?.id;
    let (handlers, timing) = (commit_list::handlers(&program), Timing::default());
    let runner = Runner::start(program.db.clone(), handlers, 1, timing).await?;
    spans::take();
    let began = Instant::now();
    for list in lists {
        let new = NewList {
            source: list.source.into(),
            kind: list.kind,
            division: county,
            month: MONTH.into(),
            name: list.file.into(),
            complete: true,
        };
        hand_in(&program, new, &list.content(folder)?).await?;
    }
    let total = began.elapsed();
    let sums = spans::take();
    runner.stop().await;
    Ok(divided(total, |name| sums.get(name).copied().unwrap_or_default()))
}

async fn hand_in(program: &Program, new: NewList, content: &[u8]) -> Result<(), Fault> {
    let (by, now) = (Uuid::now_v7(), program.clock.now());
    let list = lists::upload(program, &Reach::All, by, new, content, now).await?;
    let job = lists::commit(program, &Reach::All, by, list.id, &Named::default(), now)
        .await?
        .job;
    loop {
        let row = jobs::find(program.db.read(), job).await?.ok_or("no job")?;
        match (row.finished_at, row.last_error) {
            (None, _) => tokio::time::sleep(Duration::from_millis(5)).await,
            (Some(_), None) => return Ok(()),
            (Some(_), Some(error)) => return Err(error.into()),
        }
    }
}

fn divided(total: Duration, sum: impl Fn(&str) -> Sum) -> Vec<Share> {
    let mut all: Vec<Share> = WORK
        .iter()
        .map(|(name, what)| Share::new(what, sum(name).busy, sum(name).count))
        .collect();
    let (transaction, commit) = (sum("transaction"), sum("commit"));
    let waited = transaction.open.saturating_sub(transaction.busy);
    let statements = waited.saturating_sub(commit.open.saturating_sub(commit.busy));
    all.push(Share::new(
        "waiting for statements of write transactions",
        statements,
        transaction.count,
    ));
    all.push(Share::new("commit, to the disk", commit.open, commit.count));
    let known: Duration = all.iter().map(Share::took).sum();
    let rest = total.saturating_sub(known);
    all.push(Share::new(
        "the rest: building statements, JSON, reads, waiting for the job to be taken",
        rest,
        1,
    ));
    for share in &mut all {
        share.percent = 100.0 * share.ms / (total.as_secs_f64() * 1000.0);
    }
    all
}
