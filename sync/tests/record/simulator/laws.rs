//! The runs themselves, and the proof that they can fail.

use super::run::play;
use super::server::Bug;
use super::{Broken, Law};
use crate::dice::setting;
use crate::gate::quietly;

/// Seeds that once broke a law.
const BROKE: &str = include_str!("../../fixtures/simulator-seeds.txt");

#[test]
fn what_the_design_promises_holds_in_every_run() {
    let first = setting("SIM_SEED", 0);
    let once: Vec<u64> = BROKE
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    let runs = setting("SIM_RUNS", 2_000);
    let seeds: Vec<u64> = once.into_iter().chain(first..first + runs).collect();
    let seeds = &seeds;
    let halves = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let broken: Vec<(u64, Broken)> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..halves)
            .map(|n| scope.spawn(move || played(seeds, n, halves)))
            .collect();
        all.into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    for (seed, (law, what)) in &broken {
        println!("SIM_SEED={seed} SIM_RUNS=1: {law:?}: {what}");
    }
    assert!(
        broken.is_empty(),
        "{} runs broke a law; their seeds belong into tests/fixtures/simulator-seeds.txt",
        broken.len()
    );
}

/// Every `step`th seed from the `first`; a few failures are enough.
fn played(seeds: &[u64], first: usize, step: usize) -> Vec<(u64, Broken)> {
    let part = seeds.iter().skip(first).step_by(step);
    part.filter_map(|seed| Some((*seed, play(*seed, None).err()?)))
        .take(3)
        .collect()
}

/// Each law is broken by a mistake that it is there for.
#[test]
fn every_mistake_is_found() {
    let expected = |bug| match bug {
        Bug::ForgetsKnown => Law::ExactlyOnce,
        Bug::WritesAtPresent => Law::Order,
        Bug::LosesHeld | Bug::LosesSave => Law::NothingLost,
        Bug::LeaksGrids | Bug::TakesForeign => Law::Scope,
        Bug::ForgetsToProject | Bug::RenewsEmpty => Law::Projection,
        Bug::SkipsFeed => Law::Convergence,
        Bug::MergesBlindly => Law::Policy,
    };
    for bug in Bug::ALL {
        let finds = |seed: &u64| {
            // A mistake may also break the run itself.
            let run = || std::panic::catch_unwind(|| play(*seed, Some(bug)));
            let found = quietly(run).ok().and_then(Result::err);
            found.is_some_and(|(law, _)| law == expected(bug))
        };
        assert!((0..150).find(finds).is_some(), "{bug:?} is not found");
    }
}
