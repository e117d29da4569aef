//! Lists as handed in, and the population register.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE list (
        id :uuid NOT NULL,
        source TEXT NOT NULL,
        kind TEXT NOT NULL,
        division :uuid NOT NULL,
        month TEXT NOT NULL,
        state TEXT NOT NULL,
        file :uuid NOT NULL,
        content_hash :bytes NOT NULL,
        rows INTEGER NOT NULL,
        sealed :bytes NOT NULL,
        uploaded_by :uuid NOT NULL,
        uploaded_at BIGINT NOT NULL,
        begun_at BIGINT,
        committed_at BIGINT,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX list_month ON list (source, kind, month)",
    "CREATE INDEX list_content ON list (content_hash)",
    "CREATE TABLE list_row (
        list :uuid NOT NULL,
        sheet INTEGER NOT NULL,
        row INTEGER NOT NULL,
        digest :bytes NOT NULL,
        resident :uuid,
        verdict TEXT,
        reason TEXT,
        sealed :bytes NOT NULL,
        PRIMARY KEY (list, sheet, row)
    )",
    "CREATE INDEX list_row_resident ON list_row (resident)",
    "CREATE TABLE register_row (
        id :auto,
        list :uuid NOT NULL,
        id_hash :bytes,
        person_hash :bytes NOT NULL,
        sealed :bytes NOT NULL
    )",
    "CREATE INDEX register_row_id ON register_row (id_hash)",
    "CREATE INDEX register_row_person ON register_row (person_hash)",
    "CREATE INDEX register_row_list ON register_row (list)",
];

const TABLES: &[&str] = &["list", "list_row", "register_row"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}
