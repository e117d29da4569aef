//! Every test that crosses crates, in one binary.

#![allow(clippy::unwrap_used)]

mod arrows;
mod contract;
mod lengths;
mod licences;
mod schema;
