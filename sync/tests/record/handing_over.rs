//! The protocol of hand-over, revoking and retrying, searched through to the end on small cases: three phones, two
//! grids, one person, a line that loses and repeats. Not the record is modelled here but who may have it: feeds, drops
//! and their withdrawal, holdings, cursors, the digest check, the hand-in door.
//!
//! Every state that a budget of moves, grants, revocations, edits and faults can reach is visited once; from each the
//! line becomes good, all phones sync, and the promises are looked at. A mistake in each rule is found. An answer is taken
//! at once or lost: what holdings' numbers are for, an answer that is overtaken by a later one, is not among the cases.

mod model;
mod phone;
mod search;

use model::Bug;
use search::{Budget, search};

#[test]
fn no_small_case_breaks_a_promise() {
    let budget = Budget {
        moves: 3,
        grants: 1,
        revocations: 1,
        faults: 2,
        steps: crate::dice::setting("HAND_OVER_STEPS", 5) as u8,
    };
    let found = search(None, budget);
    assert_eq!(found.broken, None, "after {} states", found.states);
    println!("{} states", found.states);
    assert!(found.states > 5_000, "{} states are no search", found.states);
}

#[test]
fn every_mistake_is_found() {
    let budget = Budget {
        moves: 3,
        grants: 1,
        revocations: 1,
        faults: 2,
        steps: 6,
    };
    for bug in Bug::ALL {
        let found = search(Some(bug), budget);
        assert!(
            found.broken.is_some(),
            "{bug:?} is not found in {} states",
            found.states
        );
    }
}
