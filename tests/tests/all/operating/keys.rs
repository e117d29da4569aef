//! Keys leave and come back under a passphrase; a new data key takes the place of the former one while phones work.

use super::{Storm, check, done, run};
use api::app::files::{Purpose, keep};
use api::app::rotation;
use api::jobs::{Runner, Timing, commit_list, reseal};
use api::seal::signing::RIPENING;
use api::store::reseal::ALL;
use api::store::{jobs, keys, lessons};
use sea_orm::{ConnectionTrait, Statement};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tests::clerk::{Clerk, Handed};
use tests::county::County;
use tests::database::Database;
use tests::process::{Served, run_told};
use uuid::Uuid;

tests::on_both!(
    keys_leave_and_come_back_under_a_passphrase,
    a_new_data_key_seals_everything_beside_a_storm,
    a_rotation_is_begun_by_command_beside_a_server
);

const PASSPHRASE: &str = "旧围村口的老榕树底下的石凳\n";

fn told(database: &Database, arguments: &[&str], text: &str) -> (Option<i32>, String) {
    let output = run_told(database, arguments, text);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), said)
}

async fn keys_leave_and_come_back_under_a_passphrase(database: Database) {
    let county = County::start(database).await;
    county.a_resident("黎阿妹").made().await;
    let database = county.end().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.txt").display().to_string();
    let (exit, said) = told(&database, &["keys", "export", &file], "short\n");
    assert_eq!((exit, said.contains("至少 12 个字符")), (Some(1), true), "{said}");
    let (exit, said) = told(&database, &["keys", "export", &file], PASSPHRASE);
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let kept = database.folder().join("keys");
    for name in ["master.key", "lookup.key"] {
        let secret = fs::read_to_string(kept.join(name)).unwrap();
        assert!(!text.contains(secret.trim()), "a key stands in it as it is");
    }
    let (exit, said) = told(&database, &["keys", "export", &file], PASSPHRASE);
    assert_eq!(exit, Some(1), "what is there is not written over: {said}");
    let (exit, said) = told(&database, &["keys", "import", &file], PASSPHRASE);
    assert_eq!((exit, said.contains("不会覆盖")), (Some(1), true), "{said}");

    // They are lost, and come back.
    let aside = database.folder().join("aside");
    fs::rename(&kept, &aside).unwrap();
    assert_eq!(check(&database, "keys")["level"], "fault");
    let (exit, said) = told(&database, &["keys", "import", &file], "another passphrase\n");
    assert_eq!((exit, said.contains("口令不对")), (Some(1), true), "{said}");
    assert!(!kept.exists());
    let (exit, said) = told(&database, &["keys", "import", &file], PASSPHRASE);
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(check(&database, "keys")["level"], "fine");
    done(&database, &["verify", "records"]);

    // Keys of another database are not put beside this one.
    let other = County::start(Database::sqlite().await).await.end().await;
    let theirs = folder.path().join("theirs.txt").display().to_string();
    told(&other, &["keys", "export", &theirs], PASSPHRASE);
    fs::remove_dir_all(&kept).unwrap();
    let (exit, said) = told(&database, &["keys", "import", &theirs], PASSPHRASE);
    assert_eq!(
        (exit, said.contains("密钥与数据库不符")),
        (Some(1), true),
        "{said}"
    );
    assert!(!kept.exists());
}

/// How many blobs of a column another key than this one sealed.
async fn sealed_by_others(county: &County, table: &str, column: &str, key: u32) -> (i64, i64) {
    let db = county.program.db.read();
    let sql = format!(
        "SELECT COUNT(*) AS n, COALESCE(SUM(CASE WHEN substr(\"{column}\", 3, 4) <> $1 THEN 1 ELSE 0 END), 0) AS others FROM {table}"
    );
    let key = key.to_be_bytes().to_vec();
    let sql = Statement::from_sql_and_values(db.get_database_backend(), sql, [key.into()]);
    let row = db.query_one_raw(sql).await.unwrap().unwrap();
    (row.try_get("", "n").unwrap(), row.try_get("", "others").unwrap())
}

fn list<'a>(county: &County, kind: &'a str, source: &'a str, content: &str) -> Handed<'a> {
    Handed {
        source,
        kind,
        division: county.place("鹤山市"),
        month: "2026-10",
        name: "list.csv",
        content: content.as_bytes().to_vec(),
    }
}

