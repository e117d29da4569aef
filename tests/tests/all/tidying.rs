//! Work that comes round again: what nobody needs any more is removed, once, however many nodes there are.

use api::jobs::{Handlers, JobContext, JobFault, JobKind, Runner, Timing, tidy};
use api::store::{guards, jobs, sessions};
use sea_orm::EntityTrait;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;
use tests::app::TestApp;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(old_sessions_and_counters_go, work_comes_round_again_on_one_node);

const DAY: i64 = 24 * 3600 * 1000;

fn quick() -> Timing {
    Timing {
        poll: Duration::from_millis(10),
        wait: Duration::from_millis(1),
        attempts: 2,
        ..Timing::default()
    }
}

/// The one row once a run has come to its end.
async fn settled(app: &TestApp, runs: impl Fn() -> bool) -> jobs::Job {
    let id = jobs::standing(JobKind::Tidy);
    loop {
        let row = jobs::find(app.program.db.read(), id).await.unwrap().unwrap();
        let now = app.program.clock.now().millis();
        if runs() && row.state == "queued" && row.attempts == 0 && row.lease_until > now {
            return row;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn old_sessions_and_counters_go(database: Database) {
    let app = TestApp::start(database).await;
    let (program, now) = (&app.program, app.program.clock.now().millis());
    let db = program.db.schema();
    // Made when, good until when; ended when; kept or not.
    let cases = [
        ("living", now - 300 * DAY, now + DAY, None, true),
        ("expired lately", now - 200 * DAY, now - 20 * DAY, None, true),
        ("expired long ago", now - 300 * DAY, now - 91 * DAY, None, false),
        (
            "ended lately",
            now - 9 * DAY,
            now + 170 * DAY,
            Some(now - DAY),
            true,
        ),
        (
            "ended long ago",
            now - 100 * DAY,
            now + 80 * DAY,
            Some(now - 91 * DAY),
            false,
        ),
    ];
    let mut made = Vec::new();
    for (name, from, until, ended, kept) in cases {
        let id = Uuid::now_v7();
        sessions::insert(db, id, Uuid::now_v7(), None, from, until)
            .await
            .unwrap();
        if let Some(at) = ended {
            sessions::end(db, sessions::Which::One(id), "signed_out", at)
                .await
                .unwrap();
        }
        made.push((name, id, kept));
    }
    // More than one step's worth.
    for _ in 0..510 {
        sessions::insert(
            db,
            Uuid::now_v7(),
            Uuid::now_v7(),
            None,
            now - 300 * DAY,
            now - 100 * DAY,
        )
        .await
        .unwrap();
    }
    guards::lock(db, &[vec![1; 32]], now - 61 * DAY).await.unwrap();
    guards::lock(db, &[vec![2; 32]], now - 59 * DAY).await.unwrap();

    tidy::keep(program).await.unwrap();
    tidy::keep(program).await.unwrap();
    let handlers = tidy::with(Handlers::new(), program);
    let runner = Runner::start(program.db.clone(), handlers, 1, quick())
        .await
        .unwrap();
    let row = settled(&app, || true).await;
    runner.stop().await;
    assert_eq!((row.last_error, row.created_by), (None, Uuid::nil()));
    assert!(
        row.lease_until > now + DAY - 3600 * 1000,
        "the next run is a day away"
    );

    for (name, id, kept) in made {
        let there = sessions::find(db, id).await.unwrap().is_some();
        assert_eq!(there, kept, "{name}");
    }
    assert_eq!(entity::session::Entity::find().all(db).await.unwrap().len(), 3);
    assert_eq!(guards::updated_at(db, &[1; 32]).await.unwrap(), None);
    assert!(guards::updated_at(db, &[2; 32]).await.unwrap().is_some());
    assert_eq!(entity::job::Entity::find().all(db).await.unwrap().len(), 1);
}

async fn work_comes_round_again_on_one_node(database: Database) {
    let app = TestApp::start(database).await;
    let db = &app.program.db;
    let runs = Arc::new(AtomicI32::new(0));
    let counted = runs.clone();
    let handlers = Handlers::new().with(JobKind::Tidy, move |_: JobContext| {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match run {
                0 => Ok(()),
                _ => Err(JobFault::Failed("no_luck")),
            }
        }
    });
    let mut nodes = Vec::new();
    for _ in 0..2 {
        tidy::keep(&app.program).await.unwrap();
        nodes.push(
            Runner::start(db.clone(), handlers.clone(), 2, quick())
                .await
                .unwrap(),
        );
    }
    settled(&app, || true).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);

    // A day later. A run that fails for good is told of, and the next day comes all the same.
    let due = entity::job::ActiveModel {
        id: sea_orm::ActiveValue::Unchanged(jobs::standing(JobKind::Tidy)),
        lease_until: sea_orm::ActiveValue::Set(0),
        ..Default::default()
    };
    entity::job::Entity::update(due).exec(db.schema()).await.unwrap();
    let row = settled(&app, || runs.load(Ordering::SeqCst) == 2).await;
    assert_eq!(row.last_error.as_deref(), Some("no_luck"));
    for node in nodes {
        node.stop().await;
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}
