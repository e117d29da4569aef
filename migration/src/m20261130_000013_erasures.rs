//! People who were erased: that it was done, when and why, and the keyed hashes by which a later list's row about one
//! of them asks a person; and how many backups are kept, so that it can be said when the last one with somebody in it
//! goes.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE tombstone (
        resident :uuid NOT NULL,
        reason TEXT NOT NULL,
        account :uuid NOT NULL,
        village :uuid,
        at BIGINT NOT NULL,
        PRIMARY KEY (resident)
    )",
    "CREATE TABLE tombstone_hash (
        kind TEXT NOT NULL,
        hash :bytes NOT NULL,
        resident :uuid NOT NULL,
        PRIMARY KEY (kind, hash, resident)
    )",
    "CREATE INDEX tombstone_hash_resident ON tombstone_hash (resident)",
    "ALTER TABLE backup ADD COLUMN keep INTEGER",
];

const DOWN: &[&str] = &[
    "ALTER TABLE backup DROP COLUMN keep",
    "DROP TABLE tombstone_hash",
    "DROP TABLE tombstone",
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
