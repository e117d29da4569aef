//! How many rows of a list go into one transaction: as many as take so long that a phone's sync need not wait longer
//! behind them, and few while phones are at work.

use super::list_run::STEP;
use crate::program::Program;
use std::time::{Duration, Instant};

/// What a phone waits at most, about, that comes while no other is at work.
const TARGET: Duration = Duration::from_millis(120);
/// Rows of one transaction while phones are at work.
const SMALL: u64 = 20;
/// Rows of the first one, and of any other at least.
const FIRST: u64 = 100;

pub struct Pace {
    rows: u64,
    most: u64,
    began: Option<Instant>,
}

impl Pace {
    /// For a list of this kind. A row of the register is one row; a row of any other list may make a record with all
    /// that belongs to it, and is compared with everybody whom its neighbours may be.
    pub fn of(kind: &str) -> Pace {
        Pace {
            rows: FIRST,
            most: if kind == "population" { 5 * STEP } else { STEP },
            began: None,
        }
    }

    /// Rows of the next transaction, once phones that are at work have been let go first.
    pub async fn next(&mut self, program: &Program) -> u64 {
        if let Some(began) = self.began.take() {
            self.rows = fitting(self.rows, began.elapsed()).min(self.most);
        }
        if program.limiter.give_way().await {
            return SMALL;
        }
        self.began = Some(Instant::now());
        self.rows
    }
}

/// As many rows as take about the wanted time, when these took so long: at most twice as many as before.
fn fitting(rows: u64, took: Duration) -> u64 {
    let fit = rows as f64 * TARGET.as_secs_f64() / took.as_secs_f64().max(0.001);
    (fit as u64).clamp(FIRST, 2 * rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_the_time_that_they_take() {
        assert_eq!(fitting(100, TARGET), 100);
        assert_eq!(fitting(400, 2 * TARGET), 200);
        assert_eq!(fitting(100, TARGET / 10), 200);
        assert_eq!(fitting(200, 60 * TARGET), FIRST);
        assert_eq!(fitting(200, Duration::ZERO), 400);
    }
}
