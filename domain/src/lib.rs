//! Values and how they are parsed. No I/O, no clock, no randomness, and no other crate of ours.
//!
//! A raw string becomes a value once, here, or it becomes the reason why it cannot be one.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod amount;
pub mod catalogue;
pub mod certificate;
pub mod code;
pub mod date;
pub mod id_number;
pub mod ids;
pub mod instant;
pub mod mask;
pub mod name;
pub mod phone;
pub mod place;
pub mod text;
pub mod value;

pub use ids::{AccountId, DeviceId, DivisionId, EditId, GridId, ItemId, ListId, ResidentId};
pub use instant::Instant;
pub use value::{Value, ValueFault};
