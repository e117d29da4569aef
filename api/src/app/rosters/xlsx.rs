//! A roster as a workbook, written as it is read: every cell text, so that numbers keep their digits and nothing is
//! calculated. Rows are made on any thread with a gap for their number; the workbook fills the gaps in order.

use super::line::{Row, word, written};
use super::mark::Mark;
use super::plan::Plan;
use crate::app::Error;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

/// Stands for a row's number until it is known; no text of a workbook holds it.
const GAP: char = '\u{0}';
/// Rows of one sheet, its header among them.
const MOST: u64 = 1_048_576;

/// Makes one row, with gaps.
pub fn row(plan: &Plan, row: &Row<'_>, out: &mut String) {
    let mut column = 0;
    let mut add = |text: &str, out: &mut String| {
        cell(column, text, out);
        column += 1;
    };
    out.push_str("<row r=\"\u{0}\">");
    for place in [row.town, row.village, row.grid] {
        add(place, out);
    }
    for (value, field) in row.cells.iter().zip(&plan.columns) {
        match value {
            Some(value) => add(&written(&field.field, value), out),
            None => add("", out),
        }
    }
    add(row.source, out);
    add(row.since, out);
    add(word(row.source_status), out);
    add(word(row.village_status), out);
    add(&row.disputed.join("、"), out);
    add(if row.changed { "是" } else { "" }, out);
    add(&row.resident.to_string(), out);
    out.push_str("</row>");
}

fn plain_row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::from("<row r=\"\u{0}\">");
    for (column, text) in cells.into_iter().enumerate() {
        cell(column, text, &mut out);
    }
    out.push_str("</row>");
    out
}

fn cell(column: usize, text: &str, out: &mut String) {
    if text.is_empty() {
        return;
    }
    out.push_str("<c r=\"");
    letters(column, out);
    out.push_str("\u{0}\" s=\"1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">");
    escaped(text, out);
    out.push_str("</t></is></c>");
}

fn letters(column: usize, out: &mut String) {
    if column >= 26 {
        letters(column / 26 - 1, out);
    }
    out.push(char::from(b'A' + (column % 26) as u8));
}

/// Text as XML holds it; what a spreadsheet would take for one of its own escapes (`_x0041_`) is escaped itself.
fn escaped(text: &str, out: &mut String) {
    let text = match text.contains("_x") {
        true => Cow::Owned(text.replace("_x", "_x005F_x")),
        false => Cow::Borrowed(text),
    };
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\r' => out.push_str("&#13;"),
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => out.push(c),
        }
    }
}

/// A workbook that is being written: what is ready is taken from it piece by piece.
pub struct Book {
    zip: ZipWriter<StreamWriter<Shared>>,
    ready: Shared,
    header: String,
    sheets: u32,
    /// Rows of the sheet so far.
    rows: u64,
    /// Rows of one sheet, its header among them.
    most: u64,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const SHEET: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>"#;
const SHEET_END: &str = "</sheetData></worksheet>";
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>"#;
const RELS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>"#;

impl Book {
    /// Begins a workbook with a sheet and its header.
    ///
    /// # Errors
    /// `Damaged` when it cannot be made; the same below.
    pub fn begin(plan: &Plan) -> Result<Book, Error> {
        let ready = Shared::default();
        let mut book = Book {
            zip: ZipWriter::new_stream(ready.clone()),
            ready,
            header: plain_row(plan.header()),
            sheets: 0,
            rows: 0,
            most: MOST,
        };
        book.sheet().map_err(broken)?;
        Ok(book)
    }

    /// Writes rows that [`row`] made, and answers the bytes that are ready.
    pub fn add(&mut self, rows: &str) -> Result<Vec<u8>, Error> {
        for row in rows.split_inclusive("</row>") {
            if self.rows == self.most {
                self.zip
                    .write_all(SHEET_END.as_bytes())
                    .map_err(|e| broken(e.into()))?;
                self.sheet().map_err(broken)?;
            }
            self.numbered(row).map_err(|e| broken(e.into()))?;
        }
        Ok(self.ready.take())
    }

    /// Writes the last sheet and the properties, both with the mark, and answers the rest of the bytes.
    pub fn end(mut self, mark: &Mark, rows: u64) -> Result<Vec<u8>, Error> {
        self.close(mark, rows).map_err(broken)?;
        let ready = self.ready.clone();
        self.zip.finish().map_err(broken)?;
        Ok(ready.take())
    }

    fn numbered(&mut self, row: &str) -> io::Result<()> {
        self.rows += 1;
        let number = self.rows.to_string();
        for (n, part) in row.split(GAP).enumerate() {
            if n > 0 {
                self.zip.write_all(number.as_bytes())?;
            }
            self.zip.write_all(part.as_bytes())?;
        }
        Ok(())
    }

    fn sheet(&mut self) -> zip::result::ZipResult<()> {
        self.sheets += 1;
        self.rows = 0;
        let name = format!("xl/worksheets/sheet{}.xml", self.sheets);
        self.zip.start_file(name, options())?;
        self.zip.write_all(SHEET.as_bytes())?;
        let header = self.header.clone();
        Ok(self.numbered(&header)?)
    }

