//! What holds for the whole workbook: its sheets, shared strings, number formats and day system.

use super::super::refusal::{Code, Refusal};
use super::super::xlsx::{Style, built_in, style_of};
use super::ole::{u16_at, u32_at};
use super::records::{Pieces, Records, text5, text8};
use encoding_rs::{Encoding, GBK};

pub struct Tab {
    pub name: String,
    pub visible: bool,
    pub is_worksheet: bool,
    /// Where its records begin.
    pub position: usize,
}

pub struct Globals {
    pub tabs: Vec<Tab>,
    pub strings: Vec<Box<str>>,
    /// The styles that cells point to, in their order.
    pub styles: Vec<Style>,
    pub system_1904: bool,
    /// BIFF8; older ones write texts in a code page.
    pub biff8: bool,
    pub code_page: &'static Encoding,
}

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
/// Most shared strings, by the bytes that each needs at least.
const LEAST_STRING: usize = 3;

pub fn read(stream: &[u8]) -> Result<Globals, Refusal> {
    let mut records = Records::new(stream, 0);
    let first = records.next().ok_or_else(Refusal::damaged)?;
    if first.kind != BOF {
        return Err(match first.kind {
            0x0009 | 0x0209 | 0x0409 => Refusal::new(
                Code::NotAList,
                "这是很旧的 Excel 文件，无法读取；请在表格软件中另存为 xlsx 格式后再上传。",
            ),
            _ => Refusal::damaged(),
        });
    }
    let mut globals = Globals {
        tabs: Vec::new(),
        strings: Vec::new(),
        styles: Vec::new(),
        system_1904: false,
        biff8: u16_at(first.data, 0) == Some(0x0600),
        code_page: GBK,
    };
    let mut formats: Vec<(u16, Style)> = Vec::new();
    let mut styles: Vec<u16> = Vec::new();
    let mut ended = false;
    while let Some(record) = records.next() {
        let data = record.data;
        match record.kind {
            EOF => {
                ended = true;
                break;
            }
            // The workbook is encrypted.
            0x002F => return Err(super::super::sniff::password()),
            0x0022 => globals.system_1904 = u16_at(data, 0) == Some(1),
            0x0042 => {
                globals.code_page = match u16_at(data, 0) {
                    Some(950) => encoding_rs::BIG5,
                    Some(1252) => encoding_rs::WINDOWS_1252,
                    Some(54_936) => encoding_rs::GB18030,
                    _ => GBK,
                };
            }
            0x041E => {
                let code = match globals.biff8 {
                    true => text8(data.get(2..).unwrap_or_default(), false),
                    false => text5(data.get(2..).unwrap_or_default(), true, globals.code_page),
                };
                if let (Some(id), Some(code)) = (u16_at(data, 0), code) {
                    formats.push((id, style_of(&code)));
                }
            }
            0x00E0 => styles.push(u16_at(data, 2).unwrap_or(0)),
            0x0085 => globals.tabs.extend(tab(data, globals.biff8, globals.code_page)),
            0x00FC => {
                let mut pieces = vec![data];
                while let Some(more) = records.continued() {
                    pieces.push(more);
                }
                globals.strings = strings(pieces, stream.len());
            }
            _ => {}
        }
    }
    if !ended {
        return Err(Refusal::damaged());
    }
    let style = |id: u16| formats.iter().find(|(n, _)| *n == id).map(|(_, style)| *style);
    globals.styles = styles
        .into_iter()
        .map(|id| style(id).unwrap_or_else(|| built_in(u32::from(id))))
        .collect();
    Ok(globals)
}

fn tab(data: &[u8], biff8: bool, code_page: &'static Encoding) -> Option<Tab> {
    let name = data.get(6..)?;
    Some(Tab {
        name: match biff8 {
            true => text8(name, true)?,
            false => text5(name, true, code_page)?,
        },
        visible: data.get(4)? & 3 == 0,
        is_worksheet: *data.get(5)? == 0,
        position: u32_at(data, 0)? as usize,
    })
}

fn strings(pieces: Vec<&[u8]>, most: usize) -> Vec<Box<str>> {
    let mut pieces = Pieces::new(pieces);
    let (Some(_), Some(count)) = (pieces.u32(), pieces.u32()) else {
        return Vec::new();
    };
    // A count that lies ends with the bytes.
    (0..(count as usize).min(most / LEAST_STRING))
        .map_while(|_| pieces.text())
        .map(String::into_boxed_str)
        .collect()
}
