//! The program's one clock: made in `main`, read by the edge, jobs and `main` only.

use domain::Instant;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant as Moment, SystemTime, UNIX_EPOCH};

/// A measurement that took longer says little about when the database looked at its clock.
const SLOW: Duration = Duration::from_millis(500);

/// Milliseconds by which a machine's clock may be off before anybody is told.
const OFF: u64 = 5_000;

/// The database's clock as it was measured last, and what configuration adds. Without a measurement it is the
/// machine's clock.
///
/// Between two measurements time goes on by the machine's steady counter: a machine's clock that is set, forwards
/// or back, moves nothing here.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Milliseconds that configuration adds. All clones share what they hold.
    configured: Arc<AtomicI64>,
    /// What the database's clock showed, in milliseconds since 1970, and when that was.
    measured: Arc<RwLock<Option<(i64, Moment)>>>,
    /// Milliseconds by which a rehearsal says that the machine's clock is wrong.
    misset: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that is `offset` milliseconds ahead.
    pub fn with_offset(offset: i64) -> Clock {
        Clock {
            configured: Arc::new(AtomicI64::new(offset)),
            ..Clock::default()
        }
    }

    pub fn now(&self) -> Instant {
        let now = match self.measured() {
            Some((database, then)) => database.saturating_add(millis(then.elapsed())),
            None => self.machine(),
        };
        Instant::from_millis(now.saturating_add(self.configured.load(Ordering::Relaxed)))
    }

    /// Milliseconds since 1970 as the machine sees them, without what configuration adds.
    pub fn machine(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        millis(since).saturating_add(self.misset.load(Ordering::Relaxed))
    }

    /// Rows, leases and tokens are dated by the database's clock: says what that clock showed at some time between
    /// `asked` and `answered`. Answers how many milliseconds the machine's clock is ahead of it.
    pub fn follow(&self, database: i64, asked: Moment, answered: Moment) -> i64 {
        let took = answered.saturating_duration_since(asked);
        let then = asked + took / 2;
        let mut measured = self.measured.write().unwrap_or_else(PoisonError::into_inner);
        if took <= SLOW || measured.is_none() {
            *measured = Some((database, then));
        }
        self.machine()
            .saturating_sub(millis(then.elapsed()))
            .saturating_sub(database)
    }

    /// Moves this clock and all its clones ahead, as a rehearsal of nine days without signal needs.
    pub fn advance(&self, milliseconds: i64) {
        self.configured.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Rehearses a machine whose clock is wrong by so many milliseconds.
    pub fn misset(&self, milliseconds: i64) {
        self.misset.store(milliseconds, Ordering::Relaxed);
    }

    fn measured(&self) -> Option<(i64, Moment)> {
        *self.measured.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a machine whose clock is so far ahead of the database's should be looked after.
pub const fn is_off(ahead: i64) -> bool {
    ahead.unsigned_abs() >= OFF
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[track_caller]
    fn about(found: i64, expected: i64) {
        assert!((found - expected).abs() < 10_000, "{found}, not about {expected}");
    }

    #[test]
    fn follows_the_database_and_not_the_machine() {
        let clock = Clock::with_offset(0);
        let machine = clock.machine();
        about(clock.now().millis(), machine);
        clock.misset(HOUR);
        about(clock.now().millis(), machine + HOUR);
        // The first measurement is taken however long it took: nothing better is known.
        let asked = Moment::now();
        let ahead = clock.follow(machine, asked, asked + Duration::from_secs(2));
        about(ahead, HOUR);
        about(clock.now().millis(), machine);
        for misset in [-HOUR, 3 * HOUR] {
            clock.misset(misset);
            about(clock.now().millis(), machine);
        }
        let asked = Moment::now();
        about(
            clock.follow(machine + 2 * HOUR, asked, asked + Duration::from_secs(2)),
            HOUR,
        );
        about(clock.now().millis(), machine);
        clock.follow(machine + 2 * HOUR, asked, asked);
        about(clock.now().millis(), machine + 2 * HOUR);
        clock.clone().advance(HOUR);
        about(clock.now().millis(), machine + 3 * HOUR);
    }
}
