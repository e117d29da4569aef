//! Keys, the county's divisions and grids, stored files and background work.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE meta (
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (key)
    )",
    "CREATE TABLE data_key (
        id INTEGER NOT NULL,
        purpose TEXT NOT NULL,
        wrapped :bytes NOT NULL,
        created_at BIGINT NOT NULL,
        retired_at BIGINT,
        PRIMARY KEY (id)
    )",
    "CREATE TABLE division (
        id :uuid NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        level TEXT NOT NULL,
        parent :uuid,
        names TEXT NOT NULL,
        since TEXT,
        until TEXT,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX division_code ON division (code) WHERE code IS NOT NULL AND until IS NULL",
    "CREATE INDEX division_parent ON division (parent)",
    "CREATE TABLE grid (
        id :uuid NOT NULL,
        code TEXT NOT NULL,
        name TEXT NOT NULL,
        village :uuid NOT NULL,
        since TEXT NOT NULL,
        until TEXT,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX grid_code ON grid (code) WHERE until IS NULL",
    "CREATE INDEX grid_village ON grid (village)",
    "CREATE TABLE grid_range (
        id :auto,
        grid :uuid NOT NULL,
        natural_village TEXT NOT NULL,
        from_number INTEGER NOT NULL,
        to_number INTEGER NOT NULL
    )",
    "CREATE INDEX grid_range_grid ON grid_range (grid)",
    "CREATE TABLE stored_file (
        id :uuid NOT NULL,
        purpose TEXT NOT NULL,
        size BIGINT NOT NULL,
        sealed :bytes NOT NULL,
        created_by :uuid NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE TABLE file_chunk (
        file :uuid NOT NULL,
        number INTEGER NOT NULL,
        sealed :bytes NOT NULL,
        PRIMARY KEY (file, number)
    )",
    "CREATE TABLE job (
        id :uuid NOT NULL,
        kind TEXT NOT NULL,
        subject :uuid,
        state TEXT NOT NULL,
        owner :uuid,
        lease_until BIGINT NOT NULL,
        attempts INTEGER NOT NULL,
        progress INTEGER NOT NULL,
        total INTEGER NOT NULL,
        last_error TEXT,
        created_by :uuid NOT NULL,
        created_at BIGINT NOT NULL,
        finished_at BIGINT,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX job_state ON job (state)",
    "CREATE TABLE audit (
        id :auto,
        at BIGINT NOT NULL,
        account :uuid,
        device :uuid,
        action TEXT NOT NULL,
        subject_kind TEXT,
        subject :uuid,
        outcome TEXT NOT NULL,
        count BIGINT,
        detail TEXT,
        request TEXT
    )",
    "CREATE INDEX audit_at ON audit (at)",
    "CREATE INDEX audit_subject ON audit (subject)",
];

const TABLES: &[&str] = &[
    "meta",
    "data_key",
    "division",
    "grid",
    "grid_range",
    "stored_file",
    "file_chunk",
    "job",
    "audit",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}
