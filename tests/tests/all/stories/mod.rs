//! Situations in which other systems went wrong, told as ours: each is played over HTTP on both databases.

mod catalogue;
mod conflict;
mod digest;
mod lists_in;
mod lists_in_own;
mod phones;
mod restore;
mod sync;
mod time;
