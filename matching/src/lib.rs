//! Linking lists to people, deciding what a list's row writes, and comparing lists. No I/O, no clock, no randomness.
//!
//! [`record`] normalises what rows say, [`keys`] finds rows that are worth comparing, [`weigh`] says what a comparison
//! is worth, [`county`] decides who is who, [`explain`] tells why, and [`clues`] runs comparison rules over the people
//! found. [`link`] is the exact rule that lists are committed by, [`three_way`] says what each column of a row does to
//! the record of its person, [`duplicate`] whether two people of the roster may be one.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod clues;
pub mod county;
pub mod duplicate;
pub mod explain;
pub mod hands;
pub mod keys;
pub mod link;
pub mod record;
pub mod three_way;
pub mod weigh;
