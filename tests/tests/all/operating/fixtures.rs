//! Databases of every schema that was ever in use migrate to the newest one, and everything in them agrees. They are
//! made by `scripts/make-fixture` and never changed.

use super::{check, done};
use flate2::read::GzDecoder;
use migration::{Migrator, MigratorTrait};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tests::database::Database;
use tests::workspace;

fn kept() -> Vec<PathBuf> {
    let folder = workspace::root().join("tests/fixtures/databases");
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    all.sort();
    assert!(!all.is_empty(), "a database of some schema is kept");
    let known: Vec<String> = Migrator::migrations()
        .iter()
        .map(|m| m.name().to_owned())
        .collect();
    for path in &all {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            known.iter().any(|k| k == name),
            "{name} is no schema that there was"
        );
    }
    all
}

fn unpacked(file: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(file).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// A repository keeps no permissions: keys that others can read are refused.
fn put_keys(from: &Path, database: &Database) {
    let keys = database.folder().join("keys");
    fs::create_dir_all(&keys).unwrap();
    for name in ["master.key", "lookup.key"] {
        fs::copy(from.join(name), keys.join(name)).unwrap();
        fs::set_permissions(keys.join(name), Permissions::from_mode(0o600)).unwrap();
    }
}

fn is_migrated_and_agrees(database: &Database, kept: &Path) {
    done(database, &["migrate"]);
    let newest = Migrator::migrations().last().unwrap().name().to_owned();
    assert_eq!(check(database, "database")["figures"]["schema"], newest);
    assert_eq!(check(database, "keys")["level"], "fine");
    let said = done(database, &["verify", "records"]);
    assert!(
        said.contains("差异 0 处") && !said.contains("居民 0 人"),
        "{kept:?}: {said}"
    );
}

#[test]
fn databases_of_every_schema_migrate_sqlite() {
    for kept in kept() {
        let database = Database::empty_sqlite();
        fs::write(
            database.folder().join("heshan.db"),
            unpacked(&kept.join("sqlite.db.gz")),
        )
        .unwrap();
        put_keys(&kept.join("sqlite.keys"), &database);
        is_migrated_and_agrees(&database, &kept);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_of_every_schema_migrate_postgres() {
    for kept in kept() {
        let database = Database::empty_postgres().await;
        put_keys(&kept.join("postgres.keys"), &database);
        let bin = Command::new(workspace::root().join("scripts/postgres-bin"))
            .output()
            .unwrap();
        let psql = format!("{}/psql", String::from_utf8(bin.stdout).unwrap().trim());
        let mut process = Command::new(psql)
            .args(["-q", "-v", "ON_ERROR_STOP=1", &database.postgres_url().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let dump = unpacked(&kept.join("postgres.sql.gz"));
        process.stdin.take().unwrap().write_all(&dump).unwrap();
        assert!(process.wait().unwrap().success());
        is_migrated_and_agrees(&database, &kept);
    }
}
