//! A whole file read as a list of one kind.

use super::book::Book;
use super::kind::ListKind;
use super::plan::{Plan, Sure};
use super::refusal::{Code, Refusal};
use super::row::Row;
use super::walk::{Found, Walk};
use super::{twice, words};
use domain::text::squeezed;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The standard keys, in the order in which they are shown.
pub const STANDARD_KEYS: [&str; 24] = [
    "name",
    "id_number",
    "sex",
    "birth_date",
    "phone",
    "address",
    "town",
    "village",
    "household_number",
    "relation",
    "category",
    "grade",
    "amount",
    "certificate_number",
    "since",
    "death_date",
    "code",
    "place",
    "house_range",
    "house_from",
    "house_to",
    "worker",
    "worker_phone",
    "other",
];

/// A column that is read, and how sure its meaning is.
#[derive(Clone, Debug)]
pub struct ColumnMap {
    pub key: &'static str,
    /// As written in the file, line breaks included.
    pub header: String,
    /// Index into `Reading::sheets`.
    pub sheet: usize,
    /// From 0.
    pub column: u32,
    pub sure: Sure,
    /// Rows in which the column says something.
    pub filled: u32,
}

/// A header and the columns below it, as written.
#[derive(Clone, Debug)]
pub struct TableHead {
    pub row: u32,
    pub headers: Vec<(u32, String)>,
}

/// A sheet that holds data.
#[derive(Clone, Debug)]
pub struct SheetRead {
    /// Empty for a text file.
    pub name: String,
    /// Lines above the first header: titles, units, dates.
    pub titles: Vec<String>,
    pub tables: Vec<TableHead>,
}

/// A list as it was read.
#[derive(Debug)]
pub struct Reading {
    pub kind: ListKind,
    pub sheets: Vec<SheetRead>,
    pub columns: Vec<ColumnMap>,
    pub rows: Vec<Row>,
    /// What a clerk should know about the file, in Chinese.
    pub notes: Vec<String>,
}

impl Reading {
    /// People named in the rows: each row one, a row that holds a household its head and each member.
    pub fn persons(&self) -> usize {
        match self.kind.of_people() {
            true => self.rows.iter().map(|row| 1 + row.members.len()).sum(),
            false => 0,
        }
    }

    /// The cells of a row as handed in, by header.
    pub fn as_handed_in<'r>(&'r self, row: &'r Row) -> impl Iterator<Item = (&'r str, String)> + 'r {
        let head = &self.sheets[row.sheet].tables[row.table];
        row.raw.iter().map(move |(column, cell)| {
            let header = head
                .headers
                .iter()
                .find(|(c, _)| c == column)
                .map_or("", |(_, h)| h.as_str());
            (header, cell.shown().into_owned())
        })
    }
}

/// One sheet's share while the file is read.
struct Part {
    name: String,
    found: Found,
    rows: Vec<Row>,
}

/// Reads a file as a list of a kind. `file_name` only helps to tell what it is a list of.
pub fn read(kind: ListKind, file_name: &str, bytes: &[u8]) -> Result<Reading, Refusal> {
    let mut book = Book::open(bytes)?;
    let heads = book.sheets.clone();
    let mut notes = std::mem::take(&mut book.notes);
    let mut parts: Vec<Part> = Vec::new();
    let hidden: Vec<&str> = heads
        .iter()
        .filter(|h| !h.visible)
        .map(|h| h.name.as_str())
        .collect();
    for (n, head) in heads.iter().enumerate().filter(|(_, head)| head.visible) {
        let mut walk = Walk::new(kind, n, head, book.system_1904);
        let mut rows = Vec::new();
        book.rows(n, &mut |row| {
            walk.push(row, &mut |row| rows.push(row))?;
            Ok(ControlFlow::Continue(()))
        })?;
        walk.finish(&mut |row| rows.push(row))?;
        if walk.found.hidden_rows > 0 {
            notes.push(format!(
                "工作表“{}”有 {} 个隐藏行，已按数据读取。",
                head.name, walk.found.hidden_rows
            ));
        }
        let shown: u32 = head
            .hidden_columns
            .iter()
            .map(|(a, b)| b.saturating_sub(*a) + 1)
            .sum();
        if !head.hidden_columns.is_empty() && !rows.is_empty() {
            notes.push(format!(
                "工作表“{}”有 {shown} 个隐藏列，已按数据读取。",
                head.name
            ));
        }
        parts.push(Part {
            name: head.name.clone(),
            found: walk.found,
            rows,
        });
    }
    if !hidden.is_empty() {
        notes.push(format!("已跳过隐藏的工作表：{}。", hidden.join("、")));
    }
    let parts = with_data(kind, file_name, parts, &hidden, &mut notes)?;
    Ok(whole(kind, parts, notes))
}

