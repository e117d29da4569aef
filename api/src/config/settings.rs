//! Reads settings one by one from both sources and gathers what is wrong.

use crate::seal::master::parse as parse_key;
use std::collections::BTreeMap;

/// All names that the file may hold; the environment's are the same in capitals behind `HESHAN_`.
const NAMES: &[&str] = &[
    "data",
    "database",
    "listen",
    "base_path",
    "trusted_proxies",
    "cors",
    "cipher",
    "master_key",
    "lookup_key",
    "logs",
    "log_level",
    "job_lease",
    "export_stream_rows",
    "export_days",
    "phone_records",
    "phone_records_soft",
    "phone_megabytes",
    "phone_megabytes_soft",
    "rate_device",
    "rate_account",
    "keep_uploads",
    "keep_register",
    "keep_sessions",
    "keep_receipts",
    "keep_audit",
    "keep_clues",
    "keep_documents",
    "metrics_from",
    "metrics_token",
    "clock_offset",
];

/// A value and the name under which whoever gave it will look for it.
struct Given {
    name: String,
    values: Vec<String>,
}

pub(super) struct Settings {
    given: BTreeMap<&'static str, Given>,
    faults: Vec<String>,
}

impl Settings {
    pub(super) fn new(env: &BTreeMap<String, String>) -> Settings {
        let mut settings = Settings {
            given: BTreeMap::new(),
            faults: Vec::new(),
        };
        match env.get("HESHAN_CONFIG").map(std::fs::read_to_string) {
            Some(Ok(text)) => settings.read_file(&text),
            Some(Err(error)) => {
                settings.fault("HESHAN_CONFIG", &format!("配置文件无法读取（{}）", error.kind()))
            }
            None => {}
        }
        settings.read_env(env);
        settings
    }

    fn read_file(&mut self, text: &str) {
        let Ok(table) = text.parse::<toml::Table>() else {
            // The parser's own message quotes the line, and the line may hold a secret.
            return self.fault("HESHAN_CONFIG", "配置文件不是有效的 TOML");
        };
        for (key, value) in table {
            let Some(name) = NAMES.iter().find(|n| **n == key) else {
                self.fault(&key, "没有这个配置项");
                continue;
            };
            let values = match value {
                toml::Value::Array(items) => items.into_iter().map(scalar).collect(),
                other => scalar(other).map(|v| vec![v]),
            };
            match values {
                Some(values) => {
                    self.given.insert(name, Given { name: key, values });
                }
                None => self.fault(&key, "应为文本、整数或文本列表"),
            }
        }
    }

    fn read_env(&mut self, env: &BTreeMap<String, String>) {
        for (key, value) in env {
            // What tests of the program are told by the environment is not the program's business.
            if key == "HESHAN_CONFIG" || key.starts_with("HESHAN_TEST_") {
                continue;
            }
            let short = key.strip_prefix("HESHAN_").unwrap_or(key).to_ascii_lowercase();
            let Some(name) = NAMES.iter().find(|n| **n == short) else {
                self.fault(key, "没有这个配置项");
                continue;
            };
            let given = Given {
                name: key.clone(),
                values: vec![value.clone()],
            };
            self.given.insert(name, given);
        }
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        let given = self.given.get(name)?;
        match given.values.as_slice() {
            [one] if !one.trim().is_empty() => Some(one.trim().to_owned()),
            [] | [_] => None,
            _ => {
                let name = given.name.clone();
                self.fault(&name, "只能有一个值");
                None
            }
        }
    }

    pub(super) fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        default: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> T {
        if let Some(text) = self.text(name) {
            match parse(&text) {
                Some(value) => return value,
                None => self.fault_at(name, expected),
            }
        }
        parse(default).expect("defaults parse")
    }

    /// A list: an array in the file, separated by commas in the environment.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let Some(given) = self.given.get(name) else {
            return Vec::new();
        };
        let parts: Vec<&str> = given
            .values
            .iter()
            .flat_map(|v| v.split(','))
            .map(str::trim)
            .filter(|p| !p.is_empty())
            .collect();
        let read: Option<Vec<T>> = parts.into_iter().map(parse).collect();
        read.unwrap_or_else(|| {
            self.fault_at(name, expected);
            Vec::new()
        })
    }

    pub(super) fn database(&mut self) -> Option<String> {
        let url = self.text("database")?;
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(url);
        }
        self.fault_at("database", "应为 postgres:// 地址；不设置则使用内置数据库");
        None
    }

    pub(super) fn secrets(&mut self) -> Option<([u8; 32], [u8; 32])> {
        let mut read = |name| {
            let text = self.text(name)?;
            let key = parse_key(&text);
            if key.is_none() {
                self.fault_at(name, "应为 64 位十六进制文本");
            }
            // A key that does not parse is given all the same: only its absence is the other fault.
            Some(key.unwrap_or_default())
        };
        let missing = match (read("master_key"), read("lookup_key")) {
            (Some(master), Some(lookup)) => return Some((master, lookup)),
            (None, None) => return None,
            (Some(_), None) => "lookup_key",
            (None, Some(_)) => "master_key",
        };
        self.fault_at(missing, "两个密钥必须同时给出");
        None
    }

    pub(super) fn finish<T>(self, config: T) -> Result<T, Vec<String>> {
        if self.faults.is_empty() {
            Ok(config)
        } else {
            Err(self.faults)
        }
    }

    /// Names the setting as it was given, else as the environment would.
    fn fault_at(&mut self, name: &'static str, message: &str) {
        let shown = match self.given.get(name) {
            Some(given) => given.name.clone(),
            None => format!("HESHAN_{}", name.to_ascii_uppercase()),
        };
        self.fault(&shown, message);
    }

    fn fault(&mut self, name: &str, message: &str) {
        self.faults.push(format!("{name}：{message}"));
    }
}

fn scalar(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}
