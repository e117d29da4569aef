//! Every test that crosses crates, in one binary.

#![allow(clippy::unwrap_used)]

mod arrows;
mod lengths;
mod licences;
mod schema;
