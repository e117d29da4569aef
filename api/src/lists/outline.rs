//! What a file is made of, gathered while its rows go by: sheets, headers, columns with what they hold.

use super::cell::Cell;
use super::kind::ListKind;
use super::plan::{Plan, Sure};
use super::row::Row;
use super::twice::Again;
use std::sync::Arc;

/// Values of a column that are shown.
const SAMPLES: usize = 3;
/// Characters of a value that are shown.
const LONGEST_SAMPLE: usize = 60;

/// A column that is read, and how sure its meaning is.
#[derive(Clone)]
pub struct ColumnMap {
    pub key: &'static str,
    /// As written in the file, line breaks included.
    pub header: String,
    /// Index into the sheets that hold data.
    pub sheet: usize,
    /// From 0.
    pub column: u32,
    pub sure: Sure,
    /// Rows in which the column says something.
    pub filled: u32,
    /// Some of what it says, as written.
    pub samples: Vec<String>,
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

/// A list without its rows.
pub struct Outline {
    pub kind: ListKind,
    pub sheets: Vec<SheetRead>,
    pub columns: Vec<ColumnMap>,
    pub rows: usize,
    /// People named in the rows: each row one, a row that holds a household its head and each member.
    pub persons: usize,
    /// What a clerk should know about the file, in Chinese.
    pub notes: Vec<String>,
    /// Rows that are about one person each time, where there are several.
    pub again: Again,
}

/// What the columns below one header hold.
#[derive(Default)]
pub struct Tally {
    columns: Vec<Held>,
}

#[derive(Clone, Default)]
struct Held {
    filled: u32,
    samples: Vec<String>,
}

impl Tally {
    /// Counts the cells of a row below a header.
    pub fn count(&mut self, plan: &Plan, row: &[(u32, Cell)]) {
        self.columns.resize_with(plan.headers.len(), Held::default);
        // Both are in the order of the columns.
        let mut at = 0;
        for (column, cell) in row {
            while plan.headers.get(at).is_some_and(|(c, _)| c < column) {
                at += 1;
            }
            match plan.headers.get(at) {
                Some((c, _)) if c == column && !cell.is_blank() => self.columns[at].add(cell),
                Some(_) => {}
                None => return,
            }
        }
    }

    fn of(&self, plan: &Plan, column: u32) -> Held {
        let at = plan.headers.binary_search_by_key(&column, |(c, _)| *c);
        let held = at.ok().and_then(|at| self.columns.get(at));
        held.cloned().unwrap_or_default()
    }
}

impl Held {
    fn add(&mut self, cell: &Cell) {
        self.filled += 1;
        if self.samples.len() < SAMPLES {
            let shown: String = cell.shown().chars().take(LONGEST_SAMPLE).collect();
            if !shown.is_empty() && !self.samples.contains(&shown) {
                self.samples.push(shown);
            }
        }
    }
}

/// Adds the columns of one table of a sheet. Headers of one sheet that agree in a column are one.
pub fn add_columns(all: &mut Vec<ColumnMap>, sheet: usize, plan: &Arc<Plan>, tally: &Tally) {
    for column in &plan.columns {
        let held = tally.of(plan, column.column);
        let known = all.iter_mut().find(|c| {
            c.key == column.key && c.sheet == sheet && c.column == column.column && c.header == column.header
        });
        match known {
            Some(known) => known.filled += held.filled,
            None => all.push(ColumnMap {
                key: column.key,
                header: column.header.clone(),
                sheet,
                column: column.column,
                sure: column.sure,
                filled: held.filled,
                samples: held.samples,
            }),
        }
    }
}

pub fn table_head(plan: &Arc<Plan>) -> TableHead {
    TableHead {
        row: plan.header_row,
        headers: plan.headers.clone(),
    }
}

/// The cells of a row as handed in, by header; blank ones are left out.
pub fn handed_in<'r>(
    headers: &'r [(u32, String)],
    row: &'r Row,
) -> impl Iterator<Item = (&'r str, String)> + 'r {
    row.raw.iter().filter_map(move |(column, cell)| {
        let at = headers.binary_search_by_key(column, |(c, _)| *c).ok();
        let shown = cell.shown();
        let header = at.map_or("", |at| headers[at].1.as_str());
        (!shown.is_empty()).then(|| (header, shown.into_owned()))
    })
}
