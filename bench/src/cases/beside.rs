//! Fifty edits while a list commits in the background, against the same with nothing beside them.

use super::Bench;
use super::sync::{EDITS, kind};
use crate::Fault;
use crate::county::{self, ADMIN, WORKER};
use crate::figure::{Figure, Samples, millis};
use crate::lists::{commit, county, is_done, upload};
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
    let admin = sign_in(&server.client, ADMIN, None).await?;
    let county = county(&admin).await?;
    let file = ("民政", ListKind::OldAgeAllowance, "高龄津贴.csv");
    let list = upload(&admin, &county, file, county::list(bench.size)).await?;
    let job = commit(&admin, &list).await?;
    let began = Instant::now();
    // Somebody looks at the job as a console does, not after each of the phone's requests.
    let done = Arc::new(AtomicBool::new(false));
    let watching = done.clone();
    let watch = tokio::spawn(async move {
        while !is_done(&admin, &job).await? {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        watching.store(true, Ordering::Relaxed);
        Ok::<_, Fault>(began.elapsed())
    });
    let (mut beside, mut turn) = (Samples::default(), bench.rounds);
    while !done.load(Ordering::Relaxed) && !watch.is_finished() {
        beside.add(day(&mut phone, turn).await?);
        turn += 1;
    }
    let took = millis(watch.await??);
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
            took,
            "ms",
        ),
    ])
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
