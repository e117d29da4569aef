//! `restore`: a backup takes the database's place and begins its next life, or one that other tools restored is marked.

use crate::app::backup::restore::{self, Gap};
use crate::app::doctor::span;
use crate::app::erasure::ledger;
use crate::config::Config;
use crate::program::{self, Program, Schema, StartFault};
use crate::seal::master::{self, Secrets};
use crate::store::copy;
use crate::store::db::Db;
use domain::Instant;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

const RUNNING: &str = "数据目录正被另一个进程使用：请先停止服务，再恢复";
const FILE: &str = "heshan.db";

/// Puts a backup in the place of the embedded database.
pub async fn from_file(config: &Config, file: &Path, replace: bool) -> Result<(), String> {
    if config.database.is_some() {
        return Err("PostgreSQL 请先用其自带工具恢复，再运行 heshan-grid restore --mark".into());
    }
    let held = copy::examine(file)
        .await
        .map_err(|_| format!("{} 不是本程序的备份，或已损坏", file.display()))?;
    if !held.whole {
        return Err(format!("{} 已损坏，没有恢复", file.display()));
    }
    let folder = |e: io::Error| format!("数据目录 {}：{e}", config.data.display());
    fs::create_dir_all(&config.data).map_err(folder)?;
    program::check_local(&config.data).map_err(|e| e.to_string())?;
    // Held to the end: no server starts on what is half restored.
    let lock = program::lock(&config.data).map_err(folder)?.ok_or(RUNNING)?;
    let there = config.data.join(FILE).exists();
    if there && !replace {
        return Err(format!(
            "数据目录 {} 中已有数据库；确需替换请加 --replace，原有文件会移到其中的 replaced-… 目录",
            config.data.display()
        ));
    }
    let secrets = secrets(config)?;
    let part = config.data.join("heshan.db.restoring");
    let gap = prepare(config, file, &part, secrets).await;
    let gap = gap.inspect_err(|_| {
        for file in with_its_logs(&part) {
            let _ = fs::remove_file(file);
        }
    })?;
    if there {
        let aside = set_aside(&config.data, gap.now).map_err(folder)?;
        println!("原有数据库已移到 {}", aside.display());
    }
    fs::rename(&part, config.data.join(FILE)).map_err(folder)?;
    File::open(&config.data)
        .and_then(|f| f.sync_all())
        .map_err(folder)?;
    drop(lock);
    tell(&gap);
    let (program, _) = Program::open(config, Schema::Serve)
        .await
        .map_err(|e| e.to_string())?;
    let beside = file.parent().map(ledger::in_folder);
    let files: Vec<PathBuf> = [ledger::in_folder(&config.data)]
        .into_iter()
        .chain(beside)
        .collect();
    erase_again(&program, &files).await
}

