//! A backup from before an erasure: whoever restores it hears of the erasure from what is noted beside the database or
//! beside a later backup, or is told loudly that it is not known.

use super::{admin, erase, listed, searched};
use api::app::erasure::ledger::{self, Ledger};
use api::app::erasure::noting;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tests::county::County;
use tests::database::Database;
use tests::process::{self, Served};
use tests::verify;
use uuid::Uuid;

tests::on_both!(
    what_a_file_names_is_erased_once_more,
    every_node_notes_it_and_none_can_hinder_it
);

/// Exit code, and all that was said.
fn run(database: &Database, arguments: &[&str]) -> (Option<i32>, String) {
    let output = process::run(database, arguments);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[track_caller]
fn done(database: &Database, arguments: &[&str]) -> String {
    let (exit, said) = run(database, arguments);
    assert_eq!(exit, Some(0), "{arguments:?}: {said}");
    said
}

fn another_machine(of: &Database) -> Database {
    let new = Database::empty_sqlite();
    let (from, to) = (of.folder().join("keys"), new.folder().join("keys"));
    fs::create_dir_all(&to).unwrap();
    for name in ["master.key", "lookup.key"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    new
}

/// What doctor says of erasures.
fn doctor(database: &Database) -> String {
    let (_, said) = run(database, &["doctor", "--json"]);
    let page: serde_json::Value = serde_json::from_str(&said).unwrap();
    let checks = page["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["check"] == "erasures").unwrap();
    check["level"].as_str().unwrap().to_owned()
}

fn gone(database: &Database, resident: Uuid) {
    let (_, said) = run(database, &["person", "erased", &resident.to_string()]);
    assert!(said.contains("遗留 0 处"), "{said}");
    done(database, &["verify", "records"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_backup_brings_nobody_back() {
    let county = County::start(Database::sqlite().await).await;
    let resident = listed(&county).await;
    let stays = county.a_resident("黎阿妹").made().await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    let folder = tempfile::tempdir().unwrap();
    let backup = |name: &str| folder.path().join(name).display().to_string();
    let old = backup("old.db");
    done(county.database(), &["backup", &old]);
    erase(&admin(&county).await, resident).await;
    let noted = fs::read_to_string(ledger::in_folder(county.database().folder())).unwrap();
    assert_eq!(noted.lines().count(), 1);
    // Beside the backup as well, at once: it is restored elsewhere, and nobody comes back.
    let beside = ledger::in_folder(folder.path());
    assert_eq!(fs::read_to_string(&beside).unwrap(), noted);
    let at_once = another_machine(county.database());
    let said = done(&at_once, &["restore", &old]);
    assert!(said.contains("1 人已再次抹除"), "{said}");
    gone(&at_once, resident);
    for personal in ["温好彩", super::NUMBER, super::BORN, "13900078411"] {
        assert!(!noted.contains(personal), "{noted}");
    }
    assert_eq!(doctor(county.database()), "fine");

    // It lies beside the older backup also where a later one writes it.
    fs::remove_file(&beside).unwrap();
    done(county.database(), &["backup", &backup("new.db")]);
    let new = another_machine(county.database());
    let said = done(&new, &["restore", &old]);
    assert!(said.contains("1 人已再次抹除"), "{said}");
    gone(&new, resident);
    assert_eq!(doctor(&new), "fine");
    let said = done(&new, &["restore", "--replace", &backup("new.db")]);
    assert!(said.contains("没有备份之后抹除的人"), "{said}");

    // Nobody kept it: that is said, and goes on being said until it was found.
    fs::rename(ledger::in_folder(folder.path()), backup("found")).unwrap();
    let blind = another_machine(county.database());
    let said = done(&blind, &["restore", &old]);
    assert!(said.contains("没有找到抹除登记"), "{said}");
    assert_eq!(doctor(&blind), "warning");
    let (exit, _) = run(&blind, &["person", "erased", &resident.to_string()]);
    assert_eq!(exit, Some(1), "nobody knows of it");
    let said = done(&blind, &["person", "again", &backup("found")]);
    assert!(said.contains("其中 1 人已再次抹除"), "{said}");
    gone(&blind, resident);
    assert_eq!(doctor(&blind), "fine");

    // A copy that somebody puts in place by hand: the start makes it known, and phones hear.
    let by_hand = another_machine(county.database());
    fs::copy(&old, by_hand.folder().join("heshan.db")).unwrap();
    fs::copy(Path::new(&backup("found")), ledger::in_folder(by_hand.folder())).unwrap();
    assert_eq!(doctor(&by_hand), "fault");
    let served = Served::start(&by_hand, &[]);
    phone.moved_to(&served.client);
    phone.sync().await;
    assert!(!phone.holds(resident) && phone.holds(stays));
    assert_eq!(phone.heard("drop")[0]["reason"], "erased");
    served.stop();
    gone(&by_hand, resident);
}

async fn what_a_file_names_is_erased_once_more(database: Database) {
    let county = County::start(database).await;
    let first = county.a_resident("黎阿妹").made().await;
    let second = county.a_resident("陆润生").phone("13900078441").made().await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    phone.edit(second).visit("home", "met", "独居").done();
    phone.sync().await;
    erase(&admin(&county).await, first).await;
    // As if the second had been erased too, in a life of the database that is over.
    let file = ledger::in_folder(county.database().folder());
    let noted = fs::read_to_string(&file).unwrap();
    let other = noted.replace(&first.to_string(), &second.to_string());
    fs::write(&file, format!("{noted}{other}")).unwrap();
    let read = Ledger::read(&file).unwrap();
    assert_eq!(ledger::again(&county.program, &read).await.unwrap(), 1);
    assert_eq!(ledger::again(&county.program, &read).await.unwrap(), 0);
    verify::agrees(&county.program).await;
    phone.sync().await;
    assert!(!phone.holds(first) && !phone.holds(second));
    let (exit, said) = searched(&county, second);
    assert_eq!(exit, Some(0), "{said}");
    let all = admin(&county).await.get("/api/v1/erasures").await.ok();
    assert_eq!(all.as_array().unwrap().len(), 2);
}

async fn every_node_notes_it_and_none_can_hinder_it(database: Database) {
    let county = County::start(database).await;
    let [disk, gone, taken] = [0; 3].map(|_| tempfile::tempdir().unwrap());
    for folder in [&disk, &gone, &taken] {
        noting::remember(&county.program.db, folder.path()).await.unwrap();
    }
    let gone = gone.keep();
    fs::remove_dir(&gone).unwrap();
    // Where the file should be there is something else.
    fs::create_dir(ledger::in_folder(taken.path())).unwrap();
    let resident = county.a_resident("黎阿妹").made().await;
    erase(&admin(&county).await, resident).await;
    let own = fs::read_to_string(ledger::in_folder(county.database().folder())).unwrap();
    assert!(own.contains(&resident.to_string()), "{own}");
    assert_eq!(fs::read_to_string(ledger::in_folder(disk.path())).unwrap(), own);
    assert!(!gone.exists());

    // A node with a data folder of its own writes it the next time that it looks, and once.
    let folder = tempfile::tempdir().unwrap();
    let mut other = county.program.clone();
    other.erasures = Arc::new(Some(ledger::in_folder(folder.path())));
    assert_eq!(noting::everywhere(&other).await, 1);
    assert_eq!(noting::everywhere(&other).await, 0);
    assert_eq!(fs::read_to_string(ledger::in_folder(folder.path())).unwrap(), own);
}
