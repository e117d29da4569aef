//! The schema's history, forward and back, on SQLite and PostgreSQL.
//!
//! It spells out its own names: entities change, history must not.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261125_000001_keys_and_divisions;
mod m20261125_000002_accounts;
mod m20261125_000003_records;
mod m20261125_000004_feeds_and_inbox;
mod m20261125_000005_lists;
mod m20261125_000006_seen_beside;
mod m20261125_000007_dry_runs;
mod m20261130_000008_list_mappings;
mod m20261130_000009_answers;
mod m20261130_000010_clients;
mod m20261130_000010_files_in_steps;
mod m20261130_000010_rosters;
mod m20261130_000011_operating;
mod m20261130_000012_epochs;
mod m20261130_000012_phones;
mod m20261130_000013_erasures;
mod m20261130_000014_items_of_people;
mod m20261130_000015_evidence;
mod m20261130_000016_merging;
mod m20261130_000017_clues;
mod m20261130_000018_row_numbers;
mod m20261130_000019_lesson;
mod tables;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261125_000001_keys_and_divisions::Migration),
            Box::new(m20261125_000002_accounts::Migration),
            Box::new(m20261125_000003_records::Migration),
            Box::new(m20261125_000004_feeds_and_inbox::Migration),
            Box::new(m20261125_000005_lists::Migration),
            Box::new(m20261125_000006_seen_beside::Migration),
            Box::new(m20261125_000007_dry_runs::Migration),
            Box::new(m20261130_000008_list_mappings::Migration),
            Box::new(m20261130_000009_answers::Migration),
            Box::new(m20261130_000010_files_in_steps::Migration),
            Box::new(m20261130_000010_clients::Migration),
            Box::new(m20261130_000010_rosters::Migration),
            Box::new(m20261130_000011_operating::Migration),
            Box::new(m20261130_000012_phones::Migration),
            Box::new(m20261130_000012_epochs::Migration),
            Box::new(m20261130_000013_erasures::Migration),
            Box::new(m20261130_000014_items_of_people::Migration),
            Box::new(m20261130_000015_evidence::Migration),
            Box::new(m20261130_000016_merging::Migration),
            Box::new(m20261130_000017_clues::Migration),
            Box::new(m20261130_000018_row_numbers::Migration),
            Box::new(m20261130_000019_lesson::Migration),
        ]
    }
}
