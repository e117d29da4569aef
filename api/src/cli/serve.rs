//! `serve` and `migrate`.

use crate::app::lists;
use crate::config::Config;
use crate::http;
use crate::jobs::{Runner, Timing};
use crate::program::{Program, Schema};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

pub async fn serve(config: &Config) -> Result<(), String> {
    logs(config);
    let (program, made) = Program::open(config, Schema::Serve)
        .await
        .map_err(|e| e.to_string())?;
    if let Some(folder) = made {
        eprintln!("已生成密钥：{folder}\n请立即另行备份。没有这些密钥，全部数据都无法打开。");
    }
    println!(
        "服务地址：http://{}{}  接口文档：/docs",
        config.listen, config.base_path
    );
    // One lane: lists are committed one at a time anyway, and phones come first.
    let runner = Runner::start(
        program.db.clone(),
        lists::handlers(&program),
        1,
        Timing::default(),
    )
    .await
    .map_err(|e| format!("数据库：{e}"))?;
    let served = http::serve(program, config, stopped()).await;
    runner.stop().await;
    served.map_err(|e| format!("服务无法启动：{e}"))
}

pub async fn migrate(config: &Config) -> Result<(), String> {
    Program::open(config, Schema::Migrate)
        .await
        .map_err(|e| e.to_string())?;
    println!("数据库结构已是最新");
    Ok(())
}

async fn stopped() {
    let mut term = signal(SignalKind::terminate()).expect("signals can be listened to");
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn logs(config: &Config) {
    let filter = EnvFilter::new("info,sqlx=off,sea_orm=off");
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if config.json_logs {
        builder.json().init();
    } else {
        builder.init();
    }
}
