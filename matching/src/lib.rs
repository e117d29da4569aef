//! Linking lists to people, and deciding what a list's row writes. No I/O, no clock, no randomness.
//!
//! [`link`] says who a row is about, [`three_way`] what each of its columns does to the record of that person.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod clues;
pub mod county;
pub mod keys;
pub mod link;
pub mod record;
pub mod three_way;
pub mod weigh;
