//! A row of a list says beside what is sealed whether it states a valid ID number, and which, as eight bytes of a keyed
//! digest: the few rows without one are found without opening the others. Rows from before say nothing, and are opened.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &["ALTER TABLE list_row ADD COLUMN number BIGINT"];

const DOWN: &[&str] = &["ALTER TABLE list_row DROP COLUMN number"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, DOWN).await
    }
}