    fn close(&mut self, mark: &Mark, rows: u64) -> zip::result::ZipResult<()> {
        self.zip.write_all(SHEET_END.as_bytes())?;
        let said = mark.lines(rows);
        self.header = plain_row(["导出说明", ""]);
        self.sheet()?;
        for (label, value) in &said {
            self.numbered(&plain_row([label, value.as_str()]))?;
        }
        self.zip.write_all(SHEET_END.as_bytes())?;
        let told: Vec<String> = said
            .iter()
            .map(|(label, value)| format!("{label}：{value}"))
            .collect();
        let (mut by, mut told_xml) = (String::new(), String::new());
        escaped(&mark.by, &mut by);
        escaped(&told.join("；"), &mut told_xml);
        let core = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<cp:coreProperties \
             xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:creator>{by}</dc:creator>\
             <dc:description>{told_xml}</dc:description><dcterms:created xsi:type=\"dcterms:W3CDTF\">{}\
             </dcterms:created></cp:coreProperties>",
            mark.at
        );
        let (book, rels, types) = self.parts();
        for (name, text) in [
            ("xl/workbook.xml", book.as_str()),
            ("xl/_rels/workbook.xml.rels", &rels),
            ("xl/styles.xml", STYLES),
            ("docProps/core.xml", &core),
            ("_rels/.rels", RELS),
            ("[Content_Types].xml", &types),
        ] {
            self.zip.start_file(name, options())?;
            self.zip.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    /// The workbook, what it refers to, and the types of all parts.
    fn parts(&self) -> (String, String, String) {
        const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
        let mut book = format!(
            "{HEAD}<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
             xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>"
        );
        let kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let mut rels = format!(
            "{HEAD}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
        );
        let sheets = "application/vnd.openxmlformats-officedocument.spreadsheetml";
        let mut types = format!(
            "{HEAD}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default \
             Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default \
             Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" \
             ContentType=\"{sheets}.sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" \
             ContentType=\"{sheets}.styles+xml\"/><Override PartName=\"/docProps/core.xml\" \
             ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>"
        );
        for n in 1..=self.sheets {
            let name = match n {
                n if n == self.sheets => "导出说明".to_owned(),
                1 => "底册".to_owned(),
                n => format!("底册{n}"),
            };
            // Writing to a string cannot fail.
            let _ = write!(book, "<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>");
            let _ = write!(
                rels,
                "<Relationship Id=\"rId{n}\" Type=\"{kinds}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
            );
            let _ = write!(
                types,
                "<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"{sheets}.worksheet+xml\"/>"
            );
        }
        let n = self.sheets + 1;
        let _ = write!(
            rels,
            "<Relationship Id=\"rId{n}\" Type=\"{kinds}/styles\" Target=\"styles.xml\"/>"
        );
        (
            book + "</sheets></workbook>",
            rels + "</Relationships>",
            types + "</Types>",
        )
    }
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(1))
}

fn broken(_: zip::result::ZipError) -> Error {
    Error::Damaged("workbook")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_a_sheet_goes_on_in_the_next() {
        let ready = Shared::default();
        let mut book = Book {
            zip: ZipWriter::new_stream(ready.clone()),
            ready,
            header: plain_row(["姓名", "身份证号"]),
            sheets: 0,
            rows: 0,
            most: 3,
        };
        book.sheet().unwrap();
        let mut bytes = Vec::new();
        for name in ["李一", "李二", "李三", "李四", "李五"] {
            bytes.extend(book.add(&plain_row([name, "无"])).unwrap());
        }
        let mark = Mark {
            by: "民政".into(),
            account: uuid::Uuid::nil(),
            at: domain::Instant::from_millis(0),
            request: String::new(),
            category: "残疾人",
            purpose: "核对".into(),
            cursor: None,
        };
        bytes.extend(book.end(&mark, 5).unwrap());
        let read = crate::lists::read(crate::lists::ListKind::Population, "底册.xlsx", &bytes).unwrap();
        let sheets: Vec<&str> = read.outline.sheets.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(sheets, ["底册", "底册2", "底册3"]);
        let rows: Vec<(usize, u32)> = read.rows.iter().map(|row| (row.sheet, row.number)).collect();
        assert_eq!(rows, [(0, 2), (0, 3), (1, 2), (1, 3), (2, 2)]);
    }

    #[test]
    fn cells_as_xml() {
        for (column, text, expected) in [
            (
                0,
                "=1+1 & <b>",
                "<c r=\"A\u{0}\" s=\"1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">=1+1 &amp; &lt;b&gt;</t></is></c>",
            ),
            (
                27,
                "_x0041_\u{1}",
                "<c r=\"AB\u{0}\" s=\"1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">_x005F_x0041_</t></is></c>",
            ),
            (3, "", ""),
        ] {
            let mut out = String::new();
            cell(column, text, &mut out);
            assert_eq!(out, expected);
        }
    }
}
