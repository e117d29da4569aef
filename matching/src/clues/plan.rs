//! A condition with its lists, columns and words looked up, so that a million people are asked quickly.

use super::run::Person;
use super::{Condition, Sheets, Truth};
use domain::amount::parse_yuan;
use domain::date::{self, Date, Day};
use std::collections::{BTreeMap, BTreeSet};

pub enum Plan {
    /// Names a list or column that is not there: nobody.
    Never,
    All(Vec<Plan>),
    Any(Vec<Plan>),
    Not(Box<Plan>),
    Registered,
    Aged(u16),
    Household(u32),
    Rows(usize, Test),
}

/// What is asked of a person's rows on one list.
pub enum Test {
    On,
    Twice,
    Every(usize, Vec<u32>),
    Some(usize, Vec<u32>),
    Differ(usize),
    /// Values that too many people share.
    Shared(usize, BTreeSet<u32>),
    /// Values of the column that fit.
    Among(usize, BTreeSet<u32>),
}

impl Plan {
    pub fn new(condition: &Condition, sheets: &Sheets, people: &[&Person], at: Date) -> Plan {
        let all = |conditions: &[Condition]| {
            let all = conditions.iter().map(|c| Plan::new(c, sheets, people, at));
            all.collect()
        };
        let rows = |list: &str, test: Test| {
            sheets
                .list(list)
                .map_or(Plan::Never, |list| Plan::Rows(list, test))
        };
        match condition {
            Condition::All(conditions) => Plan::All(all(conditions)),
            Condition::Any(conditions) => Plan::Any(all(conditions)),
            Condition::Not(one) => Plan::Not(Box::new(Plan::new(one, sheets, people, at))),
            Condition::Registered => Plan::Registered,
            Condition::Aged(years) => Plan::Aged(*years),
            Condition::Household { at_most } => Plan::Household(*at_most),
            Condition::On(list) => rows(list, Test::On),
            Condition::Twice(list) => rows(list, Test::Twice),
            Condition::Every(cells) | Condition::Some(cells) => {
                let Some((list, column)) = sheets.column(&cells.list, &cells.column) else {
                    return Plan::Never;
                };
                let among = cells.among.iter().filter_map(|w| sheets.known(w)).collect();
                let every = matches!(condition, Condition::Every(_));
                let test = if every { Test::Every } else { Test::Some };
                Plan::Rows(list, test(column, among))
            }
            Condition::Differ { list, column } => match sheets.column(list, column) {
                Some((list, column)) => Plan::Rows(list, Test::Differ(column)),
                None => Plan::Never,
            },
            Condition::Shared {
                list,
                column,
                more_than,
            } => match sheets.column(list, column) {
                Some((list, column)) => Plan::Rows(
                    list,
                    Test::Shared(column, shared(sheets, people, list, column, *more_than)),
                ),
                None => Plan::Never,
            },
            Condition::AtLeast { list, column, yuan } => {
                let least = i64::from(*yuan) * 100;
                fitting(sheets, list, column, |text| {
                    parse_yuan(text).is_some_and(|fen| fen >= least)
                })
            }
            Condition::Passed { list, column, months } => {
                let last = months_before(at, *months);
                fitting(sheets, list, column, |text| {
                    day(text).is_some_and(|(y, m, d)| (y, m, d) < last)
                })
            }
        }
    }

    pub fn holds(&self, sheets: &Sheets, person: &Person, at: Date) -> Truth {
        match self {
            Plan::Never => Truth::No,
            Plan::All(all) => first(
                all.iter().map(|p| p.holds(sheets, person, at)),
                Truth::Yes,
                Truth::min,
            ),
            Plan::Any(any) => first(
                any.iter().map(|p| p.holds(sheets, person, at)),
                Truth::No,
                Truth::max,
            ),
            Plan::Not(one) => one.holds(sheets, person, at).not(),
            Plan::Registered => match (person.register.is_empty(), person.may_be_registered) {
                (false, _) => Truth::Yes,
                (true, true) => Truth::Maybe,
                (true, false) => Truth::No,
            },
            Plan::Aged(years) => aged(person, at, *years),
            Plan::Household(at_most) => match person.household {
                Some(n) => Truth::of(n <= *at_most),
                None => Truth::Maybe,
            },
            Plan::Rows(list, test) => over(sheets, person, *list, test),
        }
    }
}

