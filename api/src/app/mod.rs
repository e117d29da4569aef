//! Use cases: each owns its transaction, the order of its steps, and who may do it.

pub mod divisions;
pub mod error;
pub mod grids;

pub use error::Error;
