//! `person`: a person's own report, and the proof that nothing is left of somebody who was erased.

use crate::app::erasure::ledger::{self, Ledger};
use crate::app::erasure::{self, Place, Proof};
use crate::app::{Error, persons};
use crate::config::Config;
use crate::program::{Program, Schema};
use domain::Instant;
use domain::id_number::IdNumber;
use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;
use uuid::Uuid;

/// The exit code of a search that was carried through and found something.
const FOUND: u8 = 3;

/// Prints what is held about a person, from where, who saw it, and on which phones it is. Without an id, the ID number
/// is read from standard input: it must not stand among the arguments of a process.
pub async fn report(config: &Config, id: Option<Uuid>) -> Result<(), String> {
    let number = match id {
        Some(_) => None,
        None => Some(number()?),
    };
    let program = open(config, Schema::Beside).await?;
    let ids = match (id, number) {
        (Some(id), _) => vec![id],
        (None, Some(number)) => persons::by_number(&program, number.as_str())
            .await
            .map_err(failed)?,
        (None, None) => Vec::new(),
    };
    if ids.is_empty() {
        return Err("没有这位居民".into());
    }
    for id in ids {
        let report = persons::report(&program, id).await.map_err(failed)?;
        let text = serde_json::to_string_pretty(&report).map_err(|e| e.to_string())?;
        println!("{text}");
    }
    Ok(())
}

/// Searches everything for an erased person; 0 where nothing is left and every phone has confirmed, else 3.
pub async fn erased(config: &Config, id: Uuid) -> Result<ExitCode, String> {
    let program = open(config, Schema::Read).await?;
    let proof = erasure::proof(&program, id).await.map_err(|error| match error {
        Error::NotFound => "没有抹除过这位居民".to_owned(),
        other => failed(other),
    })?;
    Ok(say(&proof))
}

/// Erases once more whoever a file names: after a restore that could not find it.
pub async fn again(config: &Config, file: &Path) -> Result<(), String> {
    let ledger = Ledger::read(file).map_err(|error| format!("{}：{error}", file.display()))?;
    if ledger.unreadable > 0 {
        return Err(format!(
            "{} 中有 {} 行无法读出",
            file.display(),
            ledger.unreadable
        ));
    }
    let program = open(config, Schema::Beside).await?;
    let done = ledger::again(&program, &ledger).await.map_err(failed)?;
    ledger::settle(&program, true).await.map_err(failed)?;
    if let Some(own) = program.erasures.as_deref() {
        ledger::note(&program.db, own).await.map_err(|e| e.to_string())?;
    }
    println!(
        "登记中有 {} 人，其中 {done} 人已再次抹除",
        ledger.residents().len()
    );
    Ok(())
}

fn say(proof: &Proof) -> ExitCode {
    let at = |millis: i64| Instant::from_millis(millis).to_string();
    println!(
        "{} 抹除于 {}，原因 {}",
        proof.stone.resident,
        at(proof.stone.at),
        proof.stone.reason
    );
    println!(
        "已打开并查找 {} 项加密内容，遗留 {} 处",
        proof.read,
        proof.leftovers.len()
    );
    for left in &proof.leftovers {
        let how = match left.how {
            Place::Id => "编号",
            Place::Identity => "身份",
        };
        println!("遗留：{}.{} {how} {} 行", left.table, left.column, left.rows);
    }
    println!("尚未确认删除的手机 {} 部", proof.phones.len());
    for phone in &proof.phones {
        let heard = phone.last_contact_at.map_or_else(|| "从未联系".to_owned(), at);
        println!("手机：{} {} 最近联系 {heard}", phone.device, phone.state);
    }
    println!("抹除之前开始的备份 {} 个", proof.backups.len());
    for backup in &proof.backups {
        let goes = match backup.goes_after {
            Some(0) => "应已删除".to_owned(),
            Some(more) => format!("再成功备份 {more} 次后删除"),
            None => "不由本程序删除，请自行确认".to_owned(),
        };
        println!("备份：{} {} {goes}", at(backup.started_at), backup.how);
    }
    match proof.leftovers.is_empty() && proof.phones.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FOUND),
    }
}

async fn open(config: &Config, schema: Schema) -> Result<Program, String> {
    let (program, _) = Program::open(config, schema).await.map_err(|e| e.to_string())?;
    Ok(program)
}

fn number() -> Result<IdNumber, String> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| e.to_string())?;
    IdNumber::parse(line.trim()).map_err(|_| "请给出居民编号，或从标准输入传入一行身份证号".into())
}

fn failed(error: Error) -> String {
    match error {
        Error::NotFound => "没有这位居民".into(),
        other => format!("没有完成：{other}"),
    }
}