async fn a_new_data_key_seals_everything_beside_a_storm(database: Database) {
    let county = County::start(database).await;
    let program = &county.program;
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
    for worker in ["梁少芳", "冯国强"] {
        county.account(worker).await;
    }
    let timing = Timing {
        poll: Duration::from_millis(20),
        ..Timing::default()
    };
    let handlers = reseal::with(commit_list::handlers(program), program);
    let runner = Runner::start(program.db.clone(), handlers, 1, timing)
        .await
        .unwrap();
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let people = "姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n\
        何一新,440784195106184849,1951-06-18,13900071001,肢体,二级,沙坪街道良围村旧围村5号\n";
    clerk
        .hand_in(&list(&county, "disabled", "残联", people), true)
        .await;
    let big: Vec<u8> = (0..600_000).map(|i| i as u8).collect();
    let now = program.clock.now();
    let kept = keep(
        &program.db,
        &program.keys,
        Purpose::List,
        "大.xlsx",
        &big,
        Uuid::nil(),
        now,
    )
    .await
    .unwrap();

    let learned = &lessons::Body {
        weights: serde_json::Value::Null,
        counts: String::new(),
        odds: 19.0,
    };
    let lesson = program
        .db
        .write(|txn| async move { lessons::keep(&*txn, &program.keys, (0, now.millis()), learned).await });
    lesson.await.unwrap();

    let mut reporter = county.phone("吕小燕").await;
    reporter.sync().await;
    let somebody = reporter.records().next().unwrap().0;
    reporter.edit(somebody).report("moved_out").done();
    reporter.sync().await;

    let storm = Storm::begin(&county.client, &["梁少芳", "冯国强"]).await;
    let before = program.keys.current();
    let (id, job) = rotation::rotate(program).await.unwrap();
    assert!(rotation::rotate(program).await.is_err(), "one at a time");
    assert_eq!(program.keys.current(), before, "a new key seals nothing at first");
    storm.more(10).await;
    program.clock.advance(2 * RIPENING);
    loop {
        let row = jobs::find(program.db.read(), job).await.unwrap().unwrap();
        match row.state.as_str() {
            "done" => {
                assert!(row.progress > 20, "{} rows", row.progress);
                break;
            }
            "failed" => panic!("{:?}", row.last_error),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    storm.more(10).await;
    storm.end().await;
    runner.stop().await;

    let current = program.keys.current();
    assert_eq!(current, id as u32);
    let mut empty = Vec::new();
    for sealed in ALL {
        let (rows, others) = sealed_by_others(&county, sealed.table, sealed.column, current).await;
        assert_eq!(others, 0, "{}.{}", sealed.table, sealed.column);
        if rows == 0 {
            empty.push(sealed.table);
        }
    }
    assert!(empty.len() < 13, "of these nothing was shown: {empty:?}");
    let retired = keys::retired(program.db.read()).await.unwrap();
    assert_eq!(retired, [before as i32]);
    let (_, read) = api::app::files::fetch(&program.db, &program.keys, kept)
        .await
        .unwrap();
    assert!(read == big);
    tests::verify(&county).await;
    // A node that starts now has what it needs.
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    assert_eq!(phone.records().count(), 3);
}

/// Every column of bytes is either sealed anew by a rotation or holds no secret.
#[tokio::test]
async fn no_sealed_column_is_forgotten() {
    const NOT_SEALED: &[&str] = &[
        "account.phone_hash",
        "answer.who",
        "client_secret.hash",
        "confirmation.value_digest",
        "data_key.wrapped",
        "decision.digest",
        "device.secret_hash",
        "edit.change_hash",
        "edit.digest",
        "edit.heads",
        "feed.digest",
        "held.sha256",
        "household.number_hash",
        "list.content_hash",
        "list_mapping.signature",
        "list_row.digest",
        "lookup.hash",
        "register_row.id_hash",
        "register_row.person_hash",
        "roster_step.seen",
        "roster_step.was_seen",
        "roster_step.was_whole",
        "roster_step.whole",
        "sign_in_guard.key",
        "tombstone_hash.hash",
    ];
    let database = Database::postgres().await;
    let db = database.open().await;
    let sql = "SELECT table_name || '.' || column_name AS name FROM information_schema.columns \
        WHERE table_schema = 'public' AND data_type = 'bytea'";
    let rows = db
        .read()
        .query_all_raw(Statement::from_string(db.backend(), sql))
        .await;
    let found: BTreeSet<String> = rows
        .unwrap()
        .iter()
        .map(|row| row.try_get("", "name").unwrap())
        .collect();
    let sealed = ALL.iter().map(|s| format!("{}.{}", s.table, s.column));
    let known: BTreeSet<String> = sealed.chain(NOT_SEALED.iter().map(|n| n.to_string())).collect();
    assert_eq!(
        found, known,
        "left: in the database, right: known to store/reseal or here"
    );
}

async fn a_rotation_is_begun_by_command_beside_a_server(database: Database) {
    let county = County::start(database).await;
    county.account("吕小燕").await;
    county.a_resident("黎阿妹").made().await;
    let database = county.end().await;
    let served = Served::start(&database, &[]);
    let said = done(&database, &["keys", "rotate"]);
    assert!(said.contains("已生成新的数据密钥"), "{said}");
    let (exit, _, said) = run(&database, &["keys", "rotate"]);
    assert_eq!((exit, said.contains("尚未完成")), (Some(1), true), "{said}");
    let mut phone = tests::county::phone_at(&served.client, "吕小燕").await;
    phone.sync().await;
    assert_eq!(phone.records().count(), 1);
    served.stop();
    done(&database, &["verify", "records"]);
}
