//! Use cases: each owns its transaction, the order of its steps, and who may do it.

pub mod desk;
pub mod divisions;
pub mod error;
pub mod files;
pub mod grids;
pub mod jobs;
pub mod sync;

pub use error::Error;
