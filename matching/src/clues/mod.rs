//! Comparison rules 数据比对: what lists and register say about one person and cannot both be true, or should be
//! followed by something that is not there.
//!
//! A rule is data ([`Rule`]): a condition over lists, what to tell, to whom, by which provision, and from when to when.
//! It finds clues 疑点 and never decides: what comes of a clue is a person's word ([`state`]). Conditions know three
//! answers ([`Truth`]): where a row waits for a person or may be somebody else's, the answer is *maybe*, and a rule
//! that would need a yes stays silent.

pub mod catalogue;
mod plan;
mod run;
mod sheets;
pub mod state;

pub use run::{Clue, Evidence, Person, Ready, Stake, run};
pub use sheets::{Line, Sheet, Sheets};

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    No,
    Maybe,
    Yes,
}

/// What must hold of a person. Lists are named by their kind, columns by their header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// Stands on the list.
    On(String),
    /// Stands in the register.
    Registered,
    /// Stands on the list in more than one row.
    Twice(String),
    /// Had this many birthdays at the date of the run.
    Aged(u16),
    /// Every row of the person on the list has one of the values; at least one row.
    Every(Cells),
    /// Some row has.
    Some(Cells),
    /// Rows of the person on the list differ in the column.
    Differ {
        list: String,
        column: String,
    },
    /// The value of the column stands with more people than this.
    Shared {
        list: String,
        column: String,
        more_than: u32,
    },
    /// Lives in a household of the register with at most this many people.
    Household {
        at_most: u32,
    },
    /// Some row's amount in the column is at least this many yuan.
    AtLeast {
        list: String,
        column: String,
        yuan: u32,
    },
    /// Some row's date in the column lies at least this many months before the date of the run; 0: it has passed.
    Passed {
        list: String,
        column: String,
        months: u16,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    pub list: String,
    pub column: String,
    pub among: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody may go without what is due.
    Entitled,
    /// Money may be paid that is not due.
    Overpaid,
    /// Data do not agree.
    Data,
}

/// Money at stake: an amount for a month, and the column whose date it has been paid since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub list: String,
    pub column: String,
    pub since_list: Option<String>,
    pub since_column: Option<String>,
}

/// A comparison rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub code: String,
    /// The rule's number in the county's table of comparisons.
    pub number: u8,
    /// What the cadre reads.
    pub says: String,
    pub when: Condition,
    pub severity: Severity,
    /// The list whose department answers.
    pub owner: String,
    /// The provision that it rests on; empty where practice alone asks for it.
    #[serde(default)]
    pub basis: String,
    #[serde(default)]
    pub money: Option<Money>,
    /// First and last day on which the rule runs, `YYYY-MM-DD`.
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub until: Option<String>,
}

impl Rule {
    /// Whether the rule runs on a day `YYYY-MM-DD`.
    pub fn is_valid_at(&self, day: &str) -> bool {
        self.from.as_deref().is_none_or(|from| from <= day) && self.until.as_deref().is_none_or(|u| day <= u)
    }

    /// What of a list tells why the rule finds somebody: the columns that it reads, those of the money included.
    pub fn columns(&self, list: &str) -> Vec<&str> {
        let mut out = Vec::new();
        self.when.columns(list, &mut out);
        let money = self.money.iter().flat_map(|m| {
            let since = m.since_list.as_deref().zip(m.since_column.as_deref());
            std::iter::once((m.list.as_str(), m.column.as_str())).chain(since)
        });
        for (of, column) in money {
            if of == list && !out.contains(&column) {
                out.push(column);
            }
        }
        out
    }

    /// Every list that the rule reads, each once, in the order of the condition.
    pub fn inputs(&self) -> Vec<&str> {
        let mut all = Vec::new();
        self.when.lists(&mut all);
        if let Some(money) = &self.money {
            all.push(&money.list);
            all.extend(money.since_list.as_deref());
        }
        let mut once: Vec<&str> = Vec::new();
        for list in all {
            if !once.contains(&list) {
                once.push(list);
            }
        }
        once
    }
}

impl Condition {
    /// Whether anything that only the register knows is asked.
    pub fn asks_register(&self) -> bool {
        self.holds_any(&|c| matches!(c, Condition::Registered | Condition::Household { .. }))
    }

    fn holds_any(&self, wanted: &dyn Fn(&Condition) -> bool) -> bool {
        wanted(self)
            || match self {
                Condition::All(all) | Condition::Any(all) => all.iter().any(|c| c.holds_any(wanted)),
                Condition::Not(one) => one.holds_any(wanted),
                _ => false,
            }
    }

    /// Columns of a list that the condition reads, each once.
    pub fn columns<'a>(&'a self, of: &str, out: &mut Vec<&'a str>) {
        let (list, column) = match self {
            Condition::All(all) | Condition::Any(all) => return all.iter().for_each(|c| c.columns(of, out)),
            Condition::Not(one) => return one.columns(of, out),
            Condition::Every(cells) | Condition::Some(cells) => (&cells.list, &cells.column),
            Condition::Differ { list, column }
            | Condition::Shared { list, column, .. }
            | Condition::AtLeast { list, column, .. }
            | Condition::Passed { list, column, .. } => (list, column),
            Condition::On(_)
            | Condition::Twice(_)
            | Condition::Registered
            | Condition::Aged(_)
            | Condition::Household { .. } => return,
        };
        if list == of && !out.contains(&column.as_str()) {
            out.push(column);
        }
    }

    fn lists<'a>(&'a self, out: &mut Vec<&'a str>) {
        match self {
            Condition::All(all) | Condition::Any(all) => all.iter().for_each(|c| c.lists(out)),
            Condition::Not(one) => one.lists(out),
            Condition::On(list)
            | Condition::Twice(list)
            | Condition::Differ { list, .. }
            | Condition::Shared { list, .. }
            | Condition::AtLeast { list, .. }
            | Condition::Passed { list, .. } => out.push(list),
            Condition::Every(cells) | Condition::Some(cells) => out.push(&cells.list),
            Condition::Registered | Condition::Aged(_) | Condition::Household { .. } => {}
        }
    }
}

impl Truth {
    pub const fn of(yes: bool) -> Truth {
        if yes { Truth::Yes } else { Truth::No }
    }

    pub const fn not(self) -> Truth {
        match self {
            Truth::No => Truth::Yes,
            Truth::Maybe => Truth::Maybe,
            Truth::Yes => Truth::No,
        }
    }
}
