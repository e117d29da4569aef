//! Telling other nodes on the same PostgreSQL that something was committed. It is said after the commit, on a connection
//! of its own and for many commits at once: a NOTIFY within a transaction would make all commits stand in one line.

use super::db::Db;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, TransactionTrait};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast::{Receiver, error::RecvError};

const CHANNEL: &str = "heshan_feeds";
/// Commits within this time are told once.
const MERGE: Duration = Duration::from_millis(20);
const AGAIN: Duration = Duration::from_secs(5);

/// Tells others of this node's commits, as long as there may be any. A word that is lost is made up for by those who
/// listen: they look every now and then.
pub async fn tell(connection: DatabaseConnection, mut changed: Receiver<()>) {
    while !matches!(changed.recv().await, Err(RecvError::Closed)) {
        tokio::time::sleep(MERGE).await;
        changed = changed.resubscribe();
        let _ = notify(&connection).await;
    }
}

/// Waits for no disk: a word that a crash loses is one of those that are made up for.
async fn notify(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let txn = connection.begin().await?;
    txn.execute_unprepared("SET LOCAL synchronous_commit TO off")
        .await?;
    txn.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await?;
    txn.commit().await
}

/// Rings when another node (or this one) says that it has committed. Where the database knows no such thing, or the
/// connection breaks, it is silent until it can listen again.
pub async fn hear(db: Db, bell: Arc<Notify>) {
    if db.backend() != DbBackend::Postgres {
        return;
    }
    loop {
        if let Ok(mut listener) = PgListener::connect_with(db.read().get_postgres_connection_pool()).await
            && listener.listen(CHANNEL).await.is_ok()
        {
            while listener.recv().await.is_ok() {
                bell.notify_one();
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}
