//! A handed-in file given back as a workbook: what the clerk's cells hold stands where it stood, and behind the last
//! column stands what became of each row.

use super::book::Book;
use super::cell::{Cell, GridRow};
use super::refusal::Refusal;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// What stands beside a row, by its sheet (as read, from 0) and its number.
pub type Marks = BTreeMap<(usize, u32), [String; 2]>;

/// What is added to a file.
pub struct Added {
    /// Over the two columns.
    pub labels: [String; 2],
    pub marks: Marks,
    /// A sheet of its own, with its name; none where there is nothing to say.
    pub sheet: Option<(String, Vec<Vec<String>>)>,
}

/// Longest text of a cell.
const LONGEST: usize = 32_767;
/// Longest name of a sheet.
const LONGEST_NAME: usize = 31;

/// The sheets that were read, by their names in order, with what is added. `Ok(None)`: it does not fit a workbook.
///
/// # Errors
/// As reading a file.
pub fn marked(bytes: &[u8], sheets: &[String], added: &Added) -> Result<Option<Vec<u8>>, Refusal> {
    let mut book = Book::open(&bytes)?;
    let mut read: Vec<Vec<GridRow>> = Vec::new();
    let names: Vec<String> = book.sheets.iter().map(|s| s.name.clone()).collect();
    for (at, name) in names.iter().enumerate() {
        if sheets.get(read.len()) != Some(name) {
            continue;
        }
        let mut rows = Vec::new();
        book.rows(at, &mut |row| {
            rows.push(row);
            Ok(ControlFlow::Continue(()))
        })?;
        read.push(rows);
    }
    Ok(write(&read, sheets, added).ok())
}

fn write(read: &[Vec<GridRow>], names: &[String], added: &Added) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    for (at, (rows, name)) in read.iter().zip(names).enumerate() {
        let sheet = book.add_worksheet();
        named(sheet, name, at)?;
        let columns = rows
            .iter()
            .filter_map(|row| row.cells.last())
            .map(|(column, _)| column + 1);
        let width = column(columns.max().unwrap_or_default())?;
        let first = added
            .marks
            .keys()
            .filter(|(s, _)| *s == at)
            .map(|(_, row)| *row)
            .min();
        // The header is what stands right over the first row.
        if let Some(over) = first.filter(|row| *row > 1) {
            for (n, label) in (0..).zip(&added.labels) {
                sheet.write_string_with_format(over - 2, width + n, label, &bold)?;
            }
        }
        for row in rows {
            for (at, cell) in &row.cells {
                put(sheet, row.number - 1, column(*at)?, cell, &text)?;
            }
        }
        for ((_, row), said) in added.marks.range((at, 0)..(at + 1, 0)) {
            for (n, cell) in (0..).zip(said) {
                sheet.write_string_with_format(row - 1, width + n, cut(cell), &text)?;
            }
        }
    }
    if let Some((name, rows)) = &added.sheet {
        let sheet = book.add_worksheet();
        sheet.set_name(name)?;
        for (n, row) in (0..).zip(rows) {
            for (at, cell) in (0..).zip(row) {
                sheet.write_string_with_format(n, at, cut(cell), if n == 0 { &bold } else { &text })?;
            }
        }
    }
    book.save_to_buffer()
}

/// A text file's only sheet has no name, and a name may be one that no workbook takes.
fn named(sheet: &mut Worksheet, name: &str, at: usize) -> Result<(), XlsxError> {
    let allowed = |c: &char| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\');
    let plain: String = name
        .trim_matches('\'')
        .chars()
        .filter(allowed)
        .take(LONGEST_NAME)
        .collect();
    if plain.is_empty() || plain != name {
        return sheet.set_name(format!("名单{}", at + 1)).map(|_| ());
    }
    sheet.set_name(plain).map(|_| ())
}

fn column(at: u32) -> Result<u16, XlsxError> {
    u16::try_from(at).map_err(|_| XlsxError::RowColumnLimitError)
}

/// Text stays text, so that nothing is calculated and no digit is lost; a number stays a number.
fn put(sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell, text: &Format) -> Result<(), XlsxError> {
    match cell {
        Cell::Number(number) => sheet.write_number(row, column, *number)?,
        Cell::Bool(value) => sheet.write_boolean(row, column, *value)?,
        Cell::NoResult => return Ok(()),
        Cell::Text(shown) | Cell::Date { text: shown, .. } | Cell::Error(shown) => {
            sheet.write_string_with_format(row, column, cut(shown), text)?
        }
    };
    Ok(())
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
