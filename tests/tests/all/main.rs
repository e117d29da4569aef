//! Every test that crosses crates, in one binary.

#![allow(clippy::unwrap_used)]

mod arrows;
mod divisions;
mod files;
mod jobs;
mod lengths;
mod licences;
mod list_files;
mod list_shapes;
mod reading;
mod schema;
