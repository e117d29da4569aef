//! From starting the process to the first time it says that it can serve.

use super::Bench;
use crate::Fault;
use crate::figure::{Figure, Samples};
use crate::place::Place;
use crate::server::Server;

const TIMES: usize = 5;

pub async fn starts(bench: &Bench, place: &Place) -> Result<Vec<Figure>, Fault> {
    let mut samples = Samples::default();
    for _ in 0..TIMES {
        samples.add(Server::start(&bench.program, place).await?.ready);
    }
    Ok(vec![
        samples
            .figure("start.p50", "start of the process to ready (median)", 0.5)
            .below(1000.0),
        samples
            .figure("start.worst", "start of the process to ready (worst)", 1.0)
            .below(1000.0),
    ])
}
