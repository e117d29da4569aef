//! Clues 疑点 that comparison rules find: found in the background, asked of villages and workers, told to departments.
//!
//! `sources`, `gather`, `person` read what is compared, `find` runs the rules of `matching` over it, `enter` makes clues of
//! what they found; `deciding` and `visited` say what people answer, `tasks` asks workers, `see` and `export` show.

pub mod deciding;
pub mod enter;
pub mod export;
pub mod find;
pub mod gather;
mod person;
pub mod rules;
pub mod see;
pub mod sources;
pub mod tasks;
pub mod visited;
