//! The cells of one sheet.

use super::super::cell::{Cell, GridRow, Merge, SheetHead};
use super::super::refusal::Refusal;
use super::super::xlsx::date_cell;
use super::globals::Globals;
use super::ole::{f64_at, u16_at, u32_at};
use super::records::{Records, text5, text8};
use std::collections::{BTreeMap, BTreeSet};

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;

#[derive(Default)]
struct Sheet {
    rows: BTreeMap<u16, BTreeMap<u16, Cell>>,
    hidden: BTreeSet<u16>,
    /// The formula whose result is the text that follows.
    waiting: Option<(u16, u16)>,
}

/// Reads the records of a sheet that begin at `position`.
pub fn read(
    stream: &[u8],
    position: usize,
    globals: &Globals,
    head: &mut SheetHead,
) -> Result<Vec<GridRow>, Refusal> {
    let mut records = Records::new(stream, position);
    if records.next().is_none_or(|first| first.kind != BOF) {
        return Err(Refusal::damaged());
    }
    let mut sheet = Sheet::default();
    // Charts inside the sheet have records of their own between a beginning and an end.
    let mut inside = 0_u32;
    let mut ended = false;
    for record in records {
        match record.kind {
            BOF => inside += 1,
            EOF if inside == 0 => {
                ended = true;
                break;
            }
            EOF => inside -= 1,
            kind if inside == 0 => {
                // What is too short for its kind holds nothing.
                let _ = sheet.take(kind, record.data, globals, head);
            }
            _ => {}
        }
    }
    if !ended {
        return Err(Refusal::damaged());
    }
    head.merges
        .sort_unstable_by_key(|m| (m.first_row, m.first_column));
    Ok(sheet.finish())
}

impl Sheet {
    fn take(&mut self, kind: u16, data: &[u8], globals: &Globals, head: &mut SheetHead) -> Option<()> {
        let (row, column) = (u16_at(data, 0)?, u16_at(data, 2).unwrap_or(0));
        let number = |style: u16, n: f64| match globals.styles.get(usize::from(style)) {
            Some(style) if style.date => date_cell(n, *style, globals.system_1904),
            _ => Cell::Number(n),
        };
        match kind {
            0x0203 => self.put(row, column, Some(number(u16_at(data, 4)?, f64_at(data, 6)?))),
            0x027E => self.put(
                row,
                column,
                Some(number(u16_at(data, 4)?, packed(u32_at(data, 6)?))),
            ),
            0x00BD => {
                for (column, cell) in (column..).zip(data.get(4..data.len() - 2)?.chunks_exact(6)) {
                    let n = packed(u32_at(cell, 2)?);
                    self.put(row, column, Some(number(u16_at(cell, 0)?, n)));
                }
            }
            0x00FD => {
                let text = globals.strings.get(u32_at(data, 6)? as usize)?;
                self.put(row, column, Cell::text(text));
            }
            0x0204 | 0x00D6 => {
                let text = text(data.get(6..)?, globals)?;
                self.put(row, column, Cell::text(&text));
            }
            0x0006 => self.formula(row, column, data, &number)?,
            0x0207 => {
                if let Some((row, column)) = self.waiting.take() {
                    self.put(row, column, Cell::text(&text(data, globals)?));
                }
            }
            0x0205 => {
                let (value, is_error) = (*data.get(6)?, *data.get(7)? != 0);
                let cell = if is_error {
                    error(value)
                } else {
                    Cell::Bool(value != 0)
                };
                self.put(row, column, Some(cell));
            }
            0x0208 if data.len() >= 16 && data[12] & 0x20 != 0 => {
                self.hidden.insert(row);
            }
            0x007D if u16_at(data, 8)? & 1 != 0 => {
                head.hidden_columns
                    .push((u32::from(row), u32::from(column.min(255))));
            }
            0x00E5 => {
                head.merges
                    .extend(data.get(2..)?.chunks_exact(8).filter_map(merge));
            }
            _ => {}
        }
        Some(())
    }

    fn formula(
        &mut self,
        row: u16,
        column: u16,
        data: &[u8],
        number: &dyn Fn(u16, f64) -> Cell,
    ) -> Option<()> {
        let result = data.get(6..14)?;
        if result[6..] != [0xFF, 0xFF] {
            self.put(row, column, Some(number(u16_at(data, 4)?, f64_at(data, 6)?)));
            return Some(());
        }
        match result[0] {
            0 => self.waiting = Some((row, column)),
            1 => self.put(row, column, Some(Cell::Bool(result[2] != 0))),
            2 => self.put(row, column, Some(error(result[2]))),
            // An empty text.
            _ => {}
        }
        Some(())
    }

    fn put(&mut self, row: u16, column: u16, cell: Option<Cell>) {
        if let Some(cell) = cell {
            self.rows.entry(row).or_default().insert(column, cell);
        }
    }

    fn finish(self) -> Vec<GridRow> {
        self.rows
            .into_iter()
            .map(|(row, cells)| GridRow {
                number: u32::from(row) + 1,
                hidden: self.hidden.contains(&row),
                cells: cells
                    .into_iter()
                    .map(|(column, cell)| (u32::from(column), cell))
                    .collect(),
            })
            .collect()
    }
}

fn text(data: &[u8], globals: &Globals) -> Option<String> {
    match globals.biff8 {
        true => text8(data, false),
        false => text5(data, false, globals.code_page),
    }
}

fn merge(range: &[u8]) -> Option<Merge> {
    let at = |n: usize| u16_at(range, n).map(u32::from);
    let (first_row, last_row) = (at(0)? + 1, at(2)? + 1);
    Some(Merge {
        first_row,
        last_row,
        first_column: at(4)?,
        last_column: at(6)?,
    })
}

/// A number in four bytes: an integer or the upper half of a double, perhaps times a hundred.
fn packed(rk: u32) -> f64 {
    let n = match rk & 2 != 0 {
        true => f64::from((rk as i32) >> 2),
        false => f64::from_bits(u64::from(rk & !3) << 32),
    };
    if rk & 1 != 0 { n / 100.0 } else { n }
}

fn error(code: u8) -> Cell {
    let text = match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    };
    Cell::Error(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers() {
        for (rk, expected) in [
            (0x3FF0_0000, 1.0),
            ((195 << 2) | 2, 195.0),
            ((18_150 << 2) | 3, 181.5),
            (0x4059_0001, 1.0),
        ] {
            assert_eq!(packed(rk), expected);
        }
    }
}
