//! Running rules over people.

use super::plan::Plan;
use super::{Rule, Sheets, Truth};
use crate::record::{Born, hash, hash_text};
use domain::amount::parse_yuan;
use domain::date::{self, Date};

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

/// Runs rules at a date, in the order of rules and people. A rule that reads a list which is not
/// there finds nobody: that nobody stands on it says nothing.
pub fn run(rules: &[Rule], sheets: &Sheets, people: &[Person], at: Date) -> Vec<Clue> {
    let day = at.to_string();
    let ready =
        |rule: &Rule| rule.is_valid_at(&day) && rule.inputs().iter().all(|l| sheets.list(l).is_some());
    let valid: Vec<(usize, &Rule)> = rules.iter().enumerate().filter(|(_, r)| ready(r)).collect();
    let mut clues = Vec::new();
    for (number, rule) in valid {
        let plan = Plan::new(&rule.when, sheets, people);
        for (n, person) in people.iter().enumerate() {
            if plan.holds(sheets, person, at) == Truth::Yes {
                let view = View { sheets, person, at };
                clues.push(view.clue(number, n, rule));
            }
        }
    }
    clues
}

/// A person under a rule.
struct View<'a> {
    sheets: &'a Sheets,
    person: &'a Person,
    at: Date,
}

impl View<'_> {
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
            self.sheets
                .of(&self.person.rows, list)
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
