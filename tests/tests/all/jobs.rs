//! Background work: one owner, resumed from its progress, ended with the right state.

use api::jobs::{Handlers, JobContext, JobFault, JobKind, Runner, Timing};
use api::store::db::Db;
use api::store::jobs::{self, Ended, NewJob};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;
use tests::database::Database;
use tokio::sync::Notify;
use uuid::Uuid;

tests::on_both!(
    a_run_ends_as_its_handler_says,
    a_job_has_one_owner_and_a_late_one_commits_nothing,
    a_stopping_node_gives_its_job_back_at_a_step,
    work_longer_than_its_lease_keeps_it_and_many_jobs_run_once_each,
    what_lists_bring_about_lets_them_go_first
);

const KINDS: [&str; 1] = ["commit_list"];

fn quick() -> Timing {
    Timing {
        lease: Duration::from_millis(300),
        poll: Duration::from_millis(20),
        wait: Duration::from_millis(1),
        grace: Duration::from_secs(5),
        attempts: 3,
    }
}

async fn enqueue(db: &Db) -> Uuid {
    enqueue_of(db, "commit_list").await
}

async fn enqueue_of(db: &Db, kind: &'static str) -> Uuid {
    let new = &NewJob {
        id: Uuid::now_v7(),
        kind,
        subject: None,
        total: 4,
        created_by: Uuid::nil(),
    };
    db.write(|txn| async move { jobs::insert(&*txn, new).await })
        .await
        .unwrap();
    new.id
}

/// State, progress and last error once the job is at an end.
async fn end_of(db: &Db, id: Uuid) -> (String, i32, Option<String>) {
    loop {
        let row = jobs::find(db.read(), id).await.unwrap().unwrap();
        if row.finished_at.is_some() {
            return (row.state, row.progress, row.last_error);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs one job with this handler on a runner of its own, and says how it ended.
async fn check<H, F>(db: &Db, handler: H, expected: (&str, i32, Option<&str>))
where
    H: Fn(JobContext) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), JobFault>> + Send + 'static,
{
    let handlers = Handlers::new().with(JobKind::CommitList, handler);
    let runner = Runner::start(db.clone(), handlers, 2, quick()).await.unwrap();
    let id = enqueue(db).await;
    let (state, progress, error) = end_of(db, id).await;
    assert_eq!((state.as_str(), progress, error.as_deref()), expected);
    runner.stop().await;
}

async fn steps(context: JobContext) -> Result<(), JobFault> {
    for step in context.progress..4 {
        let context = &context;
        context
            .db
            .write(|txn| async move { context.advance(&*txn, step + 1, 4).await })
            .await?;
    }
    Ok(())
}

async fn a_run_ends_as_its_handler_says(database: Database) {
    let db = &database.open().await;
    check(db, steps, ("done", 4, None)).await;
    check(
        db,
        async |_| Err(JobFault::Failed("not_a_table")),
        ("failed", 0, Some("not_a_table")),
    )
    .await;
    check(
        db,
        async |_| Err(JobFault::Again("storage_full")),
        ("failed", 0, Some("storage_full")),
    )
    .await;
    check(
        db,
        async |_| panic!("a value that must not be shown"),
        ("failed", 0, Some("panicked")),
    )
    .await;
    let half = async |context: JobContext| match context.attempt {
        1 => {
            let context = &context;
            context
                .db
                .write(|txn| async move { context.advance(&*txn, 2, 4).await })
                .await?;
            Err(JobFault::Again("interrupted"))
        }
        _ => {
            assert_eq!(
                context.progress, 2,
                "a later run goes on where the first one stopped"
            );
            steps(context).await
        }
    };
    check(db, half, ("done", 4, None)).await;
}

async fn a_job_has_one_owner_and_a_late_one_commits_nothing(database: Database) {
    let db = &database.open().await;
    let id = enqueue(db).await;
    let [first, second] = [Uuid::now_v7(), Uuid::now_v7()];
    let claim =
        |owner, lease| db.write(move |txn| async move { jobs::claim(&*txn, &KINDS, owner, lease).await });
    let row = claim(first, 60_000).await.unwrap().unwrap();
    assert_eq!((row.id, row.attempts), (id, 1));
    assert!(claim(second, 60_000).await.unwrap().is_none(), "the lease runs");
    // A node that died: its lease has ended.
    assert!(jobs::renew(db.schema(), id, first, -1).await.unwrap());
    assert_eq!(claim(second, 60_000).await.unwrap().unwrap().attempts, 2);
    assert!(!jobs::advance(db.schema(), id, first, 3, 4).await.unwrap());
    assert!(!jobs::renew(db.schema(), id, first, 1000).await.unwrap());
    assert!(!jobs::finish(db.schema(), id, first, Ended::Done).await.unwrap());
    assert!(jobs::advance(db.schema(), id, second, 1, 4).await.unwrap());
    // A node that stops gives the job back, and the run does not count.
    assert!(
        jobs::finish(db.schema(), id, second, Ended::Stopped)
            .await
            .unwrap()
    );
    let row = claim(first, 60_000).await.unwrap().unwrap();
    assert_eq!((row.attempts, row.progress), (2, 1));
    let failed = Ended::Failed { code: "not_a_table" };
    assert!(jobs::finish(db.schema(), id, first, failed).await.unwrap());
    assert!(
        claim(second, 60_000).await.unwrap().is_none(),
        "ended jobs stay ended"
    );
    assert!(jobs::again(db.schema(), id).await.unwrap());
    assert_eq!(claim(second, 60_000).await.unwrap().unwrap().attempts, 1);
}

async fn a_stopping_node_gives_its_job_back_at_a_step(database: Database) {
    let db = &database.open().await;
    let begun = Arc::new(Notify::new());
    let told = begun.clone();
    let handler = move |context: JobContext| {
        let told = told.clone();
        async move {
            told.notify_one();
            loop {
                context.go_on()?;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    };
    let handlers = Handlers::new().with(JobKind::CommitList, handler);
    let runner = Runner::start(db.clone(), handlers, 1, quick()).await.unwrap();
    let id = enqueue(db).await;
    begun.notified().await;
    runner.stop().await;
    let row = jobs::find(db.read(), id).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.attempts, row.owner), ("queued", 0, None));
}

async fn work_longer_than_its_lease_keeps_it_and_many_jobs_run_once_each(database: Database) {
    let db = &database.open().await;
    let runs = Arc::new(AtomicI32::new(0));
    let counted = runs.clone();
    let handler = move |context: JobContext| {
        let counted = counted.clone();
        async move {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(1500)).await;
            steps(context).await
        }
    };
    let handlers = Handlers::new().with(JobKind::CommitList, handler);
    let timing = Timing {
        lease: Duration::from_secs(1),
        ..quick()
    };
    let nodes = [
        Runner::start(db.clone(), handlers.clone(), 3, timing)
            .await
            .unwrap(),
        Runner::start(db.clone(), handlers, 3, timing).await.unwrap(),
    ];
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(enqueue(db).await);
    }
    for id in ids {
        assert_eq!(end_of(db, id).await, ("done".into(), 4, None));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 6);
    for node in nodes {
        node.stop().await;
    }
}

