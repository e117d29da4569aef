//! Operating the program: which backups were made, what of a phone's edits is in one, and the oldest of what waits
//! found without reading all of it.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE backup (
        id :uuid NOT NULL,
        how TEXT NOT NULL,
        state TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        finished_at BIGINT NOT NULL,
        bytes BIGINT,
        code TEXT,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX backup_started ON backup (started_at)",
    "ALTER TABLE device ADD COLUMN safe BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX held_state ON held (state, received_at)",
    "CREATE INDEX inbox_item_state ON inbox_item (state, opened_at)",
];

const DOWN: &[&str] = &[
    "DROP INDEX inbox_item_state",
    "DROP INDEX held_state",
    "ALTER TABLE device DROP COLUMN safe",
    "DROP TABLE backup",
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
