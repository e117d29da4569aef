//! The one clock, made at start. What is personal evidence (`made_at`) never orders anything.

use domain::Instant;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Milliseconds added to the system's clock.
    offset: i64,
}

impl Clock {
    pub const fn with_offset(offset: i64) -> Clock {
        Clock { offset }
    }

    pub fn now(&self) -> Instant {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_millis() as i64);
        Instant::from_millis(since + self.offset)
    }
}
