//! What nobody should send, at every door: the program answers in its one error shape, keeps what was typed, and
//! goes on. Cases are tables: an input, and the status, outcome and code that it gets.

mod attempts;
mod bench;
mod changes;
mod decisions;
mod edits;
mod envelope;
mod hidden;
mod known;
mod lists;
mod operations;
mod tokens;
