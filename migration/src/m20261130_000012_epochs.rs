//! Documents of epochs that are over: what full clients' late changes are read on, for as long as receipts are kept.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE past_document (
        id :uuid NOT NULL,
        resident :uuid NOT NULL,
        epoch INTEGER NOT NULL,
        n INTEGER NOT NULL,
        sealed :bytes NOT NULL,
        closed_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX past_document_epoch ON past_document (resident, epoch)",
    "CREATE INDEX past_document_closed ON past_document (closed_at)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["past_document"]).await
    }
}
