//! Configuration: an optional TOML file, and `HESHAN_*` in the environment, which wins.
//!
//! Read once in `main`. All faults are told together, by the name under which they were given.

mod settings;

use crate::app::budget::Budget;
use crate::app::tidy::Terms;
use crate::net::Network;
use crate::rates::Rates;
use crate::seal::Algorithm;
use settings::Settings;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything that can be configured. Secrets never show in `Debug`.
#[derive(Clone)]
pub struct Config {
    /// Database file, keys and lock file.
    pub data: PathBuf,
    /// PostgreSQL; without it the embedded database in `data`.
    pub database: Option<String>,
    pub listen: SocketAddr,
    /// `""`, or the path under which a reverse proxy publishes the program, without a slash at the end: `/grid`.
    pub base_path: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Origins that browsers may call from; none by default.
    pub cors: Vec<String>,
    pub algorithm: Algorithm,
    /// Master key and look-up key when they are configured, else the data folder holds them.
    pub secrets: Option<([u8; 32], [u8; 32])>,
    pub json_logs: bool,
    /// How much the program's own parts log: `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: &'static str,
    /// Seconds after which another node takes up the background work of one that died.
    pub job_lease: u32,
    /// Rosters of more rows are made in the background.
    pub export_stream_rows: u64,
    /// Days that a file made in the background can be fetched.
    pub export_days: u32,
    /// For how long things are kept.
    pub terms: Terms,
    /// What a phone may carry.
    pub budget: Budget,
    /// What a phone and a worker may ask for.
    pub rates: Rates,
    /// Who may read `/metrics`: addresses, and a token. With neither, nobody.
    pub metrics_from: Vec<Network>,
    pub metrics_token: Option<String>,
    /// Milliseconds added to the clock, for tests and rehearsals.
    pub clock_offset: i64,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("data", &self.data)
            .field("database", &self.database.as_ref().map(|_| "…"))
            .field("listen", &self.listen)
            .field("base_path", &self.base_path)
            .field("trusted_proxies", &self.trusted_proxies)
            .field("cors", &self.cors)
            .field("algorithm", &self.algorithm)
            .field("secrets", &self.secrets.as_ref().map(|_| "…"))
            .field("json_logs", &self.json_logs)
            .field("log_level", &self.log_level)
            .field("job_lease", &self.job_lease)
            .field("export_stream_rows", &self.export_stream_rows)
            .field("export_days", &self.export_days)
            .field("terms", &self.terms)
            .field("budget", &self.budget)
            .field("rates", &self.rates)
            .field("metrics_from", &self.metrics_from)
            .field("metrics_token", &self.metrics_token.as_ref().map(|_| "…"))
            .field("clock_offset", &self.clock_offset)
            .finish()
    }
}

impl Config {
    /// From the process's environment, and the file that `HESHAN_CONFIG` names.
    ///
    /// # Errors
    /// Every fault as one Chinese sentence: the setting's name and what is expected, never its value.
    pub fn load() -> Result<Config, Vec<String>> {
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .filter(|(k, _)| k.starts_with("HESHAN_"))
            .collect();
        Config::from(&env)
    }

