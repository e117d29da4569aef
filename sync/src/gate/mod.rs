//! The second door: changes of a full client.
//!
//! Nothing that came is ever applied. A change is scanned without being parsed, decoded where a panic of the library
//! does no harm, read as the field writes that a light edit would carry, and made again on our own document; only
//! where that gives the same hash is it honest, and then ours is entered.

mod admit;
mod elsewhere;
mod operations;
mod refusal;
mod replay;
mod scan;
mod told;

pub(crate) use admit::stands_on;
pub use admit::{Admitted, Refused, admit, is_elsewhere};
pub(crate) use elsewhere::{admit_to_past, without_base};
pub use refusal::Refusal;
pub use scan::{INFLATED, Scanned, scan};

/// Different versions that the changes of one edit may stand on: each costs as much as writing at an old base.
const BASES: usize = 4;

/// Bytes of a change's message at most: it stays in the document for ever.
const MESSAGE: usize = 64;
