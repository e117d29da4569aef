//! Values and how they are parsed. No I/O, no clock, no randomness, and no other crate of ours.
//!
//! A raw string becomes a value once, here, or it becomes the reason why it cannot be one.

pub mod catalogue;
pub mod ids;

pub use ids::{AccountId, DeviceId, DivisionId, EditId, GridId, ItemId, ListId, ResidentId};
