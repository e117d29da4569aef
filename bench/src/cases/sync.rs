//! What a phone waits for: its first load, a reconnect with nothing new, fifty edits of a day.

use super::Bench;
use crate::Fault;
use crate::client::Client;
use crate::county::{OTHER_WORKER, WORKER};
use crate::figure::{Figure, Samples, processor};
use crate::phone::{Kind, Phone, outcomes};
use crate::place::Place;
use crate::server::Server;
use crate::slow_line::SlowLine;
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

/// Edits of one request.
pub const EDITS: usize = 50;
/// Of them on records that another worker wrote meanwhile.
const SHARED: usize = 10;

pub async fn syncs(bench: &Bench, server: &Server, place: &Place) -> Result<Vec<Figure>, Fault> {
    let mut all = first_loads(bench, server).await?;
    all.extend(reconnects(bench, server).await?);
    all.extend(edits(bench, server, place).await?);
    Ok(all)
}

/// The first load that a server answers after its start, and one over a line with a round trip of 60 ms.
pub async fn first_of_all(bench: &Bench, place: &Place) -> Result<Vec<Figure>, Fault> {
    let (mut fresh, mut slow) = (Samples::default(), Samples::default());
    for _ in 0..bench.rounds.min(5) {
        let server = Server::start(&bench.program, place).await?;
        let mut phone = Phone::new(&server.client, WORKER).await?;
        fresh.add(phone.load().await?.iter().map(|answer| answer.took).sum());
        let line = SlowLine::to(server.client.base(), Duration::from_millis(60)).await?;
        let client = Client::new(&line.base)?;
        let mut phone = Phone::new(&client, WORKER).await?;
        slow.add(phone.load().await?.iter().map(|answer| answer.took).sum());
    }
    let what = format!("first load of a grid of {}", bench.size.grid);
    Ok(vec![
        fresh
            .figure(
                "load.fresh",
                &format!("{what}, server just started (median)"),
                0.5,
            )
            .below(60.0),
        slow.figure("load.slow", &format!("{what} at 60 ms round trip (median)"), 0.5)
            .below(300.0),
    ])
}

async fn first_loads(bench: &Bench, server: &Server) -> Result<Vec<Figure>, Fault> {
    let (mut took, mut requests, mut bytes, mut held) = (Samples::default(), 0, 0, 0);
    for _ in 0..bench.rounds.min(10) {
        let mut phone = Phone::new(&server.client, WORKER).await?;
        let answers = phone.load().await?;
        took.add(answers.iter().map(|answer| answer.took).sum());
        requests = requests.max(answers.len());
        bytes = bytes.max(answers.iter().map(|answer| answer.wire).sum());
        held = phone.residents().len();
    }
    if held != bench.size.grid {
        return Err(format!("the phone holds {held} of {} residents", bench.size.grid).into());
    }
    let what = |which: &str| format!("first load of a grid of {held} ({which})");
    let count = took.count();
    Ok(vec![
        Figure::new("load.requests", &what("requests"), requests as f64, "")
            .below(3.0)
            .of(count),
        took.figure("load.p50", &what("median"), 0.5).below(100.0),
        took.figure("load.worst", &what("worst"), 1.0).below(100.0),
        Figure::new("load.bytes", &what("gzip"), bytes as f64 / 1000.0, "kB")
            .below(150.0)
            .of(count),
    ])
}

async fn reconnects(bench: &Bench, server: &Server) -> Result<Vec<Figure>, Fault> {
    let mut phone = Phone::new(&server.client, WORKER).await?;
    phone.load().await?;
    let (mut took, mut live) = (Samples::default(), Samples::default());
    for _ in 0..bench.rounds * 10 {
        let (answer, body) = phone.sync(&[]).await?;
        if body["more"] != false || body["items"].as_array().is_none_or(|items| !items.is_empty()) {
            return Err("a reconnect with nothing new brought something".into());
        }
        took.add(answer.took);
        let answer = server.client.get("/health/live").await?;
        live.add(answer.took);
    }
    let ratio = took.median() / live.median();
    Ok(vec![
        took.figure(
            "reconnect.p50",
            "reconnect with nothing new, one request (median)",
            0.5,
        )
        .below(5.0),
        took.figure(
            "reconnect.p99",
            "reconnect with nothing new, one request (p99)",
            0.99,
        )
        .below(5.0),
        live.figure("live.p50", "/health/live in the same run (median)", 0.5),
        Figure::new(
            "reconnect.ratio",
            "reconnect ÷ /health/live (medians)",
            ratio,
            "×",
        )
        .of(took.count()),
    ])
}

