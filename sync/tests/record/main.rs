//! The record as a whole, through the crate's public API: the laws that every history keeps, and the stories.
#![allow(clippy::unwrap_used)]

mod cases;
mod catalogue;
mod decisions;
mod desk;
mod dice;
mod gate;
mod history;
mod kept;
mod laws;
mod simulator;
mod stories;