async fn what_lists_bring_about_lets_them_go_first(database: Database) {
    let db = database.open().await;
    // A list whose lease has run out is at work nowhere.
    let timing = Timing {
        lease: Duration::from_secs(30),
        ..quick()
    };
    let (list_may_end, order) = (Arc::new(Notify::new()), Arc::new(AtomicI32::new(0)));
    let (may_end, first) = (list_may_end.clone(), order.clone());
    let lists = Handlers::new().with(JobKind::CommitList, move |_| {
        let (may_end, first) = (may_end.clone(), first.clone());
        async move {
            may_end.notified().await;
            first
                .compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst)
                .ok();
            Ok(())
        }
    });
    let (second, came) = (order.clone(), Arc::new(Notify::new()));
    let begun = came.clone();
    let after = Handlers::new().with(JobKind::RunRules, move |context| {
        let (second, begun) = (second.clone(), begun.clone());
        async move {
            begun.notify_one();
            context.lists_first().await?;
            second
                .compare_exchange(1, 2, Ordering::SeqCst, Ordering::SeqCst)
                .ok();
            Ok(())
        }
    });
    let after = Runner::start(db.clone(), after, 1, timing).await.unwrap();
    let lists = Runner::start(db.clone(), lists, 1, timing).await.unwrap();
    let list = enqueue(&db).await;
    while jobs::find(db.read(), list).await.unwrap().unwrap().state != "running" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let rules = enqueue_of(&db, "run_rules").await;
    came.notified().await;
    // It has looked by then, and looked again.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        jobs::find(db.read(), rules).await.unwrap().unwrap().finished_at,
        None
    );
    list_may_end.notify_one();
    assert_eq!(end_of(&db, list).await.0, "done");
    assert_eq!(end_of(&db, rules).await.0, "done");
    assert_eq!(order.load(Ordering::SeqCst), 2);
    tokio::join!(after.stop(), lists.stop());
}
