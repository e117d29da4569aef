//! Erasures are noted beside the database as well, line by line in a file of the data folder and beside every backup:
//! a backup from before an erasure would bring the person back, and whoever restores it must know.
//!
//! A line holds what the tombstone holds: our id, when, why, by whom, and keyed hashes. The database comes first: a line
//! is written once the erasure is committed, and every start and every backup adds what a crash left out.

use super::{Erased, Order, desk_of, everybody, take_out};
use crate::app::Error;
use crate::app::backup::sync_folder;
use crate::program::Program;
use crate::seal::escrow::bytes;
use crate::store::db::Db;
use crate::store::{meta, tombstones, unlinked};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use sync::digest::hex;
use tombstones::Tombstone;
use uuid::Uuid;

/// In the data folder, and in every folder with backups.
pub const FILE: &str = "erasures.ndjson";

/// Since when it is not known whether erasures are missing: a backup was restored and no file was found.
pub const UNKNOWN: &str = "erasures_unknown_since";

/// One erasure as the file keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    resident: Uuid,
    reason: String,
    account: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    village: Option<Uuid>,
    at: i64,
    /// Kind and keyed hash in hexadecimal.
    hashes: Vec<(String, String)>,
}

/// What a file says.
#[derive(Default)]
pub struct Ledger {
    lines: Vec<Line>,
    /// Lines that are none. One that a crash cut off at the end does not count.
    pub unreadable: usize,
}

impl Ledger {
    /// # Errors
    /// `NotFound` where there is no such file.
    pub fn read(file: &Path) -> io::Result<Ledger> {
        let text = fs::read(file)?;
        let mut ledger = Ledger::default();
        for line in text.split_inclusive(|b| *b == b'\n') {
            match (serde_json::from_slice(line), line.last()) {
                (Ok(line), _) => ledger.lines.push(line),
                (Err(_), Some(b'\n')) if line.len() > 1 => ledger.unreadable += 1,
                (Err(_), _) => {}
            }
        }
        Ok(ledger)
    }

    pub fn residents(&self) -> BTreeSet<Uuid> {
        self.lines.iter().map(|line| line.resident).collect()
    }
}

