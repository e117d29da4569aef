//! The program: http (edge) → app (use cases) → store (queries).
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod actor;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contacts;
pub mod filesystem;
pub mod http;
pub mod jobs;
pub mod lists;
pub mod live;
pub mod metrics;
pub mod net;
pub mod program;
pub mod rates;
pub mod reserve;
pub mod seal;
pub mod store;
