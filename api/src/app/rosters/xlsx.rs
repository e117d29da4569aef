//! A roster as a workbook: every cell text, so that numbers keep their digits and nothing is calculated.

use super::Made;
use super::rows::Rows;
use crate::app::Error;
use crate::program::Program;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use tokio::sync::mpsc::Sender;

/// Makes the whole workbook in memory (no plain file is ever on the disk) and sends it.
///
/// # Errors
/// As [`Rows::next`]; `Damaged` when the workbook cannot be made.
pub async fn write(
    program: &Program,
    mut rows: Rows,
    to: &Sender<Result<Vec<u8>, Error>>,
) -> Result<Made, Error> {
    let header: Vec<String> = rows.header().into_iter().map(str::to_owned).collect();
    let mut all = Vec::new();
    loop {
        if to.is_closed() {
            return Ok(Made::BrokenOff(0));
        }
        let page = rows.next(program).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let count = all.len() as u64;
    let made = tokio::task::spawn_blocking(move || workbook(&header, &all)).await;
    let bytes = match made {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) | Err(_) => return Err(Error::Damaged("workbook")),
    };
    match to.send(Ok(bytes)).await {
        Ok(()) => Ok(Made::Whole(count)),
        Err(_) => Ok(Made::BrokenOff(0)),
    }
}

fn workbook(header: &[String], rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    let sheet = book.add_worksheet().set_name("底册")?;
    for (column, label) in (0..).zip(header) {
        sheet.write_string_with_format(0, column, label, &bold)?;
    }
    for (n, row) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(row) {
            if !cell.is_empty() {
                sheet.write_string_with_format(n, column, cell, &text)?;
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    book.save_to_buffer()
}
