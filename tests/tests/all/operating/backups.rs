//! Backups made in a storm of edits, brought back, and what phones refill.

use super::{Storm, check, done, run};
use entity::{device, edit};
use sea_orm::EntityTrait;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use tests::county::County;
use tests::database::Database;
use tests::process::Served;
use tests::workspace;
use uuid::Uuid;

tests::on_both!(what_was_acknowledged_before_a_backup_comes_back);

const WORKERS: [&str; 2] = ["梁少芳", "冯国强"];

async fn county_in_use(database: Database) -> Database {
    let county = County::start(database).await;
    for worker in WORKERS {
        county.account(worker).await;
    }
    for (name, grid) in [
        ("黄秋菊", "良围一格"),
        ("陆润生", "良围一格"),
        ("温好彩", "良围二格"),
    ] {
        county
            .a_resident(name)
            .in_grid(grid)
            .phone("13900078400")
            .made()
            .await;
    }
    county.end().await
}

async fn edits_in(database: &Database) -> BTreeSet<Uuid> {
    let db = database.open().await;
    let rows = edit::Entity::find().all(db.read()).await.unwrap();
    db.close().await.unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

/// The database's own tools stand beside its server.
fn tool(name: &str) -> String {
    let bin = Command::new(workspace::root().join("scripts/postgres-bin"))
        .output()
        .unwrap();
    format!("{}/{name}", String::from_utf8(bin.stdout).unwrap().trim())
}

fn copy_keys(from: &Database, to: &Database) {
    let (from, to) = (from.folder().join("keys"), to.folder().join("keys"));
    fs::create_dir_all(&to).unwrap();
    for name in ["master.key", "lookup.key"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

async fn what_was_acknowledged_before_a_backup_comes_back(database: Database) {
    let database = county_in_use(database).await;
    let served = Served::start(&database, &[]);
    let storm = Storm::begin(&served.client, &WORKERS).await;
    let target = tempfile::tempdir().unwrap();
    let dump = target.path().join("county.dump");

    let before = storm.acknowledged();
    let url = database.postgres_url().unwrap_or_default();
    let command = format!("{} -Fc -f {} '{url}'", tool("pg_dump"), dump.display());
    let folder = target.path().display().to_string();
    let arguments = if database.is_postgres() {
        vec!["backup", "--run", &command]
    } else {
        vec!["backup", &folder, "--keep", "3"]
    };
    let said = tokio::task::block_in_place(|| done(&database, &arguments));
    storm.more(20).await;
    let phones = storm.end().await;
    assert_eq!(check(&database, "backups")["level"], "fine", "{said}");
    safe_is_what_the_backup_has(&database, before.len() as i64).await;
    served.kill();

    // On another machine, which has the keys by another way.
    let restored = if database.is_postgres() {
        let restored = Database::empty_postgres().await;
        copy_keys(&database, &restored);
        let status = Command::new(tool("pg_restore"))
            .args(["--no-owner", "-d", &restored.postgres_url().unwrap()])
            .arg(&dump)
            .status();
        assert!(status.unwrap().success());
        let said = done(&restored, &["restore", "--mark"]);
        assert!(said.contains("共 2 台在用手机"), "{said}");
        restored
    } else {
        restored_from_a_file(&database, target.path())
    };
    let held = edits_in(&restored).await;
    assert!(
        before.is_subset(&held),
        "acknowledged before the backup began, and not in it"
    );
    done(&restored, &["verify", "records"]);

    // A new life: the phones compare anew and bring back what it lacks.
    let served = Served::start(&restored, &[]);
    let mut all = BTreeSet::new();
    for mut phone in phones {
        phone.moved_to(&served.client);
        phone.send_again();
        all.extend(phone.unsent());
        phone.sync().await;
    }
    served.stop();
    let found = edits_in(&restored).await;
    assert!(all.is_subset(&found), "edits that only the phones had came back");
    done(&restored, &["verify", "records"]);
}

async fn safe_is_what_the_backup_has(database: &Database, least: i64) {
    let db = database.open().await;
    let rows = device::Entity::find().all(db.read()).await.unwrap();
    let safe: i64 = rows.iter().map(|row| row.safe).sum();
    let through: i64 = rows.iter().map(|row| row.through).sum();
    assert!(safe >= least && safe < through, "{least} <= {safe} < {through}");
    db.close().await.unwrap();
}

fn restored_from_a_file(database: &Database, folder: &Path) -> Database {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|file| !file.ends_with("erasures.ndjson"));
    assert_eq!(
        files.len(),
        1,
        "one file, and who was erased beside it: {files:?}"
    );
    let file = files[0].display().to_string();
    let (exit, _, said) = run(database, &["backup", &file]);
    assert_eq!((exit, said.contains("不会覆盖")), (Some(1), true), "{said}");

    let restored = Database::empty_sqlite();
    let (exit, _, said) = run(&restored, &["restore", &file]);
    assert_eq!(exit, Some(1), "without keys nothing is put in place: {said}");
    assert!(said.contains("keys import"), "{said}");
    assert!(!restored.folder().join("heshan.db").exists());
    copy_keys(database, &restored);
    let said = done(&restored, &["restore", &file]);
    assert!(
        said.contains("内容截至") && said.contains("共 2 台在用手机"),
        "{said}"
    );

    // Over a database only when told so, and never over a living one.
    let (exit, _, said) = run(&restored, &["restore", &file]);
    assert_eq!((exit, said.contains("--replace")), (Some(1), true), "{said}");
    let served = Served::start(&restored, &[]);
    let (exit, _, said) = run(&restored, &["restore", "--replace", &file]);
    assert_eq!((exit, said.contains("停止服务")), (Some(1), true), "{said}");
    served.stop();
    done(&restored, &["restore", "--replace", &file]);
    let aside = fs::read_dir(restored.folder()).unwrap();
    let aside = aside.filter(|f| {
        f.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("replaced-")
    });
    assert_eq!(aside.count(), 1, "the former one is kept");

    // A file that is cut off, or no backup at all, changes nothing.
    let whole = fs::read(&file).unwrap();
    for (name, bytes) in [
        ("cut.db", &whole[..whole.len() / 2]),
        ("text.db", b"no backup".as_slice()),
    ] {
        let bad = folder.join(name);
        fs::write(&bad, bytes).unwrap();
        let bad = bad.display().to_string();
        let (exit, _, said) = run(&restored, &["restore", "--replace", &bad]);
        assert_eq!((exit, said.contains("已损坏")), (Some(1), true), "{said}");
    }
    restored
}
