//! Lists as departments hand them in: bytes of a file in, rows with values out. No database, no clock.
//!
//! `source` gives the bytes, `sniff` tells the format, `book` gives sheets of cells, `find` and `plan` understand the header, `walk` and
//! `classify` tell data from what stands between, `row` and `values` read them. Words are data in `words/`.

mod around;
mod around_row;
mod asking;
mod book;
mod candidate;
mod cell;
mod classify;
mod days;
mod delimited;
pub mod encoding;
mod evidence;
mod find;
mod header;
mod household;
mod html;
mod kind;
mod legend;
mod mapping;
pub mod marked;
mod numbers;
mod outline;
mod plan;
mod reading;
mod refusal;
mod row;
mod sheets;
mod sniff;
mod source;
mod text;
mod ticks;
mod told;
mod twice;
mod values;
mod walk;
mod why;
pub mod words;
mod xls;
mod xlsx;
mod xml2003;

pub use asking::{Question, answers};
pub use book::{MOST_TEXT, most, too_large};
pub use cell::Cell;
pub use kind::ListKind;
pub use mapping::{Known, Mapping, keys, signature};
pub use outline::{ColumnMap, Outline, SheetRead, TableHead, Unread, handed_in};
pub use plan::{Plan, Sure};
pub use reading::{MOST_ROWS, Order, Reading, STANDARD_KEYS, read, stream};
pub use refusal::{Code, Refusal};
pub use row::{Fault, Identity, Member, Row, Values};
pub use source::{OnDisk, Source};
pub use twice::{Again, Mark, Place, compare, month_sheets};
pub use why::Why;
