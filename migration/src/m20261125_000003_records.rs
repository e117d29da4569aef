//! The record: facts, document, projection, edits, and what hangs on them.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE resident (
        id :uuid NOT NULL,
        village :uuid,
        grid :uuid,
        state TEXT NOT NULL,
        birth_year INTEGER,
        merged_into :uuid,
        epoch INTEGER NOT NULL,
        n INTEGER NOT NULL,
        facts_version INTEGER NOT NULL,
        version TEXT NOT NULL,
        changed_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX resident_grid ON resident (grid, id)",
    "CREATE INDEX resident_village ON resident (village, id)",
    "CREATE TABLE document (
        resident :uuid NOT NULL,
        sealed :bytes NOT NULL,
        PRIMARY KEY (resident)
    )",
    "CREATE TABLE facts (
        resident :uuid NOT NULL,
        version INTEGER NOT NULL,
        sealed :bytes NOT NULL,
        PRIMARY KEY (resident)
    )",
    "CREATE TABLE projection (
        resident :uuid NOT NULL,
        n INTEGER NOT NULL,
        open :bytes NOT NULL,
        rest :bytes NOT NULL,
        PRIMARY KEY (resident)
    )",
    "CREATE TABLE search_card (
        resident :uuid NOT NULL,
        sealed :bytes NOT NULL,
        PRIMARY KEY (resident)
    )",
    "CREATE TABLE enrolment (
        id :uuid NOT NULL,
        resident :uuid NOT NULL,
        category TEXT NOT NULL,
        source TEXT NOT NULL,
        since TEXT NOT NULL,
        until TEXT,
        source_status TEXT NOT NULL,
        village_status TEXT NOT NULL,
        list :uuid,
        handed_in :bytes NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX enrolment_open ON enrolment (resident, category) WHERE until IS NULL",
    "CREATE INDEX enrolment_category ON enrolment (category, resident)",
    "CREATE TABLE placement (
        id :uuid NOT NULL,
        resident :uuid NOT NULL,
        grid :uuid NOT NULL,
        since BIGINT NOT NULL,
        until BIGINT,
        placed_by :uuid,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX placement_open ON placement (resident) WHERE until IS NULL",
    "CREATE TABLE household (
        id :uuid NOT NULL,
        village :uuid NOT NULL,
        source TEXT NOT NULL,
        number_hash :bytes NOT NULL,
        sealed :bytes NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX household_number ON household (village, source, number_hash)",
    "CREATE TABLE edit (
        id :uuid NOT NULL,
        device :uuid,
        seq BIGINT,
        account :uuid NOT NULL,
        resident :uuid NOT NULL,
        named :uuid NOT NULL,
        epoch INTEGER NOT NULL,
        n INTEGER NOT NULL,
        kind TEXT NOT NULL,
        outcome TEXT NOT NULL,
        change_hash :bytes,
        heads :bytes NOT NULL,
        facts_version INTEGER NOT NULL,
        digest :bytes NOT NULL,
        sealed :bytes NOT NULL,
        made_at BIGINT NOT NULL,
        skew BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX edit_order ON edit (resident, epoch, n)",
    "CREATE UNIQUE INDEX edit_seq ON edit (device, seq) WHERE device IS NOT NULL",
    "CREATE INDEX edit_account ON edit (account)",
    "CREATE TABLE held (
        id :uuid NOT NULL,
        device :uuid,
        account :uuid,
        edit :uuid,
        sha256 :bytes NOT NULL,
        seq BIGINT,
        reason TEXT NOT NULL,
        state TEXT NOT NULL,
        resident :uuid,
        waits_for :uuid,
        sealed :bytes NOT NULL,
        received_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX held_bytes ON held (device, sha256)",
    "CREATE INDEX held_edit ON held (edit)",
    "CREATE INDEX held_waits ON held (waits_for)",
    "CREATE INDEX held_seq ON held (device, seq)",
    "CREATE TABLE confirmation (
        edit :uuid NOT NULL,
        key TEXT NOT NULL,
        resident :uuid NOT NULL,
        n INTEGER NOT NULL,
        value_digest :bytes NOT NULL,
        at BIGINT NOT NULL,
        account :uuid NOT NULL,
        PRIMARY KEY (edit, key)
    )",
    "CREATE INDEX confirmation_resident ON confirmation (resident)",
    "CREATE TABLE visit (
        id :uuid NOT NULL,
        resident :uuid NOT NULL,
        account :uuid NOT NULL,
        device :uuid,
        at BIGINT NOT NULL,
        month TEXT NOT NULL,
        means TEXT NOT NULL,
        outcome TEXT NOT NULL,
        sealed :bytes NOT NULL,
        received_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX visit_resident ON visit (resident, at)",
    "CREATE INDEX visit_month ON visit (month, account)",
    "CREATE TABLE lookup (
        kind TEXT NOT NULL,
        hash :bytes NOT NULL,
        resident :uuid NOT NULL,
        PRIMARY KEY (kind, hash, resident)
    )",
    "CREATE INDEX lookup_resident ON lookup (resident)",
];

const TABLES: &[&str] = &[
    "resident",
    "document",
    "facts",
    "projection",
    "search_card",
    "enrolment",
    "placement",
    "household",
    "edit",
    "held",
    "confirmation",
    "visit",
    "lookup",
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
