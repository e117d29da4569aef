//! The small parts of a workbook: its links, its list of sheets, its shared strings and its number formats.

use super::super::refusal::Refusal;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::io::BufRead;

/// A link from one part to another.
pub struct Link {
    pub id: String,
    /// The last word of its type: `worksheet`, `styles`, …
    pub kind: String,
    pub path: String,
}

/// What a cell's style says that matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub date: bool,
    /// It shows the year and the month only.
    pub month: bool,
}

/// Events of a part, one after the other, with a clear refusal where it breaks off.
pub struct Events<R> {
    reader: Reader<R>,
    buffer: Vec<u8>,
}

impl<R: BufRead> Events<R> {
    pub fn new(xml: R) -> Events<R> {
        let mut reader = Reader::from_reader(xml);
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        Events {
            reader,
            buffer: Vec::with_capacity(1024),
        }
    }

    pub fn next(&mut self) -> Result<Event<'_>, Refusal> {
        self.buffer.clear();
        self.reader
            .read_event_into(&mut self.buffer)
            .map_err(|error| match error {
                quick_xml::Error::Io(io) if io.to_string().contains(super::guard::TOO_LARGE) => {
                    Refusal::too_large("解压后过大")
                }
                _ => Refusal::damaged(),
            })
    }
}

/// An attribute by its local name, entities resolved.
pub fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.attributes()
        .with_checks(false)
        .flatten()
        .find(|a| a.key.local_name().as_ref() == name)
        .and_then(|a| {
            a.normalized_value(XmlVersion::Implicit1_0)
                .ok()
                .map(|v| v.into_owned())
        })
}

pub fn yes(value: Option<String>) -> bool {
    matches!(value.as_deref(), Some("1" | "true" | "on"))
}

/// Text behind `&…;`, empty where it names nothing.
pub fn entity(name: &str) -> String {
    let code = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        },
        None => {
            return quick_xml::escape::resolve_predefined_entity(name)
                .unwrap_or_default()
                .to_owned();
        }
    };
    code.and_then(char::from_u32)
        .map(String::from)
        .unwrap_or_default()
}

/// Excel's own escape for characters that XML cannot hold: `_x000D_`.
pub fn unescaped(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let code = rest
            .get(at + 2..at + 6)
            .filter(|_| rest.get(at + 6..at + 7) == Some("_"));
        match code
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32)
        {
            Some(c) => {
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    out + rest
}

/// The links of a part in `folder`.
pub fn links(xml: impl BufRead, folder: &str) -> Result<Vec<Link>, Refusal> {
    let mut events = Events::new(xml);
    let mut links = Vec::new();
    loop {
        match events.next()? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "Relationship" => {
                let (id, kind) = (attribute(&tag, "Id"), attribute(&tag, "Type"));
                if let (Some(id), Some(kind), Some(target)) = (id, kind, attribute(&tag, "Target")) {
                    links.push(Link {
                        id,
                        kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                        path: whole_path(folder, &target),
                    });
                }
            }
            Event::Eof => return Ok(links),
            _ => {}
        }
    }
}

fn whole_path(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    if let Some(path) = target.strip_prefix('/') {
        return path.to_owned();
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|s| !s.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// Sheets as (name, link id, visible), and whether days are counted from 1904.
#[allow(clippy::type_complexity)]
pub fn workbook(xml: impl BufRead) -> Result<(Vec<(String, String, bool)>, bool), Refusal> {
    let mut events = Events::new(xml);
    let (mut sheets, mut system_1904) = (Vec::new(), false);
    loop {
        match events.next()? {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                "workbookPr" => system_1904 = yes(attribute(&tag, "date1904")),
                "sheet" => {
                    let id = tag
                        .attributes()
                        .with_checks(false)
                        .flatten()
                        .find(|a| a.key.as_ref().ends_with(":id"))
                        .map(|a| a.value.to_string());
                    let state = attribute(&tag, "state");
                    let visible = !matches!(state.as_deref(), Some("hidden" | "veryHidden"));
                    sheets.push((
                        attribute(&tag, "name").unwrap_or_default(),
                        id.unwrap_or_default(),
                        visible,
                    ));
                }
                _ => {}
            },
            Event::Eof => return Ok((sheets, system_1904)),
            _ => {}
        }
    }
}

/// The shared strings, rich text joined, readings (phonetic text) left out.
pub fn strings(xml: impl BufRead) -> Result<Vec<Box<str>>, Refusal> {
    let mut events = Events::new(xml);
    let mut strings: Vec<Box<str>> = Vec::new();
    let mut text = String::new();
    let (mut in_text, mut in_reading) = (false, false);
    loop {
        match events.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "si" => text.clear(),
                "t" => in_text = !in_reading,
                "rPh" => in_reading = true,
                _ => {}
            },
            Event::Empty(tag) if tag.local_name().as_ref() == "si" => strings.push("".into()),
            Event::End(tag) => match tag.local_name().as_ref() {
                "si" => strings.push(unescaped(&text).into()),
                "t" => in_text = false,
                "rPh" => in_reading = false,
                _ => {}
            },
            Event::Text(t) if in_text => text.push_str(&t),
            Event::CData(t) if in_text => text.push_str(&t),
            Event::GeneralRef(name) if in_text => text.push_str(&entity(&name)),
            Event::Eof => return Ok(strings),
            _ => {}
        }
    }
}

