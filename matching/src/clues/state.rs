//! The life of a clue. A clue is one for its rule and person, for ever: a run that finds it again opens no second one,
//! and one that was refuted stays so until what it rests on changes.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Open,
    /// Given to a worker as a visit.
    Sent,
    Confirmed,
    Refuted,
    /// Its inputs are gone, or the department has acted.
    Closed,
}

/// What a run makes of a clue that it finds: `before` is the state and the inputs that the clue had, if there was one.
/// `None` leaves everything as it is but the inputs shown.
pub fn found(before: Option<(State, u64)>, inputs: u64) -> Option<State> {
    match before {
        None => Some(State::Open),
        Some((State::Open | State::Sent, _)) => None,
        Some((_, same)) if same == inputs => None,
        Some((State::Confirmed | State::Refuted | State::Closed, _)) => Some(State::Open),
    }
}

/// Inputs of a clue that a run did not find any more: whatever is found later differs from them.
pub const GONE: u64 = 0;

/// What a run makes of a clue that it does not find any more, and of one that was found: the department has acted. A
/// visit that is under way is finished first. What stays as it is has its inputs forgotten ([`GONE`]).
pub const fn gone(state: State) -> Option<State> {
    match state {
        State::Open | State::Confirmed => Some(State::Closed),
        State::Sent | State::Refuted | State::Closed => None,
    }
}

impl State {
    pub const ALL: [State; 5] = [
        State::Open,
        State::Sent,
        State::Confirmed,
        State::Refuted,
        State::Closed,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Sent => "sent",
            State::Confirmed => "confirmed",
            State::Refuted => "refuted",
            State::Closed => "closed",
        }
    }

    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Whether a person may take a clue from one state to another.
pub const fn may_go(from: State, to: State) -> bool {
    matches!(
        (from, to),
        (
            State::Open,
            State::Sent | State::Confirmed | State::Refuted | State::Closed
        ) | (
            State::Sent,
            State::Open | State::Confirmed | State::Refuted | State::Closed
        ) | (State::Confirmed, State::Closed | State::Refuted)
            | (State::Refuted, State::Open)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_again() {
        assert_eq!(found(None, 1), Some(State::Open));
        for state in [State::Open, State::Sent] {
            assert_eq!(
                (found(Some((state, 1)), 1), found(Some((state, 1)), 2)),
                (None, None)
            );
        }
        for state in [State::Refuted, State::Confirmed, State::Closed] {
            assert_eq!(found(Some((state, 1)), 1), None);
            assert_eq!(found(Some((state, 1)), 2), Some(State::Open));
            assert_eq!(found(Some((state, GONE)), 1), Some(State::Open));
        }
        assert_eq!(
            (gone(State::Open), gone(State::Sent)),
            (Some(State::Closed), None)
        );
        assert!(may_go(State::Sent, State::Refuted) && !may_go(State::Closed, State::Sent));
    }
}
