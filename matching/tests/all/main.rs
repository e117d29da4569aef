//! Linking and comparing over whole small counties. All people are invented.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod laws;
mod rules;
mod stories;
mod town;
