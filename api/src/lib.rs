#![cfg_attr(test, allow(clippy::unwrap_used))]
//! The program: http (edge) → app (use cases) → store (queries).

pub mod seal;
pub mod store;
