//! The record: edits, merge, policy, conflicts, projection. No I/O, no clock, no randomness.
//!
//! An edit goes `Arrived::parse` → [`take::take`] → [`project::project`]; everything else serves these three.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod arrived;
pub mod base;
mod beside;
pub mod canonical;
pub mod confirm;
pub mod decide;
pub mod digest;
pub mod document;
pub mod epoch;
mod field;
pub mod full;
pub mod gate;
mod graph;
pub mod notes;
pub mod outcome;
pub mod policy;
pub mod project;
pub mod record;
pub mod skeleton;
mod strict;
pub mod take;
pub mod task;
mod translate;
pub mod version;
pub mod write;

pub use arrived::{Arrived, Edit};
pub use automerge::{Automerge, ChangeHash};
pub use outcome::{Ask, Outcome, Taken};
pub use policy::{Door, Writer};
pub use record::{Record, State};
pub use take::{Context, take, take_at};
pub use translate::translate;
