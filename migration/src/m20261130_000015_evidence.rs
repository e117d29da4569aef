//! Lists are linked by evidence: people of the register are found by keys of birth date and village, and of the name's
//! sound and village, and a row keeps by which
//! evidence it was linked, and which list made known whom it is about.

use crate::tables;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE register_row ADD COLUMN born_village BIGINT",
    "ALTER TABLE register_row ADD COLUMN sound_village BIGINT",
    "CREATE INDEX register_row_born_village ON register_row (born_village)",
    "CREATE INDEX register_row_sound_village ON register_row (sound_village)",
    "ALTER TABLE list_row ADD COLUMN evidence :bytes",
    "ALTER TABLE list_row ADD COLUMN linked_after :uuid",
    "CREATE INDEX list_row_linked_after ON list_row (linked_after) WHERE linked_after IS NOT NULL",
];

const DOWN: &[&str] = &[
    "DROP INDEX list_row_linked_after",
    "ALTER TABLE list_row DROP COLUMN linked_after",
    "ALTER TABLE list_row DROP COLUMN evidence",
    "DROP INDEX register_row_sound_village",
    "DROP INDEX register_row_born_village",
    "ALTER TABLE register_row DROP COLUMN sound_village",
    "ALTER TABLE register_row DROP COLUMN born_village",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::create(manager, DOWN).await
    }
}
