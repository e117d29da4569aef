//! The database and its one door for writing.
//!
//! SQLite has one writer connection and a pool of readers; PostgreSQL has one pool. Whatever changes anything
//! goes through [`Db::write`], which begins (IMMEDIATE on SQLite), commits, and tries again when the database
//! says that two transactions were in each other's way.

use super::{pokes, wal};
use crate::metrics::Queue;
use sea_orm::sqlx::{Connection, SqliteConnection};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tracing::Instrument;

/// A transaction in the hands of a use case; [`Db::write`] commits it once the use case has returned.
pub type Txn = Arc<DatabaseTransaction>;

/// What the embedded database's writer remembers of the file: SQLite's `cache_size`, in KiB.
const LITTLE: &str = "-16000";
const MUCH: &str = "-64000";

/// A connection to a server that was used so lately is not asked whether it is still there: each question is a round trip.
const QUIET: Duration = Duration::from_secs(1);

/// How often a write is tried again after a serialization failure or a deadlock.
const TRIES: u32 = 8;

#[derive(Clone)]
pub struct Db {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    changed: broadcast::Sender<()>,
    queue: Queue,
}

/// Errors that [`Db::write`] can look into, to see whether trying again helps.
pub trait Cause {
    fn database(&self) -> Option<&DbErr>;
}

impl Cause for DbErr {
    fn database(&self) -> Option<&DbErr> {
        Some(self)
    }
}

impl Db {
    /// Opens the embedded database in `file`, which is made when it is missing.
    pub async fn open_sqlite(file: &Path) -> Result<Db, DbErr> {
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let writer = Database::connect(sqlite_options(&url, 1, LITTLE)).await?;
        let reader = Database::connect(sqlite_options(&url, 4, "-8000")).await?;
        let db = Db::over(writer, reader);
        tokio::spawn(wal::empty_behind(db.reader.clone(), db.listen()));
        Ok(db)
    }

    /// Connects to PostgreSQL, or to an engine that speaks its protocol.
    pub async fn open_postgres(url: &str, connections: u32) -> Result<Db, DbErr> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .sqlx_logging(false)
            .test_before_acquire_if_idle_for(QUIET);
        let pool = Database::connect(options).await?;
        let db = Db::over(pool.clone(), pool);
        tokio::spawn(pokes::tell(db.reader.clone(), db.listen()));
        Ok(db)
    }

    fn over(writer: DatabaseConnection, reader: DatabaseConnection) -> Db {
        Db {
            writer,
            reader,
            changed: broadcast::channel(64).0,
            queue: Queue::default(),
        }
    }

    /// Lets go of the database; an embedded one has all of its write-ahead log in it then.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }

    /// Who waits for the writer.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Lets the embedded database's writer remember much of the file, or gives that memory back. Lists write at random
    /// places of large tables: what need not be read again is their speed.
    pub async fn remember(&self, much: bool) -> Result<(), DbErr> {
        if self.backend() != DbBackend::Sqlite {
            return Ok(());
        }
        let size = if much { MUCH } else { LITTLE };
        let sql = format!("PRAGMA cache_size = {size}; PRAGMA shrink_memory");
        self.writer.execute_unprepared(&sql).await.map(|_| ())
    }

    /// For reads outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The connection that migrations run on.
    pub fn schema(&self) -> &DatabaseConnection {
        &self.writer
    }

    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Tells that something was committed; whoever waits for feeds listens here.
    pub fn listen(&self) -> broadcast::Receiver<()> {
        self.changed.subscribe()
    }

    /// Runs `work` in a transaction and commits it. `work` may run several times: it must take its inputs by
    /// reference and leave nothing behind when it fails.
    pub async fn write<T, E, F, W>(&self, work: W) -> Result<T, E>
    where
        W: Fn(Txn) -> F,
        F: Future<Output = Result<T, E>>,
        E: From<DbErr> + Cause,
    {
        for attempt in 1.. {
            let timed = tracing::debug_span!(target: "timing", "transaction");
            match self.attempt(&work).instrument(timed).await {
                Ok(done) => {
                    // Nobody listening is the usual case, not a failure.
                    let _ = self.changed.send(());
                    return Ok(done);
                }
                Err(error) if attempt < TRIES && error.database().is_some_and(in_the_way) => {
                    tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
                }
                Err(error) => return Err(error),
            }
        }
        unreachable!("the loop returns at the last attempt")
    }

    async fn attempt<T, E, F, W>(&self, work: &W) -> Result<T, E>
    where
        W: Fn(Txn) -> F,
        F: Future<Output = Result<T, E>>,
        E: From<DbErr>,
    {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.backend() == DbBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let begun = self.queue.wait(self.writer.begin_with_options(options)).await;
        let txn = Arc::new(begun?);
        let done = work(txn.clone()).await;
        let txn = Arc::into_inner(txn).expect("a use case does not keep its transaction");
        match done {
            Ok(done) => {
                let timed = tracing::debug_span!(target: "timing", "commit");
                txn.commit().instrument(timed).await?;
                Ok(done)
            }
            Err(error) => {
                // The first error is the one to tell; a rollback that fails ends with the connection.
                let _ = txn.rollback().await;
                Err(error)
            }
        }
    }

    /// A transaction that only holds a lock while migrations run on other connections.
    pub async fn snapshot_for_lock(&self) -> Result<DatabaseTransaction, DbErr> {
        self.writer.begin().await
    }

    /// A transaction in which all reads see the same state.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        match self.backend() {
            DbBackend::Postgres => {
                self.reader
                    .begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly))
                    .await
            }
            _ => self.reader.begin().await,
        }
    }
}

/// `cache` is SQLite's `cache_size`: negative, in KiB for each connection.
fn sqlite_options(url: &str, connections: u32, cache: &'static str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        // A file does not go away; asking would wake the connection's thread once more for each statement.
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .journal_mode(sea_orm::sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sea_orm::sqlx::sqlite::SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(20))
                .pragma("cache_size", cache)
                .pragma("temp_store", "memory")
                .pragma("wal_autocheckpoint", wal::MOST_PAGES)
                // A search reads thousands of rows: the reading thread must not wait after every fifty of them.
                .row_buffer_size(4096)
                .statement_cache_capacity(256)
        })
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.before_acquire(|connection, _| {
                Box::pin(async move { Ok(!believes_in_a_transaction(connection)) })
            })
        });
    options
}

/// A full disk makes SQLite roll back by itself. The driver, whose own rollback then finds no transaction, goes on
/// believing that it is in one: what it is told to begin next would be a savepoint, which opens a transaction that no
/// commit ever ends, and all that is acknowledged from then on would be lost. Such a connection is closed, not used.
fn believes_in_a_transaction(connection: &SqliteConnection) -> bool {
    connection.is_in_transaction()
}

/// Serialization failure, deadlock, or a busy database: the same work can succeed a moment later.
fn in_the_way(error: &DbErr) -> bool {
    match code(error).as_deref() {
        Some("40001" | "40P01" | "55P03") => true,
        // SQLITE_BUSY and its extended codes.
        Some("5" | "261" | "517") => true,
        _ => false,
    }
}

/// Whether the error says that nothing can be written because storage is full.
pub fn is_full(error: &DbErr) -> bool {
    // SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_SHMSIZE; PostgreSQL disk_full.
    matches!(code(error).as_deref(), Some("13" | "778" | "4874" | "53100"))
}

fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error
        .as_database_error()
        .and_then(|e| e.code())
        .map(|c| c.into_owned())
}
