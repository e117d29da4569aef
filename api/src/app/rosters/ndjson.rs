//! A roster as NDJSON: an object that bears the mark, an object a row, and one that says that the file is whole.

use super::line::{Cell, Row};
use super::mark::Mark;
use super::plan::Plan;
use serde_json::{Map, Value as Json, json};

pub fn header(mark: &Mark) -> String {
    let line = json!({ "export": {
        "by": mark.by, "account": mark.account, "at": mark.at.to_string(), "request": mark.request,
        "category": mark.category, "purpose": mark.purpose, "cursor": mark.cursor,
    } });
    format!("{line}\n")
}

pub fn row(plan: &Plan, row: &Row<'_>, out: &mut String) {
    out.push_str(&Json::Object(object(plan, row)).to_string());
    out.push('\n');
}

pub fn end(rows: u64) -> String {
    format!("{}\n", json!({ "end": { "rows": rows } }))
}

/// One row with values as records have them: money in fen, states as codes, fields by their keys.
pub fn object(plan: &Plan, row: &Row<'_>) -> Map<String, Json> {
    let mut fields = Map::new();
    for (cell, column) in row.cells.iter().zip(&plan.columns) {
        if let Some(cell) = cell {
            fields.insert(column.field.key.into(), value(cell));
        }
    }
    let mut out = Map::new();
    for (name, value) in [
        ("resident", row.resident.to_string().into()),
        ("village", row.village_id.map(|v| v.to_string()).into()),
        ("grid", row.grid_id.map(|g| g.to_string()).into()),
        ("town_name", row.town.into()),
        ("village_name", row.village.into()),
        ("grid_name", row.grid.into()),
        ("fields", fields.into()),
        ("source", row.source.into()),
        ("since", row.since.into()),
        ("source_status", row.source_status.into()),
        ("village_status", row.village_status.into()),
        ("disputed", row.disputed.clone().into()),
        ("changed_meanwhile", row.changed.into()),
    ] {
        out.insert(name.into(), value);
    }
    out
}

fn value(cell: &Cell<'_>) -> Json {
    match cell {
        Cell::Text(text) => text.as_ref().into(),
        Cell::Integer(n) => (*n).into(),
        Cell::Yes(yes) => (*yes).into(),
        Cell::Many(items) => items.iter().map(|i| Json::from(i.as_ref())).collect(),
    }
}
