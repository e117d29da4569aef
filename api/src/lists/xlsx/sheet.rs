//! One worksheet: what surrounds its rows, and its rows.

use super::super::cell::{Cell, GridRow, Merge};
use super::super::refusal::Refusal;
use super::parts::{Events, Style, attribute, entity, unescaped, yes};
use domain::date;
use quick_xml::events::{BytesStart, Event};
use std::io::BufRead;
use std::ops::ControlFlow;

/// Most merged ranges that are looked at: more is a file made to hurt.
const MOST_MERGES: usize = 200_000;

/// Hidden columns, first and last.
type Columns = Vec<(u32, u32)>;

/// Merged ranges and hidden columns. Merges stand behind the rows in the file but are needed before them: the
/// bytes are searched, not parsed.
pub fn surroundings(mut xml: impl BufRead) -> Result<(Vec<Merge>, Columns), Refusal> {
    let mut merges = Vec::new();
    let mut columns = Vec::new();
    let mut kept: Vec<u8> = Vec::new();
    let mut chunk = vec![0_u8; 256 << 10];
    loop {
        let n = xml.read(&mut chunk).map_err(|error| {
            match error.to_string().contains(super::guard::TOO_LARGE) {
                true => Refusal::too_large("解压后过大"),
                false => Refusal::damaged(),
            }
        })?;
        kept.extend_from_slice(&chunk[..n]);
        let used = scan(&kept, n == 0, &mut merges, &mut columns);
        kept.drain(..used);
        if n == 0 || merges.len() > MOST_MERGES {
            break;
        }
    }
    merges.sort_unstable_by_key(|m| (m.first_row, m.first_column));
    Ok((merges, columns))
}

/// Looks through bytes for the two tags; says how many bytes are done with: a tag may be cut in two.
fn scan(bytes: &[u8], last: bool, merges: &mut Vec<Merge>, columns: &mut Columns) -> usize {
    for at in memchr::memchr_iter(b'<', bytes) {
        let rest = &bytes[at..];
        let start = &rest[1..rest.len().min(24)];
        let near = start.starts_with(b"mergeCell") || start.starts_with(b"col") || start.contains(&b':');
        if !near && start.len() == 23 {
            continue;
        }
        let Some(end) = memchr::memchr(b'>', &rest[..rest.len().min(1024)]) else {
            if !last && rest.len() < 1024 {
                return at;
            }
            continue;
        };
        let tag = &rest[1..end];
        let word = tag
            .split(|b| b.is_ascii_whitespace() || *b == b'/')
            .next()
            .unwrap_or_default();
        let name = word.rsplit(|b| *b == b':').next().unwrap_or_default();
        if name == b"mergeCell" {
            if let Some(merge) = value(tag, "ref").and_then(|v| super::range(&v)) {
                merges.push(merge);
            }
        } else if name == b"col" && matches!(value(tag, "hidden").as_deref(), Some("1" | "true")) {
            let number = |name| value(tag, name).and_then(|v| v.parse::<u32>().ok());
            if let (Some(min), Some(max)) = (number("min"), number("max")) {
                columns.push((min.saturating_sub(1), max.saturating_sub(1)));
            }
        }
    }
    bytes.len()
}

fn value(tag: &[u8], name: &str) -> Option<String> {
    let tag = std::str::from_utf8(tag).ok()?;
    let at = tag.find(&format!(" {name}="))? + name.len() + 2;
    let quote = tag[at..].chars().next()?;
    let text = &tag[at + 1..];
    Some(text[..text.find(quote)?].to_owned())
}

/// What is needed to read the cells of a sheet.
pub struct Reading<'a> {
    pub strings: &'a [Box<str>],
    pub styles: &'a [Style],
    pub system_1904: bool,
}

/// A cell while it is read.
#[derive(Default)]
struct Open {
    column: u32,
    kind: String,
    style: Style,
    formula: bool,
    value: bool,
    text: String,
}

