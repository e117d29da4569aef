//! What a phone tells of itself, a clone of it, its budget; and records of which phones know more than a restored database.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE device ADD COLUMN in_sync_at BIGINT",
    "ALTER TABLE device ADD COLUMN unsent BIGINT",
    "ALTER TABLE device ADD COLUMN made BIGINT",
    "ALTER TABLE device ADD COLUMN storage_free BIGINT",
    "ALTER TABLE device ADD COLUMN cloned_at BIGINT",
    "ALTER TABLE device ADD COLUMN budget_records BIGINT",
    "ALTER TABLE device ADD COLUMN budget_bytes BIGINT",
    "CREATE TABLE known_elsewhere (
        resident :uuid NOT NULL,
        device :uuid NOT NULL,
        version TEXT NOT NULL,
        n BIGINT NOT NULL,
        here BIGINT NOT NULL,
        seen_at BIGINT NOT NULL,
        PRIMARY KEY (resident)
    )",
];

const DOWN: &[&str] = &[
    "DROP TABLE known_elsewhere",
    "ALTER TABLE device DROP COLUMN budget_bytes",
    "ALTER TABLE device DROP COLUMN budget_records",
    "ALTER TABLE device DROP COLUMN cloned_at",
    "ALTER TABLE device DROP COLUMN storage_free",
    "ALTER TABLE device DROP COLUMN made",
    "ALTER TABLE device DROP COLUMN unsent",
    "ALTER TABLE device DROP COLUMN in_sync_at",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, DOWN).await
    }
}
