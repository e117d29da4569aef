//! Accounts, grants, sessions and devices.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE account (
        id :uuid NOT NULL,
        phone_hash :bytes NOT NULL,
        sealed :bytes NOT NULL,
        password_hash TEXT,
        must_change BOOLEAN NOT NULL,
        code_until BIGINT,
        state TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        home :uuid,
        created_at BIGINT NOT NULL,
        created_by :uuid,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX account_phone ON account (phone_hash)",
    "CREATE TABLE account_grant (
        id :uuid NOT NULL,
        account :uuid NOT NULL,
        role TEXT NOT NULL,
        division :uuid,
        grid :uuid,
        category TEXT,
        department TEXT,
        since TEXT NOT NULL,
        until TEXT,
        given_by :uuid,
        given_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX account_grant_account ON account_grant (account)",
    "CREATE INDEX account_grant_grid ON account_grant (grid)",
    "CREATE TABLE sign_in_guard (
        key :bytes NOT NULL,
        failures INTEGER NOT NULL,
        locked_until BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (key)
    )",
    "CREATE TABLE session (
        id :uuid NOT NULL,
        account :uuid NOT NULL,
        device :uuid,
        generation INTEGER NOT NULL,
        rotated_at BIGINT NOT NULL,
        used_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        ended_at BIGINT,
        end_reason TEXT,
        PRIMARY KEY (id)
    )",
    "CREATE INDEX session_account ON session (account)",
    "CREATE TABLE device (
        id :uuid NOT NULL,
        installation TEXT NOT NULL,
        account :uuid NOT NULL,
        secret_hash :bytes NOT NULL,
        received BIGINT NOT NULL,
        through BIGINT NOT NULL,
        state TEXT NOT NULL,
        label TEXT NOT NULL,
        drop_all BOOLEAN NOT NULL,
        app TEXT,
        catalogue INTEGER,
        last_contact_at BIGINT,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (id)
    )",
    "CREATE UNIQUE INDEX device_installation ON device (installation, account) WHERE state = 'active'",
    "CREATE INDEX device_account ON device (account)",
];

const TABLES: &[&str] = &["account", "account_grant", "sign_in_guard", "session", "device"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}