/// Where a program of this data folder notes them.
pub fn in_folder(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Adds to a file what the database knows and the file does not; makes the file where there is none. Answers how many
/// lines it got.
///
/// # Errors
/// `Io`: it could not be written; the database is as it was.
pub async fn note(db: &Db, file: &Path) -> Result<usize, LedgerFault> {
    let known = match Ledger::read(file) {
        Ok(ledger) => ledger.residents(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
        Err(error) => return Err(error.into()),
    };
    let mut lines = Vec::new();
    for stone in tombstones::all(db.read()).await? {
        if known.contains(&stone.resident) {
            continue;
        }
        let hashes = tombstones::hashes(db.read(), stone.resident).await?;
        lines.push(Line {
            resident: stone.resident,
            reason: stone.reason,
            account: stone.account,
            village: stone.village,
            at: stone.at,
            hashes: hashes
                .into_iter()
                .map(|(kind, hash)| (kind, hex(&hash)))
                .collect(),
        });
    }
    Ok(append(file, lines)?)
}

#[derive(Debug, thiserror::Error)]
pub enum LedgerFault {
    #[error("抹除登记：{0}")]
    Io(#[from] io::Error),
    #[error("数据库：{0}")]
    Database(#[from] sea_orm::DbErr),
}

/// Another process may write the same at this moment: under the file's lock only what is not there yet is added.
fn append(file: &Path, mut lines: Vec<Line>) -> io::Result<usize> {
    let fresh = !file.exists();
    if lines.is_empty() && !fresh {
        return Ok(0);
    }
    let mut options = OpenOptions::new();
    let mut open = options.append(true).create(true).mode(0o600).open(file)?;
    open.lock()?;
    let known = Ledger::read(file)?.residents();
    lines.retain(|line| !known.contains(&line.resident));
    let mut text = String::new();
    for line in &lines {
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
    }
    // A line that a crash cut off: the database has it, and it is written again.
    let there = fs::read(file)?;
    let whole = there.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    open.set_len(whole as u64)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()?;
    sync_folder(file)?;
    Ok(lines.len())
}

/// Erases once more whoever a file names and the database does not know to be erased. Answers how many that were.
///
/// # Errors
/// Those of the database: whoever was erased by then stays so, and the rest is done the next time.
pub async fn again(program: &Program, ledger: &Ledger) -> Result<usize, Error> {
    let mut done = 0;
    for line in &ledger.lines {
        if tombstones::find(program.db.read(), line.resident)
            .await?
            .is_some()
        {
            continue;
        }
        let Erased { repeat, .. } = one(program, line).await?;
        done += usize::from(!repeat);
    }
    Ok(done)
}

async fn one(program: &Program, line: &Line) -> Result<Erased, Error> {
    let hashes = line
        .hashes
        .iter()
        .filter_map(|(kind, hash)| Some((kind.clone(), bytes(hash)?)));
    let hashes: Vec<(String, Vec<u8>)> = hashes.collect();
    let order = &Order {
        stone: Tombstone {
            resident: line.resident,
            reason: line.reason.clone(),
            account: line.account,
            village: line.village,
            at: line.at,
        },
        rows: unlinked::naming(program.db.read(), &program.keys, &hashes).await?,
        hashes,
        again: true,
    };
    let now = program.clock.now();
    program
        .db
        .write(|txn| async move {
            let id = order.stone.resident;
            if let Some(stone) = tombstones::find(&*txn, id).await? {
                return Ok(Erased { stone, repeat: true });
            }
            let all = everybody(&*txn, id).await?;
            let desk = desk_of(&txn, program, &all, now).await?;
            take_out(&txn, desk, &all, order).await?;
            Ok::<_, Error>(Erased {
                stone: order.stone.clone(),
                repeat: false,
            })
        })
        .await
}

/// After a restore: erases once more what the files name that are there, and remembers it where there is none.
/// Answers how many were erased; nothing where no file was found.
///
/// # Errors
/// Those of the database, and of a file that is there and cannot be read.
pub async fn after_restore(program: &Program, files: &[PathBuf]) -> Result<Option<usize>, Error> {
    let mut done = None;
    for file in files {
        match Ledger::read(file) {
            Ok(ledger) => done = Some(done.unwrap_or(0) + again(program, &ledger).await?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(cause = %error.kind(), "a ledger of erasures could not be read");
            }
        }
    }
    settle(program, done.is_some()).await?;
    Ok(done)
}

/// Whether erasures may be missing is remembered until a file was gone through.
pub async fn settle(program: &Program, known: bool) -> Result<(), Error> {
    let now = program.clock.now().millis().to_string();
    let now = &now;
    program
        .db
        .write(|txn| async move {
            match known {
                true => meta::remove(&*txn, UNKNOWN).await?,
                false => meta::put_new(&*txn, UNKNOWN, now).await?,
            }
            Ok::<_, Error>(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_a_crash_cut_off_is_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let file = in_folder(folder.path());
        assert!(Ledger::read(&file).is_err());
        let line = Line {
            resident: Uuid::from_u128(7),
            reason: "requested".into(),
            account: Uuid::nil(),
            village: None,
            at: 1,
            hashes: vec![("id_number".into(), hex(&[0, 255]))],
        };
        let whole = serde_json::to_string(&line).unwrap();
        let read = || {
            let read = Ledger::read(&file).unwrap();
            (read.lines.len(), read.unreadable)
        };
        fs::write(&file, format!("{whole}\n{}", &whole[..20])).unwrap();
        assert_eq!(read(), (1, 0));
        let other = Line {
            resident: Uuid::from_u128(8),
            ..line.clone()
        };
        assert_eq!(append(&file, vec![line, other]).unwrap(), 1, "one is there");
        assert_eq!(read(), (2, 0));
        fs::write(&file, format!("{}\n{whole}\n", &whole[..20])).unwrap();
        assert_eq!(read(), (1, 1), "damaged by something else");
        assert_eq!(bytes("00ff"), Some(vec![0, 255]));
    }
}
