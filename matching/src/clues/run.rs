//! Running rules over people.

use super::{Condition, Rule, Sheets, Truth};
use crate::record::{Born, hash, hash_text};
use domain::amount::parse_yuan;
use domain::date::{self, Date};
use std::collections::{BTreeMap, BTreeSet};

/// One person and what is said of them.
#[derive(Clone, Default)]
pub struct Person {
    /// Rows of the register.
    pub register: Vec<u32>,
    /// Rows of lists.
    pub rows: Vec<u32>,
    /// Rows of lists that may be this person's.
    pub maybe: Vec<u32>,
    /// Not in the register, and yet a row of the register may be meant.
    pub may_be_registered: bool,
    pub born: Born,
    /// People in the household, where the register knows it.
    pub household: Option<u32>,
}

/// Money that may have been paid without reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stake {
    pub months: u32,
    pub fen: i64,
}

/// What a clue rests on: rows of the register, rows of lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    pub register: Vec<u32>,
    pub rows: Vec<u32>,
}

/// What a rule found. Rule and person are its identity for ever; `inputs` says whether what it rests on has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clue {
    /// Position of the rule.
    pub rule: usize,
    /// Position of the person.
    pub person: usize,
    pub evidence: Evidence,
    pub inputs: u64,
    pub stake: Option<Stake>,
}

/// Runs rules at a date, in the order of rules and people. A rule whose list is not there finds nobody.
pub fn run(rules: &[Rule], sheets: &Sheets, people: &[Person], at: Date) -> Vec<Clue> {
    let day = at.to_string();
    let mut clues = Vec::new();
    for (number, rule) in rules.iter().enumerate().filter(|(_, r)| r.is_valid_at(&day)) {
        let shared = Shared::count(&rule.when, sheets, people);
        for (n, person) in people.iter().enumerate() {
            let view = View {
                sheets,
                person,
                at,
                shared: &shared,
            };
            if view.holds(&rule.when) == Truth::Yes {
                clues.push(view.clue(number, n, rule));
            }
        }
    }
    clues
}

/// By list and column: how many people have each value.
struct Shared(BTreeMap<(usize, usize), BTreeMap<u32, u32>>);

impl Shared {
    fn count(condition: &Condition, sheets: &Sheets, people: &[Person]) -> Shared {
        let mut columns = BTreeSet::new();
        find_shared(condition, sheets, &mut columns);
        let mut all = BTreeMap::new();
        for (list, column) in columns {
            let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
            for person in people {
                let of_list = person
                    .rows
                    .iter()
                    .filter(|r| sheets.lines[**r as usize].0 as usize == list);
                let values: BTreeSet<u32> = of_list.map(|r| sheets.lines[*r as usize].1[column]).collect();
                for value in values.into_iter().filter(|v| *v != 0) {
                    *counts.entry(value).or_default() += 1;
                }
            }
            all.insert((list, column), counts);
        }
        Shared(all)
    }
}

fn find_shared(condition: &Condition, sheets: &Sheets, out: &mut BTreeSet<(usize, usize)>) {
    match condition {
        Condition::All(all) | Condition::Any(all) => all.iter().for_each(|c| find_shared(c, sheets, out)),
        Condition::Not(one) => find_shared(one, sheets, out),
        Condition::Shared { list, column, .. } => out.extend(sheets.column(list, column)),
        _ => {}
    }
}

/// A person under a rule.
struct View<'a> {
    sheets: &'a Sheets,
    person: &'a Person,
    at: Date,
    shared: &'a Shared,
}

