//! Lists over HTTP: tried, committed, compared with what was handed in before.

mod again;
pub mod answering;
mod categories;
mod deaths;
mod difference;
mod dry_run;
mod evidence;
mod grids;
mod household;
mod missing;
mod quarter;
mod seen_by;
mod three_way;
mod undo;
mod undo_beside;
mod verdict_file;

/// Figures are named where the commit asks for them: these tests change nearly everything.
const CHANGES: bool = true;

/// A birth date, another for each `n`.
fn born(n: usize) -> String {
    format!("1960-{:02}-{:02}", n / 28 + 1, n % 28 + 1)
}

/// A valid number, another for each `n`, with that birth date.
fn number(n: usize) -> String {
    let digits = format!("440784{}001", born(n).replace('-', ""));
    let check = domain::id_number::check(digits.as_bytes());
    format!("{digits}{}", char::from(check))
}
