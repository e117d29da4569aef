//! The harness: databases, the program in process, phones and people who use it. It drives the public doors and
//! holds no second copy of a business rule.
//!
//! `tests/all` is the one binary that uses it. Databases are made by [`database::Database`], and
//! [`on_both!`] runs one test on SQLite and on PostgreSQL.

// A harness that cannot go on ends the test, and says where.
#![allow(clippy::unwrap_used)]

pub mod access;
pub mod app;
pub mod clerk;
pub mod client;
pub mod console;
pub mod contract;
pub mod county;
pub mod database;
pub mod dice;
pub mod durable;
pub mod full_phone;
pub mod generated;
pub mod licence;
pub mod live;
pub mod needles;
pub mod node;
pub mod phone;
pub mod postgres;
pub mod process;
pub mod pulled;
pub mod relay;
pub mod small_disk;
pub mod source;
pub mod standby;
pub mod strace;
pub mod verify;
pub mod workspace;

pub use verify::verify;
