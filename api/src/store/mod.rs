//! Queries: rows to domain values and back. Nothing here decides anything.

pub mod db;
pub mod keys;
pub mod sealed;
