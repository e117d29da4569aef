//! Jobs that somebody stops and starts again.

use api::jobs::{Handlers, JobContext, JobFault, JobKind, Runner, Timing, tidy};
use api::store::jobs::{self, NewJob};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::client::Client;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(a_job_is_stopped_at_a_step_and_goes_on_from_there);

async fn steps(context: JobContext, go_on: Arc<AtomicBool>) -> Result<(), JobFault> {
    for step in context.progress..6 {
        // Half way it waits for what the test does.
        while step == 3 && !go_on.load(Ordering::SeqCst) {
            let context = &context;
            let still = context
                .db
                .write(|txn| async move { context.advance(&*txn, 3, 6).await });
            still.await?;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let context = &context;
        let work = context
            .db
            .write(|txn| async move { context.advance(&*txn, step + 1, 6).await });
        work.await?;
    }
    Ok(())
}

/// State, progress and error once it is as it should be.
async fn until(admin: &Client, job: Uuid, state: &str, progress: i64) -> serde_json::Value {
    loop {
        let view = admin.get(&format!("/api/v1/jobs/{job}")).await.ok();
        if view["state"] == state && view["progress"] == progress {
            return view;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

async fn a_job_is_stopped_at_a_step_and_goes_on_from_there(database: Database) {
    let county = County::start(database).await;
    let db = &county.program.db;
    let admin = county.console("区划管理员").await;
    let cadre = county.console("陆桂英").await;
    let go_on = Arc::new(AtomicBool::new(false));
    let told = go_on.clone();
    let handlers = Handlers::new().with(JobKind::CommitList, move |context| steps(context, told.clone()));
    let timing = Timing {
        poll: Duration::from_millis(10),
        ..Timing::default()
    };
    let runner = Runner::start(db.clone(), handlers, 1, timing).await.unwrap();
    let new = &NewJob {
        id: Uuid::now_v7(),
        kind: JobKind::CommitList.name(),
        subject: None,
        total: 6,
        created_by: Uuid::nil(),
    };
    db.write(|txn| async move { jobs::insert(&*txn, new).await })
        .await
        .unwrap();
    let ask = async |who: &Client, id: Uuid, wish: &str| {
        let path = format!("/api/v1/jobs/{id}/{wish}");
        who.post(&path, &serde_json::Value::Null).await
    };
    until(&admin, new.id, "running", 3).await;
    assert_eq!(ask(&cadre, new.id, "cancel").await.code(), "404 not_found");
    assert_eq!(ask(&admin, new.id, "retry").await.code(), "409 not_failed");
    let view = ask(&admin, new.id, "cancel").await.ok();
    assert_eq!(
        (&view["state"], &view["last_error"]),
        (&"failed".into(), &"cancelled".into())
    );
    assert_eq!(ask(&admin, new.id, "cancel").await.code(), "409 at_an_end");

    // Its run has lost it, and commits nothing more.
    go_on.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(100)).await;
    until(&admin, new.id, "failed", 3).await;
    let view = ask(&admin, new.id, "retry").await.ok();
    assert_eq!((&view["attempts"], &view["progress"]), (&0.into(), &3.into()));
    let view = until(&admin, new.id, "done", 6).await;
    assert_eq!(view["attempts"], 1);
    runner.stop().await;

    // What comes round by itself is nobody's to stop.
    tidy::keep(&county.program).await.unwrap();
    for wish in ["cancel", "retry"] {
        let answer = ask(&admin, jobs::standing(JobKind::Tidy), wish).await;
        assert_eq!(answer.code(), "409 comes_round");
    }
    let trail = county.console("审计员").await;
    for action in ["cancel_job", "retry_job"] {
        let rows = trail.get(&format!("/api/v1/audit?action={action}")).await.ok();
        assert_eq!(rows["items"].as_array().unwrap().len(), 1, "{rows}");
    }
}
