//! Every test that crosses crates, in one binary.

#![allow(clippy::unwrap_used)]

mod access;
mod accounts;
mod arrows;
mod audit;
mod contacts;
mod contract;
mod divisions;
mod files;
mod frame;
mod imports;
mod jobs;
mod lengths;
mod licences;
mod list_files;
mod list_hostile;
mod list_shapes;
mod operator;
mod process;
mod reading;
mod schema;
mod stories;
mod tidying;
mod verify;
