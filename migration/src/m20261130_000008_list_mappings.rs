//! What people say of a list's columns is kept for the next file of that source and kind. A list that is read again
//! keeps its id: its new rows are sealed under the id of that reading until they take the place of the old ones.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE list_mapping (
        id :uuid NOT NULL,
        source TEXT NOT NULL,
        kind TEXT NOT NULL,
        signature :bytes NOT NULL,
        sealed :bytes NOT NULL,
        made_by :uuid NOT NULL,
        made_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX list_mapping_signature ON list_mapping (source, kind, signature)",
    "ALTER TABLE list_row ADD COLUMN reading :uuid",
];

const DOWN: &[&str] = &[
    "ALTER TABLE list_row DROP COLUMN reading",
    "DROP TABLE list_mapping",
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
