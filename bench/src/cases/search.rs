//! Free text among the residents of a village and of a town.

use super::Bench;
use crate::Fault;
use crate::client::{Client, encoded};
use crate::county::{CADRE, OFFICER};
use crate::figure::{Figure, Samples};
use crate::phone::sign_in;
use crate::server::Server;

/// Part of a name, pinyin initials, part of an address, and what nobody is called.
const WANTED: [&str; 4] = ["梁少", "lsf", "旧围村12号", "查无此人"];

pub async fn searches(bench: &Bench, server: &Server) -> Result<Vec<Figure>, Fault> {
    let (cadre, officer) = (
        sign_in(&server.client, CADRE, None).await?,
        sign_in(&server.client, OFFICER, None).await?,
    );
    let village = samples(&cadre, bench.rounds).await?;
    let town = samples(&officer, bench.rounds).await?;
    let (few, many) = (bench.size.grid * bench.size.village, bench.size.residents());
    let what = |at: &str, people: usize, which: &str| format!("text search in a {at} of {people} ({which})");
    Ok(vec![
        village
            .figure("search.village.p50", &what("village", few, "median"), 0.5)
            .below(30.0),
        village
            .figure("search.village.p99", &what("village", few, "p99"), 0.99)
            .below(30.0),
        town.figure("search.town.p50", &what("town", many, "median"), 0.5)
            .below(300.0),
        town.figure("search.town.p99", &what("town", many, "p99"), 0.99)
            .below(300.0),
    ])
}

async fn samples(who: &Client, rounds: usize) -> Result<Samples, Fault> {
    let mut samples = Samples::default();
    for _ in 0..rounds {
        for wanted in WANTED {
            let answer = who
                .get(&format!("/api/v1/residents?q={}", encoded(wanted)))
                .await?;
            answer.ok()?;
            samples.add(answer.took);
        }
    }
    Ok(samples)
}
