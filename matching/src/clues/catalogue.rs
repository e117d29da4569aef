//! The rules that a county starts with: rows of `rules.json`. Numbers are those of the table of comparisons in
//! `docs/matching.md`.

use super::Rule;
use serde::Deserialize;

const ROWS: &str = include_str!("rules.json");

#[derive(Deserialize)]
struct Row {
    #[serde(flatten)]
    rule: Rule,
    /// Holds only where a county has not widened a benefit; it switches the rule on itself.
    #[serde(default)]
    optional: bool,
}

fn rows(optional: bool) -> Vec<Rule> {
    let all: Vec<Row> = serde_json::from_str(ROWS).expect("a test reads the rows");
    let wanted = all.into_iter().filter(|row| row.optional == optional);
    wanted.map(|row| row.rule).collect()
}

pub fn rules() -> Vec<Rule> {
    rows(false)
}

/// Rules that a county switches on itself, by adding them.
pub fn optional() -> Vec<Rule> {
    rows(true)
}
