//! A person's answer about a row is remembered, for the same row of a later file; a row says by which decision it was
//! answered. An episode says which list began it, so that undoing the list knows what to take back.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE answer (
        who :bytes NOT NULL,
        resident :uuid NOT NULL,
        decision :uuid NOT NULL,
        decided_at BIGINT NOT NULL,
        PRIMARY KEY (who)
    )",
    "ALTER TABLE list_row ADD COLUMN decision :uuid",
    "ALTER TABLE enrolment ADD COLUMN begun_by :uuid",
    "CREATE INDEX inbox_item_asked ON inbox_item (reason, key)",
];

const DOWN: &[&str] = &[
    "DROP INDEX inbox_item_asked",
    "ALTER TABLE enrolment DROP COLUMN begun_by",
    "ALTER TABLE list_row DROP COLUMN decision",
    "DROP TABLE answer",
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
