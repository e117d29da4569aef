//! What phones meet beside edits: ended registrations and accounts, the catalogue, bounds, a restored server.

mod before;
mod budget;
mod cloned;
mod crowded;
mod handing_in;
mod javascript;
mod kit;
mod leaving;
mod reloading;
mod restored;
mod standing;
mod still;
