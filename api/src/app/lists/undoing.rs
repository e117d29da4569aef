//! One step of undoing a list: the values, episodes and open items of some people become what they were before it.
//!
//! Nothing is torn out of the history: what goes back goes back by an edit of its own, from what the list wrote to
//! what was there. Whoever only this list had entered is withdrawn: without values, on no roster, dropped from phones.

use super::back::{Back, Own, emptied, values};
use super::items::{CONTRADICTED, MISSING};
use super::own::{entered, own_edits};
use super::row::{category, status};
use super::steps::{Commit, Done};
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::store::db::Txn;
use crate::store::edits;
use crate::store::lists::{self, Row};
use crate::store::{answers, enrolments, inbox};
use domain::{EditId, Value};
use entity::{edit, enrolment};
use matching::three_way::Step;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use sync::State;
use uuid::Uuid;

/// Before and after of one field, for the history.
type Change = (String, Json, Json);

/// Takes back what some rows wrote. A person of whom several rows speak is one: where the first of them stands.
pub async fn step(txn: &Txn, cx: &Commit<'_>, rows: &[Row]) -> Result<(), Error> {
    let db = &**txn;
    let named: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.resident).collect();
    let named: Vec<Uuid> = named.into_iter().collect();
    let about = lists::places_about(db, cx.list.id, &named).await?;
    let mut people: BTreeMap<Uuid, Vec<&Row>> = BTreeMap::new();
    for row in &about {
        people
            .entry(row.resident.unwrap_or_default())
            .or_default()
            .push(row);
    }
    let here: BTreeSet<(i32, i32)> = rows.iter().map(|row| (row.sheet, row.row)).collect();
    people.retain(|_, rows| here.contains(&(rows[0].sheet, rows[0].row)));
    let ids: BTreeSet<Uuid> = people.keys().copied().collect();
    let all: Vec<Uuid> = ids.iter().copied().collect();
    let mut desk = Desk::open(txn, cx.program, &ids, &[], cx.now).await?;
    desk.placed_by = Some(cx.account);
    let mut own = own(txn, cx, &about).await?;
    let before: Vec<Uuid> = cx.earlier.iter().map(|l| l.id).collect();
    let mut previous = lists::rows_of(db, &cx.program.keys, &before, &all).await?;
    previous.sort_by_key(|row| before.iter().position(|id| *id == row.list));
    let mut episodes: BTreeMap<Uuid, Vec<enrolment::Model>> = BTreeMap::new();
    for row in enrolments::of_list(db, cx.list.id, &all).await? {
        episodes.entry(row.resident).or_default().push(row);
    }
    let superseded = inbox::superseded(db, &all, MISSING).await?;
    let mut withdrawn = Vec::new();
    for (id, rows) in &people {
        if !desk.records.contains_key(id) {
            continue;
        }
        for item in superseded.iter().filter(|i| i.resident == Some(*id)) {
            let body = inbox::body(&cx.program.keys, item)?;
            if body["result"]["list"] == cx.list.id.to_string().as_str() {
                desk.open_again(item, body).await?;
            }
        }
        let new = rows.iter().find(|row| entered(&cx.program.keys, row));
        let edits = own.remove(id).unwrap_or_default();
        withdraw_questions(&mut desk, cx, *id, rows);
        let mut back = match new {
            Some(_) => emptied(&mut desk, cx, *id)?,
            None => values(&mut desk, cx, *id, &edits)?,
        };
        let of_person = episodes.remove(id).unwrap_or_default();
        back.lines |= lines(txn, &mut desk, cx, *id, of_person, &previous).await?;
        if new.is_some() {
            withdrawn.push(*id);
            desk.leaves(*id, "withdrawn");
            let loaded = desk.records.get_mut(id).ok_or(Error::NotFound)?;
            loaded.record.state = State::Departed;
            desk.close_all(*id, None, &result(cx));
        }
        write(&mut desk, cx, *id, rows[0], back)?;
    }
    let places: Vec<_> = rows
        .iter()
        .map(|r| (cx.list.id, lists::item_row(r.sheet, r.row)))
        .collect();
    for id in inbox::open_of_rows(db, &places).await? {
        if let Some(item) = inbox::find(db, id).await? {
            let mut body = inbox::body(&cx.program.keys, &item)?;
            body["result"] = result(cx);
            inbox::close(
                db,
                &cx.program.keys,
                id,
                "withdrawn",
                None,
                cx.now.millis(),
                &body,
            )
            .await?;
        }
    }
    answers::forget(db, &withdrawn).await?;
    desk.save().await
}

fn result(cx: &Commit<'_>) -> Json {
    json!({ "undone": cx.list.id, "month": cx.list.month })
}

