//! Files are written in steps, chunk by chunk: one that was never finished is nobody's file. Files made for somebody
//! to fetch end by themselves.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE stored_file ADD COLUMN finished_at BIGINT",
    "ALTER TABLE stored_file ADD COLUMN expires_at BIGINT",
    "UPDATE stored_file SET finished_at = created_at",
    "CREATE INDEX stored_file_unfinished ON stored_file (created_at) WHERE finished_at IS NULL",
    "CREATE INDEX stored_file_expires ON stored_file (expires_at) WHERE expires_at IS NOT NULL",
];

const DOWN: &[&str] = &[
    "DELETE FROM file_chunk WHERE file IN (SELECT id FROM stored_file WHERE finished_at IS NULL)",
    "DELETE FROM stored_file WHERE finished_at IS NULL",
    "DROP INDEX stored_file_expires",
    "DROP INDEX stored_file_unfinished",
    "ALTER TABLE stored_file DROP COLUMN expires_at",
    "ALTER TABLE stored_file DROP COLUMN finished_at",
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
