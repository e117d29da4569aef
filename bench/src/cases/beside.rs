//! Fifty edits while a list commits in the background, and while a roster is exported too, against the same with
//! nothing beside them.

use super::Bench;
use super::exports::export;
use super::sync::{EDITS, kind};
use crate::Fault;
use crate::county::{self, ADMIN, Size, WORKER};
use crate::figure::{Figure, Samples, millis};
use crate::lists::{commit, county, until_done, upload};
use crate::phone::{Phone, outcomes, sign_in};
use crate::server::Server;
use api::lists::ListKind;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub async fn beside(bench: &Bench, server: &Server) -> Result<Vec<Figure>, Fault> {
    let mut phone = Phone::new(&server.client, WORKER).await?;
    phone.load().await?;
    let mut alone = Samples::default();
    for turn in 0..bench.rounds {
        alone.add(day(&mut phone, turn).await?);
    }
    let job = list(server, bench.size).await?;
    let (beside, took) = until_committed(&mut phone, server, job, bench.rounds).await?;
    let rows = bench.size.list;
    let what = |which: &str| format!("sync of 50 edits while a list of {rows} rows commits ({which})");
    Ok(vec![
        alone.figure(
            "alone.p50",
            "sync of 50 edits with nothing beside it (median)",
            0.5,
        ),
        alone.figure("alone.p99", "sync of 50 edits with nothing beside it (p99)", 0.99),
        beside.figure("beside.p50", &what("median"), 0.5).below(250.0),
        beside.figure("beside.p99", &what("p99"), 0.99).below(250.0),
        beside.figure("beside.worst", &what("worst"), 1.0),
        Figure::new(
            "beside.commit",
            &format!("commit of the list of {rows} rows meanwhile"),
            millis(took),
            "ms",
        ),
    ])
}

/// The same while a large roster is exported again and again, too.
pub async fn beside_export(server: &Server, size: Size, roster: usize) -> Result<Vec<Figure>, Fault> {
    let mut phone = Phone::new(&server.client, WORKER).await?;
    phone.load().await?;
    let job = list(server, size).await?;
    let admin = sign_in(&server.client, ADMIN, None).await?;
    let exports = tokio::spawn(async move {
        let mut exported = 0;
        loop {
            // Whatever has arrived is let go: what is measured is the phone.
            let mut answer = export(&admin, "csv").await?;
            while let Some(part) = answer.chunk().await? {
                exported += part.len();
            }
            if exported == 0 {
                return Err::<(), Fault>("nothing was exported".into());
            }
        }
    });
    let (beside, took) = until_committed(&mut phone, server, job, 0).await?;
    let failed = exports.is_finished();
    exports.abort();
    if failed {
        exports.await??;
    }
    let rows = size.list;
    let what = format!("sync of 50 edits while a list of {rows} rows commits and {roster} rows are exported");
    Ok(vec![
        beside.figure("crowded.p50", &format!("{what} (median)"), 0.5),
        beside
            .figure("crowded.p99", &format!("{what} (p99)"), 0.99)
            .below(250.0),
        beside.figure("crowded.worst", &format!("{what} (worst)"), 1.0),
        Figure::new(
            "crowded.commit",
            &format!("commit of the list of {rows} rows meanwhile"),
            millis(took),
            "ms",
        ),
    ])
}

/// Hands in a list of unknown people and starts its commit; answers the job.
async fn list(server: &Server, size: Size) -> Result<String, Fault> {
    let admin = sign_in(&server.client, ADMIN, None).await?;
    let county = county(&admin).await?;
    let file = ("民政", ListKind::OldAgeAllowance, "高龄津贴.csv");
    let list = upload(&admin, &county, file, county::list(size)).await?;
    commit(&admin, &list).await
}

/// A phone's requests, one after the other, until the job is done; with how long that took.
async fn until_committed(
    phone: &mut Phone,
    server: &Server,
    job: String,
    mut turn: usize,
) -> Result<(Samples, Duration), Fault> {
    let admin = sign_in(&server.client, ADMIN, None).await?;
    let began = Instant::now();
    // Somebody looks at the job as a console does, not after each of the phone's requests.
    let done = Arc::new(AtomicBool::new(false));
    let watching = done.clone();
    let watch = tokio::spawn(async move {
        until_done(&admin, &job, Duration::from_millis(25)).await?;
        watching.store(true, Ordering::Relaxed);
        Ok::<_, Fault>(began.elapsed())
    });
    let mut beside = Samples::default();
    while !done.load(Ordering::Relaxed) && !watch.is_finished() {
        beside.add(day(phone, turn).await?);
        turn += 1;
    }
    Ok((beside, watch.await??))
}

/// One request with fifty edits of the worker's own.
async fn day(phone: &mut Phone, turn: usize) -> Result<Duration, Fault> {
    let residents = phone.residents();
    let some = residents.iter().cycle().skip(turn * EDITS).take(EDITS);
    let edits: Vec<Value> = some
        .enumerate()
        .map(|(n, resident)| phone.edit(resident, kind(n), turn * EDITS + n))
        .collect();
    let (answer, body) = phone.sync(&edits).await?;
    let taken = outcomes(&body, "merged") + outcomes(&body, "conflict");
    if taken != EDITS {
        return Err(format!("{taken} of {EDITS} edits were taken: {}", body["receipts"]).into());
    }
    Ok(answer.took)
}
