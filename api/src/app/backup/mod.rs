//! Backups: the embedded database copied while it serves, another's own tools watched; each attempt is noted, and what
//! of every phone's edits is in a good one.
//!
//! A backup holds no key. What was acknowledged before it began is in it.

mod file;
pub mod restore;

pub use file::{Made, into_file, sync_folder, thin_out};

use crate::app::Error;
use crate::store::backups::{self, Attempt, Through};
use crate::store::db::Db;
use crate::store::{clock, meta};
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    #[error("备份文件 {0} 已存在，不会覆盖")]
    Exists(String),
    #[error("备份目标 {0}：{1}")]
    Target(String, io::Error),
    #[error("存放备份的磁盘已满")]
    Full,
    #[error("写好的备份没有通过核对，已删除")]
    NotWhole,
    #[error("备份命令没有成功：{0}")]
    Command(String),
    #[error("数据库：{0}")]
    Database(String),
}

impl BackupFault {
    /// A stable name, kept with the attempt.
    pub const fn code(&self) -> &'static str {
        match self {
            BackupFault::Exists(_) => "exists",
            BackupFault::Target(..) => "target",
            BackupFault::Full => "storage_full",
            BackupFault::NotWhole => "not_whole",
            BackupFault::Command(_) => "command",
            BackupFault::Database(_) => "database",
        }
    }
}

impl From<sea_orm::DbErr> for BackupFault {
    fn from(error: sea_orm::DbErr) -> BackupFault {
        if crate::store::db::is_full(&error) {
            return BackupFault::Full;
        }
        BackupFault::Database(crate::store::fault::describe(&error))
    }
}

/// What was there when a backup began.
pub struct Begun {
    pub at: i64,
    pub through: Through,
    pub edits: i64,
}

/// To be called before the first byte is copied.
pub async fn begin(db: &Db) -> Result<Begun, Error> {
    Ok(Begun {
        at: clock::now(db.read()).await?,
        through: backups::through(db.read()).await?,
        edits: crate::store::copy::figures(db.read()).await?.edits,
    })
}

/// Notes how an attempt ended. A good one makes what each phone had sent by then safe.
pub async fn note(
    db: &Db,
    how: &'static str,
    begun: &Begun,
    bytes: Option<i64>,
    keep: Option<usize>,
    failed: Option<&'static str>,
) -> Result<(), Error> {
    let attempt = &Attempt {
        how,
        started_at: begun.at,
        finished_at: clock::now(db.read()).await?,
        bytes,
        failed,
        keep: keep.and_then(|keep| i32::try_from(keep).ok()),
    };
    db.write(|txn| async move {
        backups::note(&*txn, attempt).await?;
        if attempt.failed.is_none() {
            backups::mark_safe(&*txn, &begun.through).await?;
            meta::put(&*txn, meta::SAFE_AT, &begun.at.to_string()).await?;
        }
        Ok::<_, Error>(())
    })
    .await
}
