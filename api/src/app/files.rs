//! Files that people hand in or take out: kept sealed, whole, with the name they had.

use crate::app::Error;
use crate::seal::Keyring;
use crate::store::db::Db;
use crate::store::files::{self, FileInfo, NewFile};
use domain::Instant;
use domain::text::clean;
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

/// Bytes of the largest file that is taken.
pub const MOST: usize = 64 * 1024 * 1024;

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

/// Saves a file in a transaction of its own. Chunks are committed before whatever will name the file: a file
/// that nobody came to name is rubbish, a name without its file would be a loss.
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
    if content.len() > MOST {
        return Err(Error::field("file_too_large", "文件超过 64 MB", "file"));
    }
    let name = name(given_name);
    let new = &NewFile {
        id: Uuid::now_v7(),
        purpose: purpose.name(),
        name: &name,
        created_by: by,
        created_at: now.millis(),
    };
    db.write(|txn| async move { files::save(&*txn, keys, new, content).await })
        .await?;
    Ok(new.id)
}

/// A file with its content.
///
/// # Errors
/// `NotFound`; `Damaged` when it does not open.
pub async fn fetch(db: &Db, keys: &Keyring, id: Uuid) -> Result<(FileInfo, Vec<u8>), Error> {
    files::load(db.read(), keys, id).await?.ok_or(Error::NotFound)
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
