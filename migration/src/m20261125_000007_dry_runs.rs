//! Lists are tried before they are committed: what each row would become is kept beside what became of it. A list
//! says whether it names everybody of its division, since only then is somebody missing from it.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE list ADD COLUMN complete BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE list ADD COLUMN known INTEGER",
    "ALTER TABLE list ADD COLUMN planned_at BIGINT",
    "ALTER TABLE list_row ADD COLUMN planned TEXT",
    "ALTER TABLE list_row ADD COLUMN planned_reason TEXT",
];

const DOWN: &[&str] = &[
    "DELETE FROM list_row WHERE sheet = 2147483647",
    "ALTER TABLE list_row DROP COLUMN planned_reason",
    "ALTER TABLE list_row DROP COLUMN planned",
    "ALTER TABLE list DROP COLUMN planned_at",
    "ALTER TABLE list DROP COLUMN known",
    "ALTER TABLE list DROP COLUMN complete",
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