    /// From given variables.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from(env: &BTreeMap<String, String>) -> Result<Config, Vec<String>> {
        let mut s = Settings::new(env);
        let config = Config {
            data: s.text("data").unwrap_or_else(|| "data".into()).into(),
            database: s.database(),
            listen: s.parsed("listen", "应为 地址:端口", "127.0.0.1:8080", |t| {
                t.parse().ok()
            }),
            base_path: s.parsed("base_path", "应以 / 开头，例如 /grid", "", base_path),
            trusted_proxies: s.list(
                "trusted_proxies",
                "应为 IP 地址或网段，例如 10.0.0.0/8",
                Network::parse,
            ),
            cors: s.list("cors", "应为来源，例如 https://console.example", origin),
            algorithm: s.parsed("cipher", "应为 sm4 或 aes", "sm4", |t| match t {
                "sm4" => Some(Algorithm::Sm4Gcm),
                "aes" => Some(Algorithm::Aes256Gcm),
                _ => None,
            }),
            secrets: s.secrets(),
            json_logs: s.parsed("logs", "应为 text 或 json", "text", |t| match t {
                "text" => Some(false),
                "json" => Some(true),
                _ => None,
            }),
            log_level: s.parsed(
                "log_level",
                "应为 error、warn、info、debug 或 trace",
                "info",
                |t| {
                    ["error", "warn", "info", "debug", "trace"]
                        .into_iter()
                        .find(|level| *level == t)
                },
            ),
            job_lease: s.parsed("job_lease", "应为 1 至 3600 秒", "30", |t| {
                t.parse().ok().filter(|seconds| (1..=3600).contains(seconds))
            }),
            export_stream_rows: s.parsed(
                "export_stream_rows",
                "应为 0 至 10000000 的行数",
                "50000",
                |t| t.parse().ok().filter(|rows| *rows <= 10_000_000),
            ),
            export_days: s.parsed("export_days", "应为 1 至 90 天", "7", |t| {
                t.parse().ok().filter(|days| (1..=90).contains(days))
            }),
            terms: terms(&mut s),
            budget: budget(&mut s),
            rates: rates(&mut s),
            metrics_from: s.list(
                "metrics_from",
                "应为 IP 地址或网段，例如 10.0.0.0/8",
                Network::parse,
            ),
            metrics_token: s.parsed(
                "metrics_token",
                "应为至少 24 个字符的文本，只含字母、数字和 - . _ ~ + / =",
                "",
                token,
            ),
            clock_offset: s.parsed("clock_offset", "应为秒数", "0", |t| {
                t.parse::<i64>().ok()?.checked_mul(1000)
            }),
        };
        s.finish(config)
    }
}

/// Days, each with the least that is taken.
fn terms(s: &mut Settings) -> Terms {
    let most = 36_500;
    let mut days = |name, least: u32, default: u32| {
        let expected = format!("应为 {least} 至 {most} 天");
        s.parsed(name, &expected, &default.to_string(), |t| {
            t.parse().ok().filter(|days| (least..=most).contains(days))
        })
    };
    let default = Terms::default();
    Terms {
        uploads: days("keep_uploads", 30, default.uploads),
        register: days("keep_register", 60, default.register),
        sessions: days("keep_sessions", 1, default.sessions),
        receipts: days("keep_receipts", 400, default.receipts),
        audit: days("keep_audit", 180, default.audit),
        clues: days("keep_clues", 400, default.clues),
        documents: days("keep_documents", 180, default.documents),
    }
}

/// Records and megabytes, each soft bound no more than its hard one.
fn budget(s: &mut Settings) -> Budget {
    const MEGABYTE: i64 = 1024 * 1024;
    let mut bound = |name, least: i64, most: i64, default: i64| {
        s.parsed(
            name,
            &format!("应为 {least} 至 {most}"),
            &default.to_string(),
            |t| t.parse().ok().filter(|n| (least..=most).contains(n)),
        )
    };
    let usual = Budget::default();
    let hard_records = bound("phone_records", 1, 1_000_000, usual.hard_records);
    let soft_records = bound(
        "phone_records_soft",
        1,
        hard_records,
        usual.soft_records.min(hard_records),
    );
    let hard = bound("phone_megabytes", 1, 10_000, usual.hard_bytes / MEGABYTE);
    let soft = bound(
        "phone_megabytes_soft",
        1,
        hard,
        (usual.soft_bytes / MEGABYTE).min(hard),
    );
    Budget {
        soft_records,
        hard_records,
        soft_bytes: soft * MEGABYTE,
        hard_bytes: hard * MEGABYTE,
    }
}

/// Requests a minute.
fn rates(s: &mut Settings) -> Rates {
    let mut rate = |name, default: u32| {
        s.parsed(
            name,
            "应为每分钟 1 至 100000 次",
            &default.to_string(),
            |t| t.parse().ok().filter(|n| (1..=100_000).contains(n)),
        )
    };
    let usual = Rates::default();
    Rates {
        device: rate("rate_device", usual.device),
        account: rate("rate_account", usual.account),
    }
}

/// What a header can hold and nobody guesses; nothing where nothing is given.
fn token(text: &str) -> Option<Option<String>> {
    if text.is_empty() {
        return Some(None);
    }
    let mark = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    (text.len() >= 24 && text.bytes().all(mark)).then(|| Some(text.to_owned()))
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
