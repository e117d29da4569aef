//! Linking lists to people, and deciding what a list's row writes. No I/O, no clock, no randomness.
//!
//! [`link`] says who a row is about, [`three_way`] what each of its columns does to the record of that person.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod link;
pub mod three_way;
