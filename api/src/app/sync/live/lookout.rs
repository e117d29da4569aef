//! Looks after the feeds of all who listen on this node: one reading of numbers for all of them, after each commit here,
//! after other nodes' commits, and every two seconds in case a word was lost.

use crate::live::Live;
use crate::program::Program;
use crate::store::db::Db;
use crate::store::{fault, feeds, pokes};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Commits within this time are one poke.
const MERGE: Duration = Duration::from_millis(50);
/// What no other node has told is found within this time.
const POLL: Duration = Duration::from_secs(2);

/// Sees to it that somebody looks; who does goes when the last listener has gone.
pub(super) fn ensure(program: &Program) {
    if program.live.begin_watching() {
        tokio::spawn(watch(program.db.clone(), program.live.clone()));
    }
}

async fn watch(db: Db, live: Arc<Live>) {
    let mut here = db.listen();
    let elsewhere = Arc::new(Notify::new());
    // Ends with this function.
    let mut tasks = JoinSet::new();
    tasks.spawn(pokes::hear(db.clone(), elsewhere.clone()));
    while !live.end_watching() {
        match feeds::newest(db.read(), &live.feeds()).await {
            Ok(newest) => live.tell(&newest),
            Err(error) => tracing::warn!(cause = %fault::describe(&error), "feeds were not looked at"),
        }
        tokio::select! {
            _ = here.recv() => {}
            () = elsewhere.notified() => {}
            () = live.come.notified() => {}
            () = tokio::time::sleep(POLL) => continue,
        }
        tokio::time::sleep(MERGE).await;
        here = here.resubscribe();
    }
}