/// Rows whose cell in a column fits.
fn fitting(sheets: &Sheets, list: &str, column: &str, fits: impl Fn(&str) -> bool) -> Plan {
    let Some((list, column)) = sheets.column(list, column) else {
        return Plan::Never;
    };
    let own = sheets
        .lines
        .iter()
        .filter(|(sheet, _)| usize::from(*sheet) == list);
    let values: BTreeSet<u32> = own.map(|(_, cells)| cells[column]).collect();
    let values = values.into_iter().filter(|v| fits(sheets.text(*v)));
    Plan::Rows(list, Test::Among(column, values.collect()))
}

/// The last day that a cell may mean.
fn day(text: &str) -> Option<(i32, i32, i32)> {
    let of = |d: Date| (i32::from(d.year()), i32::from(d.month()), i32::from(d.day()));
    match date::parse(text).ok()? {
        Day::Date(d) => Some(of(d)),
        Day::Month { year, month } => Some((i32::from(year), i32::from(month), 31)),
        Day::Year(year) => Some((i32::from(year), 12, 31)),
    }
}

/// Year, month and day that lie so many months before a date.
fn months_before(at: Date, months: u16) -> (i32, i32, i32) {
    let all = i32::from(at.year()) * 12 + i32::from(at.month()) - 1 - i32::from(months);
    (all.div_euclid(12), all.rem_euclid(12) + 1, i32::from(at.day()))
}

/// Joins truths until the answer cannot change any more.
fn first(truths: impl Iterator<Item = Truth>, none: Truth, join: fn(Truth, Truth) -> Truth) -> Truth {
    let mut so_far = none;
    for truth in truths {
        so_far = join(so_far, truth);
        if so_far == none.not() {
            break;
        }
    }
    so_far
}

/// What holds of the person's rows on a list: maybe, where the rows that may be theirs would change it.
fn over(sheets: &Sheets, person: &Person, list: usize, test: &Test) -> Truth {
    if person.rows.is_empty() && person.maybe.is_empty() {
        return Truth::No;
    }
    let mut rows: Vec<&[u32]> = sheets.of(&person.rows, list).collect();
    let sure = test.holds(&rows);
    let before = rows.len();
    rows.extend(sheets.of(&person.maybe, list));
    if rows.len() > before && test.holds(&rows) != sure {
        return Truth::Maybe;
    }
    Truth::of(sure)
}

impl Test {
    fn holds(&self, rows: &[&[u32]]) -> bool {
        match self {
            Test::On => !rows.is_empty(),
            Test::Twice => rows.len() > 1,
            Test::Every(column, among) => {
                !rows.is_empty() && rows.iter().all(|row| among.contains(&row[*column]))
            }
            Test::Some(column, among) => rows.iter().any(|row| among.contains(&row[*column])),
            Test::Shared(column, values) | Test::Among(column, values) => {
                rows.iter().any(|row| values.contains(&row[*column]))
            }
            Test::Differ(column) => {
                let mut values = rows.iter().map(|row| row[*column]).filter(|v| *v != 0);
                let one = values.next();
                values.any(|v| Some(v) != one)
            }
        }
    }
}

fn aged(person: &Person, at: Date, years: u16) -> Truth {
    let (y, m, d) = person.born.parts();
    let at = (at.year() as u32, at.month() as u32, at.day() as u32);
    let birthday = |m, d| (y + u32::from(years), m, d) <= at;
    match (y, m, d) {
        (0, _, _) => Truth::Maybe,
        (_, 0, _) if birthday(1, 1) != birthday(12, 31) => Truth::Maybe,
        (_, 0, _) => Truth::of(birthday(1, 1)),
        (_, _, 0) if birthday(m, 1) != birthday(m, 31) => Truth::Maybe,
        _ => Truth::of(birthday(m, d)),
    }
}

fn shared(sheets: &Sheets, people: &[&Person], list: usize, column: usize, more_than: u32) -> BTreeSet<u32> {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for person in people {
        let values: BTreeSet<u32> = sheets.of(&person.rows, list).map(|row| row[column]).collect();
        for value in values.into_iter().filter(|v| *v != 0) {
            *counts.entry(value).or_default() += 1;
        }
    }
    counts.retain(|_, n| *n > more_than);
    counts.into_keys().collect()
}
