//! Queries: rows to domain values and back. Nothing here decides anything.

pub mod accounts;
pub mod answers;
pub mod audit;
pub mod backups;
pub mod cards;
pub mod check;
pub mod clients;
pub mod clock;
pub mod copy;
pub mod db;
pub mod devices;
pub mod divisions;
pub mod duplicates;
pub mod edits;
pub mod enrolments;
pub mod epochs;
pub mod erasing;
pub mod fault;
pub mod feeds;
pub mod few;
pub mod figures;
pub mod files;
pub mod grants;
pub mod grids;
pub mod guards;
pub mod held;
pub mod holdings;
pub mod inbox;
pub mod jobs;
pub mod keys;
pub mod known_elsewhere;
pub mod lists;
pub mod lookups;
pub mod merges;
pub mod meta;
pub mod of_person;
mod paging;
pub mod phones;
pub mod pokes;
pub mod records;
pub mod register;
pub mod reseal;
pub mod retention;
pub mod roster_exports;
pub mod rosters;
pub mod sealed;
pub mod sessions;
pub mod standing;
pub mod tombstones;
pub mod unlinked;
pub mod visible;
mod wal;

pub use fault::Fault;

/// Rows that are sealed, opened or projected by one thread before a second one helps: fewer take less time than waking it.
pub const PER_THREAD: usize = 8;
