//! Use cases: each owns its transaction, the order of its steps, and who may do it.

pub mod access;
pub mod accounts;
pub mod audit;
pub mod backup;
pub mod budget;
pub mod clients;
pub mod dates;
pub mod demo;
pub mod desk;
pub mod devices;
pub mod divisions;
pub mod doctor;
pub mod error;
pub mod files;
pub mod grids;
pub mod guard;
pub mod hand_over;
pub mod inbox;
pub mod jobs;
pub mod lists;
pub mod metrics;
pub mod passwords;
pub mod phones;
pub mod residents;
pub mod rosters;
pub mod rotation;
pub mod sessions;
pub mod sign_in;
pub mod signing;
pub mod sync;
pub mod tidy;
pub mod tokens;
pub mod trail;
pub mod verify;

pub use error::Error;
