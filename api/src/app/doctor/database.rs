//! What the database tells: its schema and clock, backups, work in line, what waits for people, phones.

use super::{Check, DAY, HOUR, Level, MINUTE, at, bytes, span};
use crate::app::Error;
use crate::clock::is_off;
use crate::store::backups as attempts;
use crate::store::db::Db;
use crate::store::figures::{self, Waiting};
use sea_orm::DbBackend;

/// Which database it is, its schema and its size.
pub async fn schema(db: &Db) -> Result<Check, Error> {
    let version = figures::schema(db.read()).await?;
    let size = figures::size(db.read()).await?;
    let which = match db.backend() {
        DbBackend::Postgres => "PostgreSQL",
        _ => "内置数据库",
    };
    let said = format!("{which}，结构 {version}，大小 {}", bytes(size.unsigned_abs()));
    Ok(Check::new("database", "数据库", Level::Fine, said)
        .figure("schema", version)
        .figure("bytes", size))
}

/// This machine's clock against the database's, and against the last thing that anybody did.
pub async fn clock(db: &Db, ahead: i64, now: i64) -> Result<Check, Error> {
    let newest = figures::newest(db.read()).await?;
    let by = ahead.abs();
    let way = if ahead > 0 { "快" } else { "慢" };
    let (level, said) = if is_off(ahead) {
        let said = format!(
            "本机时钟比数据库{way} {}；数据按数据库时钟记录，请校准本机时钟",
            span(by)
        );
        (Level::Warning, said)
    } else if let Some(last) = newest.filter(|last| last - now > 2 * MINUTE) {
        let said = format!(
            "最近一条记录的时间是 {}，比现在还晚 {}：时钟可能被拨回，请校准",
            at(last),
            span(last - now)
        );
        (Level::Warning, said)
    } else if db.backend() == DbBackend::Postgres {
        (Level::Fine, "与数据库时钟一致".to_owned())
    } else {
        (Level::Fine, "内置数据库使用本机时钟，与记录的时间相符".to_owned())
    };
    Ok(Check::new("clock", "时钟", level, said).figure("ahead_ms", ahead))
}

/// How old the newest backup may be, with two hours for one that takes its time.
const STALE: i64 = DAY + 2 * HOUR;

/// The newest good backup, and whether attempts have failed since.
pub async fn backups(db: &Db, now: i64) -> Result<Check, Error> {
    let standing = attempts::standing(db.read()).await?;
    let used_for = figures::first(db.read()).await?.map_or(0, |first| now - first);
    let age = standing.good.map(|good| now - good);
    let mut said = match standing.good {
        Some(good) => format!("最近一次成功：{}（{}前）", at(good), span(now - good)),
        None => "从未备份".to_owned(),
    };
    let mut level = match age {
        Some(age) if age > 7 * DAY => Level::Fault,
        Some(age) if age > STALE => Level::Warning,
        Some(_) => Level::Fine,
        None if used_for > 3 * DAY => Level::Fault,
        None => Level::Warning,
    };
    if let Some(since) = standing.failing_since {
        let count = standing.failures;
        said.push_str(&format!("；自 {} 起连续失败 {count} 次", at(since)));
        level = level.max(Level::Warning);
    }
    if level > Level::Fine {
        said.push_str("。请检查备份任务，此后的内容只在本机和手机上");
    }
    Ok(Check::new("backups", "备份", level, said)
        .figure("good_at", standing.good)
        .figure("failing_since", standing.failing_since)
        .figure("failures", standing.failures))
}

/// Background work whose turn it was long ago, and what failed in the last week.
pub async fn jobs(db: &Db, now: i64) -> Result<Check, Error> {
    let due = figures::jobs_due(db.read(), now).await?;
    let failed = figures::jobs_failed(db.read(), now - 7 * DAY).await?;
    let oldest = due.iter().filter_map(|(kind, w)| Some((w.since?, kind))).min();
    let waited = oldest.map_or(0, |(since, _)| now - since);
    let mut said = match oldest {
        Some((_, kind)) => format!("等待最久的任务 {kind} 已等 {}", span(waited)),
        None => "没有积压的任务".to_owned(),
    };
    if failed > 0 {
        said.push_str(&format!(
            "；近 7 天有 {failed} 个任务失败，见 GET /api/v1/jobs?state=failed"
        ));
    }
    let level = match waited {
        w if w > DAY => Level::Fault,
        w if w > 15 * MINUTE || failed > 0 => Level::Warning,
        _ => Level::Fine,
    };
    Ok(Check::new("jobs", "后台任务", level, said)
        .figure("oldest_waiting_ms", waited)
        .figure("failed", failed))
}

pub async fn held(db: &Db, now: i64) -> Result<Check, Error> {
    let waiting = figures::held(db.read()).await?;
    Ok(waits("held", "搁置的修改", waiting, now, 14 * DAY))
}

pub async fn inbox(db: &Db, now: i64) -> Result<Check, Error> {
    let waiting = figures::inbox(db.read()).await?;
    Ok(waits("inbox", "待办", waiting, now, 30 * DAY))
}

fn waits(name: &'static str, title: &'static str, waiting: Waiting, now: i64, long: i64) -> Check {
    let age = waiting.since.map_or(0, |since| now - since);
    let level = if age > long { Level::Warning } else { Level::Fine };
    let said = match waiting.count {
        0 => "没有等待处理的".to_owned(),
        n => format!("{n} 项等待处理，最早的已等 {}", span(age)),
    };
    Check::new(name, title, level, said)
        .figure("count", waiting.count)
        .figure("oldest_ms", age)
}

/// After how long a phone is out of contact.
pub const SILENT: i64 = 30 * DAY;
/// After how long a phone that was told to remove records should have said that it did.
pub const LATE: i64 = 7 * DAY;

pub async fn phones(db: &Db, now: i64) -> Result<Check, Error> {
    let phones = figures::phones(db.read(), now - SILENT, now - LATE).await?;
    let mut said = format!("在用 {} 台", phones.active);
    if phones.silent > 0 {
        said.push_str(&format!("；{} 台超过 {}没有联系", phones.silent, span(SILENT)));
    }
    if let Some(since) = phones.undropped_since {
        said.push_str(&format!(
            "；{} 台应删除 {} 人而未确认，最早的已有 {}",
            phones.undropped,
            phones.undropped_records,
            span(now - since)
        ));
    }
    let level = match phones.silent + phones.undropped {
        0 => Level::Fine,
        _ => Level::Warning,
    };
    Ok(Check::new("phones", "手机", level, said)
        .figure("active", phones.active)
        .figure("silent", phones.silent)
        .figure("undropped", phones.undropped)
        .figure("undropped_records", phones.undropped_records))
}
