//! What is kept has a term, and goes when it is over: everything else stays.

use api::app::files::{Purpose, keep};
use api::jobs::{Handlers, JobKind, Runner, Timing, tidy};
use api::store::{audit, backups, jobs};
use domain::Instant;
use entity::{held, job, list, list_row, register_row, stored_file};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use std::time::Duration;
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(what_is_over_goes_and_what_is_not_stays);

const DAY: i64 = 24 * 3600 * 1000;

fn handed<'a>(county: &County, kind: &'a str, source: &'a str, month: &'a str, rows: &str) -> Handed<'a> {
    Handed {
        source,
        kind,
        division: county.place("鹤山市"),
        month,
        name: "list.csv",
        content: rows.as_bytes().to_vec(),
    }
}

async fn run_once(county: &County) {
    tidy::keep(&county.program).await.unwrap();
    let id = jobs::standing(JobKind::Tidy);
    let db = &county.program.db;
    db.schema()
        .execute_unprepared("UPDATE job SET lease_until = 0 WHERE kind = 'tidy'")
        .await
        .unwrap();
    let timing = Timing {
        poll: Duration::from_millis(10),
        ..Timing::default()
    };
    let handlers = tidy::with(Handlers::new(), &county.program);
    let runner = Runner::start(db.clone(), handlers, 1, timing).await.unwrap();
    loop {
        let row = jobs::find(db.read(), id).await.unwrap().unwrap();
        if row.state == "queued" && row.lease_until > 0 {
            assert_eq!(row.last_error, None);
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    runner.stop().await;
}

async fn what_is_over_goes_and_what_is_not_stays(database: Database) {
    let county = County::start(database).await;
    let program = &county.program;
    let (db, now) = (&program.db, program.clock.now().millis());
    let runner = worker(program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let people = "姓名,身份证号,残疾类别,残疾等级\n何一新,440784195106184849,肢体,二级\n";
    let committed = clerk
        .hand_in(&handed(&county, "disabled", "残联", "2026-10", people), true)
        .await;
    let left = clerk
        .upload(&handed(&county, "disabled", "残联", "2026-11", people))
        .await;
    runner.stop().await;
    // Its upload broke off.
    let at = Instant::from_millis(now - 2 * DAY);
    keep(db, &program.keys, Purpose::List, "x.csv", b"x", Uuid::nil(), at)
        .await
        .unwrap();
    for age in [1096, 1094] {
        let entry = audit::Entry::done("read_resident", Uuid::nil());
        audit::insert(db.schema(), entry, now - age * DAY).await.unwrap();
    }
    for age in [800, 500, 401, 1] {
        let attempt = &backups::Attempt {
            how: "file",
            started_at: now - age * DAY,
            finished_at: now - age * DAY,
            bytes: None,
            failed: (age < 500).then_some("command"),
            keep: None,
        };
        backups::note(db.schema(), attempt).await.unwrap();
    }
    let count = async || {
        let db = db.read();
        (
            stored_file::Entity::find().count(db).await.unwrap(),
            list::Entity::find().count(db).await.unwrap(),
            list_row::Entity::find().count(db).await.unwrap(),
            entity::backup::Entity::find().count(db).await.unwrap(),
        )
    };
    assert_eq!(count().await, (3, 2, 2, 4));
    run_once(&county).await;
    // The file that no list names; the first backups, but never the newest good one.
    assert_eq!(count().await, (2, 2, 2, 3));
    let trail = audit::page(db.read(), &audit::Filter::default(), None, 200)
        .await
        .unwrap();
    let oldest = trail.iter().map(|row| row.at).min().unwrap();
    assert!(oldest >= now - 1095 * DAY);
    let told = trail.iter().find(|row| row.action == "tidy").unwrap();
    assert_eq!(
        told.detail.as_deref(),
        Some("nobodys_files=1 files=2 audit=1 backups=1")
    );

    // More than a year later: the files go, and the list that nobody committed; a committed one is history.
    program.clock.advance(401 * DAY);
    run_once(&county).await;
    let (files, lists, rows, _) = count().await;
    assert_eq!((files, lists, rows), (0, 1, 1));
    program.clock.advance(-401 * DAY);
    // Sessions have ended too.
    let clerk = Clerk::new((*county.console("残联").await).clone());
    assert_eq!(clerk.get(&format!("/api/v1/lists/{left}")).await.status, 404);
    assert_eq!(clerk.list(&committed).await["state"], "committed");
    let file = clerk.get(&format!("/api/v1/lists/{committed}/file")).await;
    assert_eq!(file.status, 404, "its file has had its time");
    assert_eq!(register_row::Entity::find().count(db.read()).await.unwrap(), 0);
    assert_eq!(held::Entity::find().count(db.read()).await.unwrap(), 0);
    let jobs = job::Entity::find().all(db.read()).await.unwrap();
    let kept = jobs.iter().filter(|job| job.kind == "commit_list").count();
    assert_eq!(kept, 1, "a list's own job stays with it");
    tests::verify(&county).await;
}
