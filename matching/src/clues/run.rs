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

/// Rules that can run over lists at a date. A rule that reads a list which is not there finds nobody: that nobody stands
/// on it says nothing.
pub struct Ready<'a> {
    sheets: &'a Sheets,
    at: Date,
    /// With their positions.
    rules: Vec<(usize, &'a Rule, Plan)>,
}

impl<'a> Ready<'a> {
    /// `people` are all who stand on a list: what many of them share counts.
    pub fn new(rules: &'a [Rule], sheets: &'a Sheets, people: &[&Person], at: Date) -> Ready<'a> {
        let day = at.to_string();
        let ready =
            |rule: &Rule| rule.is_valid_at(&day) && rule.inputs().iter().all(|l| sheets.list(l).is_some());
        let ready = rules.iter().enumerate().filter(|(_, r)| ready(r));
        let rules = ready.map(|(at_rule, r)| (at_rule, r, Plan::new(&r.when, sheets, people, at)));
        Ready {
            sheets,
            at,
            rules: rules.collect(),
        }
    }

    /// Positions of the rules that run.
    pub fn rules(&self) -> impl Iterator<Item = usize> {
        self.rules.iter().map(|(at, ..)| *at)
    }

    /// By the position of each rule that runs, whether it finds the person.
    pub fn truths(&self, person: &Person) -> impl Iterator<Item = (usize, Truth)> {
        let (sheets, at) = (self.sheets, self.at);
        self.rules
            .iter()
            .map(move |(rule, _, plan)| (*rule, plan.holds(sheets, person, at)))
    }

    /// What a rule found that finds the person.
    pub fn clue(&self, rule: (usize, &Rule), person: (usize, &Person)) -> Clue {
        let view = View {
            sheets: self.sheets,
            person: person.1,
            at: self.at,
        };
        view.clue(rule.0, person.0, rule.1)
    }
}

/// Runs rules at a date, in the order of rules and people.
pub fn run(rules: &[Rule], sheets: &Sheets, people: &[Person], at: Date) -> Vec<Clue> {
    let all: Vec<&Person> = people.iter().collect();
    let ready = Ready::new(rules, sheets, &all, at);
    let mut clues = Vec::new();
    for (rule_at, rule, plan) in &ready.rules {
        for (n, person) in people.iter().enumerate() {
            if plan.holds(sheets, person, at) == Truth::Yes {
                clues.push(ready.clue((*rule_at, rule), (n, person)));
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
        let mut parts: Vec<u64> = rows.iter().map(|r| self.line_key(rule, *r)).collect();
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

    /// What the rule reads of a row, whatever else was read of it for other rules.
    fn line_key(&self, rule: &Rule, row: u32) -> u64 {
        let (sheet, cells) = &self.sheets.lines[row as usize];
        let sheet = &self.sheets.sheets[usize::from(*sheet)];
        let read = rule.columns(&sheet.list);
        let cells = sheet.columns.iter().zip(cells);
        let cells = cells.filter(|(column, _)| read.contains(&column.as_str()));
        let mut all: Vec<u64> = cells
            .map(|(column, cell)| hash(&[hash_text(column), hash_text(self.sheets.text(*cell))]))
            .collect();
        all.sort_unstable();
        all.push(hash_text(&sheet.list));
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
