//! Feeds, holdings, and what waits for a decision.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE feed (
        id :uuid NOT NULL,
        next BIGINT NOT NULL,
        count BIGINT NOT NULL,
        digest :bytes NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE TABLE feed_entry (
        feed :uuid NOT NULL,
        subject :uuid NOT NULL,
        n BIGINT NOT NULL,
        PRIMARY KEY (feed, subject)
    )",
    "CREATE INDEX feed_entry_n ON feed_entry (feed, n)",
    "CREATE TABLE device_entry (
        device :uuid NOT NULL,
        kind TEXT NOT NULL,
        subject :uuid NOT NULL,
        n BIGINT NOT NULL,
        sealed :bytes NOT NULL,
        PRIMARY KEY (device, kind, subject)
    )",
    "CREATE INDEX device_entry_n ON device_entry (device, n)",
    "CREATE TABLE holding (
        number :auto,
        device :uuid NOT NULL,
        resident :uuid NOT NULL,
        from_at BIGINT NOT NULL,
        to_at BIGINT,
        dropped_at BIGINT,
        why TEXT
    )",
    "CREATE INDEX holding_device ON holding (device, resident)",
    "CREATE INDEX holding_resident ON holding (resident)",
    "CREATE TABLE inbox_item (
        id :uuid NOT NULL,
        reason TEXT NOT NULL,
        resident :uuid,
        key TEXT NOT NULL,
        village :uuid,
        town :uuid,
        category TEXT,
        level TEXT NOT NULL,
        n INTEGER NOT NULL,
        state TEXT NOT NULL,
        sealed :bytes NOT NULL,
        list :uuid,
        list_row BIGINT,
        held :uuid,
        opened_at BIGINT NOT NULL,
        closed_at BIGINT,
        closed_by :uuid,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX inbox_item_open ON inbox_item (resident, reason, key) WHERE state = 'open' AND resident IS NOT NULL",
    "CREATE INDEX inbox_item_village ON inbox_item (village, state)",
    "CREATE INDEX inbox_item_town ON inbox_item (town, state)",
    "CREATE INDEX inbox_item_list ON inbox_item (list)",
    "CREATE INDEX inbox_item_held ON inbox_item (held)",
    "CREATE TABLE decision (
        id :uuid NOT NULL,
        item :uuid NOT NULL,
        item_n INTEGER NOT NULL,
        account :uuid NOT NULL,
        choice TEXT NOT NULL,
        sealed :bytes NOT NULL,
        digest :bytes NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX decision_item ON decision (item)",
];

const TABLES: &[&str] = &[
    "feed",
    "feed_entry",
    "device_entry",
    "holding",
    "inbox_item",
    "decision",
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
