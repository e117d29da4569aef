//! `heshan-grid import --dry-run --json KIND FILE`: what a file holds, without server or database.

use crate::lists::{self, ListKind, Mark, OnDisk, Order, Outline, Place, Refusal, Row, Source, Values, Why};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::path::Path;

/// Rows that are shown as a sample.
const SAMPLE: usize = 3;

/// Reads a file and gives the report as one JSON object, or a Chinese sentence that says why it is refused.
pub fn dry_run(kind: &str, file: &Path) -> Result<Json, String> {
    let kind = ListKind::parse(kind).ok_or_else(|| {
        let names: Vec<&str> = ListKind::ALL.iter().map(|k| k.name()).collect();
        format!("不认识的名单种类；可用的有：{}。", names.join("、"))
    })?;
    let source = OnDisk::new(file.to_owned()).map_err(|_| "文件不存在或无法打开。".to_owned())?;
    let name = file
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    report(kind, &name, &source).map_err(|refusal| refusal.message)
}

/// What is reported of a row: where it stands, and the code.
type Reported = (Place, &'static str);

/// The report of a file: `rows`, `persons`, `reported`, `sheets`, `columns`, `sample`, `notes`.
///
/// # Errors
/// Why the file is refused.
pub fn report(kind: ListKind, name: &str, source: &dyn Source) -> Result<Json, Refusal> {
    let order = &Order {
        kind,
        file_name: name,
        year: None,
        known: &|_| None,
        most: lists::MOST_ROWS,
    };
    let (mut reported, mut samples) = (Vec::<Reported>::new(), Vec::new());
    let outline = lists::stream(order, source, &mut |row, _| {
        let mut codes: Vec<&str> = row.faults.iter().map(|f| f.why.code()).collect();
        codes.dedup();
        reported.extend(codes.into_iter().map(|why| ((row.sheet, row.number), why)));
        if samples.len() < SAMPLE {
            samples.push(sample(&row));
        }
        Ok(())
    })?;
    let twice = twice(order, source, &outline)?;
    reported.extend(twice.into_iter().map(|place| (place, Why::TwiceInFile.code())));
    reported.sort_by_key(|(place, _)| *place);
    let sheet_name = |n: usize| match outline.sheets[n].name.as_str() {
        "" => Json::Null,
        name => Json::from(name),
    };
    let reported: Vec<Json> = reported
        .into_iter()
        .map(|((sheet, row), why)| json!({ "sheet": sheet_name(sheet), "row": row, "why": why }))
        .collect();
    let sheets: Vec<&str> = outline
        .sheets
        .iter()
        .map(|s| s.name.as_str())
        .filter(|name| !name.is_empty())
        .collect();
    let mut columns = Map::new();
    for column in outline.columns.iter().filter(|c| !c.key.starts_with('.')) {
        columns
            .entry(column.key)
            .or_insert_with(|| Json::from(column.header.as_str()));
    }
    Ok(json!({
        "rows": outline.rows,
        "persons": outline.persons,
        "reported": reported,
        "sheets": sheets,
        "columns": columns,
        "sample": samples,
        "notes": outline.notes,
    }))
}

/// Rows that contradict another row about the same person. The file is read once more for those who come again.
fn twice(order: &Order<'_>, source: &dyn Source, outline: &Outline) -> Result<Vec<Place>, Refusal> {
    if outline.again.is_empty() {
        return Ok(Vec::new());
    }
    let mut said: HashMap<Place, Values> = outline
        .again
        .iter()
        .flatten()
        .map(|place| (*place, Values::new()))
        .collect();
    lists::stream(order, source, &mut |row, _| {
        if let Some(values) = said.get_mut(&(row.sheet, row.number)) {
            *values = row.values;
        }
        Ok(())
    })?;
    let months = lists::month_sheets(outline.sheets.iter().map(|s| s.name.as_str()));
    let mut out = Vec::new();
    for places in &outline.again {
        let rows: Vec<(Place, &Values)> = places.iter().map(|place| (*place, &said[place])).collect();
        let marks = lists::compare(&rows, &months).into_iter().zip(places);
        out.extend(
            marks
                .filter(|(mark, _)| *mark == Some(Mark::Contradicts))
                .map(|(_, place)| *place),
        );
    }
    Ok(out)
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
