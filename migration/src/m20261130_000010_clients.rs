//! Departments' programs: clients with scopes and quotas, their secrets, and what they have used of the quotas.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE client (
        id :uuid NOT NULL,
        sealed :bytes NOT NULL,
        department TEXT NOT NULL,
        state TEXT NOT NULL,
        scopes TEXT NOT NULL,
        per_minute INTEGER NOT NULL,
        rows_per_day BIGINT NOT NULL,
        expires_at BIGINT,
        epoch INTEGER NOT NULL,
        created_by :uuid NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE TABLE client_secret (
        id :uuid NOT NULL,
        client :uuid NOT NULL,
        hash :bytes NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX client_secret_client ON client_secret (client)",
    "CREATE TABLE client_use (
        client :uuid NOT NULL,
        minute BIGINT NOT NULL,
        requests INTEGER NOT NULL,
        day TEXT NOT NULL,
        rows BIGINT NOT NULL,
        PRIMARY KEY (client)
    )",
];

const TABLES: &[&str] = &["client", "client_secret", "client_use"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}
