//! The program's one clock: made in `main`, read by the edge, jobs and `main` only.

use domain::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's time plus an offset: what configuration says, and how far the database's clock is ahead.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Milliseconds that configuration adds. Both offsets are shared by all clones.
    configured: Arc<AtomicI64>,
    /// Milliseconds that the database's clock is ahead of the machine's.
    measured: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that is `offset` milliseconds ahead of the machine.
    pub fn with_offset(offset: i64) -> Clock {
        Clock {
            configured: Arc::new(AtomicI64::new(offset)),
            measured: Arc::default(),
        }
    }

    pub fn now(&self) -> Instant {
        let offsets = [&self.configured, &self.measured].map(|o| o.load(Ordering::Relaxed));
        let add = |sum: i64, offset| sum.saturating_add(offset);
        Instant::from_millis(offsets.into_iter().fold(machine_millis(), add))
    }

    /// Rows, leases and tokens are dated by the database's clock: says what that clock showed while the machine's
    /// showed `machine` (milliseconds since 1970).
    pub fn follow(&self, database: i64, machine: i64) {
        self.measured.store(database - machine, Ordering::Relaxed);
    }

    /// Moves this clock and all its clones ahead, as a rehearsal of nine days without signal needs.
    pub fn advance(&self, milliseconds: i64) {
        self.configured.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

/// Milliseconds since 1970 as the machine sees them, without any offset.
pub fn machine_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
