//! `doctor`: one page, true of what it looks at, with an exit code for whoever only looks at that.

use super::{check, done, run};
use api::store::backups::{self, Attempt};
use api::store::holdings;
use entity::device;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    says_how_everything_is,
    says_when_a_backup_is_old_or_failing,
    says_which_phones_do_not_answer,
    says_that_a_schema_is_old
);

const DAY: i64 = 24 * 3600 * 1000;

async fn attempt(county: &County, ago: i64, failed: Option<&'static str>) {
    let now = county.program.clock.now().millis();
    let attempt = &Attempt {
        how: "command",
        started_at: now - ago,
        finished_at: now - ago + 1000,
        bytes: None,
        failed,
        keep: None,
    };
    backups::note(county.program.db.schema(), attempt).await.unwrap();
}

async fn says_how_everything_is(database: Database) {
    let county = County::start(database).await;
    county.a_resident("黎阿妹").made().await;
    attempt(&county, 3600 * 1000, None).await;
    let database = county.database();
    let names = [
        "database", "keys", "disk", "clock", "wal", "trail", "backups", "erasures", "jobs", "held", "inbox",
        "phones",
    ];
    for name in names {
        let found = check(database, name);
        if name != "disk" {
            assert_eq!(found["level"], "fine", "{found}");
        }
    }
    let (_, printed, said) = run(database, &["doctor"]);
    assert_eq!(printed.lines().count(), names.len() + 2, "{printed}{said}");
    assert!(
        printed.contains("密钥：可读，仅本用户可读，与数据库相符"),
        "{printed}"
    );
    assert!(!printed.contains("黎阿妹"));

    // Others can read a key.
    let key = database.folder().join("keys/master.key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let found = check(database, "keys");
    assert_eq!(found["level"], "fault", "{found}");
    assert!(found["said"].as_str().unwrap().contains("可被他人读取"));
    assert_eq!(run(database, &["doctor"]).0, Some(2));
    // It is another database's.
    fs::write(&key, format!("{}\n", "ab".repeat(32))).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let found = check(database, "keys");
    assert_eq!(found["level"], "fault", "{found}");
    assert!(found["said"].as_str().unwrap().contains("密钥与数据库不符"));
    // It is gone; nothing is made in its place.
    fs::remove_file(&key).unwrap();
    assert_eq!(check(database, "keys")["level"], "fault");
    assert!(!key.exists());
}

/// restore-1, what the machine says: from the first failed night on.
async fn says_when_a_backup_is_old_or_failing(database: Database) {
    let county = County::start(database).await;
    let says = |level: &str, words: &str| {
        let found = check(county.database(), "backups");
        assert_eq!(found["level"], level, "{found}");
        assert!(found["said"].as_str().unwrap().contains(words), "{found}");
    };
    says("warning", "从未备份");
    attempt(&county, 40 * DAY, None).await;
    says("fault", "40 天前");
    attempt(&county, 3 * 3600 * 1000, None).await;
    says("fine", "最近一次成功");
    attempt(&county, 2 * 3600 * 1000, Some("command")).await;
    attempt(&county, 1000, Some("storage_full")).await;
    says("warning", "连续失败 2 次");
    attempt(&county, 0, None).await;
    says("fine", "最近一次成功");

    // The command that fails is noted, and says so itself.
    let (exit, printed, said) = run(county.database(), &["backup", "--run", "exit 7"]);
    assert_eq!(exit, Some(1), "{printed}");
    assert!(said.contains("备份命令没有成功"), "{said}");
    says("warning", "连续失败 1 次");
    done(county.database(), &["backup", "--run", "true"]);
    says("fine", "最近一次成功");
}

async fn says_which_phones_do_not_answer(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黎阿妹").made().await;
    let mut phone = county.phone("吕小燕").await;
    phone.sync().await;
    let (db, now) = (county.program.db.schema(), county.program.clock.now().millis());
    let found = check(county.database(), "phones");
    assert_eq!(
        (&found["level"], &found["figures"]["active"]),
        (&json!("fine"), &json!(1))
    );

    let holding = holdings::of_residents(db, &[resident]).await.unwrap().remove(0);
    let ended = (now - 8 * DAY, "moved");
    holdings::set_end(db, &[holding.number], ended).await.unwrap();
    let silent = device::ActiveModel {
        id: Unchanged(holding.device),
        last_contact_at: Set(Some(now - 31 * DAY)),
        ..Default::default()
    };
    device::Entity::update(silent).exec(db).await.unwrap();
    let found = check(county.database(), "phones");
    assert_eq!(found["level"], "warning");
    let said = found["said"].as_str().unwrap();
    assert!(said.contains("1 台超过 30 天没有联系"), "{said}");
    assert!(
        said.contains("1 台应删除 1 人而未确认，最早的已有 8 天"),
        "{said}"
    );

    // Work whose turn it was half an hour ago: nobody does it.
    let job = api::store::jobs::NewJob {
        id: Uuid::now_v7(),
        kind: "commit_list",
        subject: None,
        total: 0,
        created_by: Uuid::nil(),
    };
    api::store::jobs::insert(db, &job).await.unwrap();
    let late = format!("UPDATE job SET created_at = {}", now - DAY / 48);
    db.execute_unprepared(&late).await.unwrap();
    let found = check(county.database(), "jobs");
    assert_eq!(found["level"], "warning");
    assert!(
        found["said"]
            .as_str()
            .unwrap()
            .contains("commit_list 已等 30 分钟"),
        "{found}"
    );
}

async fn says_that_a_schema_is_old(database: Database) {
    let db = database.open().await;
    let forgotten = "DELETE FROM seaql_migrations WHERE version LIKE '%000011%'";
    db.schema().execute_unprepared(forgotten).await.unwrap();
    drop(db);
    let found = check(&database, "database");
    assert_eq!(found["level"], "fault", "{found}");
    assert!(found["said"].as_str().unwrap().contains("结构比程序旧"));
}

#[test]
fn a_folder_without_a_database_is_a_fault() {
    let database = Database::empty_sqlite();
    let found = check(&database, "database");
    assert_eq!(found["level"], "fault", "{found}");
    assert_eq!(run(&database, &["doctor"]).0, Some(2));
    assert_eq!(
        fs::read_dir(database.folder()).unwrap().count(),
        0,
        "nothing was made"
    );
}
