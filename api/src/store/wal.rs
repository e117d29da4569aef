//! SQLite's write-ahead log is carried into the database beside the writer, not by it.
//!
//! Left to itself SQLite does that inside a commit, once every 1,000 pages: a phone's sync in a few then waits for the
//! copy and its two fsyncs. A connection for reading can do it meanwhile; commits go on, each still with its own fsync.

use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Where the writer does it after all, so that the log stays below 64 MB under a storm of writes.
pub const MOST_PAGES: &str = "16384";

/// Between a commit and the copy: what a burst of commits changes again and again is copied once.
const PAUSE: Duration = Duration::from_millis(1000);

/// Empties the log some time after each commit, until the database is let go.
pub async fn empty_behind(reader: DatabaseConnection, mut commits: Receiver<()>) {
    loop {
        match commits.recv().await {
            Ok(()) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
        tokio::time::sleep(PAUSE).await;
        // Commits during the pause are in what is copied now.
        commits = commits.resubscribe();
        if let Err(error) = reader.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await {
            tracing::warn!(cause = %super::fault::describe(&error), "the write-ahead log was not emptied");
        }
    }
}
