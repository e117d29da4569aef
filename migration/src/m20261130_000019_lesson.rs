//! What was learned of the county for linking: one sealed row, and of which register.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &["CREATE TABLE lesson (
        id :uuid NOT NULL,
        basis BIGINT NOT NULL,
        sealed :bytes NOT NULL,
        learnt_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["lesson"]).await
    }
}
