//! What phones meet beside edits: ended registrations and accounts, the catalogue.

mod handing_in;
mod javascript;
mod kit;
mod reloading;
