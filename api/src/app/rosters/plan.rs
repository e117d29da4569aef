//! What a roster's rows hold for somebody: columns from the catalogue by permission, names of places, an age band.

use crate::actor::Scope;
use crate::app::Error;
use crate::app::residents::view::{Sight, sight};
use crate::program::Program;
use crate::store::{divisions, grids};
use domain::catalogue::{Category, Field};
use domain::date::age;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Columns before the catalogue's.
pub const BEFORE: [&str; 3] = ["镇街", "村居", "网格"];
/// Columns behind them. A field in conflict shows one value for the time being and is named in 争议字段; the last one
/// is the person's id here, by which changes since name their rows.
pub const BEHIND: [&str; 7] = [
    "名单来源",
    "在册起始月",
    "来源状态",
    "村居核定",
    "争议字段",
    "导出期间有变动",
    "人员编号",
];

/// Whole years at a date, both ends within; none is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    pub from: Option<i16>,
    pub to: Option<i16>,
    pub on: Date,
}

impl Ages {
    pub fn hold(&self, born: Date) -> bool {
        let years = age(born, self.on);
        self.from.is_none_or(|from| years >= from) && self.to.is_none_or(|to| years <= to)
    }

    /// The years of birth that may be within.
    pub fn born(&self) -> (Option<i32>, Option<i32>) {
        let year = i32::from(self.on.year());
        let first = self.to.map(|to| year - i32::from(to) - 1);
        (first, self.from.map(|from| year - i32::from(from)))
    }
}

/// A field of the catalogue as a column.
pub struct Column {
    pub field: Field,
    pub sight: Sight,
}

pub struct Plan {
    pub category: &'static str,
    pub columns: Vec<Column>,
    /// Where a field's column is.
    places: HashMap<&'static str, usize>,
    /// Town and village by village, and names of grids.
    pub villages: BTreeMap<Uuid, (String, String)>,
    pub grids: BTreeMap<Uuid, String>,
    pub ages: Option<Ages>,
}

impl Plan {
    /// # Errors
    /// Of the database.
    pub async fn of(
        program: &Program,
        scope: &Scope,
        category: &Category,
        ages: Option<Ages>,
    ) -> Result<Plan, Error> {
        let catalogue = &program.catalogue;
        let alive = |f: &&Field| catalogue.field(f.key).is_some_and(|now| now == *f);
        let mut fields: Vec<Field> = catalogue.fields.iter().filter(alive).cloned().collect();
        fields.retain(|f| f.category.is_none_or(|c| c == category.key));
        fields.sort_by_key(|f| f.order);
        let columns: Vec<Column> = fields
            .into_iter()
            .map(|field| Column {
                sight: sight(scope, &field),
                field,
            })
            .filter(|column| column.sight != Sight::Absent)
            .collect();
        let tree = divisions::tree(program.db.read()).await?;
        let names: BTreeMap<Uuid, &str> = tree.iter().map(|d| (d.id, d.name.as_str())).collect();
        let place = |d: &divisions::Division| {
            let town = d.parent.and_then(|p| names.get(&p)).copied().unwrap_or_default();
            (d.id, (town.to_owned(), d.name.clone()))
        };
        let grids = grids::all(program.db.read()).await?;
        Ok(Plan {
            category: category.key,
            places: (0..).zip(&columns).map(|(n, c)| (c.field.key, n)).collect(),
            columns,
            villages: tree.iter().map(place).collect(),
            grids: grids.into_iter().map(|g| (g.id, g.name)).collect(),
            ages,
        })
    }

    /// The header of a table.
    pub fn header(&self) -> Vec<&str> {
        let fields = self.columns.iter().map(|c| c.field.label);
        BEFORE.into_iter().chain(fields).chain(BEHIND).collect()
    }

    /// The column of a field.
    pub fn place(&self, key: &str) -> Option<usize> {
        self.places.get(key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn ages_at_a_day() {
        let band = |from, to| Ages {
            from,
            to,
            on: date(2026, 11, 30),
        };
        let cases = [
            (band(Some(80), None), date(1946, 11, 30), true),
            (band(Some(80), None), date(1946, 12, 1), false),
            (band(Some(80), Some(89)), date(1936, 12, 1), true),
            (band(Some(80), Some(89)), date(1936, 11, 30), false),
            (band(None, Some(5)), date(2020, 12, 1), true),
            (band(None, None), date(1900, 1, 1), true),
        ];
        for (ages, born, expected) in cases {
            assert_eq!(ages.hold(born), expected, "{ages:?} {born}");
            let (first, last) = ages.born();
            let year = i32::from(born.year());
            let fits = first.is_none_or(|f| year >= f) && last.is_none_or(|l| year <= l);
            assert!(fits || !expected, "{ages:?} {born}");
        }
    }
}
