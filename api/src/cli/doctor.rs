//! `doctor`: one page about how the program is. Reads only, whatever state things are in; works beside a server.

use crate::app::doctor::{self, Check, Level, level};
use crate::clock::Clock;
use crate::config::Config;
use crate::program::{self, Schema, StartFault};
use crate::seal::master::{self, Secrets};
use crate::store::db::Db;
use crate::store::fault;
use crate::store::keys::{self as keyring, KeyringFault};
use serde_json::{Value as Json, json};
use std::process::ExitCode;

/// Prints the page. Exit code: 0 all fine, 1 something to look at, 2 a fault.
pub async fn doctor(config: &Config, as_json: bool) -> Result<ExitCode, String> {
    let clock = Clock::with_offset(config.clock_offset);
    let checks = examine(config, &clock).await;
    let worst = level(&checks);
    if as_json {
        let page = json!({
            "at": clock.now().to_string(),
            "version": env!("CARGO_PKG_VERSION"),
            "level": worst.name(),
            "checks": checks.iter().map(Check::json).collect::<Vec<Json>>(),
        });
        println!("{page}");
    } else {
        println!("鹤山网格 {}  {}", env!("CARGO_PKG_VERSION"), clock.now().minute());
        for check in &checks {
            println!("[{}] {}：{}", check.level.title(), check.title, check.said);
        }
        let count = |level| checks.iter().filter(|c| c.level == level).count();
        println!(
            "注意 {} 项，故障 {} 项",
            count(Level::Warning),
            count(Level::Fault)
        );
    }
    Ok(ExitCode::from(match worst {
        Level::Fine => 0,
        Level::Warning => 1,
        Level::Fault => 2,
    }))
}

async fn examine(config: &Config, clock: &Clock) -> Vec<Check> {
    let (db, _lock) = match program::connect(config, Schema::Read).await {
        Ok(opened) => opened,
        Err(error) => {
            return vec![
                Check::new("database", "数据库", Level::Fault, said(&error)),
                doctor::disk(&config.data),
            ];
        }
    };
    let mut checks = Vec::new();
    match program::check_schema(&db).await {
        Ok(()) => checks.push(or_fault("database", "数据库", doctor::schema(&db).await)),
        Err(error) => {
            // Its rows are not what this program knows: nothing else is asked.
            checks.push(Check::new("database", "数据库", Level::Fault, said(&error)));
            checks.push(doctor::disk(&config.data));
            return checks;
        }
    }
    checks.push(keys(config, &db, clock).await);
    checks.push(doctor::disk(&config.data));
    let ahead = program::follow(&db, clock).await;
    let ahead = match ahead {
        Ok(ahead) => ahead,
        Err(error) => {
            let said = format!("数据库时钟无法读取：{}", fault::describe(&error));
            checks.push(Check::new("clock", "时钟", Level::Fault, said));
            return checks;
        }
    };
    match doctor::of_database(&db, clock, ahead, &config.data).await {
        Ok(more) => checks.extend(more),
        Err(error) => checks.push(or_fault("database", "数据库", Err(error))),
    }
    checks
}

fn or_fault(name: &'static str, title: &'static str, done: Result<Check, crate::app::Error>) -> Check {
    done.unwrap_or_else(|error| {
        let said = match error {
            crate::app::Error::Database(cause) => fault::describe(&cause),
            other => other.to_string(),
        };
        Check::new(name, title, Level::Fault, format!("无法读取：{said}"))
    })
}

async fn keys(config: &Config, db: &Db, clock: &Clock) -> Check {
    let from_files = config.secrets.is_none();
    let secrets = match config.secrets {
        Some((master, lookup)) => Ok(Secrets { master, lookup }),
        None => master::from_folder(&config.data.join("keys"), false).map(|(secrets, _)| secrets),
    };
    let fault = match secrets {
        Err(fault) => Some(fault.to_string()),
        Ok(secrets) => match keyring::any(db).await {
            Ok(false) => Some("数据库中还没有密钥记录：尚未启动过服务".to_owned()),
            Err(error) => Some(fault::describe(&error)),
            Ok(true) => keyring::open(db, &secrets, config.algorithm, clock.now().millis())
                .await
                .err()
                .map(|fault| match fault {
                    KeyringFault::Database(error) => fault::describe(&error),
                    KeyringFault::WrongKey => fault.to_string(),
                }),
        },
    };
    doctor::keys(from_files, fault)
}

/// A database's own message may quote values.
fn said(error: &StartFault) -> String {
    match error {
        StartFault::Database(cause) => format!("无法访问（{}）", fault::describe(cause)),
        other => other.to_string(),
    }
}
