//! A migrated database for tests of this crate: SQLite in a temporary folder.

use api::store::db::Db;
use migration::Migrator;
use sea_orm_migration::MigratorTrait;
use tempfile::TempDir;

/// The folder lives as long as the database is used.
pub struct Fresh {
    pub db: Db,
    _folder: TempDir,
}

pub async fn fresh() -> Fresh {
    let folder = TempDir::new().unwrap();
    let db = Db::open_sqlite(&folder.path().join("test.db")).await.unwrap();
    Migrator::up(db.schema(), None).await.unwrap();
    Fresh { db, _folder: folder }
}
