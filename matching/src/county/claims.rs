//! Rows beside each other: a list holds one person once, as a rule, and a person has one number.

use super::answer::{Answer, Judged, Why};
use super::{County, Row};
use crate::weigh::{Field, number};
use std::collections::BTreeMap;

/// Decides again where rows of one list want one person, and where different numbers do.
pub fn settle(county: &County<'_>, rows: &[Row], judged: &mut [Judged]) {
    one_to_one(county, rows, judged);
    one_number(rows, judged);
}

/// The second row of a list for one person is worth less there; another candidate may then come first.
fn one_to_one(county: &County<'_>, rows: &[Row], judged: &mut [Judged]) {
    let mut strongest: BTreeMap<(u16, u32), f32> = BTreeMap::new();
    for (row, said) in rows.iter().zip(judged.iter()) {
        if let Some(first) = said.linked() {
            let claim = strongest.entry((row.list, first.person)).or_insert(f32::MIN);
            *claim = claim.max(strength(first));
        }
    }
    for (row, said) in rows.iter().zip(judged.iter_mut()) {
        let weaker = |c: &super::Candidate| {
            !c.weighed.levels.is(Field::Number, number::SAME)
                && strongest
                    .get(&(row.list, c.person))
                    .is_some_and(|claim| *claim > strength(c))
        };
        if !said.candidates.iter().any(weaker) {
            continue;
        }
        let linked = said.linked().map(|c| c.person);
        let mut candidates = std::mem::take(&mut said.candidates);
        for candidate in &mut candidates {
            if weaker(candidate) {
                candidate.weight -= county.limits.second;
            }
        }
        candidates.sort_by(|a, b| county.best_first(a, b));
        *said = county.decide(&row.record, candidates);
        // That the other row took the likelier person is no evidence: by elimination a person decides.
        if said.answer == Answer::Linked && said.linked().map(|c| c.person) != linked {
            said.answer = Answer::Asks(Why::Several);
        }
    }
}

/// Who names the number comes before who does not.
fn strength(candidate: &super::Candidate) -> f32 {
    let numbered = candidate.weighed.levels.is(Field::Number, number::SAME);
    candidate.weight + if numbered { 100.0 } else { 0.0 }
}

/// A person without a number in the register is claimed by one number only: the one with most evidence, and by none
/// without asking where another comes near.
fn one_number(rows: &[Row], judged: &mut [Judged]) {
    let mut claims: BTreeMap<u32, BTreeMap<u64, f32>> = BTreeMap::new();
    for (row, said) in rows.iter().zip(judged.iter()) {
        let known = |c: &super::Candidate| c.weighed.levels.is(Field::Number, number::SAME);
        if let (Some(first), Some(number)) = (said.linked(), row.record.number.valid())
            && !known(first)
        {
            let claim = claims.entry(first.person).or_default().entry(number).or_default();
            *claim = claim.max(first.weight);
        }
    }
    claims.retain(|_, numbers| numbers.len() > 1);
    for (row, said) in rows.iter().zip(judged.iter_mut()) {
        let Some((numbers, first)) = said.linked().and_then(|c| Some((claims.get(&c.person)?, *c))) else {
            continue;
        };
        let Some(number) = row.record.number.valid() else {
            continue;
        };
        let rival = numbers
            .iter()
            .filter(|(other, _)| **other != number)
            .map(|(_, weight)| *weight)
            .fold(f32::MIN, f32::max);
        if first.weight - rival < NEAR {
            said.answer = Answer::Asks(Why::Claimed);
        }
    }
}

/// Bits by which one number must be ahead of another.
const NEAR: f32 = 8.0;
