//! Queries: rows to domain values and back. Nothing here decides anything.

pub mod db;
pub mod edits;
pub mod feeds;
pub mod held;
pub mod holdings;
pub mod inbox;
pub mod keys;
pub mod sealed;
pub mod standing;
