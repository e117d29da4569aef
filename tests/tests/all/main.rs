//! Every test that crosses crates, in one binary.

#![allow(clippy::unwrap_used)]

mod arrows;
mod divisions;
mod files;
mod jobs;
mod lengths;
mod list_files;
mod licences;
mod schema;
