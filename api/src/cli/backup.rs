//! `backup`: a copy while the program serves, or the database's own tools, watched.

use crate::app::backup::{self, BackupFault};
use crate::app::doctor::bytes;
use crate::app::erasure::{ledger, noting};
use crate::config::Config;
use crate::program::{Program, Schema};
use std::path::Path;
use std::process::Stdio;

pub struct What<'a> {
    pub target: Option<&'a Path>,
    pub keep: Option<usize>,
    pub run: Option<&'a str>,
}

pub async fn backup(config: &Config, what: What<'_>) -> Result<(), String> {
    let (program, _) = Program::open(config, Schema::Beside)
        .await
        .map_err(|e| e.to_string())?;
    match (what.target, what.run) {
        (Some(_), None) if config.database.is_some() => Err(
            "PostgreSQL 请用其自带工具，例如 heshan-grid backup --run 'pg_dump …'，见 docs/operations.md"
                .into(),
        ),
        (Some(target), None) => into_file(&program, target, what.keep).await,
        (None, Some(command)) => run(&program, command).await,
        _ => Err("请给出备份文件或目录，或以 --run 给出备份命令".into()),
    }
}

async fn into_file(program: &Program, target: &Path, keep: Option<usize>) -> Result<(), String> {
    let begun = backup::begin(&program.db).await.map_err(|e| e.to_string())?;
    let made = match backup::into_file(&program.db, &begun, target).await {
        Ok(made) => made,
        Err(fault) => return Err(failed(program, "file", &begun, &fault).await),
    };
    println!(
        "已备份到 {}：{}，居民 {} 人，修改 {} 条；已核对完整。备份中没有密钥，请另行保管",
        made.file.display(),
        bytes(made.bytes),
        made.residents,
        made.edits
    );
    let length = i64::try_from(made.bytes).unwrap_or(i64::MAX);
    backup::note(
        &program.db,
        "file",
        &begun,
        Some(length),
        keep.filter(|_| target.is_dir()),
        None,
    )
    .await
    .map_err(|error| format!("备份已写好，但未能登记：{error}"))?;
    // Whoever restores an older one finds here who was erased since.
    let folder = if target.is_dir() {
        Some(target)
    } else {
        target.parent()
    };
    if let Some(folder) = folder {
        ledger::note(&program.db, &ledger::in_folder(folder))
            .await
            .map_err(|error| format!("备份已写好，但旁边的抹除登记没有写成：{error}"))?;
        // Whoever is erased from now on is noted there at once.
        noting::remember(&program.db, folder)
            .await
            .map_err(|error| format!("备份已写好，但其目录未能登记：{error}"))?;
    }
    if let Some(keep) = keep.filter(|_| target.is_dir()) {
        let gone = backup::thin_out(target, keep).map_err(|e| format!("旧备份未能删除：{e}"))?;
        if gone > 0 {
            println!("已删除 {gone} 个旧备份，保留最近 {keep} 个");
        }
    }
    Ok(())
}

/// Runs a command of the operator's through the shell; what it prints is shown.
async fn run(program: &Program, command: &str) -> Result<(), String> {
    if let Some(file) = program.erasures.as_deref() {
        // The command may keep this file together with the copy.
        ledger::note(&program.db, file).await.map_err(|e| e.to_string())?;
    }
    let begun = backup::begin(&program.db).await.map_err(|e| e.to_string())?;
    let ended = tokio::process::Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .status()
        .await;
    let fault = match ended {
        Ok(status) if status.success() => None,
        Ok(status) => Some(BackupFault::Command(status.to_string())),
        Err(error) => Some(BackupFault::Command(error.to_string())),
    };
    if let Some(fault) = fault {
        return Err(failed(program, "command", &begun, &fault).await);
    }
    backup::note(&program.db, "command", &begun, None, None, None)
        .await
        .map_err(|error| format!("备份命令已成功，但未能登记：{error}"))?;
    println!("备份命令已成功并登记");
    Ok(())
}

/// Notes a failure, so that `doctor` says it from the first night on. Answers what to tell.
async fn failed(program: &Program, how: &'static str, begun: &backup::Begun, fault: &BackupFault) -> String {
    match backup::note(&program.db, how, begun, None, None, Some(fault.code())).await {
        Ok(()) => fault.to_string(),
        Err(error) => format!("{fault}（也未能登记：{error}）"),
    }
}
