//! Free text among the residents of a village and of a town.

use super::Bench;
use crate::Fault;
use crate::client::{Client, encoded};
use crate::county::{CADRE, OFFICER};
use crate::figure::{Figure, Samples, processor};
use crate::phone::sign_in;
use crate::server::Server;
use std::time::Duration;

/// Part of a name, pinyin initials, part of an address, and what nobody is called.
const WANTED: [&str; 4] = ["梁少", "lsf", "旧围村12号", "查无此人"];

pub async fn searches(bench: &Bench, server: &Server) -> Result<Vec<Figure>, Fault> {
    let (cadre, officer) = (
        sign_in(&server.client, CADRE, None).await?,
        sign_in(&server.client, OFFICER, None).await?,
    );
    let (village, in_village) = samples(server, &cadre, bench.rounds).await?;
    let (town, in_town) = samples(server, &officer, bench.rounds).await?;
    let (few, many) = (bench.size.grid * bench.size.village, bench.size.residents());
    let what = |at: &str, people: usize, which: &str| format!("text search in a {at} of {people} ({which})");
    Ok(vec![
        village
            .figure("search.village.p50", &what("village", few, "median"), 0.5)
            .below(30.0),
        village
            .figure("search.village.p99", &what("village", few, "p99"), 0.99)
            .below(30.0),
        processor(
            "search.village.processor",
            &format!("text search in a village of {few}"),
            &in_village,
        ),
        town.figure("search.town.p50", &what("town", many, "median"), 0.5)
            .below(300.0),
        town.figure("search.town.p99", &what("town", many, "p99"), 0.99)
            .below(300.0),
        processor(
            "search.town.processor",
            &format!("text search in a town of {many}"),
            &in_town,
        ),
    ])
}

/// Readings of the program's clock before and after each request.
type Clocks = Vec<(Option<Duration>, Option<Duration>)>;

async fn samples(server: &Server, who: &Client, rounds: usize) -> Result<(Samples, Clocks), Fault> {
    let (mut samples, mut worked) = (Samples::default(), Vec::new());
    for _ in 0..rounds {
        for wanted in WANTED {
            let clock = server.worked();
            let answer = who
                .get(&format!("/api/v1/residents?q={}", encoded(wanted)))
                .await?;
            answer.ok()?;
            samples.add(answer.took);
            worked.push((clock, server.worked()));
        }
    }
    Ok((samples, worked))
}
