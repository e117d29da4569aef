//! Everybody at once: workers come back from the field with their edits, and many phones ask whether there is anything
//! new.

use super::Bench;
use super::sync::{EDITS, kind};
use crate::Fault;
use crate::county::{STORM, storm_worker};
use crate::figure::{Figure, Samples, millis};
use crate::phone::{Phone, outcomes};
use crate::server::Server;
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Phones that ask, and how many requests of one account are under way at a time: no more are answered.
const PHONES: usize = 1_000;
const OF_ONE: usize = 2;
/// Requests that are measured.
const POLLS: usize = 20_000;

/// Workers in grids of their own, fifty edited records each, all sent in one moment.
pub async fn storm(bench: &Bench, server: &Server) -> Result<Vec<Figure>, Fault> {
    let workers = STORM.min(bench.size.grids);
    let mut phones = Vec::new();
    for n in 0..workers {
        let mut phone = Phone::new(&server.client, &storm_worker(n)).await?;
        phone.load().await?;
        phones.push(phone);
    }
    server.forget_peak();
    let (mut took, mut slowest, mut worked) = (Samples::default(), Samples::default(), Duration::ZERO);
    let rounds = bench.rounds.min(8);
    for round in 0..rounds {
        let mut made = Vec::new();
        for phone in &mut phones {
            let residents = phone.residents();
            let some = residents.iter().cycle().skip(round * EDITS).take(EDITS);
            let edits = some.enumerate();
            let edits: Vec<Value> = edits
                .map(|(n, resident)| phone.edit(resident, kind(n), round * EDITS + n))
                .collect();
            made.push(edits);
        }
        let (before, began) = (server.worked(), Instant::now());
        let mut storm = JoinSet::new();
        for (mut phone, edits) in phones.drain(..).zip(made) {
            storm.spawn(async move {
                let (answer, body) = phone.sync(&edits).await.map_err(|fault| fault.to_string())?;
                match outcomes(&body, "merged") + outcomes(&body, "conflict") == edits.len() {
                    true => Ok((phone, answer.took)),
                    false => Err(format!("not all edits were taken: {}", body["receipts"])),
                }
            });
        }
        while let Some(done) = storm.join_next().await {
            let (phone, waited) = done??;
            slowest.add(waited);
            phones.push(phone);
        }
        took.add(began.elapsed());
        worked += server
            .worked()
            .zip(before)
            .map_or(Duration::ZERO, |(after, before)| after - before);
    }
    let records = workers * EDITS;
    let what = format!("storm: {workers} workers × {EDITS} edited records at once, durable");
    let speed = records as f64 / (took.median() / 1000.0);
    let mut all = vec![
        Figure::new(
            "storm.speed",
            &format!("{what} (median of rounds)"),
            speed,
            "records/s",
        )
        .of(rounds),
        slowest.figure("storm.p99", &format!("{what}: one worker's wait (p99)"), 0.99),
        Figure::new(
            "storm.processor",
            &format!("{what}: processor time of the program a record"),
            millis(worked) / (records * rounds) as f64,
            "ms",
        ),
    ];
    all.extend(server.peak().map(|bytes| {
        let what = format!("{what}: most memory of the program");
        Figure::new("storm.memory", &what, bytes as f64 / 1e6, "MB").below(150.0)
    }));
    Ok(all)
}

/// Phones that have all there is, asking again and again.
pub async fn polls(bench: &Bench, server: &Server) -> Result<Vec<Figure>, Fault> {
    let workers = STORM.min(bench.size.grids);
    let (phones, polls) = match bench.rounds {
        // A run that only looks whether everything works.
        0..=1 => (8, 64),
        _ => (PHONES, POLLS),
    };
    let at_a_time = OF_ONE * workers;
    let mut groups: Vec<Vec<Phone>> = (0..at_a_time).map(|_| Vec::new()).collect();
    for n in 0..phones {
        let mut phone = Phone::new(&server.client, &storm_worker(n % workers)).await?;
        phone.load().await?;
        groups[n % at_a_time].push(phone);
    }
    groups.retain(|group| !group.is_empty());
    let each = polls / groups.len();
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for mut group in groups {
        asking.spawn(async move {
            let (mut took, phones) = (Vec::new(), group.len());
            for turn in 0..each {
                let (answer, _) = group[turn % phones]
                    .sync(&[])
                    .await
                    .map_err(|fault| fault.to_string())?;
                took.push(answer.took);
            }
            Ok::<_, String>(took)
        });
    }
    let mut took = Samples::default();
    while let Some(done) = asking.join_next().await {
        for one in done?? {
            took.add(one);
        }
    }
    let polls = took.count();
    let speed = polls as f64 / began.elapsed().as_secs_f64();
    let what = format!("{phones} phones asking with nothing new, {at_a_time} at a time");
    Ok(vec![
        Figure::new("polls.speed", &what, speed, "requests/s").of(polls),
        took.figure("polls.p50", &format!("{what} (median)"), 0.5),
        took.figure("polls.p99", &format!("{what} (p99)"), 0.99)
            .below(50.0),
    ])
}