impl Reading<'_> {
    pub fn rows(
        &self,
        xml: impl BufRead,
        take: &mut dyn FnMut(GridRow) -> Result<ControlFlow<()>, Refusal>,
    ) -> Result<(), Refusal> {
        let mut events = Events::new(xml);
        let mut row = GridRow::default();
        let mut cell: Option<Open> = None;
        let mut next_column = 0;
        // What the text that comes belongs to.
        let (mut in_value, mut in_reading, mut in_data) = (false, false, false);
        loop {
            match events.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "sheetData" => in_data = true,
                    "row" if in_data => {
                        row = begin_row(&tag, row.number);
                        next_column = 0;
                    }
                    "c" if in_data => {
                        let open = self.begin_cell(&tag, next_column);
                        next_column = open.column + 1;
                        cell = Some(open);
                    }
                    "f" => {
                        if let Some(cell) = &mut cell {
                            cell.formula = true;
                        }
                    }
                    "rPh" => in_reading = true,
                    "v" | "t" if !in_reading => {
                        in_value = true;
                        if let Some(cell) = &mut cell {
                            cell.value = true;
                        }
                    }
                    _ => {}
                },
                Event::Empty(tag) => match tag.local_name().as_ref() {
                    "row" if in_data => row.number = begin_row(&tag, row.number).number,
                    "c" if in_data => next_column = self.begin_cell(&tag, next_column).column + 1,
                    "f" => {
                        if let Some(cell) = &mut cell {
                            cell.formula = true;
                        }
                    }
                    _ => {}
                },
                Event::Text(text) if in_value => push(&mut cell, &text),
                Event::CData(text) if in_value => push(&mut cell, &text),
                Event::GeneralRef(name) if in_value => push(&mut cell, &entity(&name)),
                Event::End(tag) => match tag.local_name().as_ref() {
                    "v" | "t" => in_value = false,
                    "rPh" => in_reading = false,
                    "c" => {
                        if let Some(open) = cell.take() {
                            let column = open.column;
                            let read = self.finish(open);
                            add(&mut row, column, read);
                        }
                    }
                    "row" if in_data => {
                        let full = GridRow {
                            number: row.number,
                            hidden: row.hidden,
                            cells: std::mem::take(&mut row.cells),
                        };
                        if !full.cells.is_empty() && take(full)?.is_break() {
                            return Ok(());
                        }
                    }
                    "sheetData" => return Ok(()),
                    _ => {}
                },
                // Broken off inside the rows: what is missing cannot be known.
                Event::Eof if in_data => return Err(Refusal::damaged()),
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn begin_cell(&self, tag: &BytesStart<'_>, next: u32) -> Open {
        let mut open = Open {
            column: next,
            ..Open::default()
        };
        for a in tag.attributes().with_checks(false).flatten() {
            match a.key.as_ref() {
                "r" => {
                    let at = super::position(&a.value);
                    open.column = at.map_or(next, |(column, _)| column);
                }
                "t" => open.kind = a.value.to_string(),
                "s" => {
                    let style = a.value.parse::<usize>().ok();
                    open.style = style
                        .and_then(|n| self.styles.get(n))
                        .copied()
                        .unwrap_or_default();
                }
                _ => {}
            }
        }
        open
    }

    fn finish(&self, open: Open) -> Option<Cell> {
        if open.formula && (!open.value || open.text.is_empty()) && open.kind != "str" {
            return Some(Cell::NoResult);
        }
        if open.formula && !open.value {
            return Some(Cell::NoResult);
        }
        match open.kind.as_str() {
            // An empty index names no string; some programs write it for an empty cell.
            "s" => Cell::text(self.strings.get(open.text.trim().parse::<usize>().ok()?)?),
            "str" | "inlineStr" => Cell::text(&unescaped(&open.text)),
            "b" => Some(Cell::Bool(open.text.trim() == "1")),
            "e" => Some(Cell::Error(open.text.as_str().into())),
            "d" => Cell::text(&open.text),
            _ if open.text.is_empty() => None,
            _ => match open.text.trim().parse::<f64>() {
                Ok(n) if open.style.date => Some(date_cell(n, open.style, self.system_1904)),
                Ok(n) if n.is_finite() => Some(Cell::Number(n)),
                _ => Cell::text(&open.text),
            },
        }
    }
}

