//! Rows of a roster: columns from the catalogue, pages in short reads, values as people read them.

use crate::actor::Scope;
use crate::app::Error;
use crate::app::residents::view::{Sight, seen, sight};
use crate::program::Program;
use crate::store::visible::{self, RosterLine};
use crate::store::{divisions, grids, records};
use domain::Instant;
use domain::catalogue::{Field, Type};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Rows of one read.
const PAGE: u64 = 500;

/// The rest of a roster, page by page.
pub struct Rows {
    scope: Scope,
    category: &'static str,
    villages: Option<Vec<Uuid>>,
    start: Instant,
    fields: Vec<Field>,
    /// Town and village by village, and names of grids.
    places: BTreeMap<Uuid, (String, String)>,
    grids: BTreeMap<Uuid, String>,
    after: Option<Uuid>,
    ended: bool,
}

/// Columns before the catalogue's.
const BEFORE: [&str; 3] = ["镇街", "村居", "网格"];
/// Columns behind them. A field in conflict shows one value for the time being and is named in 争议字段.
const BEHIND: [&str; 6] = [
    "名单来源",
    "在册起始月",
    "来源状态",
    "村居核定",
    "争议字段",
    "导出期间有变动",
];

impl Rows {
    /// # Errors
    /// Of the database.
    pub async fn open(
        program: &Program,
        scope: Scope,
        category: &'static str,
        villages: Option<Vec<Uuid>>,
        start: Instant,
    ) -> Result<Rows, Error> {
        let catalogue = &program.catalogue;
        let alive = |f: &&Field| catalogue.field(f.key).is_some_and(|now| now == *f);
        let mut fields: Vec<Field> = catalogue.fields.iter().filter(alive).cloned().collect();
        fields.retain(|f| f.category.is_none_or(|c| c == category));
        fields.retain(|f| sight(&scope, f) != Sight::Absent);
        fields.sort_by_key(|f| f.order);
        let tree = divisions::tree(program.db.read()).await?;
        let names: BTreeMap<Uuid, &str> = tree.iter().map(|d| (d.id, d.name.as_str())).collect();
        let place = |d: &divisions::Division| {
            let town = d.parent.and_then(|p| names.get(&p)).copied().unwrap_or_default();
            (d.id, (town.to_owned(), d.name.clone()))
        };
        let places = tree.iter().map(place).collect();
        let grids = grids::all(program.db.read()).await?;
        Ok(Rows {
            places,
            grids: grids.into_iter().map(|g| (g.id, g.name)).collect(),
            scope,
            category,
            villages,
            start,
            fields,
            after: None,
            ended: false,
        })
    }

    /// The header.
    pub fn header(&self) -> Vec<&str> {
        let fields = self.fields.iter().map(|f| f.label);
        BEFORE.into_iter().chain(fields).chain(BEHIND).collect()
    }

    /// The next page, as many cells a row as the header has; empty at the end.
    ///
    /// # Errors
    /// Of the database; `Damaged` for a record that does not open.
    pub async fn next(&mut self, program: &Program) -> Result<Vec<Vec<String>>, Error> {
        if self.ended {
            return Ok(Vec::new());
        }
        let txn = program.db.snapshot().await?;
        let (villages, start) = (self.villages.as_deref(), self.start.millis());
        let (scope, category) = (&self.scope, self.category);
        let lines = visible::roster_page(&txn, scope, category, villages, start, self.after, PAGE).await?;
        let ids: Vec<Uuid> = lines.iter().map(|line| line.id).collect();
        let items = records::items(&txn, &program.keys, &ids).await?;
        txn.commit().await?;
        self.ended = (lines.len() as u64) < PAGE;
        self.after = ids.last().copied();
        let mut rows = Vec::with_capacity(lines.len());
        for line in &lines {
            let item = items.get(&line.id).ok_or(Error::Damaged("projection missing"))?;
            let item: Json = serde_json::from_str(item).map_err(|_| Error::Damaged("projection"))?;
            rows.push(self.row(line, &item));
        }
        Ok(rows)
    }

    fn row(&self, line: &RosterLine, item: &Json) -> Vec<String> {
        let (town, village) = line
            .village
            .and_then(|v| self.places.get(&v))
            .cloned()
            .unwrap_or_default();
        let grid = line.grid.and_then(|g| self.grids.get(&g)).cloned();
        let mut row = vec![town, village, grid.unwrap_or_default()];
        let mut disputed = Vec::new();
        for field in &self.fields {
            let value = seen(&self.scope, field, &item["fields"][field.key]);
            row.push(value.map_or_else(String::new, |v| written(field, &v)));
            if item["conflicts"].get(field.key).is_some() {
                disputed.push(field.label);
            }
        }
        let changed = line.changed_at > self.start.millis();
        row.extend([
            line.source.clone(),
            line.since.clone(),
            word(&line.source_status).to_owned(),
            word(&line.village_status).to_owned(),
            disputed.join("、"),
            (if changed { "是" } else { "" }).to_owned(),
        ]);
        row
    }
}

/// A value as people write it: money in yuan, states in words.
fn written(field: &Field, value: &Json) -> String {
    match (field.kind, value) {
        (Type::Amount, Json::Number(fen)) => yuan(fen.as_i64().unwrap_or_default()),
        (Type::Code, Json::String(code)) => word(code).to_owned(),
        (_, Json::String(text)) => text.clone(),
        (_, Json::Array(items)) => {
            let items: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
            items.join("、")
        }
        (_, Json::Null) => String::new(),
        (_, other) => other.to_string(),
    }
}

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    match fen % 100 {
        0 => format!("{sign}{}", fen / 100),
        rest => format!("{sign}{}.{rest:02}", fen / 100),
    }
}

/// Codes that are not words already.
fn word(code: &str) -> &str {
    match code {
        "active" => "在册",
        "suspended" => "暂停",
        "ended" => "终止",
        "none" => "无名单",
        "confirmed" => "已核定",
        "unconfirmed" => "待核定",
        "disputed" => "有异议",
        "living" => "在世",
        "died" => "已去世",
        "moved_out" => "已迁出",
        "not_found" => "查无此人",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money() {
        for (fen, expected) in [(0, "0"), (84_500, "845"), (18_150, "181.50"), (-5, "-0.05")] {
            assert_eq!(yuan(fen), expected);
        }
    }
}
