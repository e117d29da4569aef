//! A fresh database for one test, embedded or PostgreSQL.

use crate::postgres;
use api::store::db::Db;
use migration::Migrator;
use sea_orm::{ConnectOptions, Database as Connection};
use sea_orm_migration::MigratorTrait;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The embedded database's file inside a data folder.
const SQLITE_FILE: &str = "heshan.db";

/// A database that belongs to one test and goes away with the value, together with a data folder for keys and files.
pub struct Database {
    folder: TempDir,
    postgres: Option<postgres::Own>,
}

impl Database {
    /// Embedded, with the newest schema and no rows.
    pub async fn sqlite() -> Database {
        static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();
        let migrated = MIGRATED.get_or_init(|| async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(SQLITE_FILE);
            migrate(&sqlite_url(&file)).await;
            std::fs::read(file).unwrap()
        });
        let database = Database::empty_sqlite();
        std::fs::write(database.sqlite_file(), migrated.await).unwrap();
        database
    }

    /// On the test command's server, with the newest schema and no rows.
    pub async fn postgres() -> Database {
        Database {
            folder: tempfile::tempdir().unwrap(),
            postgres: Some(postgres::Own::migrated().await),
        }
    }

    /// Embedded, not yet made.
    pub fn empty_sqlite() -> Database {
        Database {
            folder: tempfile::tempdir().unwrap(),
            postgres: None,
        }
    }

    /// On the test command's server, without any table.
    pub async fn empty_postgres() -> Database {
        Database::empty_on(postgres::server()).await
    }

    /// On a server of the test's own, without any table.
    pub async fn empty_on(server: String) -> Database {
        Database {
            folder: tempfile::tempdir().unwrap(),
            postgres: Some(postgres::Own::empty(server).await),
        }
    }

    /// On a server of the test's own, with the newest schema and no rows.
    pub async fn migrated_on(server: String) -> Database {
        let database = Database::empty_on(server).await;
        migrate(&database.url()).await;
        database
    }

    /// On the test command's server, in a tablespace, with the newest schema and no rows.
    pub async fn in_tablespace(tablespace: &str) -> Database {
        let database = Database {
            folder: tempfile::tempdir().unwrap(),
            postgres: Some(postgres::Own::empty_in(postgres::server(), tablespace).await),
        };
        migrate(&database.url()).await;
        database
    }

    /// An embedded database with the content of this one, which nobody may be writing to.
    pub fn copied(&self) -> Database {
        assert!(
            !self.is_postgres(),
            "only the embedded database is copied as files"
        );
        let copy = Database::empty_sqlite();
        copy_folder(self.folder(), copy.folder());
        copy
    }

    /// A copy of the data folder, keys and all, for another node on the same server.
    pub fn another_folder(&self) -> TempDir {
        assert!(self.is_postgres(), "the embedded database has one node");
        let folder = tempfile::tempdir().unwrap();
        copy_folder(self.folder(), folder.path());
        folder
    }

    /// The data folder: keys, files, and the embedded database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    /// As the program's configuration takes it; nothing for an embedded database, which lies in the data folder.
    pub fn postgres_url(&self) -> Option<String> {
        self.postgres.as_ref().map(postgres::Own::url)
    }

    /// As sea-orm takes it.
    pub fn url(&self) -> String {
        self.postgres_url()
            .unwrap_or_else(|| sqlite_url(&self.sqlite_file()))
    }

    /// The settings with which the program finds it, on a port of the system's choice.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let data = self.folder.path().display().to_string();
        let mut environment = BTreeMap::from([
            ("HESHAN_DATA".into(), data),
            ("HESHAN_LISTEN".into(), "127.0.0.1:0".into()),
            // Phones of tests do in seconds what others do in days.
            ("HESHAN_RATE_DEVICE".into(), "100000".into()),
            ("HESHAN_RATE_ACCOUNT".into(), "100000".into()),
        ]);
        environment.extend(self.postgres_url().map(|url| ("HESHAN_DATABASE".into(), url)));
        environment
    }

    /// Opens it as the program does.
    pub async fn open(&self) -> Db {
        match self.postgres_url() {
            Some(url) => Db::open_postgres(&url, 12).await.unwrap(),
            None => Db::open_sqlite(&self.sqlite_file()).await.unwrap(),
        }
    }

    fn sqlite_file(&self) -> std::path::PathBuf {
        self.folder.path().join(SQLITE_FILE)
    }
}

/// Copies files with their permissions: keys that others can read are refused.
fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            std::fs::set_permissions(&to, entry.metadata().unwrap().permissions()).unwrap();
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}?mode=rwc", file.display())
}

/// Brings the schema at `url` to its newest form, and lets go of the database.
pub(crate) async fn migrate(url: &str) {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1);
    let db = Connection::connect(options).await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    db.close().await.unwrap();
}

/// Runs each test on a fresh database of both kinds: `on_both!(a_test)` makes `a_test::sqlite` and
/// `a_test::postgres` of `async fn a_test(database: Database)`.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name($crate::database::Database::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name($crate::database::Database::postgres().await).await;
            }
        }
    )+ };
}
