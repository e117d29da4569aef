//! The record: edits, merge, policy, conflicts, projection. No I/O, no clock, no randomness.
//!
//! An edit goes `Arrived::parse` → [`take::take`] → [`project::project`]; everything else serves these three.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod arrived;
pub mod base;
pub mod canonical;
pub mod digest;
pub mod document;
pub mod outcome;
pub mod policy;
pub mod record;
pub mod skeleton;
pub mod version;
pub mod write;

pub use arrived::{Arrived, Edit};
pub use automerge::{Automerge, ChangeHash};
pub use outcome::{Ask, Outcome, Taken};
pub use policy::{Door, Writer};
pub use record::{Record, State};
