//! Configuration: an optional TOML file, and `HESHAN_*` in the environment, which wins.
//!
//! Read once in `main`. All faults are told together, by the name under which they were given.

mod settings;

use crate::net::Network;
use crate::seal::Algorithm;
use crate::seal::master::Secrets;
use settings::{NAMES, Settings};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything that can be configured; `docs` of each name are in README.
pub struct Config {
    /// Files, keys and the embedded database.
    pub data: PathBuf,
    pub database: Database,
    pub listen: SocketAddr,
    /// `""`, or a path with a leading and without a trailing slash: `/grid`.
    pub base_path: String,
    pub trusted_proxies: Vec<Network>,
    /// Origins that may call from a browser page of another origin. Empty: none.
    pub cors_origins: Vec<String>,
    /// Both keys when they are configured, else the data folder holds them.
    pub keys: Option<Secrets>,
    pub seal: Algorithm,
    pub log: String,
    pub log_format: LogFormat,
    /// How far the clock is ahead of the machine, for tests and exercises.
    pub clock_offset_seconds: i64,
}

pub enum Database {
    Embedded,
    Postgres { url: String, connections: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// One thing that is wrong: the setting's name and what is expected. Never the value: it may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub name: String,
    pub message: String,
}

/// All that is wrong, one line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "配置有 {} 处错误：", self.0.len())?;
        for fault in &self.0 {
            write!(f, "\n  {}：{}", fault.name, fault.message)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("data", &self.data)
            .field("database", &self.database)
            .field("listen", &self.listen)
            .field("base_path", &self.base_path)
            .field("trusted_proxies", &self.trusted_proxies)
            .field("cors_origins", &self.cors_origins)
            .field("keys", &self.keys)
            .field("seal", &self.seal)
            .field("log", &self.log)
            .field("log_format", &self.log_format)
            .field("clock_offset_seconds", &self.clock_offset_seconds)
            .finish()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Database::Embedded => "Embedded",
            Database::Postgres { .. } => "Postgres(…)",
        })
    }
}

impl Config {
    /// Reads the environment, and the file that `HESHAN_CONFIG` names.
    pub fn load() -> Result<Config, Faults> {
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .filter(|(k, _)| k.starts_with("HESHAN_"))
            .collect();
        let file = match env.get("HESHAN_CONFIG") {
            Some(path) => Some(read_file(Path::new(path))?),
            None => None,
        };
        Config::from(&env, file.as_deref())
    }

    /// The same from given values: `env` by whole names, `file` as TOML text.
    pub fn from(env: &BTreeMap<String, String>, file: Option<&str>) -> Result<Config, Faults> {
        let mut s = Settings::new(env, file);
        let config = Config {
            data: s.text("data").unwrap_or_else(|| "data".into()).into(),
            database: s.database(),
            listen: s.parsed(
                "listen",
                "应为 地址:端口，例如 127.0.0.1:8080",
                "127.0.0.1:8080",
                |t| t.parse().ok(),
            ),
            base_path: s.parsed("base_path", "应以 / 开头，例如 /grid", "", base_path),
            trusted_proxies: s.list("trusted_proxies", "应为地址或网段，例如 10.0.0.0/8", Network::parse),
            cors_origins: s.list("cors_origins", "应为来源，例如 https://console.example", origin),
            keys: s.keys(),
            seal: s.parsed("seal", "应为 sm4 或 aes", "sm4", |t| match t {
                "sm4" => Some(Algorithm::Sm4Gcm),
                "aes" => Some(Algorithm::Aes256Gcm),
                _ => None,
            }),
            log: s.parsed("log", "应为日志级别，例如 info", "info", |t| {
                tracing_subscriber::EnvFilter::try_new(t).is_ok().then(|| t.to_owned())
            }),
            log_format: s.parsed("log_format", "应为 text 或 json", "text", |t| match t {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            }),
            clock_offset_seconds: s.parsed("clock_offset_seconds", "应为整数（秒）", "0", |t| t.parse().ok()),
        };
        s.finish(config)
    }

    /// Where the embedded database is.
    pub fn database_file(&self) -> PathBuf {
        self.data.join("heshan.db")
    }

    /// Where keys are kept when they are not configured.
    pub fn key_folder(&self) -> PathBuf {
        self.data.join("keys")
    }
}

/// All names that the file may hold; the environment's are the same in capitals behind `HESHAN_`.
pub const fn names() -> &'static [&'static str] {
    NAMES
}

fn read_file(path: &Path) -> Result<String, Faults> {
    std::fs::read_to_string(path).map_err(|error| {
        Faults(vec![Fault {
            name: "HESHAN_CONFIG".into(),
            message: format!("配置文件读不了（{}）", error.kind()),
        }])
    })
}

fn base_path(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let segments = |t: &str| {
        t.split('/').skip(1).all(|s| {
            !s.is_empty()
                && s.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
    };
    (text.is_empty() || (text.starts_with('/') && segments(text))).then(|| text.to_owned())
}

fn origin(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let plain = !rest.is_empty()
        && rest
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'?' | b'#' | b'*' | b'@'));
    plain.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