/// The list's edits of these rows' people, with where they stood.
async fn own(txn: &Txn, cx: &Commit<'_>, rows: &[Row]) -> Result<BTreeMap<Uuid, Vec<Own>>, Error> {
    let db = &**txn;
    let ids: Vec<Uuid> = rows.iter().flat_map(|row| own_edits(cx, row)).collect();
    let mut found: Vec<edit::Model> = Vec::new();
    for part in ids.chunks(500) {
        found.extend(edits::by_ids(db, part).await?);
    }
    found.sort_by_key(|row| (row.resident, std::cmp::Reverse(row.n)));
    let from: Vec<(Uuid, i32)> = found.iter().map(|row| (row.resident, row.n - 1)).collect();
    let stamps = edits::stamps(db, &from).await?;
    let mut out: BTreeMap<Uuid, Vec<Own>> = BTreeMap::new();
    for row in found {
        let before = stamps
            .iter()
            .find(|s| s.resident == row.resident && s.n == row.n - 1);
        let before = before
            .map(|s| crate::store::records::hashes(&s.heads))
            .unwrap_or_default();
        let own = Own {
            id: EditId::from(row.id),
            body: edits::body(&cx.program.keys, &row)?,
            before,
        };
        out.entry(row.resident).or_default().push(own);
    }
    Ok(out)
}

/// What the list asked about the person is asked no more; what others say beside it stays.
fn withdraw_questions(desk: &mut Desk<'_>, cx: &Commit<'_>, id: Uuid, rows: &[&Row]) {
    let own: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| own_edits(cx, row))
        .map(|edit| edit.to_string())
        .collect();
    let list = cx.list.id.to_string();
    let ours = |side: &Json| {
        side["list"] == list.as_str() || side["edit"].as_str().is_some_and(|edit| own.contains(edit))
    };
    for reason in [
        MISSING,
        CONTRADICTED,
        "proposal",
        "departure",
        "held_fields",
        "note_beside",
    ] {
        desk.take_back(id, reason, ours, &result(cx));
    }
}

/// Episodes that the list began are gone; others are as the source handed them in before. Says whether a line of the
/// record changed.
async fn lines(
    txn: &Txn,
    desk: &mut Desk<'_>,
    cx: &Commit<'_>,
    id: Uuid,
    episodes: Vec<enrolment::Model>,
    previous: &[Row],
) -> Result<bool, Error> {
    let db = &**txn;
    let mut changed = false;
    for mut row in episodes {
        let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
        let lines = &mut loaded.record.kept.enrolments;
        let of_row = |line: &sync::record::EnrolmentLine| {
            line.category == row.category && line.since == row.since && line.until == row.until
        };
        if row.begun_by == Some(cx.list.id) {
            enrolments::remove(db, row.id).await?;
            lines.retain(|line| !of_row(line));
            changed = true;
            continue;
        }
        let fits = |p: &&Row| {
            p.resident == Some(id) && category(&cx.list.kind, &p.content) == Some(row.category.as_str())
        };
        let Some(before) = previous.iter().find(fits) else {
            continue;
        };
        let status = status(&before.content);
        let handed_in = json!({ "values": before.content.values, "cells": before.content.handed_in });
        if let Some(line) = lines.iter_mut().find(|line| of_row(line)) {
            changed |= line.status != status || line.until.is_some();
            line.status = status.to_owned();
            line.until = None;
        }
        enrolments::hand_in(&cx.program.keys, &mut row, before.list, status, &handed_in);
        row.until = None;
        enrolments::keep(db, &row).await?;
    }
    Ok(changed)
}

/// One edit says what goes back.
fn write<'a>(
    desk: &mut Desk<'_>,
    cx: &'a Commit<'_>,
    id: Uuid,
    row: &Row,
    mut back: Back<'a>,
) -> Result<(), Error> {
    let name = format!("撤回{}", cx.name());
    let (writer, source) = cx.author(name);
    let origin = Origin {
        writer: &writer,
        source,
        kind: "undo",
        skew: 0,
    };
    for beside in std::mem::take(&mut back.beside) {
        let what = format!("undo {}", beside.done.field.key);
        let edit = cx.derive(&what, (row.sheet, row.row), id);
        let loaded = desk.records.get(&id).ok_or(Error::NotFound)?;
        if let Some(wire) = cx.edit(loaded, edit, &[beside.done], &[], None)? {
            desk.take_on(&wire, &origin, beside.on)?;
        }
    }
    if back.steps.is_empty() && !back.lines {
        // Items may have closed or opened.
        desk.touch(id);
        return Ok(());
    }
    let edit = cx.derive("undo", (row.sheet, row.row), id);
    let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
    let record = &mut loaded.record;
    let mut changes: Vec<Change> = Vec::new();
    for (key, value) in back.facts() {
        changes.push((key.clone(), record.fact(&key).to_json(), value.to_json()));
        match value {
            // What nobody had ever written is so again.
            Value::Null => {
                record.kept.facts.remove(&key);
                record.facts_version += 1;
            }
            value => record.set_fact(&key, value, EditId::from(edit)),
        }
    }
    if back.steps.is_empty() {
        // An episode alone: the edit says of its status what it is.
        let field = cx
            .program
            .catalogue
            .fields
            .iter()
            .find(|f| f.key.ends_with(".status"));
        let field = field.ok_or(Error::Damaged("catalogue"))?;
        let present = record.fact(field.key);
        let step = Step::Decide {
            was: present.clone(),
            now: present,
        };
        back.steps.push(Done { field, step });
    }
    let wire = cx.edit(loaded, edit, &back.steps, &[], None)?;
    let Some(wire) = wire else { return Ok(()) };
    desk.take(&wire, &origin)?;
    desk.changed_beside(edit, changes);
    Ok(())
}
