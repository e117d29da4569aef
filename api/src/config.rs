//! Configuration: environment over an optional file, read once at start, all faults reported together.

use crate::seal::{Algorithm, master};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// All that can be set. Secrets never show in `Debug`.
#[derive(Clone)]
pub struct Config {
    /// Database file, keys and lock file.
    pub data: PathBuf,
    /// PostgreSQL; without it the embedded database in `data`.
    pub database: Option<String>,
    pub listen: SocketAddr,
    /// Path under which a reverse proxy publishes the program, without a slash at the end.
    pub base_path: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Origins that browsers may call from; none by default.
    pub cors: Vec<String>,
    pub algorithm: Algorithm,
    pub secrets: Option<([u8; 32], [u8; 32])>,
    pub json_logs: bool,
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
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The file's members: the environment's names in lower case without `HESHAN_`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data: Option<String>,
    database: Option<String>,
    listen: Option<String>,
    base_path: Option<String>,
    trusted_proxies: Option<String>,
    cors: Option<String>,
    cipher: Option<String>,
    master_key: Option<String>,
    lookup_key: Option<String>,
    logs: Option<String>,
    clock_offset: Option<String>,
}

impl Config {
    /// From the process's environment, and the file that `HESHAN_CONFIG` names.
    pub fn load() -> Result<Config, Vec<String>> {
        let env: BTreeMap<String, String> = std::env::vars()
            .filter(|(k, _)| k.starts_with("HESHAN_"))
            .collect();
        Config::from(&env)
    }

    /// From given variables; every fault is one Chinese sentence.
    pub fn from(env: &BTreeMap<String, String>) -> Result<Config, Vec<String>> {
        let mut faults = Vec::new();
        let file = match env.get("HESHAN_CONFIG") {
            None => File::default(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|e| format!("配置文件 {path} 无法读取：{e}"))
                .and_then(|text| toml::from_str(&text).map_err(|_| format!("配置文件 {path} 的内容有误")))
                .unwrap_or_else(|fault| {
                    faults.push(fault);
                    File::default()
                }),
        };
        let get = |name: &str, in_file: &Option<String>| env.get(name).or(in_file.as_ref()).cloned();
        let mut fault = |name: &str, what: &str| faults.push(format!("{name}：{what}"));
        let listen = get("HESHAN_LISTEN", &file.listen).unwrap_or_else(|| "127.0.0.1:8080".into());
        let listen = listen.parse().unwrap_or_else(|_| {
            fault("HESHAN_LISTEN", "应为 地址:端口");
            SocketAddr::from(([127, 0, 0, 1], 8080))
        });
        let base_path = get("HESHAN_BASE_PATH", &file.base_path).unwrap_or_default();
        if !base_path.is_empty() && (!base_path.starts_with('/') || base_path.ends_with('/')) {
            fault("HESHAN_BASE_PATH", "应以 / 开头且不以 / 结尾");
        }
        let split = |text: Option<String>| -> Vec<String> {
            text.unwrap_or_default()
                .split(',')
                .map(|p| p.trim().to_owned())
                .filter(|p| !p.is_empty())
                .collect()
        };
        let proxies = split(get("HESHAN_TRUSTED_PROXIES", &file.trusted_proxies));
        let trusted_proxies: Vec<IpAddr> = proxies.iter().filter_map(|p| p.parse().ok()).collect();
        if trusted_proxies.len() != proxies.len() {
            fault("HESHAN_TRUSTED_PROXIES", "应为以逗号分隔的 IP 地址");
        }
        let algorithm = match get("HESHAN_CIPHER", &file.cipher).as_deref() {
            None | Some("sm4") => Algorithm::Sm4Gcm,
            Some("aes") => Algorithm::Aes256Gcm,
            Some(_) => {
                fault("HESHAN_CIPHER", "应为 sm4 或 aes");
                Algorithm::Sm4Gcm
            }
        };
        let keys = (
            get("HESHAN_MASTER_KEY", &file.master_key),
            get("HESHAN_LOOKUP_KEY", &file.lookup_key),
        );
        let secrets = match keys {
            (None, None) => None,
            (Some(m), Some(l)) => match (master::parse(&m), master::parse(&l)) {
                (Some(m), Some(l)) => Some((m, l)),
                _ => {
                    fault("HESHAN_MASTER_KEY / HESHAN_LOOKUP_KEY", "应为 64 位十六进制文本");
                    None
                }
            },
            _ => {
                fault("HESHAN_MASTER_KEY / HESHAN_LOOKUP_KEY", "两个密钥必须同时给出");
                None
            }
        };
        let database = get("HESHAN_DATABASE", &file.database);
        if database
            .as_ref()
            .is_some_and(|url| !url.starts_with("postgres://") && !url.starts_with("postgresql://"))
        {
            fault("HESHAN_DATABASE", "应为 postgres:// 地址；不设置则使用内置数据库");
        }
        let clock_offset = get("HESHAN_CLOCK_OFFSET", &file.clock_offset).unwrap_or_else(|| "0".into());
        let clock_offset = clock_offset.parse::<i64>().unwrap_or_else(|_| {
            fault("HESHAN_CLOCK_OFFSET", "应为秒数");
            0
        });
        let config = Config {
            data: get("HESHAN_DATA", &file.data)
                .unwrap_or_else(|| "data".into())
                .into(),
            database,
            listen,
            base_path,
            trusted_proxies,
            cors: split(get("HESHAN_CORS", &file.cors)),
            algorithm,
            secrets,
            json_logs: get("HESHAN_LOGS", &file.logs).as_deref() == Some("json"),
            clock_offset: clock_offset.saturating_mul(1000),
        };
        if faults.is_empty() {
            Ok(config)
        } else {
            Err(faults)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_come_together_and_secrets_stay_hidden() {
        let env = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect()
        };
        let bad = env(&[
            ("HESHAN_LISTEN", "here"),
            ("HESHAN_CIPHER", "rot13"),
            ("HESHAN_MASTER_KEY", "12"),
            ("HESHAN_BASE_PATH", "x/"),
        ]);
        assert_eq!(Config::from(&bad).unwrap_err().len(), 4);
        let key = "ab".repeat(32);
        let good = env(&[
            ("HESHAN_MASTER_KEY", &key),
            ("HESHAN_LOOKUP_KEY", &key),
            ("HESHAN_DATABASE", "postgres://u:pw@h/d"),
        ]);
        let shown = format!("{:?}", Config::from(&good).unwrap());
        assert!(!shown.contains("abab") && !shown.contains("pw@h"), "{shown}");
    }
}
