//! What the machine itself tells: key files, room on the disk, the write-ahead log.

use super::{Check, Level, bytes};
use crate::filesystem::{self, Space};
use crate::reserve;
use crate::store::db::Db;
use sea_orm::DbBackend;
use std::path::Path;

/// The secrets that opened, or not: whether files, and the reason.
pub fn keys(from_files: bool, fault: Option<String>) -> Check {
    match fault {
        Some(said) => Check::new("keys", "密钥", Level::Fault, said),
        None if from_files => Check::new(
            "keys",
            "密钥",
            Level::Fine,
            "可读，仅本用户可读，与数据库相符。请确认另有一份不与数据放在一起的备份",
        ),
        None => Check::new("keys", "密钥", Level::Fine, "由配置给出，与数据库相符"),
    }
}

/// Room on the file system of the data folder.
pub fn disk(data: &Path) -> Check {
    match filesystem::space(data) {
        Ok(Some(space)) => room(space),
        Ok(None) => Check::new("disk", "磁盘", Level::Warning, "这个系统上无法得知剩余空间"),
        Err(error) => Check::new(
            "disk",
            "磁盘",
            Level::Fault,
            format!("数据目录无法查看：{}", error.kind()),
        ),
    }
}

/// A tenth, or a twentieth of it, should be free; a large disk need not keep a tenth.
fn room(space: Space) -> Check {
    const MB: u64 = 1 << 20;
    let tenth = space.size / 10;
    let (level, advice) = match space.free {
        free if free < (tenth / 5).clamp(64 * MB, 512 * MB) => (
            Level::Fault,
            "；写满后手机上传、名单和导出都会停止，请立即清理或扩容",
        ),
        free if free < tenth.clamp(512 * MB, 10 * 1024 * MB) => (Level::Warning, "；请安排清理或扩容"),
        _ => (Level::Fine, ""),
    };
    let said = format!(
        "数据所在磁盘共 {}，剩余 {}{advice}",
        bytes(space.size),
        bytes(space.free)
    );
    Check::new("disk", "磁盘", level, said)
        .figure("free", space.free)
        .figure("size", space.size)
}

/// Audit rows that could not be written when the disk was full.
pub fn reserve(data: &Path) -> Check {
    let rows = reserve::waiting(data);
    let (level, said) = match rows {
        0 => (Level::Fine, "没有等待补记的".to_owned()),
        n => (
            Level::Warning,
            format!("{n} 条查阅记录暂存在预留文件中，有空间后由服务自动补记"),
        ),
    };
    Check::new("trail", "审计记录", level, said).figure("waiting", rows)
}

/// Length of the embedded database's write-ahead log.
pub fn wal(db: &Db, data: &Path) -> Check {
    const MB: u64 = 1 << 20;
    if db.backend() == DbBackend::Postgres {
        return Check::new("wal", "预写日志", Level::Fine, "由 PostgreSQL 管理");
    }
    let length = wal_length(data);
    let (level, advice) = match length {
        l if l > 1024 * MB => (Level::Fault, "；长期有读取不结束，或磁盘无法写入，请重新启动服务"),
        l if l > 256 * MB => (Level::Warning, "；有读取长时间未结束"),
        _ => (Level::Fine, ""),
    };
    Check::new("wal", "预写日志", level, format!("{}{advice}", bytes(length))).figure("bytes", length)
}

/// Bytes of the write-ahead log in a data folder; there is none when nobody has the database open.
pub fn wal_length(data: &Path) -> u64 {
    std::fs::metadata(data.join("heshan.db-wal")).map_or(0, |found| found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_said() {
        const GB: u64 = 1 << 30;
        for (free, size, expected) in [
            (50 * GB, 100 * GB, Level::Fine),
            (9 * GB, 100 * GB, Level::Warning),
            (GB / 4, 100 * GB, Level::Fault),
            // A large disk.
            (11 * GB, 4000 * GB, Level::Fine),
            // A small one.
            (GB / 3, GB, Level::Warning),
            (GB / 32, GB, Level::Fault),
        ] {
            assert_eq!(room(Space { free, size }).level, expected, "{free} of {size}");
        }
    }
}
