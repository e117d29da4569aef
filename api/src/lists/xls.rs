//! BIFF workbooks (.xls), by calamine. It holds whole sheets, which are small in this format, and may panic on
//! damaged files: a panic is a damaged file.

use super::cell::{Cell, GridRow, Merge, SheetHead};
use super::refusal::{Code, Refusal};
use super::xlsx::date_cell;
use calamine::{Data, Range, Reader, SheetType, SheetVisible, Xls, XlsError};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A .xls holds at most 65,536 × 256 cells a sheet; far more than that in all is a file made to hurt.
const MOST_BYTES: usize = 64 << 20;

/// The sheets with their rows, and whether days are counted from 1904.
#[allow(clippy::type_complexity)]
pub fn sheets(bytes: &[u8]) -> Result<(Vec<(SheetHead, Vec<GridRow>)>, bool), Refusal> {
    if bytes.len() > MOST_BYTES {
        return Err(Refusal::too_large("过大"));
    }
    catch_unwind(AssertUnwindSafe(|| read(bytes))).unwrap_or_else(|_| Err(Refusal::damaged()))
}

#[allow(clippy::type_complexity)]
fn read(bytes: &[u8]) -> Result<(Vec<(SheetHead, Vec<GridRow>)>, bool), Refusal> {
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(refused)?;
    let system_1904 = book.has_1904_epoch();
    let mut sheets = Vec::new();
    for sheet in book.sheets_metadata().to_vec() {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let range = book.worksheet_range(&sheet.name).map_err(refused)?;
        let mut merges: Vec<Merge> = book
            .merge_cells_by_sheet_name(&sheet.name)
            .unwrap_or_default()
            .into_iter()
            .map(|m| Merge {
                first_row: m.start.0 + 1,
                last_row: m.end.0 + 1,
                first_column: m.start.1,
                last_column: m.end.1,
            })
            .collect();
        merges.sort_unstable_by_key(|m| (m.first_row, m.first_column));
        let head = SheetHead {
            name: sheet.name,
            visible: sheet.visible == SheetVisible::Visible,
            merges,
            ..SheetHead::default()
        };
        sheets.push((head, rows(&range, system_1904)));
    }
    Ok((sheets, system_1904))
}

fn refused(error: XlsError) -> Refusal {
    match error {
        XlsError::Password => super::sniff::password(),
        XlsError::Cfb(_) => Refusal::new(
            Code::NotAList,
            "文件不是可读取的 Excel 表格；请在表格软件中打开并另存为 xlsx 格式后再上传。",
        ),
        _ => Refusal::damaged(),
    }
}

fn rows(range: &Range<Data>, system_1904: bool) -> Vec<GridRow> {
    let Some((first_row, first_column)) = range.start() else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for (number, cells) in (first_row + 1..).zip(range.rows()) {
        let cells: Vec<(u32, Cell)> = (first_column..)
            .zip(cells)
            .filter_map(|(column, data)| Some((column, cell(data, system_1904)?)))
            .collect();
        if !cells.is_empty() {
            rows.push(GridRow {
                number,
                hidden: false,
                cells,
            });
        }
    }
    rows
}

fn cell(data: &Data, system_1904: bool) -> Option<Cell> {
    match data {
        Data::Empty => None,
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::text(text),
        Data::Int(n) => Some(Cell::Number(*n as f64)),
        Data::Float(n) => Some(Cell::Number(*n)),
        Data::Bool(b) => Some(Cell::Bool(*b)),
        Data::DateTime(at) if at.is_datetime() => Some(date_cell(at.as_f64(), system_1904)),
        Data::DateTime(at) => Some(Cell::Number(at.as_f64())),
        Data::Error(error) => Some(Cell::Error(error.to_string().into())),
    }
}
