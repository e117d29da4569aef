//! Files that people hand in or take out: kept sealed, in chunks, with the name they had.

mod reader;
mod writer;

pub use reader::{Reader, range};
pub use writer::Writer;

use crate::app::Error;
use crate::seal::{Keyring, chunks};
use crate::store::db::Db;
use crate::store::files::{self, FileInfo};
use domain::Instant;
use domain::text::clean;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// What a file is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Handed in by a department, kept as it came.
    List,
    /// Made for somebody to fetch.
    Export,
}

impl Purpose {
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::List => "list",
            Purpose::Export => "export",
        }
    }
}

/// Bytes of the largest file that is taken whole.
pub const MOST: usize = 64 * 1024 * 1024;

/// How long a file may be in the making, in milliseconds: one that was begun before that was broken off.
const MAKING: i64 = 24 * 3600 * 1000;

/// A file's name without folders and control characters, at most 200 characters of it. Browsers and scripts send
/// whatever they like; the ending is what readers look at and is kept.
pub fn name(text: &str) -> String {
    const LONGEST: usize = 200;
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = clean(last).replace(['\n', '\t'], " ");
    let length = name.chars().count();
    if name.is_empty() || name.chars().all(|c| c == '.') {
        return "未命名".to_owned();
    }
    name.chars().skip(length.saturating_sub(LONGEST)).collect()
}

/// Saves a file that is in memory. Chunks are committed before whatever will name the file: a file that nobody came
/// to name is rubbish, a name without its file would be a loss.
///
/// # Errors
/// `Refused` `file_too_large` above [`MOST`] bytes.
pub async fn keep(
    db: &Db,
    keys: &Keyring,
    purpose: Purpose,
    given_name: &str,
    content: &[u8],
    by: Uuid,
    now: Instant,
) -> Result<Uuid, Error> {
    let mut file = Writer::begin(db, keys, purpose, given_name, MOST as u64, by, now).await?;
    file.append(db, keys, content).await?;
    let id = file.id();
    file.finish(db, keys, now, None).await?;
    Ok(id)
}

/// A file with its whole content, for files that fit into memory.
///
/// # Errors
/// `NotFound`; `Damaged` when it does not open.
pub async fn fetch(db: &Db, keys: &Keyring, id: Uuid) -> Result<(FileInfo, Vec<u8>), Error> {
    let info = find(db, keys, id).await?;
    let mut content = Vec::with_capacity(info.size as usize);
    for number in 0..chunks::count(info.size) {
        content.extend(files::chunk(db.read(), keys, &info, number).await?);
    }
    Ok((info, content))
}

/// A finished file without its content.
///
/// # Errors
/// `NotFound` for a file that was never finished too.
pub async fn find(db: &Db, keys: &Keyring, id: Uuid) -> Result<FileInfo, Error> {
    files::info(db.read(), keys, id).await?.ok_or(Error::NotFound)
}

/// Takes away some of what nobody has: files that were never finished, and expired ones. Answers how many rows.
pub async fn tidy<C: ConnectionTrait>(db: &C, now: i64, limit: u64) -> Result<u64, Error> {
    Ok(files::tidy(db, now - MAKING, now, limit).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        let long = format!("{}.xlsx", "长".repeat(300));
        let kept = format!("{}.xlsx", "长".repeat(195));
        let cases = [
            ("残联-持证残疾人名单.xlsx", "残联-持证残疾人名单.xlsx"),
            ("C:\\名单\\低保 .xls", "低保 .xls"),
            ("../../etc/passwd", "passwd"),
            ("a\nb\u{0}.csv", "a b.csv"),
            ("..", "未命名"),
            ("", "未命名"),
            (long.as_str(), kept.as_str()),
        ];
        for (input, expected) in cases {
            assert_eq!(name(input), expected);
        }
    }
}
