//! Lists as departments hand them in: bytes of a file in, rows with values out. No database, no clock.

mod book;
mod cell;
mod delimited;
mod encoding;
mod html;
mod kind;
mod refusal;
mod sniff;
mod xls;
mod xlsx;
mod xml2003;

pub use kind::ListKind;
pub use refusal::{Code, Refusal};
