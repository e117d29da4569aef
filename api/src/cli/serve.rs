//! `serve` and `migrate`.

use crate::app::erasure::ledger::{self, Ledger};
use crate::app::erasure::noting;
use crate::app::rosters::run;
use crate::app::{Error, devices, rotation, signing, trail};
use crate::clock::is_off;
use crate::config::Config;
use crate::http;
use crate::jobs::{
    Handlers, Runner, Timing, commit_list, compact, export_roster, link_again, reseal, run_rules, tidy,
};
use crate::program::{Program, Schema};
use crate::store::fault;
use std::io::IsTerminal;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

pub async fn serve(config: &Config) -> Result<(), String> {
    logs(config);
    let (program, made) = Program::open(config, Schema::Serve)
        .await
        .map_err(|e| e.to_string())?;
    if let Some(folder) = made {
        eprintln!("已生成密钥：{folder}\n请立即另行备份。没有这些密钥，全部数据都无法打开。");
    }
    known_erasures(&program).await?;
    tokio::spawn(follow_database(program.clone()));
    tokio::spawn(write_contacts(program.clone()));
    tokio::spawn(close_exports(program.clone()));
    match program.reserve.open(&config.data).await {
        Ok(()) => trail::settle(&program).await.map_err(|e| e.to_string())?,
        Err(error) => tracing::warn!(cause = %error.kind(), "no room for audit rows of a full disk"),
    }
    tokio::spawn(take_in_the_reserve(program.clone()));
    let stop = CancellationToken::new();
    http::stop_on_signal(stop.clone()).map_err(|e| format!("无法接收停止信号：{e}"))?;
    let base = config.base_path.clone();
    let listening =
        move |address| println!("服务地址：http://{address}{base}  接口文档：http://{address}{base}/docs");
    // One lane: lists are committed one at a time anyway, and phones come first.
    let handlers = tidy::with(commit_list::handlers(&program), &program);
    let handlers = export_roster::with(handlers, &program);
    let handlers = reseal::with(handlers, &program);
    let handlers = compact::with(handlers, &program);
    let standing = async {
        tidy::keep(&program).await?;
        compact::keep(&program).await
    };
    standing
        .await
        .map_err(|e| format!("数据库：{}", fault::describe(&e)))?;
    run_rules::keep(&program)
        .await
        .map_err(|e| format!("比对规则：{e}"))?;
    let timing = Timing {
        lease: Duration::from_secs(config.job_lease.into()),
        ..Timing::default()
    };
    // What lists bring about has a lane of its own, so that no list waits behind it; it is started before the other,
    // since to start one ends the leases that are there.
    let after_lists = run_rules::with(link_again::with(Handlers::new(), &program), &program);
    let after_lists = Runner::start(program.db.clone(), after_lists, 1, timing);
    let after_lists = after_lists.await.map_err(|e| format!("数据库：{e}"))?;
    let runner = Runner::start(program.db.clone(), handlers, 1, timing);
    let runner = runner.await.map_err(|e| format!("数据库：{e}"))?;
    let served = http::serve(program.clone(), config, stop, listening).await;
    tokio::join!(runner.stop(), after_lists.stop());
    note_contacts(&program).await;
    served.map_err(|e| format!("服务无法启动：{e}"))
}

pub async fn migrate(config: &Config) -> Result<(), String> {
    Program::open(config, Schema::Migrate)
        .await
        .map_err(|e| e.to_string())?;
    println!("数据库结构已是最新");
    Ok(())
}

/// Before anybody is served: whoever the file beside the database names as erased is so, whatever put the database in
/// its place, and the file names all whom the database knows.
async fn known_erasures(program: &Program) -> Result<(), String> {
    let Some(file) = program.erasures.as_deref() else {
        return Ok(());
    };
    if let Ok(ledger) = Ledger::read(file) {
        let done = ledger::again(program, &ledger)
            .await
            .map_err(|error| format!("抹除登记未能核对：{error}"))?;
        if done > 0 {
            tracing::warn!(people = done, "people who had been erased were erased once more");
        }
    }
    noting::everywhere(program).await;
    Ok(())
}

/// The clocks of two machines drift apart, and another process may make a signing key or erase somebody: all of it is read
/// again, well before a new key signs anything. A reading that fails leaves the last one standing.
async fn follow_database(program: Program) {
    loop {
        tokio::time::sleep(Duration::from_secs(30)).await;
        match program.measure_clock().await {
            Ok(ahead) if is_off(ahead) => {
                tracing::warn!(ahead_ms = ahead, "this machine's clock is not the database's");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(cause = %fault::describe(&error), "the database's clock was not measured");
            }
        }
        if let Err(error) = signing::follow(&program).await {
            tracing::warn!(%error, "the signing keys were not read");
        }
        if let Err(error) = rotation::follow(&program).await {
            tracing::warn!(%error, "the data keys were not read");
        }
        // Also those of other nodes: each keeps a file of its own.
        noting::everywhere(&program).await;
    }
}

/// Exports whose program is no more are marked broken off. An embedded database has one program, which has just begun:
/// whatever was under way is at an end.
async fn close_exports(program: Program) {
    let alone = program.db.backend() == sea_orm::DbBackend::Sqlite;
    let mut before = alone.then(|| program.clock.now().millis() + 1);
    loop {
        if let Err(error) = run::close_silent(&program, before.take()).await {
            tracing::warn!(%error, "exports that broke off were not marked");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

/// When phones were last heard of is written at most every half minute.
async fn write_contacts(program: Program) {
    loop {
        tokio::time::sleep(Duration::from_secs(30)).await;
        note_contacts(&program).await;
    }
}

/// As soon as there is space again, what was read meanwhile goes into the trail.
async fn take_in_the_reserve(program: Program) {
    loop {
        match trail::take_in(&program).await {
            Ok(0) | Err(Error::StorageFull) => {}
            Ok(rows) => tracing::info!(rows, "audit rows of a full disk were taken in"),
            Err(error) => tracing::warn!(%error, "audit rows of a full disk were not taken in"),
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

async fn note_contacts(program: &Program) {
    if let Err(error) = devices::write_contacts(&program.db, &program.contacts).await {
        tracing::warn!(%error, "last contacts were not written");
    }
}

fn logs(config: &Config) {
    // What the database's crates log may quote values; ours never do, however much they say.
    let level: LevelFilter = config
        .log_level
        .parse()
        .expect("the configuration takes names of levels only");
    let wanted = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_targets(["sqlx", "sea_orm"].map(|target| (target, LevelFilter::OFF)))
        .with_targets(["api", "jobs", "sync", "matching"].map(|target| (target, level)));
    let builder = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        // Colours are for eyes: files and journals would keep their codes.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Before anything can fail: a panic's own message may quote what should not be in a log.
    http::guard::log_panics_without_message();
    if config.json_logs {
        builder.json().finish().with(wanted).init();
    } else {
        builder.finish().with(wanted).init();
    }
}
