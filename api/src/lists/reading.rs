//! A whole file read as a list of one kind: its rows handed over one by one, and what it is made of.

use super::book::Book;
use super::kind::ListKind;
use super::mapping::Known;
use super::outline::{self, Outline, SheetRead, Tally};
use super::plan::Plan;
use super::refusal::{Code, Refusal};
use super::row::Row;
use super::sheets::{self, Telling};
use super::source::Source;
use super::twice::{self, Seen};
use super::walk::Walk;
use std::ops::ControlFlow;

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

/// Most rows of a list.
pub const MOST_ROWS: usize = 1_000_000;

/// A list as it was read, rows and all.
pub struct Reading {
    pub outline: Outline,
    pub rows: Vec<Row>,
}

impl std::fmt::Debug for Reading {
    /// Never shows content: rows are personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reading({} rows)", self.rows.len())
    }
}

/// What a file is read as.
pub struct Order<'o> {
    pub kind: ListKind,
    /// Only helps to tell what it is a list of.
    pub file_name: &'o str,
    /// The year of the list's month, for ages.
    pub year: Option<i16>,
    pub known: &'o Known<'o>,
    /// Rows, and people in them, beyond which the file is refused.
    pub most: usize,
}

/// Reads a file that lies in memory, without knowing anything of such files.
pub fn read(kind: ListKind, file_name: &str, bytes: &[u8]) -> Result<Reading, Refusal> {
    let mut rows = Vec::new();
    let order = Order {
        kind,
        file_name,
        year: None,
        known: &|_| None,
        most: MOST_ROWS,
    };
    let outline = stream(&order, &bytes, &mut |row, _| {
        rows.push(row);
        Ok(())
    })?;
    let months = twice::month_sheets(outline.sheets.iter().map(|s| s.name.as_str()));
    twice::mark(&mut rows, &outline.again, &months);
    Ok(Reading { outline, rows })
}

/// Reads a file row by row, in its order; no more than a window of rows is held. What one row says of another that
/// came before it is not marked yet: `Outline::again` names the rows to be compared.
///
/// # Errors
/// Why the file is refused, which may show at its end only; what `take` refuses with.
pub fn stream(
    order: &Order<'_>,
    source: &dyn Source,
    take: &mut dyn FnMut(Row, &Plan) -> Result<(), Refusal>,
) -> Result<Outline, Refusal> {
    let kind = order.kind;
    let mut book = Book::open(source)?;
    let heads = book.sheets.clone();
    let left_out = sheets::left_out(order, &mut book)?;
    let mut outline = Outline {
        kind,
        sheets: Vec::new(),
        columns: Vec::new(),
        unread: Vec::new(),
        rows: 0,
        persons: 0,
        notes: Vec::new(),
        again: Vec::new(),
    };
    let (mut seen, mut telling, mut any_table) = (Seen::default(), Telling::new(order.file_name), false);
    let (mut empty, mut hidden) = (Vec::new(), Vec::new());
    for (n, head) in heads.iter().enumerate() {
        if !head.visible {
            hidden.push(head.name.as_str());
            continue;
        }
        if left_out.contains(&n) {
            empty.push(head.name.as_str());
            continue;
        }
        let sheet = outline.sheets.len();
        let mut walk = Walk::new(order, sheet, head, book.system_1904);
        let mut tallies: Vec<Tally> = Vec::new();
        let before = outline.rows;
        let give = &mut |row: Row, plan: &Plan| {
            outline.rows += 1;
            if outline.rows.max(outline.persons + 1 + row.members.len()) > order.most {
                return Err(too_many_rows(order.most));
            }
            if tallies.len() <= row.table {
                tallies.resize_with(row.table + 1, Tally::default);
            }
            tallies[row.table].count(plan, &row.raw);
            if kind.of_people() {
                outline.persons += 1 + row.members.len();
                seen.add(&row);
            }
            take(row, plan)
        };
        book.rows(n, &mut |row| {
            walk.push(row, give)?;
            Ok(ControlFlow::Continue(()))
        })?;
        walk.finish(give)?;
        telling.add(&head.name, &walk.found);
        any_table |= !walk.found.plans.is_empty();
        if walk.found.hidden_rows > 0 {
            outline.notes.push(format!(
                "工作表“{}”有 {} 个隐藏行，已按数据读取。",
                head.name, walk.found.hidden_rows
            ));
        }
        if outline.rows == before {
            empty.push(head.name.as_str());
            continue;
        }
        let columns = head.hidden_columns.iter().map(|(a, b)| b.saturating_sub(*a) + 1);
        let columns: u32 = columns.sum();
        if columns > 0 {
            outline.notes.push(format!(
                "工作表“{}”有 {columns} 个隐藏列，已按数据读取。",
                head.name
            ));
        }
        tallies.resize_with(walk.found.plans.len(), Tally::default);
        for (plan, tally) in walk.found.plans.iter().zip(&tallies) {
            outline.add_columns(sheet, plan, tally);
        }
        outline.sheets.push(SheetRead {
            name: head.name.clone(),
            titles: walk.found.titles,
            tables: walk.found.plans.iter().map(outline::table_head).collect(),
        });
    }
    telling.check(kind)?;
    if outline.sheets.is_empty() {
        return Err(sheets::nothing(kind, &heads, any_table));
    }
    outline.again = seen.again();
    outline.notes.splice(0..0, book.notes().iter().cloned());
    if !hidden.is_empty() {
        outline
            .notes
            .push(format!("已跳过隐藏的工作表：{}。", hidden.join("、")));
    }
    if !empty.is_empty() {
        outline
            .notes
            .push(format!("没有名单数据、未读取的工作表：{}。", empty.join("、")));
    }
    Ok(outline)
}

fn too_many_rows(most: usize) -> Refusal {
    Refusal::new(
        Code::TooManyRows,
        format!("名单超过 {most} 行（人），未读取；请拆分后再上传。"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_too_many_rows_or_people_is_refused() {
        let household = "户主姓名,身份证号,家庭成员,金额\n李一,,李二、李三,845\n";
        let single = "姓名,身份证号,金额\n李一,,845\n何一,,300\n";
        for (text, most, expected) in [
            (single, 2, "2"),
            (single, 1, "too_many_rows"),
            (household, 3, "1"),
            (household, 2, "too_many_rows"),
        ] {
            let order = Order {
                kind: ListKind::LowIncome,
                file_name: "低保.csv",
                year: None,
                known: &|_| None,
                most,
            };
            let read = stream(&order, &text.as_bytes(), &mut |_, _| Ok(()));
            let said = match read {
                Ok(outline) => outline.rows.to_string(),
                Err(refusal) => refusal.code.name().to_owned(),
            };
            assert_eq!(said, expected, "{most}");
        }
    }
}
