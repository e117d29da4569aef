//! What a run was made on.

use serde::{Deserialize, Serialize};
use std::process::Command;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    pub cores: usize,
    pub processor: String,
    pub memory_mb: u64,
    /// Other work on the machine when the run began: the system's load of the last minute.
    pub load: String,
    /// See [`crate::speed::sorting`]; milliseconds.
    #[serde(default)]
    pub sorting: f64,
    /// See [`crate::speed::exchange`]; microseconds.
    #[serde(default)]
    pub exchange: f64,
}

impl Machine {
    pub fn here() -> Machine {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let value = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let memory = value(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let memory = memory.split(' ').next().and_then(|kb| kb.parse::<u64>().ok());
        Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "?".into()),
            memory_mb: memory.unwrap_or(0) / 1024,
            load: read("/proc/loadavg").split(' ').next().unwrap_or("?").to_owned(),
            sorting: crate::speed::sorting(),
            exchange: crate::speed::exchange(),
        }
    }
}

impl Machine {
    /// How fast it was when the run began, in words.
    pub fn speed(&self) -> String {
        format!(
            "one thread sorts 4,000,000 numbers in {:.0} ms, a word to another thread and back takes {:.1} µs",
            self.sorting, self.exchange
        )
    }
}

/// The commit that was built, with a mark where files differ from it.
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let said = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| said.trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return "?".into();
    };
    let changes = git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ":!bench/results",
    ]);
    let changed = changes.is_some_and(|changes| !changes.is_empty());
    format!("{commit}{}", if changed { "+" } else { "" })
}
