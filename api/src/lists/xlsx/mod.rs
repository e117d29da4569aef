//! Office Open XML workbooks, read row by row: what a library gives is not enough here (hidden rows and columns,
//! merged ranges, formulas without result), and a sheet must not be held in memory as a whole.

mod guard;
mod parts;
mod sheet;

use super::cell::{GridRow, Merge, SheetHead};
use super::refusal::{Code, Refusal};
use guard::Guarded;
use parts::Link;
pub use parts::{Events, Style, attribute, built_in, entity, style_of};
pub use sheet::date_cell;
use std::borrow::Cow;
use std::io::{BufReader, Cursor};
use std::ops::ControlFlow;
use zip::ZipArchive;

/// Most entries in a container; a workbook has some dozens.
const MOST_ENTRIES: usize = 20_000;
/// Most bytes of one part, unpacked.
const MOST_INFLATED: u64 = 1 << 30;
/// Most bytes that all parts together claim, unpacked.
const MOST_CLAIMED: u64 = 3 << 30;
/// A part that unpacks to more than this is looked at for its ratio.
const SUSPICIOUS: u64 = 64 << 20;
/// Deflate reaches 1,032; sheets of a million equal rows stay under 200.
const MOST_RATIO: u64 = 250;
/// Most bytes of shared strings, which are the one thing held whole.
const MOST_STRINGS: u64 = 256 << 20;

/// An opened workbook.
pub struct Workbook<'a> {
    archive: ZipArchive<Cursor<Cow<'a, [u8]>>>,
    strings: Vec<Box<str>>,
    styles: Vec<Style>,
    paths: Vec<String>,
    pub sheets: Vec<SheetHead>,
    pub system_1904: bool,
}

impl<'a> Workbook<'a> {
    /// Reads everything but the rows. Chart, dialog and macro sheets are no sheets.
    pub fn open(bytes: Cow<'a, [u8]>) -> Result<Workbook<'a>, Refusal> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Refusal::damaged())?;
        check_size(&mut archive)?;
        let root = find_workbook(&mut archive)?;
        let links = links_of(&mut archive, &root)?;
        let (found, system_1904) = parts::workbook(part(&mut archive, &root, MOST_INFLATED)?)?;
        let target = |kind: &str| links.iter().find(|l| l.kind == kind).map(|l| l.path.clone());
        // A link to a part that is not there: only cells that need it suffer.
        let there = |path: Option<String>| path.filter(|p| index_of(&archive, p).is_some());
        let (styles, strings) = (there(target("styles")), there(target("sharedStrings")));
        let styles = match styles {
            Some(path) => parts::styles(part(&mut archive, &path, MOST_STRINGS)?)?,
            None => Vec::new(),
        };
        let strings = match strings {
            Some(path) => parts::strings(part(&mut archive, &path, MOST_STRINGS)?)?,
            None => Vec::new(),
        };
        let mut book = Workbook {
            archive,
            strings,
            styles,
            paths: Vec::new(),
            sheets: Vec::new(),
            system_1904,
        };
        for (name, id, visible) in found {
            let Some(link) = links.iter().find(|l| l.id == id && l.kind == "worksheet") else {
                continue;
            };
            let mut head = SheetHead {
                name,
                visible,
                ..SheetHead::default()
            };
            if visible {
                let xml = part(&mut book.archive, &link.path, MOST_INFLATED)?;
                (head.merges, head.hidden_columns) = sheet::surroundings(xml)?;
            }
            book.paths.push(link.path.clone());
            book.sheets.push(head);
        }
        Ok(book)
    }

    /// Hands over the rows of a sheet that hold something, in their order, until told to stop.
    pub fn rows(
        &mut self,
        sheet: usize,
        take: &mut dyn FnMut(GridRow) -> Result<ControlFlow<()>, Refusal>,
    ) -> Result<(), Refusal> {
        let xml = part(&mut self.archive, &self.paths[sheet], MOST_INFLATED)?;
        let reading = sheet::Reading {
            strings: &self.strings,
            styles: &self.styles,
            system_1904: self.system_1904,
        };
        reading.rows(xml, take)
    }
}

/// A part by its path; letter case and the slash's direction do not matter, some programs get them wrong.
fn part<'b, 'a>(
    archive: &'b mut ZipArchive<Cursor<Cow<'a, [u8]>>>,
    path: &str,
    most: u64,
) -> Result<BufReader<Guarded<impl std::io::Read + use<'b, 'a>>>, Refusal> {
    let index = index_of(archive, path).ok_or_else(Refusal::damaged)?;
    let entry = archive.by_index(index).map_err(|_| Refusal::damaged())?;
    // The directory may lie about the size; what really comes out is held to the same ratio.
    let most = most.min(SUSPICIOUS.max(entry.compressed_size().saturating_mul(MOST_RATIO)));
    Ok(BufReader::with_capacity(64 << 10, Guarded::new(entry, most)))
}

