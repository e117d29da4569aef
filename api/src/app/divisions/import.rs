//! Divisions from a CSV file: code, name, level, parent's code. The same file twice changes nothing.

use super::names;
use super::write::{recode, rename, taken};
use crate::app::Error;
use crate::store::db::{Db, Txn};
use crate::store::divisions::{self, Division};
use domain::Instant;
use domain::code::{DivisionCode, Level};
use domain::text::{not_stated, squeezed};
use uuid::Uuid;

/// Heshan's towns and villages as published (see `api/data`): most village names are missing, the code set is
/// older than the towns. For the demo county, and to begin with.
pub const HESHAN: &str = include_str!("../../../data/heshan-divisions.csv");

/// One row, read as far as it can be.
struct Row {
    number: u32,
    code: DivisionCode,
    /// Empty where the file has none.
    name: String,
}

/// A row that was left out, by its number as a spreadsheet counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowIssue {
    pub row: u32,
    pub why: &'static str,
    /// The column to correct.
    pub field: &'static str,
}

/// What became of a file's rows: `rows` is the sum of the others and of `issues`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub rows: u32,
    pub created: u32,
    /// Got a new name, or the code that they did not have yet.
    pub changed: u32,
    pub same: u32,
    pub issues: Vec<RowIssue>,
}

/// Why no row of a file could be read.
fn no_table() -> Error {
    Error::field("no_table", "文件中没有区划表：须有“区划代码”和“名称”两列", "file")
}

/// Header words of the columns.
const CODE: [&str; 4] = ["code", "区划代码", "行政区划代码", "代码"];
const NAME: [&str; 4] = ["name", "名称", "区划名称", "行政区划名称"];
const LEVEL: [&str; 2] = ["level", "级别"];
const PARENT: [&str; 3] = ["parent_code", "上级代码", "上级区划代码"];

/// Rows committed at once, so that phones never wait for a file.
const STEP: usize = 200;

/// Makes and corrects divisions as the file says; what the file does not name stays as it is.
///
/// `text` is the file's text in any column order. A row is found again by its code; a division without code
/// (made by a grids list) by its name under the same parent. A name that the division already goes or went by
/// changes nothing, so that an old file does not take back what the bureau has corrected.
pub async fn csv(db: &Db, text: &str, now: Instant) -> Result<Imported, Error> {
    let (mut rows, mut issues) = read(text)?;
    let mut done = Imported {
        rows: (rows.len() + issues.len()) as u32,
        ..Imported::default()
    };
    // Parents first, whatever the order in the file.
    rows.sort_by_key(|row| (row.code.level(), row.number));
    for part in rows.chunks(STEP) {
        let step = db
            .write(|txn| async move {
                let mut step = Imported::default();
                for row in part {
                    match take(&txn, row, now).await? {
                        Became::Created => step.created += 1,
                        Became::Changed => step.changed += 1,
                        Became::Same => step.same += 1,
                        Became::Left(why, field) => step.issues.push(RowIssue {
                            row: row.number,
                            why,
                            field,
                        }),
                    }
                }
                Ok::<_, Error>(step)
            })
            .await?;
        done.created += step.created;
        done.changed += step.changed;
        done.same += step.same;
        issues.extend(step.issues);
    }
    issues.sort_by_key(|issue| issue.row);
    done.issues = issues;
    Ok(done)
}

enum Became {
    Created,
    Changed,
    Same,
    Left(&'static str, &'static str),
}

async fn take(txn: &Txn, row: &Row, now: Instant) -> Result<Became, Error> {
    let parent = match row.code.above() {
        None => None,
        Some(code) => match divisions::by_code(&**txn, code.as_str()).await? {
            Some(parent) => divisions::lock(&**txn, parent.id).await?,
            None => return Ok(Became::Left("parent_unknown", "parent_code")),
        },
    };
    let code = row.code.as_str();
    if let Some(mut found) = divisions::by_code(&**txn, code).await? {
        if row.name.is_empty() || found.all_names().any(|name| name == row.name) {
            return Ok(Became::Same);
        }
        rename(&mut found, row.name.clone(), now.date());
        return put(txn, &found, parent.as_ref()).await;
    }
    let Some(parent) = parent else {
        if divisions::lock_county(&**txn).await?.is_some() {
            return Ok(Became::Left("other_county", "code"));
        }
        return make(txn, row, None).await;
    };
    let beside = divisions::children(&**txn, parent.id).await?;
    if beside
        .iter()
        .any(|d| !d.is_current() && d.code.as_deref() == Some(code))
    {
        // It was ended here; a file from before that must not bring it back.
        return Ok(Became::Left("division_ended", "code"));
    }
    let without_code: Vec<&Division> = beside
        .iter()
        .filter(|d| d.is_current() && d.code.is_none())
        .collect();
    if !row.name.is_empty()
        && let names::Meant::One(found) = names::find(&row.name, &without_code, &[])
    {
        let mut found = found.clone();
        recode(&mut found, Some(code.to_owned()), now.date());
        if !found.all_names().any(|name| name == row.name) {
            rename(&mut found, row.name.clone(), now.date());
        }
        return put(txn, &found, Some(&parent)).await;
    }
    if beside.iter().any(|d| d.is_current() && d.name == row.name) {
        return Ok(Became::Left("name_taken", "name"));
    }
    make(txn, row, Some(&parent)).await
}