/// The styles that cells point to, in their order.
pub fn styles(xml: impl BufRead) -> Result<Vec<Style>, Refusal> {
    let mut events = Events::new(xml);
    let mut own: Vec<(u32, Style)> = Vec::new();
    let mut styles = Vec::new();
    let mut in_cells = false;
    loop {
        match events.next()? {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                "numFmt" => {
                    let id = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok());
                    if let (Some(id), Some(code)) = (id, attribute(&tag, "formatCode")) {
                        own.push((id, style_of(&code)));
                    }
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let id = attribute(&tag, "numFmtId")
                        .and_then(|id| id.parse().ok())
                        .unwrap_or(0);
                    let style = own.iter().find(|(n, _)| *n == id).map(|(_, style)| *style);
                    styles.push(style.unwrap_or_else(|| built_in(id)));
                }
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::Eof => return Ok(styles),
            _ => {}
        }
    }
}

/// The style of a number format's code.
pub fn style_of(code: &str) -> Style {
    let date = is_date_format(code);
    let shown = code.to_lowercase();
    let shown = shown.split(';').next().unwrap_or_default();
    Style {
        date,
        month: date && shown.contains('y') && shown.contains('m') && !shown.contains('d'),
    }
}

/// The style of a format that is known by its number.
pub const fn built_in(id: u32) -> Style {
    Style {
        date: matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58),
        month: matches!(id, 27 | 36 | 50 | 52 | 57),
    }
}

/// Whether a number format shows days: it has a year, month or day outside quotes, brackets and escapes.
fn is_date_format(code: &str) -> bool {
    let mut chars = code.chars();
    let (mut quoted, mut bracket) = (false, false);
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' => bracket = true,
            ']' => bracket = false,
            _ if bracket => {}
            '\\' | '_' | '*' => {
                chars.next();
            }
            ';' => return false,
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'e' => return !code.to_lowercase().contains("general"),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_formats() {
        for code in [
            "yyyy-mm-dd",
            "yyyy\"年\"m\"月\"",
            "[$-804]yyyy/m/d;@",
            "m/d/yy h:mm",
        ] {
            assert!(is_date_format(code), "{code}");
        }
        for code in [
            "General",
            "0.00",
            "@",
            "#,##0.00_);[Red](#,##0.00)",
            "0\"天(d)\"",
            "\\d0",
            "[DBNum1]0",
        ] {
            assert!(!is_date_format(code), "{code}");
        }
    }

    #[test]
    fn strings_with_runs_readings_and_escapes() {
        let xml = "<sst><si><t>姓名</t></si><si><r><t>姓</t></r><r><t>名</t></r><rPh><t>x</t></rPh></si><si/>\
                   <si><t>a&amp;b_x000D_&#26446;</t></si></sst>";
        let read: Vec<String> = strings(xml.as_bytes())
            .unwrap()
            .iter()
            .map(|s| s.to_string())
            .collect();
        assert_eq!(read, ["姓名", "姓名", "", "a&b\r李"]);
    }

    #[test]
    fn paths() {
        for (folder, target, expected) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/styles.xml", "xl/styles.xml"),
            ("xl/worksheets", "../sharedStrings.xml", "xl/sharedStrings.xml"),
            ("", "xl\\workbook.xml", "xl/workbook.xml"),
        ] {
            assert_eq!(whole_path(folder, target), expected);
        }
    }
}
