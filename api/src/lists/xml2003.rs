//! XML Spreadsheet 2003, which templates write and clerks know as .xls.

use super::cell::{Cell, GridRow, Merge, SheetHead};
use super::refusal::Refusal;
use super::xlsx::{Events, attribute, entity};
use quick_xml::events::{BytesStart, Event};

const MOST_COLUMNS: u32 = 16_384;

/// The sheets of a workbook with their rows.
pub fn sheets(xml: &str) -> Result<Vec<(SheetHead, Vec<GridRow>)>, Refusal> {
    let mut events = Events::new(xml.as_bytes());
    let mut book = Book::default();
    loop {
        match events.next()? {
            Event::Start(tag) => book.begin(&tag, false),
            Event::Empty(tag) => book.begin(&tag, true),
            Event::End(tag) => book.end(tag.local_name().as_ref()),
            Event::Text(text) => book.text(&text),
            Event::CData(text) => book.text(&text),
            Event::GeneralRef(name) => book.text(&entity(&name)),
            Event::Eof if book.open => return Err(Refusal::damaged()),
            Event::Eof => return Ok(book.sheets),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Book {
    sheets: Vec<(SheetHead, Vec<GridRow>)>,
    open: bool,
    row: GridRow,
    next_row: u32,
    next_column: u32,
    column: u32,
    formula: bool,
    kind: String,
    /// Text of the cell, where its data are being read.
    data: Option<String>,
    in_visible: bool,
    columns: u32,
}

impl Book {
    fn begin(&mut self, tag: &BytesStart<'_>, empty: bool) {
        let number = |name| attribute(tag, name).and_then(|v| v.parse::<u32>().ok());
        match tag.local_name().as_ref() {
            "Worksheet" => {
                self.open = !empty;
                (self.next_row, self.columns) = (1, 0);
                let name = attribute(tag, "Name").unwrap_or_default();
                let head = SheetHead {
                    name,
                    visible: true,
                    ..SheetHead::default()
                };
                self.sheets.push((head, Vec::new()));
            }
            "Column" => {
                let first = number("Index").map_or(self.columns, |n| n.saturating_sub(1));
                let last = first.saturating_add(number("Span").unwrap_or(0));
                self.columns = last.saturating_add(1);
                if attribute(tag, "Hidden").as_deref() == Some("1")
                    && let Some((head, _)) = self.sheets.last_mut()
                {
                    head.hidden_columns.push((first, last));
                }
            }
            "Row" => {
                let at = number("Index").filter(|n| *n > 0).unwrap_or(self.next_row);
                self.next_row = at.saturating_add(1).saturating_add(number("Span").unwrap_or(0));
                self.next_column = 0;
                self.row = GridRow {
                    number: at,
                    hidden: attribute(tag, "Hidden").as_deref() == Some("1"),
                    cells: Vec::new(),
                };
            }
            "Cell" => {
                self.column = number("Index").map_or(self.next_column, |n| n.saturating_sub(1));
                let across = number("MergeAcross").unwrap_or(0).min(MOST_COLUMNS);
                let down = number("MergeDown").unwrap_or(0).min(1 << 20);
                self.next_column = self.column.saturating_add(1 + across);
                self.formula = attribute(tag, "Formula").is_some();
                if across + down > 0
                    && let Some((head, _)) = self.sheets.last_mut()
                {
                    head.merges.push(Merge {
                        first_row: self.row.number,
                        last_row: self.row.number.saturating_add(down),
                        first_column: self.column,
                        last_column: self.column.saturating_add(across),
                    });
                }
                if empty && self.formula {
                    self.add(Some(Cell::NoResult));
                }
            }
            "Data" if !empty => {
                self.kind = attribute(tag, "Type").unwrap_or_default();
                self.data = Some(String::new());
            }
            "Visible" => self.in_visible = !empty,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(data) = &mut self.data {
            data.push_str(text);
        } else if self.in_visible
            && matches!(text.trim(), "SheetHidden" | "SheetVeryHidden")
            && let Some((head, _)) = self.sheets.last_mut()
        {
            head.visible = false;
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "Data" => {
                if let Some(text) = self.data.take() {
                    let cell = read(&self.kind, &text);
                    let none = self.formula && text.is_empty() && self.kind != "String";
                    self.formula = false;
                    self.add(if none { Some(Cell::NoResult) } else { cell });
                }
            }
            "Cell" if self.formula => {
                self.formula = false;
                self.add(Some(Cell::NoResult));
            }
            "Row" => {
                let row = std::mem::take(&mut self.row);
                if let Some((_, rows)) = self.sheets.last_mut()
                    && !row.cells.is_empty()
                {
                    rows.push(row);
                }
            }
            "Visible" => self.in_visible = false,
            "Worksheet" => {
                self.open = false;
                if let Some((head, _)) = self.sheets.last_mut() {
                    head.merges
                        .sort_unstable_by_key(|m| (m.first_row, m.first_column));
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, cell: Option<Cell>) {
        if let Some(cell) = cell
            && self.column < MOST_COLUMNS
        {
            self.row.fill(self.column, cell);
        }
    }
}

fn read(kind: &str, text: &str) -> Option<Cell> {
    match kind {
        "Number" => match text.trim().parse::<f64>() {
            Ok(n) if n.is_finite() => Some(Cell::Number(n)),
            _ => Cell::text(text),
        },
        "Boolean" => Some(Cell::Bool(text.trim() == "1")),
        "Error" => Some(Cell::Error(text.into())),
        // 1978-12-04T00:00:00.000: the cell's own time, in no zone.
        "DateTime" => Cell::text(text.replace('T', " ").trim_end_matches(" 00:00:00.000")),
        _ => Cell::text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workbook() {
        let xml = r#"<?xml version="1.0"?><Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
            <Worksheet ss:Name="一"><Table><Column ss:Hidden="1"/><Row ss:Index="3"><Cell ss:Index="2"
            ss:MergeAcross="1"><Data ss:Type="String">a&amp;b</Data></Cell><Cell><Data ss:Type="Number">7</Data></Cell></Row>
            <Row ss:Hidden="1"><Cell ss:Formula="=1+1"/><Cell><ss:Data ss:Type="DateTime">1978-12-04T00:00:00.000</ss:Data></Cell></Row>
            </Table></Worksheet><Worksheet ss:Name="二"><Table/><WorksheetOptions><Visible>SheetHidden</Visible>
            </WorksheetOptions></Worksheet></Workbook>"#;
        let read = sheets(xml).unwrap();
        let rows: Vec<String> = read[0]
            .1
            .iter()
            .map(|r| {
                let cells: Vec<String> = r
                    .cells
                    .iter()
                    .map(|(c, v)| format!("{c}={}", v.shown()))
                    .collect();
                format!(
                    "{}{}:{}",
                    r.number,
                    if r.hidden { "h" } else { "" },
                    cells.join(" ")
                )
            })
            .collect();
        assert_eq!(rows, ["3:1=a&b 3=7", "4h:0= 1=1978-12-04"]);
        assert_eq!((read[0].0.merges.len(), read[0].0.hidden_columns.len()), (1, 1));
        assert_eq!((read[1].0.name.as_str(), read[1].0.visible), ("二", false));
        assert!(sheets(&xml[..400]).is_err());
    }
}
