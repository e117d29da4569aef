//! What the program can do in how much time: a load generator, and the numbers that are published in `results/`.
//!
//! The program runs as it is served, a process of its own with a data folder of its own, and is spoken to over HTTP.
//! Only what stands before a measurement begins (divisions, accounts, residents) is written through the library, and
//! the account of where the time of a list goes is taken in this process, where its spans can be seen.

pub mod cases;
pub mod client;
pub mod compare;
pub mod county;
pub mod figure;
pub mod lists;
pub mod machine;
pub mod many;
pub mod phone;
pub mod place;
pub mod report;
pub mod server;
pub mod slow_line;
pub mod spans;
pub mod speed;

/// Whatever ends a run: it is shown to a person, who sees to it.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
