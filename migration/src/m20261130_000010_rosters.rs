//! Rosters as numbered steps, so that changes since a cursor cost what changed; exports that are made in the background;
//! and exports that are under way, so that one whose program was killed is found.
//!
//! Who is on a roster at this moment becomes its first steps. Their digests are empty, which equals nothing: whatever
//! happens to them next counts as a change.

use crate::tables;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE roster_feed (
        village :uuid NOT NULL,
        category TEXT NOT NULL,
        next BIGINT NOT NULL,
        PRIMARY KEY (village, category)
    )",
    "CREATE TABLE roster_step (
        village :uuid NOT NULL,
        category TEXT NOT NULL,
        n BIGINT NOT NULL,
        resident :uuid NOT NULL,
        kind TEXT NOT NULL,
        whole :bytes NOT NULL,
        seen :bytes NOT NULL,
        was_whole :bytes NOT NULL,
        was_seen :bytes NOT NULL,
        at BIGINT NOT NULL,
        latest BOOLEAN NOT NULL,
        PRIMARY KEY (village, category, n)
    )",
    "CREATE UNIQUE INDEX roster_step_latest ON roster_step (resident, category, village) WHERE latest",
    "CREATE TABLE roster_export (
        id :uuid NOT NULL,
        sealed :bytes NOT NULL,
        created_by :uuid NOT NULL,
        audit BIGINT NOT NULL,
        planned BIGINT NOT NULL,
        rows BIGINT,
        file :uuid,
        created_at BIGINT NOT NULL,
        download BIGINT,
        covered TEXT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX roster_export_owner ON roster_export (created_by, id)",
    "CREATE TABLE export_run (
        audit BIGINT NOT NULL,
        rows BIGINT NOT NULL,
        seen_at BIGINT NOT NULL,
        PRIMARY KEY (audit)
    )",
];

const STEPS: &str = "INSERT INTO roster_step (village, category, n, resident, kind, whole, seen, was_whole, was_seen, at, latest)
    SELECT COALESCE(r.village, :nowhere), e.category,
        ROW_NUMBER() OVER (PARTITION BY COALESCE(r.village, :nowhere), e.category ORDER BY r.id),
        r.id, 'joined', :empty, :empty, :empty, :empty, r.changed_at, TRUE
    FROM resident r JOIN enrolment e ON e.resident = r.id
    WHERE e.until IS NULL AND r.state = 'present' AND r.merged_into IS NULL";

const FEEDS: &str = "INSERT INTO roster_feed (village, category, next)
    SELECT village, category, MAX(n) + 1 FROM roster_step GROUP BY village, category";

const TABLES: &[&str] = &["roster_feed", "roster_step", "roster_export", "export_run"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await?;
        let (nowhere, empty) = match manager.get_database_backend() {
            DbBackend::Postgres => (
                "CAST('00000000-0000-0000-0000-000000000000' AS UUID)",
                "CAST('' AS BYTEA)",
            ),
            _ => ("zeroblob(16)", "x''"),
        };
        let steps = STEPS.replace(":nowhere", nowhere).replace(":empty", empty);
        tables::create(manager, &[&steps, FEEDS]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}
