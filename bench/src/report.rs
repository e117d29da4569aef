//! One run as it is published: a file for machines and a table for people.

use crate::Fault;
use crate::figure::{Figure, millis};
use crate::machine::{self, Machine};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// When the run began (RFC 3339, UTC).
    pub date: String,
    pub commit: String,
    /// `SQLite` or `PostgreSQL`.
    pub database: String,
    /// How program and load were built: `release` or `debug`.
    pub build: String,
    pub machine: Machine,
    pub figures: Vec<Figure>,
    pub shares: Vec<Share>,
}

/// A part of the time of the lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Share {
    pub what: String,
    pub ms: f64,
    pub percent: f64,
    /// How often it was done.
    pub count: usize,
}

impl Share {
    pub fn new(what: &str, took: Duration, count: usize) -> Share {
        Share {
            what: what.into(),
            ms: millis(took),
            percent: 0.0,
            count,
        }
    }

    pub fn took(&self) -> Duration {
        Duration::from_secs_f64(self.ms / 1000.0)
    }
}

impl Report {
    pub fn begin(on_postgres: bool) -> Report {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Report {
            date: domain::Instant::from_millis(since.as_millis() as i64).to_string(),
            commit: machine::commit(),
            database: if on_postgres { "PostgreSQL" } else { "SQLite" }.into(),
            build: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            }
            .into(),
            machine: Machine::here(),
            figures: Vec::new(),
            shares: Vec::new(),
        }
    }

    pub fn add(&mut self, figures: Vec<Figure>) {
        self.figures.extend(figures);
    }

    pub fn read(path: &Path) -> Result<Report, Fault> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Writes `sqlite.json` and `sqlite.md`, or the same of `postgresql`, `part` before the name; answers the table's
    /// path.
    pub fn write(&self, folder: &Path, part: &str) -> Result<PathBuf, Fault> {
        std::fs::create_dir_all(folder)?;
        let name = format!("{part}{}", self.database.to_lowercase());
        let table = folder.join(format!("{name}.md"));
        let json = serde_json::to_string_pretty(self)?;
        std::fs::write(folder.join(format!("{name}.json")), json + "\n")?;
        std::fs::write(&table, self.table())?;
        Ok(table)
    }

    pub fn table(&self) -> String {
        let machine = &self.machine;
        let mut out = format!(
            "# {} · {} build\n\nCommit {}, {}. {} cores ({}), {} MB memory, load {} when the run began; {}.\n\n",
            self.database,
            self.build,
            self.commit,
            self.date,
            machine.cores,
            machine.processor,
            machine.memory_mb,
            machine.load,
            machine.speed(),
        );
        out.push_str("| what | value | to be below | held | measured |\n|---|--:|--:|:-:|--:|\n");
        for figure in &self.figures {
            let below = figure
                .target
                .map_or_else(String::new, |t| format!("{} {}", number(t), figure.unit));
            let held = figure
                .target
                .map_or("", |t| if figure.value < t { "yes" } else { "**no**" });
            let _ = writeln!(
                out,
                "| {} | {} {} | {below} | {held} | {} |",
                figure.what,
                number(figure.value),
                figure.unit,
                figure.count,
            );
        }
        if self.shares.is_empty() {
            return out;
        }
        out.push_str("\nWhere the time of the lists goes, without dry runs:\n\n| what | ms | share | times |\n|---|--:|--:|--:|\n");
        for share in &self.shares {
            let _ = writeln!(
                out,
                "| {} | {} | {:.0} % | {} |",
                share.what,
                number(share.ms),
                share.percent,
                share.count
            );
        }
        out
    }
}

/// Three digits that say something.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        small if small < 10.0 && value.fract() != 0.0 => format!("{value:.2}"),
        middle if middle < 100.0 && value.fract() != 0.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