/// Whoever was erased after the backup must not come back with it.
async fn erase_again(program: &Program, files: &[PathBuf]) -> Result<(), String> {
    let done = ledger::after_restore(program, files).await.map_err(|error| {
        format!("已恢复，但抹除登记未能核对，请重新运行 heshan-grid person again：{error}")
    })?;
    match done {
        Some(0) => println!("已核对抹除登记：没有备份之后抹除的人"),
        Some(count) => println!("已核对抹除登记：备份之后抹除的 {count} 人已再次抹除"),
        None => eprintln!(
            "没有找到抹除登记（{}）：备份之后抹除的人可能又回来了！请找到原数据目录或较新备份旁的该文件，\
             运行 heshan-grid person again 文件；在此之前体检会一直提示",
            ledger::FILE
        ),
    }
    if let Some(file) = program.erasures.as_deref() {
        ledger::note(&program.db, file).await.map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Begins the next life of a database that other tools restored.
pub async fn mark(config: &Config, force: bool) -> Result<(), String> {
    if let Some(url) = &config.database {
        let alone = Db::open_postgres(url, 1)
            .await
            .map_err(|e| StartFault::from(e).to_string())?;
        let others = copy::others(&alone)
            .await
            .map_err(|e| StartFault::from(e).to_string())?;
        if others > 0 && !force {
            return Err(format!(
                "另有 {others} 个连接正在使用这个数据库：请先停止全部服务，再标记；确认它们不是本程序的，请加 --force"
            ));
        }
    }
    let opened = Program::open(config, Schema::Serve).await;
    let (program, _) = opened.map_err(|fault| match fault {
        StartFault::Locked => RUNNING.to_owned(),
        other => other.to_string(),
    })?;
    let gap = restore::mark(&program.db)
        .await
        .map_err(|error| format!("未能标记：{error}"))?;
    tell(&gap);
    erase_again(&program, &[ledger::in_folder(&config.data)]).await
}

fn secrets(config: &Config) -> Result<Secrets, String> {
    if let Some((master, lookup)) = config.secrets {
        return Ok(Secrets { master, lookup });
    }
    let read = master::from_folder(&config.data.join("keys"), false);
    let (secrets, _) = read.map_err(|fault| format!("{fault}；可先用 heshan-grid keys import 放回密钥"))?;
    Ok(secrets)
}

/// Everything that can fail is done on a copy beside the database: keys, schema, the next life.
async fn prepare(config: &Config, file: &Path, part: &Path, secrets: Secrets) -> Result<Gap, String> {
    for old in with_its_logs(part) {
        let _ = fs::remove_file(old);
    }
    fs::copy(file, part).map_err(|e| format!("{}：{e}", part.display()))?;
    own_only(part).map_err(|e| format!("{}：{e}", part.display()))?;
    let database = |e: sea_orm::DbErr| StartFault::from(e).to_string();
    let db = Db::open_sqlite(part).await.map_err(database)?;
    program::migrate(&db).await.map_err(|e| e.to_string())?;
    let now = crate::store::clock::now(db.read()).await.map_err(database)?;
    crate::store::keys::open(&db, &secrets, config.algorithm, now)
        .await
        .map_err(|e| e.to_string())?;
    let gap = restore::mark(&db)
        .await
        .map_err(|error| format!("未能标记：{error}"))?;
    db.close().await.map_err(database)?;
    let [_, log, _] = with_its_logs(part);
    if fs::metadata(&log).is_ok_and(|found| found.len() > 0) {
        // What is in the log would stay behind.
        return Err(format!("{} 没有写完整", part.display()));
    }
    File::open(part)
        .and_then(|f| f.sync_all())
        .map_err(|e| format!("{}：{e}", part.display()))?;
    Ok(gap)
}

fn own_only(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))
}

fn with_its_logs(file: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    })
}

/// What was there before is kept until somebody removes it.
fn set_aside(data: &Path, now: i64) -> io::Result<PathBuf> {
    let folder = data.join(format!("replaced-{now}"));
    fs::create_dir(&folder)?;
    for file in with_its_logs(&data.join(FILE)) {
        if file.exists() {
            fs::rename(&file, folder.join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(folder)
}

fn tell(gap: &Gap) {
    let at = |millis: i64| Instant::from_millis(millis).minute();
    println!("已恢复：居民 {} 人，修改 {} 条", gap.residents, gap.edits);
    match gap.backup_at.or(gap.newest) {
        Some(held) => println!(
            "内容截至 {}；此后 {}的内容不在其中",
            at(held),
            span(gap.now - held)
        ),
        None => println!("其中没有任何记录的时间"),
    }
    println!(
        "其间在网页上作的决定和提交的名单不会自动回来，请通知镇街、村居和部门核对；\
         手机会重新比对并补发各自序号之后仍保存的修改："
    );
    for phone in &gap.phones {
        let contact = phone.last_contact.map_or_else(|| "无".to_owned(), at);
        println!(
            "  设备 {}  已有至第 {} 条  备份前最近联系 {contact}",
            phone.device, phone.through
        );
    }
    println!(
        "共 {} 台在用手机。请运行 heshan-grid verify records 核对后再对外服务",
        gap.phones.len()
    );
}
