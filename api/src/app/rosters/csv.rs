//! A roster as CSV: UTF-8 with BOM, lines ended by CR LF, every cell that a spreadsheet would calculate made text.

use super::Made;
use super::rows::Rows;
use crate::app::Error;
use crate::program::Program;
use std::borrow::Cow;
use tokio::sync::mpsc::Sender;

/// Writes the file page by page into `to`, which ends it when nobody reads on.
///
/// # Errors
/// As [`Rows::next`]; the file then breaks off.
pub async fn write(
    program: &Program,
    mut rows: Rows,
    to: &Sender<Result<Vec<u8>, Error>>,
) -> Result<Made, Error> {
    let mut chunk = String::from('\u{FEFF}');
    line(rows.header(), &mut chunk);
    let mut count = 0;
    loop {
        if to
            .send(Ok(std::mem::take(&mut chunk).into_bytes()))
            .await
            .is_err()
        {
            return Ok(Made::BrokenOff(count));
        }
        let page = rows.next(program).await?;
        if page.is_empty() {
            return Ok(Made::Whole(count));
        }
        count += page.len() as u64;
        for row in &page {
            line(row.iter().map(String::as_str), &mut chunk);
        }
    }
}

fn line<'a>(cells: impl IntoIterator<Item = &'a str>, out: &mut String) {
    for (n, cell) in cells.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        let cell = guarded(cell);
        if cell.contains([',', '"', '\n', '\r']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

/// Characters that a spreadsheet takes for the beginning of a formula, full-width ones too.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];
/// Longest text that Excel takes in a formula.
const LONGEST_QUOTED: usize = 255;

/// A cell that would be calculated, as a formula that only quotes it: what lists are read with takes it off again.
/// Where that cannot be said in such a formula an invisible character stands in front, which reading drops too.
fn guarded(cell: &str) -> Cow<'_, str> {
    if !cell.starts_with(FORMULA) {
        return Cow::Borrowed(cell);
    }
    let plain = !cell.contains(['"', '\n', '\r', '\t']) && cell.chars().count() <= LONGEST_QUOTED;
    Cow::Owned(match plain {
        true => format!("=\"{cell}\""),
        false => format!("\u{200B}{cell}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_in_a_line() {
        for (cells, expected) in [
            (vec!["姓名", "a,b", "c\"d"], "姓名,\"a,b\",\"c\"\"d\"\r\n"),
            (
                vec!["=1+1", "-5", "@x"],
                "\"=\"\"=1+1\"\"\",\"=\"\"-5\"\"\",\"=\"\"@x\"\"\"\r\n",
            ),
            (vec!["=\"x\""], "\"\u{200B}=\"\"x\"\"\"\r\n"),
            (vec!["440308199901101512", ""], "440308199901101512,\r\n"),
        ] {
            let mut out = String::new();
            line(cells, &mut out);
            assert_eq!(out, expected);
        }
    }
}