/// The sheets that hold data; why the file is refused where there are none.
fn with_data(
    kind: ListKind,
    file_name: &str,
    parts: Vec<Part>,
    hidden: &[&str],
    notes: &mut Vec<String>,
) -> Result<Vec<Part>, Refusal> {
    check_kind(kind, file_name, &parts)?;
    let named = |parts: &[Part]| {
        let names: Vec<&str> = parts
            .iter()
            .map(|p| p.name.as_str())
            .filter(|n| !n.is_empty())
            .collect();
        match names.is_empty() {
            true => String::new(),
            false => format!("（工作表：{}）", names.join("、")),
        }
    };
    if parts.iter().all(|p| p.found.plans.is_empty()) {
        let rest = match hidden.is_empty() {
            true => String::new(),
            false => format!("；隐藏的工作表不读取：{}", hidden.join("、")),
        };
        let wanted = match kind {
            ListKind::Grids => "网格编号、自然村等列",
            _ => "姓名、身份证号等列",
        };
        return Err(Refusal::new(
            Code::NoTable,
            format!(
                "没有找到含{wanted}的表头{}{rest}，请确认上传的是名单。",
                named(&parts)
            ),
        ));
    }
    if parts.iter().all(|p| p.rows.is_empty()) {
        return Err(Refusal::new(
            Code::NoRows,
            format!("表格只有表头，没有数据行{}。", named(&parts)),
        ));
    }
    let (mut full, empty): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|p| !p.rows.is_empty());
    let mut left_out: Vec<String> = empty.into_iter().map(|p| p.name).collect();
    drop_samples_and_summaries(&mut full, &mut left_out);
    if !left_out.is_empty() {
        notes.push(format!("没有名单数据、未读取的工作表：{}。", left_out.join("、")));
    }
    Ok(full)
}

/// Sheets of examples, and summaries that repeat the people of the other sheets.
fn drop_samples_and_summaries(full: &mut Vec<Part>, left_out: &mut Vec<String>) {
    let is_named = |name: &str| words::text("notdata").iter().any(|w| name.contains(w));
    if full.len() < 2 || full.iter().all(|p| is_named(&p.name)) {
        return;
    }
    let number = |row: &Row| row.values.get("id_number").cloned();
    let elsewhere: HashSet<String> = full
        .iter()
        .filter(|p| !is_named(&p.name))
        .flat_map(|p| p.rows.iter().filter_map(number))
        .collect();
    full.retain(|part| {
        let summary = ["汇总", "统计", "总表"].iter().any(|w| part.name.contains(w));
        let repeats = part
            .rows
            .iter()
            .all(|row| number(row).is_none_or(|n| elsewhere.contains(&n)));
        let keep = !is_named(&part.name) || summary && !repeats;
        if !keep {
            left_out.push(part.name.clone());
        }
        keep
    });
}

/// Refuses a file that says that it is another kind of list and nothing that it is this one.
fn check_kind(kind: ListKind, file_name: &str, parts: &[Part]) -> Result<(), Refusal> {
    let mut text = squeezed(file_name);
    for part in parts {
        text.push_str(&part.name);
        part.found.titles.iter().for_each(|t| text.push_str(t));
        for plan in &part.found.plans {
            plan.headers.iter().for_each(|(_, h)| text.push_str(h));
        }
    }
    let text = squeezed(&text);
    let counts = words::kinds(&text);
    let own = counts.iter().find(|(k, _)| *k == kind).map_or(0, |(_, n)| *n);
    let other = counts
        .iter()
        .filter(|(k, _)| *k != kind && *k != ListKind::Population)
        .max_by_key(|(_, n)| *n);
    if kind == ListKind::Population || own > 0 {
        return Ok(());
    }
    match other {
        Some((other, 1..)) => Err(Refusal::new(
            Code::WrongKind,
            format!(
                "这份文件像是{}，不是{}；请核对名单种类后再上传。",
                other.label(),
                kind.label()
            ),
        )),
        _ => Ok(()),
    }
}

fn whole(kind: ListKind, parts: Vec<Part>, notes: Vec<String>) -> Reading {
    let mut reading = Reading {
        kind,
        sheets: Vec::new(),
        columns: Vec::new(),
        rows: Vec::new(),
        notes,
    };
    for (n, part) in parts.into_iter().enumerate() {
        for (table, plan) in part.found.plans.iter().enumerate() {
            columns(&mut reading.columns, n, table, plan, &part.rows);
        }
        reading.sheets.push(SheetRead {
            name: part.name,
            titles: part.found.titles,
            tables: part.found.plans.iter().map(table_head).collect(),
        });
        reading
            .rows
            .extend(part.rows.into_iter().map(|row| Row { sheet: n, ..row }));
    }
    if kind.of_people() {
        let months: Vec<bool> = reading
            .sheets
            .iter()
            .map(|s| s.name.contains('月') || s.name.contains("季度"))
            .collect();
        twice::mark(&mut reading.rows, &months);
    }
    reading
}

fn table_head(plan: &Arc<Plan>) -> TableHead {
    TableHead {
        row: plan.header_row,
        headers: plan.headers.clone(),
    }
}

fn columns(all: &mut Vec<ColumnMap>, sheet: usize, table: usize, plan: &Plan, rows: &[Row]) {
    for column in &plan.columns {
        let filled = rows
            .iter()
            .filter(|row| {
                row.table == table
                    && row
                        .raw
                        .iter()
                        .any(|(c, cell)| *c == column.column && !cell.is_blank())
            })
            .count();
        let known = all.iter_mut().find(|c| {
            c.key == column.key && c.sheet == sheet && c.column == column.column && c.header == column.header
        });
        match known {
            Some(known) => known.filled += filled as u32,
            None => all.push(ColumnMap {
                key: column.key,
                header: column.header.clone(),
                sheet,
                column: column.column,
                sure: column.sure,
                filled: filled as u32,
            }),
        }
    }
}
