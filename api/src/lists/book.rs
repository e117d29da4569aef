//! A handed-in file as sheets of rows, whatever its format.

use super::cell::{GridRow, SheetHead};
use super::delimited::Delimited;
use super::refusal::{Code, Refusal};
use super::sniff::{self, Format, sniff};
use super::source::Source;
use super::text::Text;
use super::{encoding, html, xls, xlsx, xml2003};
use std::io::Read;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of the largest workbook: its parts are unpacked, its strings held.
pub const MOST_WORKBOOK: u64 = 50 << 20;
/// Bytes of the largest text file, which is read piece by piece.
pub const MOST_TEXT: u64 = 256 << 20;

/// An opened file.
pub struct Book<'s> {
    pub sheets: Vec<SheetHead>,
    /// Days are counted from 1904.
    pub system_1904: bool,
    body: Body<'s>,
}

enum Body<'s> {
    Xlsx(Box<xlsx::Workbook<'s>>),
    /// A text file has one pass in it; it is opened anew for the next.
    Text(&'s dyn Source, Vec<String>),
    Held(Vec<Vec<GridRow>>),
}

impl<'s> Book<'s> {
    pub fn open(source: &'s dyn Source) -> Result<Book<'s>, Refusal> {
        let format = format(source)?;
        let most = match format {
            Format::Delimited => MOST_TEXT,
            _ => MOST_WORKBOOK,
        };
        if source.size() > most {
            return Err(too_large(most));
        }
        // Libraries for these formats have been seen to panic on damaged files.
        catch_unwind(AssertUnwindSafe(|| open(format, source))).unwrap_or_else(|_| Err(Refusal::damaged()))
    }

    /// Hands over the rows of a sheet that hold something, in order, until told to stop.
    pub fn rows(
        &mut self,
        sheet: usize,
        take: &mut dyn FnMut(GridRow) -> Result<ControlFlow<()>, Refusal>,
    ) -> Result<(), Refusal> {
        match &mut self.body {
            Body::Xlsx(book) => book.rows(sheet, take),
            Body::Text(source, notes) => {
                let mut table = Delimited::new(Text::open(*source)?)?;
                while let Some(row) = table.next()? {
                    if take(row)?.is_break() {
                        break;
                    }
                }
                *notes = table.notes();
                Ok(())
            }
            Body::Held(sheets) => {
                for row in &sheets[sheet] {
                    if take(row.clone())?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    /// What a clerk should know about how the file was read, once it has been.
    pub fn notes(&self) -> &[String] {
        match &self.body {
            Body::Text(_, notes) => notes,
            Body::Xlsx(_) | Body::Held(_) => &[],
        }
    }
}

/// Bytes that a file which begins like this may have. `all`: nothing comes behind.
///
/// # Errors
/// As opening the file would refuse it, as far as the start says.
pub fn most(head: &[u8], all: bool) -> Result<u64, Refusal> {
    match sniff(head) {
        Ok(Format::Delimited) => Ok(MOST_TEXT),
        Ok(_) => Ok(MOST_WORKBOOK),
        // What a long file of blanks holds is known at its end.
        Err(refusal) if refusal.code == Code::EmptyFile && !all => Ok(MOST_TEXT),
        Err(refusal) => Err(refusal),
    }
}

/// Why a file with more bytes than it may have is refused.
pub fn too_large(most: u64) -> Refusal {
    let what = if most == MOST_TEXT {
        "文本文件"
    } else {
        "工作簿"
    };
    Refusal::new(
        Code::TooLarge,
        format!("{what}超过 {} MB，未读取；请拆分后再上传。", most >> 20),
    )
}

fn format(source: &dyn Source) -> Result<Format, Refusal> {
    let mut head = Vec::new();
    let read = |head: &mut Vec<u8>| source.open()?.take(encoding::HEAD as u64).read_to_end(head);
    read(&mut head).map_err(|_| Refusal::damaged())?;
    if sniff::is_blank(&head) && (head.len() as u64) < source.size() {
        // What a long file of blanks holds is known at its end.
        return Ok(Format::Delimited);
    }
    sniff(&head)
}

fn open(format: Format, source: &dyn Source) -> Result<Book<'_>, Refusal> {
    let whole = || source.whole().map_err(|_| Refusal::damaged());
    match format {
        Format::Xlsx => {
            let mut book = xlsx::Workbook::open(whole()?)?;
            Ok(Book {
                sheets: std::mem::take(&mut book.sheets),
                system_1904: book.system_1904,
                body: Body::Xlsx(Box::new(book)),
            })
        }
        Format::Xls => {
            let bytes = whole()?;
            if sniff::is_encrypted(&bytes) {
                return Err(sniff::password());
            }
            let workbook = xls::read(&bytes)?;
            let mut book = held(workbook.sheets);
            book.system_1904 = workbook.system_1904;
            Ok(book)
        }
        Format::Html => {
            let tables = html::tables(&encoding::decode_marked(&whole()?).text);
            if tables.is_empty() {
                return Err(Refusal::new(
                    Code::NoTable,
                    "这是网页文件，里面没有表格；请在表格软件中另存为 xlsx 格式后再上传。",
                ));
            }
            Ok(held(tables))
        }
        Format::Xml2003 => Ok(held(xml2003::sheets(&encoding::decode_marked(&whole()?).text)?)),
        Format::Delimited => Ok(Book {
            sheets: vec![SheetHead {
                visible: true,
                ..SheetHead::default()
            }],
            system_1904: false,
            body: Body::Text(source, Vec::new()),
        }),
    }
}

fn held(tables: Vec<(SheetHead, Vec<GridRow>)>) -> Book<'static> {
    let (sheets, rows) = tables.into_iter().unzip();
    Book {
        sheets,
        system_1904: false,
        body: Body::Held(rows),
    }
}