impl View<'_> {
    fn rows<'s>(&'s self, rows: &'s [u32], list: usize) -> impl Iterator<Item = &'s [u32]> {
        let lines = rows.iter().map(|r| &self.sheets.lines[*r as usize]);
        lines
            .filter(move |(sheet, _)| usize::from(*sheet) == list)
            .map(|(_, cells)| &**cells)
    }

    fn holds(&self, condition: &Condition) -> Truth {
        match condition {
            Condition::All(all) => all.iter().map(|c| self.holds(c)).min().unwrap_or(Truth::Yes),
            Condition::Any(any) => any.iter().map(|c| self.holds(c)).max().unwrap_or(Truth::No),
            Condition::Not(one) => self.holds(one).not(),
            Condition::Registered => match (self.person.register.is_empty(), self.person.may_be_registered) {
                (false, _) => Truth::Yes,
                (true, true) => Truth::Maybe,
                (true, false) => Truth::No,
            },
            Condition::On(list) => self.over(self.sheets.list(list), |rows| !rows.is_empty()),
            Condition::Twice(list) => self.over(self.sheets.list(list), |rows| rows.len() > 1),
            Condition::Aged(years) => self.aged(*years),
            Condition::Household { at_most } => match self.person.household {
                Some(n) => Truth::of(n <= *at_most),
                None => Truth::Maybe,
            },
            Condition::Every(cells) | Condition::Some(cells) => {
                let Some((list, column)) = self.sheets.column(&cells.list, &cells.column) else {
                    return Truth::No;
                };
                let among: Vec<u32> = cells.among.iter().filter_map(|w| self.sheets.known(w)).collect();
                let has = |row: &&[u32]| among.contains(&row[column]);
                let every = matches!(condition, Condition::Every(_));
                self.over(Some(list), |rows| match every {
                    true => !rows.is_empty() && rows.iter().all(has),
                    false => rows.iter().any(has),
                })
            }
            Condition::Differ { list, column } => {
                let Some((list, column)) = self.sheets.column(list, column) else {
                    return Truth::No;
                };
                self.over(Some(list), |rows| {
                    let values = rows.iter().map(|row| row[column]).filter(|v| *v != 0);
                    values.collect::<BTreeSet<u32>>().len() > 1
                })
            }
            Condition::Shared {
                list,
                column,
                more_than,
            } => {
                let Some((list, column)) = self.sheets.column(list, column) else {
                    return Truth::No;
                };
                let counts = &self.shared.0[&(list, column)];
                self.over(Some(list), |rows| {
                    rows.iter()
                        .any(|row| counts.get(&row[column]).is_some_and(|n| n > more_than))
                })
            }
        }
    }

    /// What holds of the person's rows on a list: maybe, where the rows that may be theirs would change it.
    fn over(&self, list: Option<usize>, holds: impl Fn(&[&[u32]]) -> bool) -> Truth {
        let Some(list) = list else {
            return Truth::No;
        };
        let mut rows: Vec<&[u32]> = self.rows(&self.person.rows, list).collect();
        let sure = holds(&rows);
        let before = rows.len();
        rows.extend(self.rows(&self.person.maybe, list));
        if rows.len() > before && holds(&rows) != sure {
            return Truth::Maybe;
        }
        Truth::of(sure)
    }

    fn aged(&self, years: u16) -> Truth {
        let (y, m, d) = self.person.born.parts();
        let at = (
            self.at.year() as u32,
            self.at.month() as u32,
            self.at.day() as u32,
        );
        let birthday = |m, d| (y + u32::from(years), m, d) <= at;
        match (y, m, d) {
            (0, _, _) => Truth::Maybe,
            (_, 0, _) if birthday(1, 1) != birthday(12, 31) => Truth::Maybe,
            (_, 0, _) => Truth::of(birthday(1, 1)),
            (_, _, 0) if birthday(m, 1) != birthday(m, 31) => Truth::Maybe,
            _ => Truth::of(birthday(m, d)),
        }
    }

    fn clue(&self, rule_at: usize, person_at: usize, rule: &Rule) -> Clue {
        let inputs = rule.inputs();
        let lists: Vec<usize> = inputs.iter().filter_map(|l| self.sheets.list(l)).collect();
        let mut rows: Vec<u32> = self.person.rows.clone();
        rows.retain(|r| lists.contains(&usize::from(self.sheets.lines[*r as usize].0)));
        // Rows in any order are the same inputs.
        let mut parts: Vec<u64> = rows.iter().map(|r| self.line_key(*r)).collect();
        parts.sort_unstable();
        parts.push(u64::from(self.person.born.packed()));
        Clue {
            rule: rule_at,
            person: person_at,
            evidence: Evidence {
                register: self.person.register.clone(),
                rows,
            },
            inputs: hash(&parts),
            stake: self.stake(rule),
        }
    }

    fn line_key(&self, row: u32) -> u64 {
        let (sheet, cells) = &self.sheets.lines[row as usize];
        let cells = cells.iter().map(|c| hash_text(self.sheets.text(*c)));
        let all: Vec<u64> = std::iter::once(hash_text(&self.sheets.sheets[usize::from(*sheet)].list))
            .chain(cells)
            .collect();
        hash(&all)
    }

    /// Months from the one after the date to that of the run, and what was paid in them.
    fn stake(&self, rule: &Rule) -> Option<Stake> {
        let money = rule.money.as_ref()?;
        let cell = |list: &str, column: &str| {
            let (list, column) = self.sheets.column(list, column)?;
            self.rows(&self.person.rows, list)
                .map(|row| self.sheets.text(row[column]))
                .min()
        };
        let fen = parse_yuan(cell(&money.list, &money.column)?)?;
        let months = match (&money.since_list, &money.since_column) {
            (Some(list), Some(column)) => {
                let since = date::parse(cell(list, column)?).ok()?.date()?;
                let from = i32::from(since.year()) * 12 + i32::from(since.month());
                let to = i32::from(self.at.year()) * 12 + i32::from(self.at.month());
                u32::try_from(to - from).ok()?
            }
            _ => 1,
        };
        Some(Stake {
            months,
            fen: fen.checked_mul(i64::from(months))?,
        })
    }
}
