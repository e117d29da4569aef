//! What holds for every history (invariant 2): the same edits, in any order that respects what each had seen and
//! in any batching, give the same record; and an edit taken twice from the same state gives the same.

use crate::catalogue;
use crate::desk::{Desk, RESIDENT, cadre, edit};
use crate::history::{Arrival, Step, play, step};
use domain::EditId;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use sync::State;
use sync::base::Base;
use sync::version::Version;

/// Everything that must not depend on the order of arrival.
#[derive(Debug, PartialEq)]
struct End {
    heads: Vec<String>,
    version: String,
    item: Json,
    rest: Json,
    open: Vec<String>,
    history: BTreeMap<(String, String), (Json, Json)>,
}

fn end(desk: &Desk) -> End {
    let projection = desk.projection();
    let history = desk
        .history
        .iter()
        .map(|((edit, key), step)| ((edit.to_string(), key.clone()), step.clone()));
    End {
        heads: desk
            .record
            .doc
            .get_heads()
            .iter()
            .map(ToString::to_string)
            .collect(),
        version: desk.version(),
        open: desk.open_in(&projection),
        item: projection.open,
        rest: projection.rest,
        history: history.collect(),
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Always the same cases, so that a failure is everyone's; others with `LAWS_SEED`, more with `LAWS_CASES`.
pub fn runner(cases: u64) -> TestRunner {
    let seed = setting("LAWS_SEED", 1);
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let config = Config {
        cases: setting("LAWS_CASES", cases) as u32,
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// The arrivals in another order: of those that may come next, the one that `choices` points at.
fn reordered(arrivals: &[Arrival], choices: &[usize]) -> Vec<usize> {
    let mut order = Vec::new();
    let mut came = vec![false; arrivals.len()];
    while order.len() < arrivals.len() {
        let may = |n: &usize| !came[*n] && arrivals[*n].after.iter().all(|before| came[*before]);
        let next: Vec<usize> = (0..arrivals.len()).filter(may).collect();
        let n = next[choices[order.len() % choices.len()] % next.len()];
        came[n] = true;
        order.push(n);
    }
    order
}

fn replay(arrivals: &[Arrival], order: &[usize], created: bool, reloads: &[bool]) -> Desk {
    let state = if created { State::Reported } else { State::Present };
    let mut desk = Desk::new(catalogue::at(8), state);
    for (n, place) in order.iter().enumerate() {
        let arrival = &arrivals[*place];
        desk.take_at(&arrival.edit, &arrival.base, &arrival.writer);
        if reloads[n % reloads.len()] {
            desk.reload();
        }
    }
    desk
}

/// Steps, whether a worker's create began the record, noise for ids, choices of order, reloads between edits.
type History = (Vec<Step>, bool, Vec<u64>, Vec<usize>, Vec<bool>);

fn histories() -> impl Strategy<Value = History> {
    (
        prop::collection::vec(step(), 1..28),
        any::<bool>(),
        prop::collection::vec(0..u64::MAX, 16),
        prop::collection::vec(0..64_usize, 24),
        prop::collection::vec(any::<bool>(), 8),
    )
}

#[test]
fn any_allowed_order_and_batching_gives_the_same_record() {
    let law = |(steps, created, ids, choices, reloads): History| {
        let (first, arrivals) = play(&steps, created, &ids);
        let order = reordered(&arrivals, &choices);
        let other = replay(&arrivals, &order, created, &reloads);
        prop_assert_eq!(end(&first), end(&other), "order {:?}", order);
        Ok(())
    };
    if let Err(failure) = runner(300).run(&histories(), law) {
        panic!("{failure}");
    }
}

/// A lost answer, a rolled back commit, another node: the same edit on the same state gives the same again.
#[test]
fn an_edit_on_the_same_state_gives_the_same() {
    let law = |(steps, created, ids, _, _): History| {
        let (_, arrivals) = play(&steps, created, &ids);
        let order: Vec<usize> = (0..arrivals.len()).collect();
        let (last, before) = order.split_last().unwrap();
        let mut one = replay(&arrivals, before, created, &[false]);
        let mut two = replay(&arrivals, before, created, &[true]);
        two.record.doc = one.record.doc.clone();
        let last = &arrivals[*last];
        for desk in [&mut one, &mut two] {
            desk.take_at(&last.edit, &last.base, &last.writer);
        }
        prop_assert_eq!(one.record.doc.save(), two.record.doc.save());
        prop_assert!(one.record.kept == two.record.kept);
        prop_assert_eq!(end(&one), end(&two));
        Ok(())
    };
    if let Err(failure) = runner(80).run(&histories(), law) {
        panic!("{failure}");
    }
}

/// Every version that the record ever had names, later too, exactly what it named then; a version with another
/// digest, of another epoch or not yet reached names nothing.
#[test]
fn every_version_names_what_it_named() {
    let law = |(steps, created, ids, _, _): History| {
        let (desk, arrivals) = play(&steps, created, &ids);
        let record = &desk.record;
        prop_assert!(record.stamps.iter().map(|s| s.n).eq(1..=record.n));
        prop_assert!(
            record
                .stamps
                .iter()
                .map(|s| s.edit)
                .eq(arrivals.iter().map(|a| a.edit.id))
        );
        for stamp in &record.stamps {
            let of = |epoch, n, facts| Version::of(RESIDENT, epoch, n, &stamp.heads, facts).to_string();
            let named = |version: &str| {
                let parts = json!({"confirm": ["phone"]});
                let probe = edit(EditId::from_bytes([0xee; 16]), 1, 8, Some(version), &parts);
                desk.base(&probe, &cadre())
            };
            match named(&of(record.epoch, stamp.n, stamp.facts_version)) {
                Base::Known { heads, facts_version } => {
                    prop_assert_eq!(&heads, &stamp.heads);
                    prop_assert_eq!(facts_version, stamp.facts_version);
                }
                Base::Unknown => prop_assert!(false, "version {} is forgotten", stamp.n),
            }
            prop_assert!(named(&of(record.epoch, stamp.n, stamp.facts_version + 1)).is_unknown());
            prop_assert!(named(&of(record.epoch + 1, stamp.n, stamp.facts_version)).is_unknown());
            prop_assert!(named(&of(record.epoch, record.n + stamp.n, stamp.facts_version)).is_unknown());
        }
        Ok(())
    };
    if let Err(failure) = runner(80).run(&histories(), law) {
        panic!("{failure}");
    }
}
