//! A person whom a combined list names in another category than before: an end and a start in one month.
//!
//! Only the whole file tells: whoever it names in both categories has changed nothing. So this comes when all rows
//! are judged, and before anybody is called missing.

use super::items::MISSING;
use super::steps::{Commit, Done};
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::store::db::Txn;
use crate::store::enrolments;
use crate::store::lists::{self, Outcome, Row, Stage};
use domain::Value;
use matching::three_way::Step;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The categories of the one kind of list that has several.
const COMBINED: [&str; 4] = ["low_income", "low_income_edge", "destitute", "rigid_expense"];

/// Somebody whom a row of the list puts into a category.
#[derive(Clone, Debug)]
pub struct Begun {
    pub resident: Uuid,
    pub category: &'static str,
    /// Sheet and row.
    pub place: (i32, i32),
}

#[derive(Clone, Debug)]
pub struct Moved {
    pub begun: Begun,
    /// The category that ends.
    pub from: String,
}

/// Who of those that begin in a category was in another one by the same source; `named` says whether the file names
/// somebody there still.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    cx: &Commit<'_>,
    begun: &[Begun],
    named: impl Fn(Uuid, &str) -> bool,
) -> Result<Vec<Moved>, Error> {
    if cx.list.kind != "low_income" || cx.history || cx.earlier.is_empty() {
        return Ok(Vec::new());
    }
    let ids: BTreeSet<Uuid> = begun.iter().map(|b| b.resident).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut open: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for row in enrolments::open_of_all(db, &ids).await? {
        let other = COMBINED.contains(&row.category.as_str()) && row.source == cx.list.source;
        if other && !named(row.resident, &row.category) {
            open.entry(row.resident).or_default().push(row.category);
        }
    }
    let one = |begun: &Begun| match open.get(&begun.resident)?.as_slice() {
        // Of several that ended at once nobody can say which became this one.
        [from] => Some(Moved {
            begun: begun.clone(),
            from: from.clone(),
        }),
        _ => None,
    };
    Ok(begun.iter().filter_map(one).collect())
}

/// What becomes of the row.
pub fn outcome(cx: &Commit<'_>, moved: &Moved) -> Outcome {
    let label = |key: &str| {
        let known = cx.program.catalogue.categories.iter().find(|c| c.key == key);
        known.map_or("其他", |c| c.label)
    };
    Outcome {
        verdict: "changed",
        reason: Some(format!(
            "类别由{}变为{}，自 {} 起",
            label(&moved.from),
            label(moved.begun.category),
            cx.list.month
        )),
        resident: Some(moved.begun.resident),
    }
}

/// Says on the rows that they are changes; a commit ends the categories that people have left.
pub async fn write(txn: &Txn, cx: &Commit<'_>, part: &[Moved]) -> Result<(), Error> {
    let db = &**txn;
    let (mut rows, mut outcomes): (Vec<Row>, Vec<Outcome>) = (Vec::new(), Vec::new());
    for moved in part {
        let (sheet, row) = moved.begun.place;
        rows.extend(lists::row_at(db, &cx.program.keys, cx.list.id, sheet, row).await?);
        outcomes.push(outcome(cx, moved));
    }
    if rows.len() != part.len() {
        return Err(Error::Damaged("list row"));
    }
    if cx.stage == Stage::Final {
        end(txn, cx, part, &rows).await?;
    }
    Ok(lists::judge(db, &rows, &outcomes, cx.stage).await?)
}

async fn end(txn: &Txn, cx: &Commit<'_>, part: &[Moved], rows: &[Row]) -> Result<(), Error> {
    let db = &**txn;
    let ids: BTreeSet<Uuid> = part.iter().map(|m| m.begun.resident).collect();
    let mut desk = Desk::open(txn, cx.program, &ids, &[], cx.now).await?;
    for (moved, row) in part.iter().zip(rows) {
        let id = moved.begun.resident;
        let key = format!("{}.status", moved.from);
        let result = json!({ "list": cx.list.id, "month": cx.list.month });
        desk.close(id, MISSING, &key, "superseded", None, result);
        let Some(mut open) = enrolments::open_of(db, id, &moved.from).await? else {
            continue;
        };
        let handed_in = json!({ "values": row.content.values, "cells": row.content.handed_in });
        enrolments::hand_in(&cx.program.keys, &mut open, cx.list.id, "ended", &handed_in);
        open.until = Some(cx.list.month.clone());
        enrolments::keep(db, &open).await?;
        let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
        let lines = &mut loaded.record.kept.enrolments;
        let line = lines
            .iter_mut()
            .find(|l| l.category == moved.from && l.until.is_none());
        if let Some(line) = line {
            line.status = "ended".to_owned();
            line.until = Some(cx.list.month.clone());
        }
        let field = cx
            .program
            .catalogue
            .field(&key)
            .ok_or(Error::Damaged("category"))?;
        let step = Step::Decide {
            was: loaded.record.fact(&key),
            now: Value::from("ended"),
        };
        let edit = cx.derive("list_category", moved.begun.place, id);
        let edit = cx.edit(loaded, edit, &[Done { field, step }], &[], None)?;
        let (writer, source) = cx.author(cx.name());
        let origin = Origin {
            writer: &writer,
            source,
            kind: "list",
            skew: 0,
        };
        if let Some(edit) = edit {
            desk.take(&edit, &origin)?;
        }
        desk.touch(id);
    }
    desk.save().await
}