/// A day number as a date cell; a number that is no day stays a number.
pub fn date_cell(serial: f64, style: Style, system_1904: bool) -> Cell {
    let day = date::from_serial(serial, system_1904)
        .ok()
        .and_then(date::Day::date);
    let Some(day) = day else {
        return Cell::Number(serial);
    };
    let seconds = (serial.fract() * 86_400.0).round() as u32;
    let text = match seconds {
        // The first of a month that is shown as a month is meant as one.
        0 if style.month && day.day() == 1 => format!("{:04}-{:02}", day.year(), day.month()),
        0 | 86_400.. => day.to_string(),
        s => format!("{day} {:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60),
    };
    Cell::Date {
        serial,
        text: text.into(),
    }
}

fn begin_row(tag: &BytesStart<'_>, before: u32) -> GridRow {
    let number = attribute(tag, "r").and_then(|r| r.parse().ok());
    GridRow {
        number: number.filter(|n| *n > 0).unwrap_or(before.saturating_add(1)),
        hidden: yes(attribute(tag, "hidden")),
        cells: Vec::new(),
    }
}

/// Cells come in order; where a file repeats or disorders them, the first of a column stays.
fn add(row: &mut GridRow, column: u32, cell: Option<Cell>) {
    let Some(cell) = cell else { return };
    match row.cells.last() {
        Some((last, _)) if *last >= column => row.fill(column, cell),
        _ => row.cells.push((column, cell)),
    }
}

fn push(cell: &mut Option<Open>, text: &str) {
    if let Some(cell) = cell {
        cell.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> String {
        let strings = ["甲".into(), "乙".into()];
        let styles = ["General", "yyyy-mm-dd", "yyyy\"年\"m\"月\""].map(super::super::parts::style_of);
        let reading = Reading {
            strings: &strings,
            styles: &styles,
            system_1904: false,
        };
        let mut rows = Vec::new();
        let result = reading.rows(xml.as_bytes(), &mut |row| {
            let cells: Vec<String> = row
                .cells
                .iter()
                .map(|(c, cell)| match cell {
                    Cell::NoResult => format!("{c}?"),
                    Cell::Error(_) => format!("{c}!"),
                    cell => format!("{c}={}", cell.shown()),
                })
                .collect();
            rows.push(format!(
                "{}{}:{}",
                row.number,
                if row.hidden { "h" } else { "" },
                cells.join(" ")
            ));
            Ok(ControlFlow::Continue(()))
        });
        if let Err(refusal) = result {
            rows.push(refusal.code.name().to_owned());
        }
        rows.join(" | ")
    }

    #[test]
    fn cells_of_every_kind() {
        let cases = [
            (r#"<row r="2"><c r="B2" t="s"><v>1</v></c></row>"#, "2:1=乙"),
            (
                r#"<row><c><v>1.5</v></c><c t="inlineStr"><is><t>x</t></is></c></row>"#,
                "1:0=1.5 1=x",
            ),
            (
                r#"<row r="3"><c r="A3" t="s"><v/></c><c r="C3" t="s"><v></v></c></row>"#,
                "",
            ),
            (
                r#"<row r="1"><c r="A1"><f>1+1</f></c><c r="B1"><f>1</f><v></v></c></row>"#,
                "1:0? 1?",
            ),
            (
                r#"<row r="1"><c r="A1" t="str"><f>T("")</f><v></v></c></row>"#,
                "",
            ),
            (
                r#"<row r="1"><c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>"#,
                "1:0!",
            ),
            (
                r#"<row r="1" hidden="1"><c r="A1" s="1"><v>28828</v></c></row>"#,
                "1h:0=1978-12-04",
            ),
            (
                r#"<row r="1"><c r="A1" s="1"><v>45859.05</v></c></row>"#,
                "1:0=2025-07-21 01:12:00",
            ),
            (
                r#"<row r="1"><c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t>&amp;b</t></r></is></c></row>"#,
                "1:0=a&b",
            ),
            (r#"<row r="5"/><row><c><v>7</v></c></row>"#, "6:0=7"),
            (r#"<row r="1"><c r="A1" t="b"><v>1</v></c></row>"#, "1:0=是"),
        ];
        for (rows, expected) in cases {
            let xml = format!("<worksheet><dimension ref=\"A1\"/><sheetData>{rows}</sheetData></worksheet>");
            assert_eq!(read(&xml), expected, "{rows}");
        }
        assert_eq!(
            read("<worksheet><sheetData><row r=\"1\"><c><v>1</v></c></row>"),
            "1:0=1 | file_damaged"
        );
    }

    #[test]
    fn merges_and_hidden_columns() {
        let xml = r#"<worksheet><cols><col min="2" max="3" hidden="1"/><col min="5" max="5"/></cols><sheetData/>
            <x:mergeCells><x:mergeCell ref="A4:A9"/><mergeCell ref="B1:C2"/></x:mergeCells></worksheet>"#;
        let (merges, columns) = surroundings(xml.as_bytes()).unwrap();
        let rows: Vec<(u32, u32)> = merges.iter().map(|m| (m.first_row, m.last_row)).collect();
        assert_eq!((rows, columns), (vec![(1, 2), (4, 9)], vec![(1, 2)]));
    }
}
