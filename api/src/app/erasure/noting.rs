//! Where erasures are noted: beside the database of each node, and beside the backups that were made from here. What cannot
//! be written now is written the next time; an erasure never waits for it.

use super::ledger;
use crate::app::Error;
use crate::program::Program;
use crate::store::db::Db;
use crate::store::meta;
use std::path::{Path, PathBuf};

/// The folders in which backups were put, the last one first, as a JSON list.
const FOLDERS: &str = "backup_folders";

/// Disks that take turns; more are forgotten.
const MOST: usize = 8;

/// Notes whoever is not noted yet, whichever node erased them. Answers how many lines were written.
pub async fn everywhere(program: &Program) -> usize {
    let Some(own) = program.erasures.as_deref() else {
        return 0;
    };
    let mut files = vec![own.to_owned()];
    match folders(&program.db).await {
        // A disk that is not there is written to when a backup is made on it.
        Ok(folders) => files.extend(
            folders
                .iter()
                .filter(|f| f.is_dir())
                .map(|f| ledger::in_folder(f)),
        ),
        Err(error) => tracing::warn!(%error, "where backups lie was not read"),
    }
    let mut lines = 0;
    for file in files {
        match ledger::note(&program.db, &file).await {
            Ok(new) => lines += new,
            Err(error) => tracing::warn!(%error, "erasures were not noted beside the database or a backup"),
        }
    }
    lines
}

/// Remembers that backups lie in a folder of this machine.
///
/// # Errors
/// Those of the database.
pub async fn remember(db: &Db, folder: &Path) -> Result<(), Error> {
    // An unreadable name is looked for in vain later: a backup notes erasures itself.
    let Some(name) = std::path::absolute(folder)
        .ok()
        .and_then(|f| f.to_str().map(str::to_owned))
    else {
        return Ok(());
    };
    let name = &name;
    db.write(|txn| async move {
        let mut all: Vec<String> = read(meta::get(&*txn, FOLDERS).await?);
        if all.first() == Some(name) {
            return Ok(());
        }
        all.retain(|other| other != name);
        all.insert(0, name.clone());
        all.truncate(MOST);
        let text = serde_json::Value::from(all).to_string();
        meta::put(&*txn, FOLDERS, &text).await?;
        Ok::<_, Error>(())
    })
    .await
}

async fn folders(db: &Db) -> Result<Vec<PathBuf>, Error> {
    let all: Vec<String> = read(meta::get(db.read(), FOLDERS).await?);
    Ok(all.into_iter().map(PathBuf::from).collect())
}

fn read(text: Option<String>) -> Vec<String> {
    text.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}
