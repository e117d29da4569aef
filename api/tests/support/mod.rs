//! A migrated database for tests of this crate: SQLite in a temporary folder, or a database of its own on the
//! server that `HESHAN_TEST_POSTGRES` names.

use api::store::db::Db;
use migration::Migrator;
use sea_orm::{ConnectionTrait, Database};
use sea_orm_migration::MigratorTrait;
use tempfile::TempDir;
use uuid::Uuid;

/// The folder lives as long as the database is used.
pub struct Fresh {
    pub db: Db,
    _folder: TempDir,
}

pub async fn fresh() -> Fresh {
    let folder = TempDir::new().unwrap();
    let db = match std::env::var("HESHAN_TEST_POSTGRES") {
        Ok(server) => Db::open_postgres(&own_database(&server).await, 8).await.unwrap(),
        Err(_) => Db::open_sqlite(&folder.path().join("test.db")).await.unwrap(),
    };
    Migrator::up(db.schema(), None).await.unwrap();
    Fresh { db, _folder: folder }
}

/// The server goes away with the test command, and its databases with it.
async fn own_database(server: &str) -> String {
    let name = format!("api_{}", Uuid::now_v7().simple());
    let db = Database::connect(server).await.unwrap();
    db.execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    db.close().await.unwrap();
    let (before, _) = server.rsplit_once('/').unwrap();
    format!("{before}/{name}")
}
