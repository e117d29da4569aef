//! Whether everybody who was ever erased is known to be: the database against the file beside it.

use super::{Check, Level, at};
use crate::app::Error;
use crate::app::erasure::ledger::{self, Ledger};
use crate::store::db::Db;
use crate::store::{meta, tombstones};
use std::collections::BTreeSet;
use std::path::Path;
use uuid::Uuid;

/// After a restore without the file somebody may have come back; so may somebody whom the file names and the database
/// does not know to be erased.
pub async fn erasures(db: &Db, data: &Path) -> Result<Check, Error> {
    let stones = tombstones::all(db.read()).await?;
    let known: BTreeSet<Uuid> = stones.iter().map(|stone| stone.resident).collect();
    let unknown_since = meta::get(db.read(), ledger::UNKNOWN).await?;
    let ledger = Ledger::read(&ledger::in_folder(data)).unwrap_or_default();
    let noted = ledger.residents();
    let (back, unnoted) = (noted.difference(&known).count(), known.difference(&noted).count());
    let (level, said) = if back > 0 {
        let said = format!("登记中已抹除的 {back} 人在数据库中不是这样：请重新启动服务，启动时会再次抹除");
        (Level::Fault, said)
    } else if let Some(since) = &unknown_since {
        let since = since.parse().map(at).unwrap_or_default();
        let said = format!(
            "{since} 恢复的备份旁没有抹除登记，备份之后抹除的人可能又回来了：请找到 {}，运行 heshan-grid person again 文件",
            ledger::FILE
        );
        (Level::Warning, said)
    } else if ledger.unreadable > 0 {
        let said = format!(
            "抹除登记中有 {} 行无法读出：请从备份旁取回该文件",
            ledger.unreadable
        );
        (Level::Warning, said)
    } else if unnoted > 0 {
        let said = format!(
            "已抹除的 {unnoted} 人还没有写入登记：服务每半分钟补写一次；若持续如此，请检查数据目录可否写入"
        );
        (Level::Warning, said)
    } else {
        (Level::Fine, format!("已抹除 {} 人，均有登记", known.len()))
    };
    Ok(Check::new("erasures", "抹除登记", level, said)
        .figure("erased", known.len())
        .figure("come_back", back)
        .figure("unnoted", unnoted)
        .figure("unreadable", ledger.unreadable)
        .figure("unknown", unknown_since.is_some()))
}
