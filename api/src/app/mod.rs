//! Use cases: each owns its transaction, the order of its steps, and who may do it.

pub mod error;

pub use error::Error;
