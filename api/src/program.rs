//! What a running program holds: database, keys, catalogue, clock. No state that a second node would miss.

use crate::app::budget::Budget;
use crate::app::erasure::ledger;
use crate::app::tidy::Terms;
use crate::clock::Clock;
use crate::config::Config;
use crate::contacts::Contacts;
use crate::filesystem;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::rates::{Limiter, Rates};
use crate::reserve::Reserve;
use crate::seal::master::{self, KeyFault, Secrets};
use crate::seal::{Algorithm, Keyring, SigningKeys};
use crate::store::keys::{self, KeyringFault};
use crate::store::{self, db::Db, meta};
use domain::catalogue::Catalogue;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

#[derive(Clone)]
pub struct Program {
    pub db: Db,
    pub keys: Arc<Keyring>,
    pub signing: Arc<SigningKeys>,
    pub secrets: Arc<Secrets>,
    pub catalogue: Arc<Catalogue>,
    pub clock: Clock,
    /// Not written yet.
    pub contacts: Arc<Contacts>,
    /// Who listens live on this node.
    pub live: Arc<Live>,
    /// What phones and workers may ask of this node.
    pub limiter: Arc<Limiter>,
    /// What a phone may carry.
    pub budget: Budget,
    /// Rosters of more rows are made in the background.
    pub stream_rows: u64,
    /// Days that a file made in the background can be fetched.
    pub export_days: u32,
    /// Of this node since it started.
    pub metrics: Arc<Metrics>,
    /// For how long things are kept.
    pub terms: Terms,
    /// Room for audit rows while nothing can be written; `serve` opens it.
    pub reserve: Arc<Reserve>,
    /// The file beside the database in which erasures are noted; none where there is no data folder.
    pub erasures: Arc<Option<PathBuf>>,
    /// Held as long as the program runs: one program per data folder.
    _lock: Arc<Option<File>>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    #[error("数据目录 {0}：{1}")]
    Folder(String, io::Error),
    #[error("数据目录正被另一个进程使用")]
    Locked,
    #[error(
        "数据目录 {0} 位于 {1} 文件系统：内置数据库须放在本机磁盘上，否则可能丢失数据；也可改用 PostgreSQL"
    )]
    NotLocal(String, &'static str),
    #[error(transparent)]
    Key(#[from] KeyFault),
    #[error(transparent)]
    Keyring(#[from] KeyringFault),
    #[error("数据库：{0}")]
    Database(#[from] DbErr),
    #[error("数据库结构比程序旧，请先运行 heshan-grid migrate")]
    Behind,
    #[error("数据库结构比程序新，请使用更新的程序")]
    Ahead,
}

/// Whether a start may change the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// An embedded database is migrated, PostgreSQL only checked.
    Serve,
    /// `migrate` itself.
    Migrate,
    /// A command that reads: nothing is made or changed, and an embedded database may be in use.
    Read,
    /// A command that writes a row or two into a database that exists, perhaps beside a server: SQLite's own locks
    /// keep the two apart, and nothing is done that only one node may do.
    Beside,
}

impl Schema {
    /// Whether a database, keys or an incarnation that are missing are made.
    fn may_make(self) -> bool {
        matches!(self, Schema::Serve | Schema::Migrate)
    }
}

impl Program {
    /// Opens everything. Answers the program and, where keys were made now, the folder that holds them.
    pub async fn open(config: &Config, schema: Schema) -> Result<(Program, Option<String>), StartFault> {
        let (db, lock) = connect(config, schema).await?;
        let embedded = db.backend() == DbBackend::Sqlite;
        if schema == Schema::Migrate || (embedded && schema == Schema::Serve) {
            migrate(&db).await?;
        } else {
            check_schema(&db).await?;
        }
        let clock = Clock::with_offset(config.clock_offset);
        let (secrets, made) = match config.secrets {
            Some((master, lookup)) => (Secrets { master, lookup }, false),
            None => {
                let may_make = schema.may_make() && !keys::any(&db).await?;
                master::from_folder(&config.data.join("keys"), may_make)?
            }
        };
        let keys = keys::open(&db, &secrets, config.algorithm, clock.now().millis()).await?;
        let signing = keys::signing(&db, &secrets, clock.now().millis()).await?;
        if schema.may_make() {
            meta::begin(db.schema()).await?;
        }
        let made = made.then(|| config.data.join("keys").display().to_string());
        let program = Program {
            metrics: Arc::new(Metrics::new(db.queue().clone())),
            db,
            keys: Arc::new(keys),
            signing: Arc::new(signing),
            secrets: Arc::new(secrets),
            catalogue: Arc::new(Catalogue::built_in()),
            clock,
            contacts: Arc::default(),
            live: Arc::default(),
            limiter: Arc::new(Limiter::new(config.rates)),
            budget: config.budget,
            stream_rows: config.export_stream_rows,
            export_days: config.export_days,
            terms: config.terms,
            reserve: Arc::default(),
            erasures: Arc::new(Some(ledger::in_folder(&config.data))),
            _lock: Arc::new(lock),
        };
        program.measure_clock().await?;
        Ok((program, made))
    }

    /// Asks the database for its time, so that all nodes date rows alike. Answers how many milliseconds this
    /// machine's clock is ahead of it; an embedded database has the machine's own clock.
    pub async fn measure_clock(&self) -> Result<i64, DbErr> {
        follow(&self.db, &self.clock).await
    }

    /// Over a database that is open already, with given keys: how tests start.
    pub async fn over(db: Db, secrets: Secrets, clock: Clock) -> Result<Program, StartFault> {
        migrate(&db).await?;
        let keys = keys::open(&db, &secrets, Algorithm::Sm4Gcm, clock.now().millis()).await?;
        let signing = keys::signing(&db, &secrets, clock.now().millis()).await?;
        meta::begin(db.schema()).await?;
        Ok(Program {
            metrics: Arc::new(Metrics::new(db.queue().clone())),
            db,
            keys: Arc::new(keys),
            signing: Arc::new(signing),
            secrets: Arc::new(secrets),
            catalogue: Arc::new(Catalogue::built_in()),
            clock,
            contacts: Arc::default(),
            live: Arc::default(),
            limiter: Arc::new(Limiter::new(Rates::default())),
            budget: Budget::default(),
            stream_rows: 50_000,
            export_days: 7,
            terms: Terms::default(),
            reserve: Arc::default(),
            erasures: Arc::default(),
            _lock: Arc::new(None),
        })
    }
}

/// Opens the database that is configured, as `schema` allows. A program that serves holds the lock.
pub async fn connect(config: &Config, schema: Schema) -> Result<(Db, Option<File>), StartFault> {
    let folder = |e| StartFault::Folder(config.data.display().to_string(), e);
    if let Some(url) = &config.database {
        return Ok((Db::open_postgres(url, 18).await?, None));
    }
    let file = config.data.join("heshan.db");
    if !schema.may_make() {
        // Opening would make it.
        std::fs::metadata(&file).map_err(folder)?;
        check_local(&config.data)?;
        return Ok((Db::open_sqlite(&file).await?, None));
    }
    std::fs::create_dir_all(&config.data).map_err(folder)?;
    check_local(&config.data)?;
    let lock = lock(&config.data).map_err(folder)?.ok_or(StartFault::Locked)?;
    Ok((Db::open_sqlite(&file).await?, Some(lock)))
}

/// See [`Program::measure_clock`].
pub async fn follow(db: &Db, clock: &Clock) -> Result<i64, DbErr> {
    let asked = Instant::now();
    let database = store::clock::now(db.read()).await?;
    match db.backend() {
        DbBackend::Postgres => Ok(clock.follow(database, asked, Instant::now())),
        _ => Ok(0),
    }
}

/// # Errors
/// [`StartFault::NotLocal`].
pub fn check_local(data: &Path) -> Result<(), StartFault> {
    let shown = || data.display().to_string();
    match filesystem::refused(data).map_err(|e| StartFault::Folder(shown(), e))? {
        Some(name) => Err(StartFault::NotLocal(shown(), name)),
        None => Ok(()),
    }
}

/// Two programs on one SQLite file would each believe to be the only writer.
pub fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("heshan.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Brings the schema to its newest form.
pub async fn migrate(db: &Db) -> Result<(), StartFault> {
    let connection = db.schema();
    if db.backend() == DbBackend::Postgres {
        // One node migrates at a time; the lock goes with its transaction's connection.
        let held = db.snapshot_for_lock().await?;
        held.execute_raw(Statement::from_string(
            DbBackend::Postgres,
            "SELECT pg_advisory_xact_lock(440784)",
        ))
        .await?;
        check_not_ahead(db).await?;
        Migrator::up(connection, None).await?;
        held.commit().await?;
        return Ok(());
    }
    check_not_ahead(db).await?;
    Ok(Migrator::up(connection, None).await?)
}

/// # Errors
/// [`StartFault::Behind`], [`StartFault::Ahead`].
pub async fn check_schema(db: &Db) -> Result<(), StartFault> {
    check_not_ahead(db).await?;
    let waiting = Migrator::get_pending_migrations(db.schema()).await?;
    if waiting.is_empty() {
        Ok(())
    } else {
        Err(StartFault::Behind)
    }
}

/// Migrations that the database has had and the program does not know.
async fn check_not_ahead(db: &Db) -> Result<(), StartFault> {
    let known: Vec<String> = Migrator::migrations()
        .iter()
        .map(|m| m.name().to_owned())
        .collect();
    let table = "seaql_migrations";
    let exists = match db.backend() {
        DbBackend::Postgres => {
            format!("SELECT 1 FROM information_schema.tables WHERE table_name = '{table}'")
        }
        _ => format!("SELECT 1 FROM sqlite_master WHERE name = '{table}'"),
    };
    let read = |sql: String| Statement::from_string(db.backend(), sql);
    if db.schema().query_one_raw(read(exists)).await?.is_none() {
        return Ok(());
    }
    let had = db
        .schema()
        .query_all_raw(read(format!("SELECT version FROM {table}")))
        .await?;
    for row in had {
        let version: String = row.try_get("", "version")?;
        if !known.contains(&version) {
            return Err(StartFault::Ahead);
        }
    }
    Ok(())
}
