//! BIFF workbooks (.xls), read here and by no library: those at hand follow chains of sectors without end in
//! damaged files, hold sheets with every blank cell, and say nothing of hidden rows and columns.

mod globals;
mod ole;
mod records;
mod sheet;

use super::cell::{GridRow, SheetHead};
use super::refusal::{Code, Refusal};
use ole::Container;

/// A workbook's sheets with their rows.
pub struct Workbook {
    pub sheets: Vec<(SheetHead, Vec<GridRow>)>,
    pub system_1904: bool,
}

/// Reads a workbook. Chart and macro sheets are no sheets.
pub fn read(bytes: &[u8]) -> Result<Workbook, Refusal> {
    let container = Container::open(bytes)?;
    if container.has("EncryptedPackage") {
        return Err(super::sniff::password());
    }
    let stream = match container.stream("Workbook")? {
        Some(stream) => stream,
        None => container.stream("Book")?.ok_or_else(no_workbook)?,
    };
    let globals = globals::read(&stream)?;
    let mut sheets = Vec::new();
    for tab in globals.tabs.iter().filter(|tab| tab.is_worksheet) {
        let mut head = SheetHead {
            name: tab.name.clone(),
            visible: tab.visible,
            ..SheetHead::default()
        };
        let rows = match tab.visible {
            true => sheet::read(&stream, tab.position, &globals, &mut head)?,
            false => Vec::new(),
        };
        sheets.push((head, rows));
    }
    Ok(Workbook {
        sheets,
        system_1904: globals.system_1904,
    })
}

fn no_workbook() -> Refusal {
    Refusal::new(
        Code::NotAList,
        "文件里没有工作表（可能是文字文档）；请上传 xlsx、xls 或 csv 格式的表格。",
    )
}
