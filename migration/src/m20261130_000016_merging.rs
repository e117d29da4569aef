//! Two residents who turn out to be one person: who was merged into whom, by which edit, and what goes back with it; and
//! pairs of whom somebody said that they are two people.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE resident_merge (
        id :uuid NOT NULL,
        survivor :uuid NOT NULL,
        absorbed :uuid NOT NULL,
        account :uuid NOT NULL,
        n INTEGER NOT NULL,
        at BIGINT NOT NULL,
        undone_at BIGINT,
        undone_by :uuid,
        sealed :bytes NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX resident_merge_absorbed ON resident_merge (absorbed) WHERE undone_at IS NULL",
    "CREATE INDEX resident_merge_survivor ON resident_merge (survivor)",
    "CREATE TABLE kept_apart (
        one :uuid NOT NULL,
        other :uuid NOT NULL,
        decision :uuid NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (one, other)
    )",
    "CREATE INDEX kept_apart_other ON kept_apart (other)",
    "CREATE INDEX resident_merged_into ON resident (merged_into) WHERE merged_into IS NOT NULL",
    "CREATE INDEX edit_named ON edit (named) WHERE named <> resident",
    "CREATE INDEX inbox_item_duplicate ON inbox_item (key) WHERE reason = 'possible_duplicate'",
];

const DOWN: &[&str] = &[
    "DROP INDEX inbox_item_duplicate",
    "DROP INDEX edit_named",
    "DROP INDEX resident_merged_into",
    "DROP TABLE kept_apart",
    "DROP TABLE resident_merge",
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