async fn put(txn: &Txn, division: &Division, parent: Option<&Division>) -> Result<Became, Error> {
    if let Some(parent) = parent {
        let beside = divisions::children(&**txn, parent.id).await?;
        let same = |d: &Division| d.id != division.id && d.is_current() && d.name == division.name;
        if beside.iter().any(same) {
            return Ok(Became::Left("name_taken", "name"));
        }
    }
    divisions::update(&**txn, division).await.map_err(taken)?;
    Ok(Became::Changed)
}

async fn make(txn: &Txn, row: &Row, parent: Option<&Division>) -> Result<Became, Error> {
    let name = match (row.name.is_empty(), parent) {
        (false, _) => row.name.clone(),
        (true, Some(town)) if row.code.level() == Level::Village => {
            names::label(&town.name, row.code.own_part())
        }
        (true, _) => return Ok(Became::Left("name_missing", "name")),
    };
    let division = Division {
        id: Uuid::now_v7(),
        code: Some(row.code.as_str().to_owned()),
        name,
        level: row.code.level(),
        parent: parent.map(|p| p.id),
        names: Vec::new(),
        since: None,
        until: None,
    };
    divisions::insert(&**txn, &[division]).await.map_err(taken)?;
    Ok(Became::Created)
}

/// Rows that can be read, and those that cannot.
fn read(text: &str) -> Result<(Vec<Row>, Vec<RowIssue>), Error> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let header = reader.headers().map_err(|_| no_table())?.clone();
    let column = |words: &[&str]| header.iter().position(|h| words.contains(&squeezed(h).as_str()));
    let (code, name) = (column(&CODE), column(&NAME));
    let (level, parent) = (column(&LEVEL), column(&PARENT));
    let (Some(code), Some(name)) = (code, name) else {
        return Err(no_table());
    };
    let (mut rows, mut issues) = (Vec::new(), Vec::new());
    for (place, record) in reader.records().enumerate() {
        let number = place as u32 + 2;
        let record = record.map_err(|_| no_table())?;
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let stated = |column: Option<usize>| column.map(cell).filter(|text| !not_stated(text));
        if record.iter().all(|text| squeezed(text).is_empty()) {
            continue;
        }
        match row(number, cell(code), cell(name), stated(level), stated(parent)) {
            Ok(row) => rows.push(row),
            Err(issue) => issues.push(issue),
        }
    }
    if rows.is_empty() && issues.is_empty() {
        return Err(no_table());
    }
    Ok((rows, issues))
}

fn row(row: u32, code: &str, name: &str, level: Option<&str>, parent: Option<&str>) -> Result<Row, RowIssue> {
    let issue = |why, field| RowIssue { row, why, field };
    let code = DivisionCode::parse(code).map_err(|_| issue("code_malformed", "code"))?;
    let levels = |level: Level| match level {
        Level::County => ["county", "县", "县级"],
        Level::Town => ["town", "镇街", "乡级"],
        Level::Village => ["village", "村居", "村级"],
    };
    if level.is_some_and(|text| !levels(code.level()).contains(&squeezed(text).as_str())) {
        return Err(issue("code_level", "level"));
    }
    // The county's parent, a prefecture, is no division of ours.
    if let (Some(text), Some(above)) = (parent, code.above())
        && DivisionCode::parse(text).ok() != Some(above)
    {
        return Err(issue("code_parent", "parent_code"));
    }
    let name = match not_stated(name) {
        true => String::new(),
        false => names::parse(name).ok_or_else(|| issue("name_malformed", "name"))?,
    };
    Ok(Row {
        number: row,
        code,
        name,
    })
}
