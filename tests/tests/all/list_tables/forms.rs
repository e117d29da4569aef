//! One table in each form that a list comes in: text, a workbook with shared strings, a web page, XML Spreadsheet 2003.

use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A sheet: its name, and its cells by row. `<` belongs to the cell at left, `^` to the one above, `#1` is a number.
pub struct Sheet {
    pub name: String,
    pub rows: Vec<Vec<String>>,
}

/// The forms of a file by the name of the form. Text has room for one sheet only.
pub fn all(sheets: &[Sheet]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("xlsx", xlsx(sheets)),
        ("html", html(sheets)),
        ("xml", xml(sheets)),
    ];
    if let [one] = sheets {
        forms.push(("csv", text(one, ',')));
        forms.push(("txt", text(one, '\t')));
    }
    forms
}

/// What a cell holds where it is no part of another.
fn plain(cell: &str) -> Option<&str> {
    match cell {
        "" | "<" | "^" => None,
        _ => Some(cell.strip_prefix('#').unwrap_or(cell)),
    }
}

fn text(sheet: &Sheet, between: char) -> Vec<u8> {
    let mut out = String::from("\u{FEFF}");
    for row in &sheet.rows {
        for (n, cell) in row.iter().enumerate() {
            let quoted = plain(cell).unwrap_or_default().replace('"', "\"\"");
            let quote = if quoted.contains([between, '"', '\n']) {
                "\""
            } else {
                ""
            };
            if n > 0 {
                out.push(between);
            }
            out.push_str(&format!("{quote}{quoted}{quote}"));
        }
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// How many cells a cell reaches to the right and downwards.
fn reach(rows: &[Vec<String>], row: usize, column: usize) -> (usize, usize) {
    let right = rows[row][column + 1..].iter().take_while(|c| *c == "<").count();
    let below = rows[row + 1..]
        .iter()
        .take_while(|r| r.get(column).is_some_and(|c| c == "^"))
        .count();
    (right, below)
}

fn column(n: usize) -> String {
    let letter = |n: usize| char::from(b'A' + n as u8);
    match n / 26 {
        0 => letter(n).to_string(),
        more => format!("{}{}", letter(more - 1), letter(n % 26)),
    }
}

/// As Excel and WPS write it: a table of shared strings, of which some are in pieces, and a dimension that is wrong.
fn xlsx(sheets: &[Sheet]) -> Vec<u8> {
    let mut strings: Vec<String> = Vec::new();
    let mut parts: Vec<(String, String)> = Vec::new();
    let (mut named, mut relations) = (String::new(), String::new());
    for (n, sheet) in sheets.iter().enumerate() {
        let (mut rows, mut merges) = (String::new(), String::new());
        for (r, row) in sheet.rows.iter().enumerate() {
            rows.push_str(&format!("<row r=\"{}\">", r + 1));
            for (c, cell) in row.iter().enumerate() {
                let Some(shown) = plain(cell) else { continue };
                let place = format!("{}{}", column(c), r + 1);
                if cell.starts_with('#') {
                    rows.push_str(&format!("<c r=\"{place}\"><v>{shown}</v></c>"));
                } else {
                    let at = strings.iter().position(|s| s == shown).unwrap_or(strings.len());
                    if at == strings.len() {
                        strings.push(shown.to_owned());
                    }
                    rows.push_str(&format!("<c r=\"{place}\" t=\"s\"><v>{at}</v></c>"));
                }
                let (right, below) = reach(&sheet.rows, r, c);
                if right + below > 0 {
                    let to = format!("{}{}", column(c + right), r + below + 1);
                    merges.push_str(&format!("<mergeCell ref=\"{place}:{to}\"/>"));
                }
            }
            rows.push_str("</row>");
        }
        let merges = match merges.is_empty() {
            true => merges,
            false => format!("<mergeCells>{merges}</mergeCells>"),
        };
        parts.push((
            format!("xl/worksheets/sheet{}.xml", n + 1),
            format!("<worksheet><dimension ref=\"A1\"/><sheetData>{rows}</sheetData>{merges}</worksheet>"),
        ));
        let name = match sheet.name.as_str() {
            "" => "Sheet1",
            name => name,
        };
        named.push_str(&format!(
            "<sheet name=\"{}\" sheetId=\"{}\" r:id=\"rId{}\"/>",
            escaped(name),
            n + 1,
            n + 1
        ));
        relations.push_str(&format!(
            "<Relationship Id=\"rId{}\" Type=\"x/worksheet\" Target=\"worksheets/sheet{}.xml\"/>",
            n + 1,
            n + 1
        ));
    }
    let shared: String = strings.iter().map(|text| shared(text)).collect();
    parts.push(("xl/sharedStrings.xml".into(), format!("<sst>{shared}</sst>")));
    relations.push_str("<Relationship Id=\"rIdS\" Type=\"x/sharedStrings\" Target=\"sharedStrings.xml\"/>");
    parts.push((
        "xl/_rels/workbook.xml.rels".into(),
        format!("<Relationships>{relations}</Relationships>"),
    ));
    parts.push((
        "xl/workbook.xml".into(),
        format!("<workbook xmlns:r=\"r\"><sheets>{named}</sheets></workbook>"),
    ));
    parts.push((
        "_rels/.rels".into(),
        "<Relationships><Relationship Id=\"rId1\" Type=\"x/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            .into(),
    ));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, body) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(body.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A red star and a bold half are runs of their own; how something is pronounced is no part of it.
fn shared(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let run = |part: &[char]| {
        let part: String = part.iter().collect();
        format!(
            "<r><rPr><b/></rPr><t xml:space=\"preserve\">{}</t></r>",
            escaped(&part)
        )
    };
    match chars.len() {
        0..=3 => format!("<si><t xml:space=\"preserve\">{}</t></si>", escaped(text)),
        n => format!(
            "<si>{}{}<rPh sb=\"0\" eb=\"1\"><t>pinyin</t></rPh></si>",
            run(&chars[..n / 2]),
            run(&chars[n / 2..])
        ),
    }
}

fn html(sheets: &[Sheet]) -> Vec<u8> {
    let mut out = String::from(
        "<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><meta charset=\"utf-8\"><body>",
    );
    for sheet in sheets {
        out.push_str("<table border=1>");
        for (r, row) in sheet.rows.iter().enumerate() {
            out.push_str("<tr>");
            for (c, cell) in row.iter().enumerate() {
                if matches!(cell.as_str(), "<" | "^") {
                    continue;
                }
                let (right, below) = reach(&sheet.rows, r, c);
                let shown = escaped(plain(cell).unwrap_or_default()).replace('\n', "<br>");
                out.push_str(&format!(
                    "<td colspan={} rowspan={} style='mso-number-format:\"\\@\"'><font>{shown}</font></td>",
                    right + 1,
                    below + 1
                ));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</table>");
    }
    out.into_bytes()
}

fn xml(sheets: &[Sheet]) -> Vec<u8> {
    let mut out = String::from(
        "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>\
         <Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
         xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">",
    );
    for sheet in sheets {
        let name = match sheet.name.as_str() {
            "" => "Sheet1",
            name => name,
        };
        out.push_str(&format!("<Worksheet ss:Name=\"{}\"><Table>", escaped(name)));
        for (r, row) in sheet.rows.iter().enumerate() {
            out.push_str(&format!("<Row ss:Index=\"{}\">", r + 1));
            for (c, cell) in row.iter().enumerate() {
                let Some(shown) = plain(cell) else { continue };
                let (right, below) = reach(&sheet.rows, r, c);
                let kind = if cell.starts_with('#') { "Number" } else { "String" };
                out.push_str(&format!("<Cell ss:Index=\"{}\"", c + 1));
                if right > 0 {
                    out.push_str(&format!(" ss:MergeAcross=\"{right}\""));
                }
                if below > 0 {
                    out.push_str(&format!(" ss:MergeDown=\"{below}\""));
                }
                let shown = escaped(shown).replace('\n', "&#10;");
                out.push_str(&format!("><Data ss:Type=\"{kind}\">{shown}</Data></Cell>"));
            }
            out.push_str("</Row>");
        }
        out.push_str("</Table></Worksheet>");
    }
    out.push_str("</Workbook>");
    out.into_bytes()
}
