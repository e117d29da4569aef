//! An item may be seen by a second village: the one that an address points to.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE inbox_item ADD COLUMN beside :uuid",
    "CREATE INDEX inbox_item_beside ON inbox_item (beside, state)",
];

const DOWN: &[&str] = &[
    "DROP INDEX inbox_item_beside",
    "ALTER TABLE inbox_item DROP COLUMN beside",
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
