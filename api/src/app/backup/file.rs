//! The embedded database as one file: written under another name, looked through, then given its own.

use super::{BackupFault, Begun};
use crate::store::copy;
use crate::store::db::Db;
use domain::Instant;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub struct Made {
    pub file: PathBuf,
    pub bytes: u64,
    pub edits: i64,
    pub residents: i64,
}

/// Copies the database into `target`: a file that does not exist yet, or a folder, in which the file is called after
/// the instant. Nothing stands under that name before it was found whole and has reached the disk.
pub async fn into_file(db: &Db, begun: &Begun, target: &Path) -> Result<Made, BackupFault> {
    let file = if target.is_dir() {
        target.join(name(begun.at))
    } else {
        target.to_owned()
    };
    if file.exists() {
        return Err(BackupFault::Exists(file.display().to_string()));
    }
    let part = part_of(&file);
    let made = write(db, begun, &file, &part).await;
    if made.is_err() {
        // What is left of it is no backup.
        let _ = fs::remove_file(&part);
    }
    made
}

async fn write(db: &Db, begun: &Begun, file: &Path, part: &Path) -> Result<Made, BackupFault> {
    let fault = |e: io::Error| match e.kind() {
        io::ErrorKind::StorageFull => BackupFault::Full,
        _ => BackupFault::Target(file.display().to_string(), e),
    };
    let mut options = OpenOptions::new();
    // Made here, so that others cannot read it at any time.
    options.write(true).create(true).truncate(true).mode(0o600);
    drop(options.open(part).map_err(fault)?);
    copy::write(db, part).await?;
    copy::stamp(part, begun.at).await?;
    let copied = copy::examine(part).await?;
    if !copied.whole || copied.edits < begun.edits {
        return Err(BackupFault::NotWhole);
    }
    let bytes = reach_the_disk(part).map_err(fault)?;
    fs::rename(part, file).map_err(fault)?;
    sync_folder(file).map_err(fault)?;
    Ok(Made {
        file: file.to_owned(),
        bytes,
        edits: copied.edits,
        residents: copied.residents,
    })
}

/// `heshan-20261130T041500Z.db`
fn name(at: i64) -> String {
    let text = Instant::from_millis(at).to_string();
    let stamp: String = text
        .split('.')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == 'T')
        .collect();
    format!("heshan-{stamp}Z.db")
}

fn part_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Answers the file's length once it is on the disk.
pub(super) fn reach_the_disk(file: &Path) -> io::Result<u64> {
    let file = File::open(file)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

/// A new name reaches the disk with its folder.
pub fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Removes the oldest of the files in a folder that were named by [`into_file`], so that `keep` are left. Answers how
/// many went.
pub fn thin_out(folder: &Path, keep: usize) -> io::Result<usize> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if ours(name) {
            found.push(path);
        }
    }
    // Their names stand in the order of time.
    found.sort();
    let old = found.len().saturating_sub(keep.max(1));
    for path in &found[..old] {
        fs::remove_file(path)?;
    }
    Ok(old)
}

fn ours(name: &str) -> bool {
    let stamp = name.strip_prefix("heshan-").and_then(|n| n.strip_suffix("Z.db"));
    stamp.is_some_and(|s| {
        s.len() == 15
            && s.bytes().enumerate().all(|(i, b)| match i {
                8 => b == b'T',
                _ => b.is_ascii_digit(),
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| fs::write(folder.path().join(name), "").unwrap();
        for at in [0, 86_400_000, 1_795_000_000_000] {
            assert!(ours(&name(at)), "{}", name(at));
            make(&name(at));
        }
        make("heshan.db");
        make("heshan-of-somebody.db");
        assert_eq!(thin_out(folder.path(), 2).unwrap(), 1);
        assert!(!folder.path().join(name(0)).exists());
        assert_eq!(thin_out(folder.path(), 0).unwrap(), 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
