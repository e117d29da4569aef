//! Comparison rules, the clues that they find, and the visits that workers are asked for.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE clue_rule (
        code TEXT NOT NULL,
        number INTEGER NOT NULL,
        rule TEXT NOT NULL,
        valid_until TEXT,
        created_at BIGINT NOT NULL,
        created_by :uuid,
        ended_by :uuid,
        PRIMARY KEY (code)
    )",
    "CREATE TABLE clue (
        id :uuid NOT NULL,
        rule TEXT NOT NULL,
        kind TEXT NOT NULL,
        category TEXT,
        reads TEXT NOT NULL,
        resident :uuid,
        village :uuid,
        town :uuid,
        state TEXT NOT NULL,
        n INTEGER NOT NULL,
        inputs BIGINT NOT NULL,
        item :uuid,
        task :uuid,
        sealed :bytes NOT NULL,
        opened_at BIGINT NOT NULL,
        changed_at BIGINT NOT NULL,
        seen_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX clue_opened ON clue (opened_at, id)",
    "CREATE INDEX clue_village ON clue (village, opened_at, id)",
    "CREATE INDEX clue_category ON clue (category, opened_at, id)",
    "CREATE INDEX clue_rule_seen ON clue (rule, seen_at)",
    "CREATE INDEX clue_resident ON clue (resident)",
    "CREATE TABLE visit_task (
        id :uuid NOT NULL,
        clue :uuid NOT NULL,
        resident :uuid,
        account :uuid NOT NULL,
        village :uuid,
        state TEXT NOT NULL,
        sealed :bytes NOT NULL,
        created_at BIGINT NOT NULL,
        created_by :uuid NOT NULL,
        done_at BIGINT,
        visit :uuid,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX visit_task_account ON visit_task (account, state)",
    "CREATE INDEX visit_task_resident ON visit_task (resident)",
    "CREATE INDEX visit_task_clue ON visit_task (clue)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["clue_rule", "clue", "visit_task"]).await
    }
}
