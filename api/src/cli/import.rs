//! `heshan-grid import --dry-run --json KIND FILE`: what a file holds, without server or database.

use crate::lists::{self, ListKind, Reading, Row, Values};
use serde_json::{Map, Value as Json, json};
use std::path::Path;

/// Rows that are shown as a sample.
const SAMPLE: usize = 3;

/// Reads a file and gives the report as one JSON object, or a Chinese sentence that says why it is refused.
pub fn dry_run(kind: &str, file: &Path) -> Result<Json, String> {
    let kind = ListKind::parse(kind).ok_or_else(|| {
        let names: Vec<&str> = ListKind::ALL.iter().map(|k| k.name()).collect();
        format!("不认识的名单种类；可用的有：{}。", names.join("、"))
    })?;
    let bytes = std::fs::read(file).map_err(|_| "文件不存在或无法打开。".to_owned())?;
    let name = file
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let reading = lists::read(kind, &name, &bytes).map_err(|refusal| refusal.message)?;
    Ok(report(&reading))
}

/// The report of a reading: `rows`, `persons`, `reported`, `sheets`, `columns`, `sample`, `notes`.
pub fn report(reading: &Reading) -> Json {
    let sheets: Vec<&str> = reading
        .sheets
        .iter()
        .map(|s| s.name.as_str())
        .filter(|name| !name.is_empty())
        .collect();
    let sheet_name = |n: usize| match reading.sheets[n].name.as_str() {
        "" => Json::Null,
        name => Json::from(name),
    };
    let reported: Vec<Json> = reading
        .rows
        .iter()
        .flat_map(|row| {
            let mut codes: Vec<&str> = row.faults.iter().map(|f| f.why.code()).collect();
            codes.dedup();
            codes
                .into_iter()
                .map(|why| json!({ "sheet": sheet_name(row.sheet), "row": row.number, "why": why }))
                .collect::<Vec<_>>()
        })
        .collect();
    let mut columns = Map::new();
    for column in reading.columns.iter().filter(|c| !c.key.starts_with('.')) {
        columns
            .entry(column.key)
            .or_insert_with(|| Json::from(column.header.as_str()));
    }
    let sample: Vec<Json> = reading.rows.iter().take(SAMPLE).map(sample).collect();
    json!({
        "rows": reading.rows.len(),
        "persons": reading.persons(),
        "reported": reported,
        "sheets": sheets,
        "columns": columns,
        "sample": sample,
        "notes": reading.notes,
    })
}

/// A row by standard key: sums as numbers, members of its household below it.
fn sample(row: &Row) -> Json {
    let mut shown = standard(&row.values);
    if !row.members.is_empty() {
        let members: Vec<Json> = row
            .members
            .iter()
            .map(|m| Json::from(standard(&m.values)))
            .collect();
        shown.insert("members".to_owned(), Json::from(members));
    }
    Json::from(shown)
}

fn standard(values: &Values) -> Map<String, Json> {
    values
        .iter()
        .filter(|(key, _)| !key.starts_with('.'))
        .map(|(key, value)| {
            let number = value
                .parse::<serde_json::Number>()
                .ok()
                .filter(|_| *key == "amount");
            (
                (*key).to_owned(),
                number.map_or_else(|| Json::from(value.as_str()), Json::Number),
            )
        })
        .collect()
}
