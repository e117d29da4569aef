//! Sealing at rest: one blob a row, bound to its table, row, column group and key.
//!
//! Personal data never reaches a database or a file in the clear. What is plain is listed in ARCHITECTURE.md.

pub mod chunks;
pub mod cipher;
pub mod escrow;
pub mod keyring;
pub mod master;
pub mod signing;

pub use cipher::Algorithm;
pub use keyring::{Keyring, Place, Unsealable};
pub use signing::SigningKeys;
