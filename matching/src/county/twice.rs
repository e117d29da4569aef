//! One person in two rows of the register.

use super::{County, content};
use crate::hands::Hands;
use crate::keys::Kind;
use crate::record::Record;
use crate::weigh::{Field, Levels, born, name, number, place, plain, weigh};

/// By row: the first row of the same person.
pub fn in_register(hands: &impl Hands, county: &County<'_>) -> Vec<u32> {
    let register = county.register;
    let pairs = hands.each(register.len(), 1000, |at, found| {
        county
            .index
            .find(&Kind::TWICE, county.names, &register[at], found);
        found
            .iter()
            .filter(|other| **other > at as u32)
            .filter_map(|other| {
                let weight = same_person(county, &register[at], &register[*other as usize])?;
                Some((weight, at as u32, *other))
            })
            .collect::<Vec<_>>()
    });
    let numbers = register.iter().map(|r| r.number.valid());
    let mut groups = Groups::new(numbers);
    let pairs: Vec<(f32, u32, u32)> = pairs.into_iter().flatten().collect();
    join_all(&mut groups, pairs, |at| {
        content(county.names, &register[at as usize])
    });
    (0..register.len() as u32).map(|at| groups.first(at)).collect()
}

/// Joins the surest pairs first, and of equally sure ones by what their rows say: where two numbers keep groups apart,
/// the order of joining decides.
pub fn join_all(groups: &mut Groups, mut pairs: Vec<(f32, u32, u32)>, says: impl Fn(u32) -> u64) {
    let key = |a: u32, b: u32| {
        let (a, b) = (says(a), says(b));
        (a.min(b), a.max(b))
    };
    pairs.sort_by(|x, y| {
        let tie = || key(x.1, x.2).cmp(&key(y.1, y.2));
        y.0.total_cmp(&x.0).then_with(tie)
    });
    for (_, a, b) in pairs {
        groups.join(a, b);
    }
}

/// How sure it is that two rows of one file are one person; `None` where a machine does not say so.
pub fn same_person(county: &County<'_>, a: &Record, b: &Record) -> Option<f32> {
    // The same whichever row comes first.
    let says = |record| content(county.names, record);
    let (a, b) = if says(a) <= says(b) { (a, b) } else { (b, a) };
    let weighed = weigh(county.names, &county.weights, &county.counts, a, b);
    let levels = &weighed.levels;
    if !levels.names_agree() || levels.is(Field::Number, number::OTHER) {
        return None;
    }
    if levels.is(Field::Number, number::SAME) {
        return Some(weighed.total() + 100.0);
    }
    // Where somebody lives does not speak against it: who moved is who is written twice.
    let home = [Field::Place, Field::Phone, Field::Head, Field::Sex];
    let total: f32 = Field::ALL
        .iter()
        .map(|f| {
            let bits = weighed.bits[*f as usize];
            if home.contains(f) { bits.max(0.0) } else { bits }
        })
        .sum();
    let odds = total - (county.register.len().max(1) as f32).log2() - SECOND;
    (odds >= county.limits.link.min(4.0) && !may_be_namesakes(levels)).then_some(odds)
}

/// One row in about two hundred stands twice.
const SECOND: f32 = 7.6;

/// Namesakes with one birthday in one village are two people until a number, a phone or a house says otherwise.
fn may_be_namesakes(levels: &Levels) -> bool {
    let numbered = matches!(levels.of(Field::Number), number::SLIP | number::CUT);
    let home = levels.is(Field::Phone, plain::SAME)
        || (levels.is(Field::Place, place::HOUSE) && levels.is(Field::Name, name::EQUAL));
    let apart = levels.is(Field::Place, place::VILLAGE) || levels.is(Field::Place, place::NATURAL);
    let dated = levels.is(Field::Born, born::EQUAL);
    !numbered && !home && (apart || !dated)
}

/// Rows brought together, never two valid numbers in one group.
pub struct Groups {
    parent: Vec<u32>,
    number: Vec<Option<u64>>,
}

impl Groups {
    pub fn new(numbers: impl Iterator<Item = Option<u64>>) -> Groups {
        let number: Vec<Option<u64>> = numbers.collect();
        Groups {
            parent: (0..number.len() as u32).collect(),
            number,
        }
    }

    /// The lowest row of the group.
    pub fn first(&mut self, mut at: u32) -> u32 {
        while self.parent[at as usize] != at {
            let up = self.parent[self.parent[at as usize] as usize];
            self.parent[at as usize] = up;
            at = up;
        }
        at
    }

    /// Brings a row to those of its person because it was said so; what number it states is then no argument.
    pub fn add(&mut self, known: u32, row: u32) {
        if self.join(known, row) {
            return;
        }
        let (known, row) = (self.first(known), self.first(row));
        let number = self.number[known as usize];
        let (low, high) = (known.min(row), known.max(row));
        self.parent[high as usize] = low;
        self.number[low as usize] = number;
    }

    /// Brings two rows together; not when both groups have a number and it is not the same.
    pub fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.first(a), self.first(b));
        let (low, high) = (a.min(b), a.max(b));
        let (x, y) = (self.number[low as usize], self.number[high as usize]);
        if a != b && x.is_some() && y.is_some() && x != y {
            return false;
        }
        self.parent[high as usize] = low;
        self.number[low as usize] = x.or(y);
        true
    }
}