fn index_of(archive: &ZipArchive<Cursor<Cow<'_, [u8]>>>, path: &str) -> Option<usize> {
    let plain = |name: &str| name.replace('\\', "/").trim_start_matches('/').to_lowercase();
    let wanted = plain(path);
    archive.index_for_name(path.trim_start_matches('/')).or_else(|| {
        (0..archive.len()).find(|n| {
            archive
                .name_for_index(*n)
                .is_some_and(|name| plain(name) == wanted)
        })
    })
}

fn check_size(archive: &mut ZipArchive<Cursor<Cow<'_, [u8]>>>) -> Result<(), Refusal> {
    if archive.len() > MOST_ENTRIES {
        return Err(Refusal::too_large("内部条目过多"));
    }
    let mut claimed = 0_u64;
    for n in 0..archive.len() {
        let entry = archive.by_index_raw(n).map_err(|_| Refusal::damaged())?;
        if entry.encrypted() {
            return Err(super::sniff::password());
        }
        let (packed, unpacked) = (entry.compressed_size(), entry.size());
        claimed = claimed.saturating_add(unpacked);
        if unpacked > MOST_INFLATED || unpacked > SUSPICIOUS && unpacked / packed.max(1) > MOST_RATIO {
            return Err(Refusal::too_large("解压后过大"));
        }
    }
    match claimed > MOST_CLAIMED {
        true => Err(Refusal::too_large("解压后过大")),
        false => Ok(()),
    }
}

/// The workbook's part, by the links at the root; by its usual place where they are missing.
fn find_workbook(archive: &mut ZipArchive<Cursor<Cow<'_, [u8]>>>) -> Result<String, Refusal> {
    let links = match part(archive, "_rels/.rels", MOST_STRINGS) {
        Ok(xml) => parts::links(xml, "")?,
        Err(_) => Vec::new(),
    };
    let link = links.into_iter().find(|l| l.kind == "officeDocument");
    if let Some(link) = link.filter(|l| index_of(archive, &l.path).is_some()) {
        if link.path.ends_with(".bin") {
            return Err(Refusal::new(
                Code::NotAList,
                "这是二进制工作簿（xlsb），无法读取；请在表格软件中另存为 xlsx 格式后再上传。",
            ));
        }
        if !link.path.to_lowercase().contains("word/") && !link.path.to_lowercase().contains("ppt/") {
            return Ok(link.path);
        }
        return Err(Refusal::new(
            Code::NotAList,
            "这是文字文档或演示文稿，不是名单表格；请上传 xlsx、xls 或 csv 格式的表格。",
        ));
    }
    let usual = "xl/workbook.xml";
    if index_of(archive, usual).is_some() {
        return Ok(usual.to_owned());
    }
    let message = match index_of(archive, "content.xml").is_some() {
        true => "这是 OpenDocument 文件，无法读取；请在表格软件中另存为 xlsx 格式后再上传。",
        false => "这是压缩包，不是名单表格；请解压后逐个上传其中的表格。",
    };
    Err(Refusal::new(Code::NotAList, message))
}

/// The links of a part, their targets made whole.
fn links_of(archive: &mut ZipArchive<Cursor<Cow<'_, [u8]>>>, of: &str) -> Result<Vec<Link>, Refusal> {
    let (folder, file) = of.rsplit_once('/').unwrap_or(("", of));
    let path = format!("{folder}/_rels/{file}.rels");
    parts::links(part(archive, &path, MOST_STRINGS)?, folder)
}

/// What both the parts and the sheets need: `A1:B2` as a range.
fn range(text: &str) -> Option<Merge> {
    let (from, to) = text.split_once(':')?;
    let ((c1, r1), (c2, r2)) = (position(from)?, position(to)?);
    Some(Merge {
        first_row: r1.min(r2),
        last_row: r1.max(r2),
        first_column: c1.min(c2),
        last_column: c1.max(c2),
    })
}

/// `B12` as column from 0 and row from 1. The row may be missing (0).
fn position(text: &str) -> Option<(u32, u32)> {
    let (mut column, mut row) = (0_u32, 0_u32);
    for b in text.bytes().filter(|b| *b != b'$') {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' if row == 0 => {
                column = column.checked_mul(26)? + u32::from(b.to_ascii_uppercase() - b'A') + 1;
            }
            b'0'..=b'9' => row = row.checked_mul(10)?.checked_add(u32::from(b - b'0'))?,
            _ => return None,
        }
        if column > 16_384 {
            return None;
        }
    }
    Some((column.checked_sub(1)?, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        let cases = [
            ("A1", Some((0, 1))),
            ("AA10", Some((26, 10))),
            ("$B$3", Some((1, 3))),
            ("XFD1048576", Some((16_383, 1_048_576))),
            ("XFE1", None),
            ("A0:", None),
            ("1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(position(text), expected, "{text}");
        }
        let merge = range("B2:A5").unwrap();
        assert_eq!(
            (
                merge.first_row,
                merge.last_row,
                merge.first_column,
                merge.last_column
            ),
            (2, 5, 0, 1)
        );
    }
}
