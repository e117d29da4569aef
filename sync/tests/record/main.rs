//! The record as a whole, through the crate's public API: the laws that every history keeps, and the stories.
#![allow(clippy::unwrap_used)]

mod cases;
mod catalogue;
mod decisions;
mod desk;
mod dice;
mod epochs;
mod gate;
mod handing_over;
mod history;
mod kept;
mod laws;
mod old_phones;
mod simulator;
mod stories;
