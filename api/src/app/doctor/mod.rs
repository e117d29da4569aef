//! Whether the program is well: one page for whoever looks after it. Every line is a check with a level, a Chinese
//! sentence and its figures; nothing personal is in any of them.

mod database;
mod erasures;
mod machine;

pub use database::{LATE, SILENT, backups, clock, held, inbox, jobs, phones, schema};
pub use erasures::erasures;
pub use machine::{disk, keys, wal, wal_length};

use crate::app::Error;
use crate::clock::Clock;
use crate::store::db::Db;
use domain::Instant;
use serde_json::{Map, Value as Json, json};
use std::path::Path;

/// How well. The order is that of concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Fine,
    /// Somebody should look at it soon.
    Warning,
    /// It does not work, or data is in danger.
    Fault,
}

impl Level {
    pub const fn name(self) -> &'static str {
        match self {
            Level::Fine => "fine",
            Level::Warning => "warning",
            Level::Fault => "fault",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Level::Fine => "正常",
            Level::Warning => "注意",
            Level::Fault => "故障",
        }
    }
}

/// One line of the page.
#[derive(Clone, Debug)]
pub struct Check {
    /// A stable name: `backups`.
    pub name: &'static str,
    pub title: &'static str,
    pub level: Level,
    /// One or two sentences, with what to do where something is wrong.
    pub said: String,
    pub figures: Map<String, Json>,
}

impl Check {
    pub fn new(name: &'static str, title: &'static str, level: Level, said: impl Into<String>) -> Check {
        Check {
            name,
            title,
            level,
            said: said.into(),
            figures: Map::new(),
        }
    }

    #[must_use]
    pub fn figure(mut self, name: &str, value: impl Into<Json>) -> Check {
        self.figures.insert(name.to_owned(), value.into());
        self
    }

    pub fn json(&self) -> Json {
        let mut out = json!({ "check": self.name, "level": self.level.name(), "said": self.said });
        if !self.figures.is_empty() {
            out["figures"] = Json::Object(self.figures.clone());
        }
        out
    }
}

/// All that a database which opens can tell, in the order of the page. `ahead` is by how many milliseconds this
/// machine's clock is ahead of the database's.
pub async fn of_database(db: &Db, clock: &Clock, ahead: i64, data: &Path) -> Result<Vec<Check>, Error> {
    let now = clock.now().millis();
    Ok(vec![
        database::clock(db, ahead, now).await?,
        machine::wal(db, data),
        machine::reserve(data),
        backups(db, now).await?,
        erasures(db, data).await?,
        jobs(db, now).await?,
        held(db, now).await?,
        inbox(db, now).await?,
        phones(db, now).await?,
    ])
}

/// The gravest of some checks.
pub fn level(checks: &[Check]) -> Level {
    checks.iter().map(|c| c.level).max().unwrap_or(Level::Fine)
}

const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A length of time as people say it.
pub fn span(millis: i64) -> String {
    match millis.max(0) {
        m if m < MINUTE => format!("{} 秒", m / 1000),
        m if m < 2 * HOUR => format!("{} 分钟", m / MINUTE),
        m if m < 2 * DAY => format!("{} 小时", m / HOUR),
        m => format!("{} 天", m / DAY),
    }
}

/// Bytes as people say them.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    let mut left = count as f64 / 1024.0;
    let mut unit = 0;
    while left >= 1024.0 && unit + 1 < UNITS.len() {
        left /= 1024.0;
        unit += 1;
    }
    format!("{left:.1} {}", UNITS[unit])
}

fn at(millis: i64) -> String {
    Instant::from_millis(millis).minute()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_as_people_say_them() {
        for (millis, said) in [
            (-5, "0 秒"),
            (59_000, "59 秒"),
            (90 * MINUTE, "90 分钟"),
            (26 * HOUR, "26 小时"),
            (40 * DAY, "40 天"),
        ] {
            assert_eq!(span(millis), said);
        }
        for (count, said) in [(0, "0.0 KB"), (1536, "1.5 KB"), (5 << 30, "5.0 GB")] {
            assert_eq!(bytes(count), said);
        }
        assert!(Level::Fault > Level::Warning && Level::Warning > Level::Fine);
    }
}
