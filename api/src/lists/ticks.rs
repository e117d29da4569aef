//! Columns whose header is a value and whose cells are ticks: 视力 听力 言语 …, 一级 二级 …, 低保 特困 …

use super::cell::GridRow;
use super::find::Head;
use super::kind::ListKind;
use super::plan::Plan;
use super::row::Values;
use super::words;
use domain::certificate;
use domain::text::squeezed;

/// The columns of ticks where no column says the value in words: key, value, column.
pub fn of(plan: &Plan, head: &Head, rows: &[&GridRow]) -> Vec<(&'static str, &'static str, u32)> {
    let found = head.cells.iter().filter_map(|cell| {
        let (key, value) = value(plan.kind, &squeezed(&cell.text))?;
        let ticked = rows.iter().filter(|row| is_tick(&row.shown(cell.column))).count();
        let blank = rows
            .iter()
            .filter(|row| row.shown(cell.column).trim().is_empty())
            .count();
        (ticked + blank == rows.len()).then_some((key, value, cell.column))
    });
    let found: Vec<_> = found.filter(|(key, ..)| plan.column(key).is_none()).collect();
    // One such header alone may mean anything.
    let several = |key: &str| found.iter().filter(|(k, ..)| *k == key).count() > 1;
    found.iter().filter(|(key, ..)| several(key)).copied().collect()
}

fn value(kind: ListKind, header: &str) -> Option<(&'static str, &'static str)> {
    let category = || {
        let plain = header.strip_suffix("残疾").unwrap_or(header);
        certificate::CATEGORIES.into_iter().find(|c| *c == plain)
    };
    let grade = || certificate::GRADES.into_iter().find(|g| *g == header);
    match kind {
        ListKind::Disabled => category()
            .map(|value| ("category", value))
            .or_else(|| grade().map(|value| ("grade", value))),
        ListKind::LowIncome if header.chars().count() <= 6 => {
            words::roster(header).and_then(|roster| Some(("category", words::roster_word(roster)?)))
        }
        _ => None,
    }
}

fn is_tick(shown: &str) -> bool {
    words::text("tick").contains(&shown.trim())
}

/// Reads the ticks of a row; two of one kind say nothing.
pub fn read(plan: &Plan, row: &GridRow, values: &mut Values) {
    for key in ["category", "grade"] {
        let mut ticked = plan
            .ticks
            .iter()
            .filter(|(k, _, column)| *k == key && is_tick(&row.shown(*column)));
        if let (Some((key, value, _)), None) = (ticked.next(), ticked.next()) {
            values.entry(key).or_insert_with(|| (*value).to_owned());
        }
    }
}