async fn edits(bench: &Bench, server: &Server, place: &Place) -> Result<Vec<Figure>, Fault> {
    let mut phone = Phone::new(&server.client, WORKER).await?;
    let mut other = Phone::new(&server.client, OTHER_WORKER).await?;
    phone.load().await?;
    other.load().await?;
    let residents = phone.residents();
    // Records are taken from the front for edits alone, from the back for shared ones, each of these once.
    let rounds = bench.rounds.min((residents.len() - EDITS) / SHARED);
    let (mut took, mut written, mut sent) = (Samples::default(), Vec::new(), 0);
    let mut worked = Vec::new();
    for round in 0..rounds {
        let shared: Vec<&String> = residents.iter().rev().skip(round * SHARED).take(SHARED).collect();
        let theirs: Vec<Value> = shared
            .iter()
            .enumerate()
            .map(|(n, resident)| other.edit(resident, Kind::Number, 1_000_000 + round * EDITS + n))
            .collect();
        other.sync(&theirs).await?;
        let alone = residents.iter().cycle().skip(round * EDITS).take(EDITS - SHARED);
        let mut edits: Vec<Value> = shared
            .iter()
            .enumerate()
            .map(|(n, resident)| phone.edit(resident, Kind::Number, 2_000_000 + round * EDITS + n))
            .collect();
        for (n, resident) in alone.enumerate() {
            edits.push(phone.edit(resident, kind(n), round * EDITS + n));
        }
        sent = Value::from(edits.clone()).to_string().len();
        let (before, clock) = (server.written(), server.worked());
        let (answer, body) = phone.sync(&edits).await?;
        written.extend(server.written().zip(before).map(|(after, before)| after - before));
        worked.push((clock, server.worked()));
        took.add(answer.took);
        // The first record of the county has an open conflict of its own from the start.
        let (merged, conflict) = (outcomes(&body, "merged"), outcomes(&body, "conflict"));
        if conflict < SHARED || merged + conflict != EDITS {
            return Err(format!("{merged} merged, {conflict} in conflict: {}", body["receipts"]).into());
        }
    }
    written.sort_unstable();
    let size = written
        .get(written.len() / 2)
        .map_or(sent, |bytes| *bytes as usize)
        .max(sent);
    let bare = bare(place, size, bench.rounds)?;
    let ratio = took.median() / bare.median();
    let kb = size as f64 / 1000.0;
    Ok(vec![
        took.figure(
            "edits.p50",
            "50 edits, 10 of them conflicting, merged and durable, one request (median)",
            0.5,
        )
        .below(100.0),
        took.figure(
            "edits.worst",
            "50 edits, 10 of them conflicting, merged and durable, one request (worst)",
            1.0,
        )
        .below(100.0),
        processor("edits.processor", "50 edits, 10 of them conflicting", &worked),
        Figure::new("edits.written", "written to the disk meanwhile", kb, "kB").of(written.len()),
        bare.figure(
            "fsync.p50",
            "as many bytes written and synced in the same folder (median)",
            0.5,
        ),
        Figure::new("edits.ratio", "50 edits ÷ bare fsync (medians)", ratio, "×").of(took.count()),
    ])
}

/// What a worker does on most days: some fields, some visits with a note, some values found right.
pub fn kind(n: usize) -> Kind {
    match n % 4 {
        0 => Kind::Visit,
        1 => Kind::Confirm,
        _ => Kind::Field,
    }
}

/// Appends and syncs, as a database that did nothing else would.
fn bare(place: &Place, size: usize, rounds: usize) -> Result<Samples, Fault> {
    let mut samples = Samples::default();
    let mut file = File::create(place.folder().join("fsync"))?;
    let bytes = vec![0x5a; size];
    for _ in 0..rounds {
        let began = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        samples.add(began.elapsed());
    }
    Ok(samples)
}
