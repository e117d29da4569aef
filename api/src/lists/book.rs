//! A handed-in file as sheets of rows, whatever its format.

use super::cell::{GridRow, SheetHead};
use super::delimited::Delimited;
use super::refusal::{Code, Refusal};
use super::sniff::{Format, sniff};
use super::{encoding, html, xls, xlsx, xml2003};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Largest file that is read.
pub const MOST_BYTES: usize = 300 << 20;

/// An opened file.
pub struct Book<'a> {
    pub sheets: Vec<SheetHead>,
    /// Days are counted from 1904.
    pub system_1904: bool,
    /// What a clerk should know about how the file was read.
    pub notes: Vec<String>,
    body: Body<'a>,
}

enum Body<'a> {
    Xlsx(Box<xlsx::Workbook<'a>>),
    Text(Delimited),
    Held(Vec<Vec<GridRow>>),
}

impl<'a> Book<'a> {
    pub fn open(bytes: &'a [u8]) -> Result<Book<'a>, Refusal> {
        if bytes.len() > MOST_BYTES {
            return Err(Refusal::too_large("过大"));
        }
        // Libraries for these formats have been seen to panic on damaged files.
        catch_unwind(AssertUnwindSafe(|| open(bytes))).unwrap_or_else(|_| Err(Refusal::damaged()))
    }

    /// Hands over the rows of a sheet that hold something, in order, until told to stop.
    pub fn rows(
        &mut self,
        sheet: usize,
        take: &mut dyn FnMut(GridRow) -> Result<ControlFlow<()>, Refusal>,
    ) -> Result<(), Refusal> {
        match &mut self.body {
            Body::Xlsx(book) => book.rows(sheet, take),
            Body::Text(table) => each(table.rows(), take),
            Body::Held(sheets) => each(std::mem::take(&mut sheets[sheet]).into_iter(), take),
        }
    }
}

fn each(
    rows: impl Iterator<Item = GridRow>,
    take: &mut dyn FnMut(GridRow) -> Result<ControlFlow<()>, Refusal>,
) -> Result<(), Refusal> {
    for row in rows {
        if take(row)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn open(bytes: &[u8]) -> Result<Book<'_>, Refusal> {
    match sniff(bytes)? {
        Format::Xlsx => {
            let mut book = xlsx::Workbook::open(bytes)?;
            Ok(Book {
                sheets: std::mem::take(&mut book.sheets),
                system_1904: book.system_1904,
                notes: Vec::new(),
                body: Body::Xlsx(Box::new(book)),
            })
        }
        Format::Xls => {
            let workbook = xls::read(bytes)?;
            let mut book = held(workbook.sheets);
            book.system_1904 = workbook.system_1904;
            Ok(book)
        }
        Format::Html => {
            let tables = html::tables(&encoding::decode_marked(bytes).text);
            if tables.is_empty() {
                return Err(Refusal::new(
                    Code::NoTable,
                    "这是网页文件，里面没有表格；请在表格软件中另存为 xlsx 格式后再上传。",
                ));
            }
            Ok(held(tables))
        }
        Format::Xml2003 => Ok(held(xml2003::sheets(&encoding::decode_marked(bytes).text)?)),
        Format::Delimited => {
            let read = encoding::decode(bytes);
            let mut notes = Vec::new();
            if read.encoding != "UTF-8" {
                notes.push(format!("文字编码按 {} 读取。", read.encoding));
            }
            if read.unreadable > 0 {
                notes.push(format!("有 {} 处文字无法识别，已用 � 代替。", read.unreadable));
            }
            Ok(Book {
                sheets: vec![SheetHead {
                    visible: true,
                    ..SheetHead::default()
                }],
                system_1904: false,
                notes,
                body: Body::Text(Delimited::new(read.text)),
            })
        }
    }
}

fn held(tables: Vec<(SheetHead, Vec<GridRow>)>) -> Book<'static> {
    let (sheets, rows) = tables.into_iter().unzip();
    Book {
        sheets,
        system_1904: false,
        notes: Vec::new(),
        body: Body::Held(rows),
    }
}
