//! The program: http (edge) → app (use cases) → store (queries).
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod app;
pub mod jobs;
pub mod seal;
pub mod store;
