//! What a cell of a handed-in file holds, and the rows that hold cells, whatever the format of the file.

use std::borrow::Cow;
use std::fmt;

/// One cell that holds something. Cells that hold nothing are not kept.
#[derive(Clone, PartialEq)]
pub enum Cell {
    Text(Box<str>),
    Number(f64),
    /// A day number shown as a date: the number in the workbook's own system, and the day as `YYYY-MM-DD`, with
    /// ` HH:MM:SS` behind it where there is a time of day.
    Date {
        serial: f64,
        text: Box<str>,
    },
    Bool(bool),
    /// A formula that was never calculated: there is no result, which is not the same as an empty one.
    NoResult,
    /// `#N/A`, `#REF!` and their like.
    Error(Box<str>),
}

impl Cell {
    /// Text of a cell, or nothing where it would be blank.
    pub fn text(text: &str) -> Option<Cell> {
        (!text.is_empty()).then(|| Cell::Text(text.into()))
    }

    /// What the cell shows. Empty for a formula without result and for an error: neither says anything.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Cell::Text(text) | Cell::Date { text, .. } => Cow::Borrowed(text),
            Cell::Number(n) => Cow::Owned(number(*n)),
            Cell::Bool(b) => Cow::Borrowed(if *b { "是" } else { "否" }),
            Cell::NoResult | Cell::Error(_) => Cow::Borrowed(""),
        }
    }

    /// Whether a person looking at the cell would see nothing.
    pub fn is_blank(&self) -> bool {
        match self {
            Cell::Text(text) => text
                .chars()
                .all(|c| domain::text::blank(c) || c == '\u{200B}' || c == '\u{FEFF}'),
            _ => false,
        }
    }
}

impl fmt::Debug for Cell {
    /// Never shows content: cells are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cell::Text(_) => "Text(…)",
            Cell::Number(_) => "Number(…)",
            Cell::Date { .. } => "Date(…)",
            Cell::Bool(_) => "Bool(…)",
            Cell::NoResult => "NoResult",
            Cell::Error(_) => "Error(…)",
        })
    }
}

/// A number as a spreadsheet shows it in a wide enough column.
fn number(n: f64) -> String {
    if n.fract() == 0.0 && n.abs() < 1e21 {
        format!("{n:.0}")
    } else {
        // 181.00000000000003 is 181.
        let near = (n * 1e9).round() / 1e9;
        format!("{near}")
    }
}

/// One row of a sheet as the file holds it.
#[derive(Clone, Debug, Default)]
pub struct GridRow {
    /// As the spreadsheet counts, from 1; records in a text file.
    pub number: u32,
    pub hidden: bool,
    /// Cells that hold something, by column from 0, in order.
    pub cells: Vec<(u32, Cell)>,
}

impl GridRow {
    pub fn at(&self, column: u32) -> Option<&Cell> {
        let n = self.cells.binary_search_by_key(&column, |(c, _)| *c).ok()?;
        Some(&self.cells[n].1)
    }

    /// What a column shows, empty where it holds nothing.
    pub fn shown(&self, column: u32) -> Cow<'_, str> {
        self.at(column).map(Cell::shown).unwrap_or_default()
    }

    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|(_, cell)| cell.is_blank())
    }

    /// Puts a cell where there is none.
    pub fn fill(&mut self, column: u32, cell: Cell) {
        match self.cells.binary_search_by_key(&column, |(c, _)| *c) {
            Ok(n) if self.cells[n].1.is_blank() => self.cells[n].1 = cell,
            Ok(_) => {}
            Err(n) => self.cells.insert(n, (column, cell)),
        }
    }
}

/// A merged range, rows from 1 and columns from 0, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    pub first_row: u32,
    pub last_row: u32,
    pub first_column: u32,
    pub last_column: u32,
}

/// What is known of a sheet before its rows are read.
#[derive(Clone, Debug, Default)]
pub struct SheetHead {
    pub name: String,
    pub visible: bool,
    /// In order of their first row.
    pub merges: Vec<Merge>,
    /// Hidden columns, first and last.
    pub hidden_columns: Vec<(u32, u32)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_they_are_shown() {
        let cases = [
            (13_900_097_569.0, "13900097569"),
            (195.0, "195"),
            (0.5, "0.5"),
            (181.000_000_000_000_03, "181"),
            (1939.07, "1939.07"),
            (-3.0, "-3"),
        ];
        for (input, expected) in cases {
            assert_eq!(number(input), expected);
        }
        assert_eq!(format!("{:?}", Cell::Number(13_900_097_569.0)), "Number(…)");
    }
}
