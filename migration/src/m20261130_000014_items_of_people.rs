//! What was decided on some people before is looked up at each saving and each undoing: by who they are, not among all
//! that was ever decided.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &["CREATE INDEX inbox_item_resident ON inbox_item (resident, state)"];

const DOWN: &[&str] = &["DROP INDEX inbox_item_resident"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, DOWN).await
    }
}
