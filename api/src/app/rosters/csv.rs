//! A roster as CSV: UTF-8 with BOM, lines ended by CR LF, every cell that a spreadsheet would calculate made text.

use super::line::{Row, word, written};
use super::mark::Mark;
use super::plan::{BEFORE, BEHIND, Plan};
use std::borrow::Cow;

pub fn header(plan: &Plan) -> String {
    let mut out = String::from('\u{FEFF}');
    line(plan.header(), &mut out);
    out
}

pub fn row(plan: &Plan, row: &Row<'_>, out: &mut String) {
    for place in [row.town, row.village, row.grid] {
        cell(place, out);
        out.push(',');
    }
    for (value, column) in row.cells.iter().zip(&plan.columns) {
        if let Some(value) = value {
            cell(&written(&column.field, value), out);
        }
        out.push(',');
    }
    cell(row.source, out);
    out.push(',');
    cell(row.since, out);
    out.push(',');
    cell(word(row.source_status), out);
    out.push(',');
    cell(word(row.village_status), out);
    out.push(',');
    cell(&row.disputed.join("、"), out);
    out.push(',');
    out.push_str(if row.changed { "是" } else { "" });
    out.push(',');
    let mut id = [0; 36];
    out.push_str(row.resident.hyphenated().encode_lower(&mut id));
    out.push_str("\r\n");
}

/// The mark as the last line, as wide as every other and without 人员编号, so that it breaks no reader of tables and
/// says that the file is whole.
pub fn mark(plan: &Plan, mark: &Mark, rows: u64) -> String {
    let said = mark.lines(rows);
    let mut cells = vec![Cow::Borrowed("导出说明")];
    cells.extend(
        said.iter()
            .map(|(label, value)| format!("{label}：{value}").into()),
    );
    cells.resize(
        BEFORE.len() + plan.columns.len() + BEHIND.len(),
        Cow::Borrowed(""),
    );
    let mut out = String::new();
    line(cells.iter().map(AsRef::as_ref), &mut out);
    out
}

pub(crate) fn line<'a>(cells: impl IntoIterator<Item = &'a str>, out: &mut String) {
    for (n, text) in cells.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        cell(text, out);
    }
    out.push_str("\r\n");
}

fn cell(text: &str, out: &mut String) {
    let text = guarded(text);
    if text.contains([',', '"', '\n', '\r']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&text);
    }
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
