//! What each decision does to the record: an authored edit of its own, numbered like every other.

use super::enrolment::{enrol, keep};
use super::held::Ready;
use super::proposal::{self, Proposed};
use super::{Decider, Decision, duplicate, held, list_row, own_edit, placing};
use crate::app::Error;
use crate::app::clues::deciding;
use crate::app::desk::Desk;
use crate::store::edits::{Body, EditRow};
use crate::store::records;
use domain::{EditId, Value};
use entity::inbox_item;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::decide;
use sync::outcome::FieldChange;
use sync::record::Source;
use uuid::Uuid;

/// An item under decision: its row, what it shows, and the edits of its sides where they are proposals.
pub struct Case<'a> {
    pub who: &'a Decider,
    pub what: &'a Decision,
    pub row: &'a inbox_item::Model,
    pub body: &'a Json,
    pub proposed: &'a Proposed,
    /// A held edit that is to be applied.
    pub ready: Option<&'a Ready>,
}

/// Applies a decision to the record on the desk and closes its item.
pub async fn apply(desk: &mut Desk<'_>, case: &Case<'_>) -> Result<(), Error> {
    let (row, what) = (case.row, case.what);
    let choice = what.choice.as_str();
    if choice == "reject" || choice == "discard" {
        case.reason()?;
    }
    let Some(id) = row.resident else {
        // Rows of lists are answered; they and held edits may be left as they are, with the reason.
        return match choice {
            _ if row.reason == crate::store::clues::REASON => deciding::answer(desk, case).await,
            "same" | "new" => list_row::answer(desk, case).await,
            "apply" | "assign" | "create" => match case.ready {
                Some(ready) => held::apply(desk, case, ready).await,
                None => Err(unfit()),
            },
            "discard" if row.held.is_some() => held::discard(desk, case).await,
            "discard" => {
                list_row::left_alone(&*desk.txn, row, what.id).await?;
                desk.close_row(row, what.id, case.result()).await
            }
            _ => Err(unfit()),
        };
    };
    if !desk.records.contains_key(&id) {
        return Err(Error::NotFound);
    }
    desk.placed_by = Some(case.who.account);
    // To write what is there already is to accept it.
    let choice = match choice {
        "choose" if row.reason == "merged_note" && what.value.as_ref() == Some(&case.body["present"]) => {
            "accept"
        }
        choice => choice,
    };
    let changes = match (row.reason.as_str(), choice) {
        ("proposal", "approve") => proposal::approve(desk, case, id).await?,
        (
            "proposal" | "conflict" | "merged_note" | "note_beside" | "list_row_contradicted",
            "choose" | "edit",
        ) => {
            own_edit::choose(desk, case, id).await?;
            desk.close(id, &row.reason, &row.key, "decided", Some(what.id), case.result());
            return Ok(());
        }
        ("merged_note", "accept") => {
            let merged: BTreeSet<EditId> = case.sides().filter_map(|side| edit_of(side).ok()).collect();
            case.decides(desk, id, |record, by| {
                decide::accept_note(record, &row.key, merged, by);
            })?;
            Vec::new()
        }
        ("new_resident", "approve") => {
            case.decides(desk, id, decide::admit)?;
            Vec::new()
        }
        ("new_resident", "reject") => {
            desk.leaves(id, "rejected");
            case.decides(desk, id, decide::turn_away)?;
            desk.close(id, &row.reason, &row.key, "decided", Some(what.id), case.result());
            desk.close_pairs(id, Some(what.id), &case.result());
            desk.close_all(id, Some(what.id), &case.result());
            Vec::new()
        }
        ("possible_duplicate", "merge") => {
            desk.close(id, &row.reason, &row.key, "decided", Some(what.id), case.result());
            return duplicate::merge(desk, case).await;
        }
        ("possible_duplicate", "keep_apart") => {
            duplicate::keep_apart(desk, case).await?;
            case.decides(desk, id, decide::settle)?;
            Vec::new()
        }
        ("departure", "approve") => {
            let side = case.side()?;
            let status = side["value"].as_str().unwrap_or_default().to_owned();
            let reported = edit_of(side)?;
            let mut change = None;
            case.decides(desk, id, |record, by| {
                change = Some(decide::depart(record, &status, reported, by));
            })?;
            change.into_iter().collect()
        }
        ("address" | "unplaced", "approve" | "place") => placing::place(desk, case, id).await?,
        ("address", "reject") => {
            let address = placing::text_of(case);
            case.decides(desk, id, |record, by| decide::stays(record, address, by))?;
            Vec::new()
        }
        ("list_row_missing", "approve") => {
            case.decides(desk, id, |record, by| {
                record.set_fact(&row.key, Value::from("ended"), by);
                decide::settle(record, by);
            })?;
            let category = row
                .key
                .split_once('.')
                .map_or(row.key.as_str(), |(category, _)| category);
            enrol(desk, case.who.account, id, category, "ended").await?;
            Vec::new()
        }
        ("list_row_missing", "reject") => {
            let category = row
                .key
                .split_once('.')
                .map_or(row.key.as_str(), |(category, _)| category);
            keep(desk, id, category).await?;
            case.decides(desk, id, decide::settle)?;
            Vec::new()
        }
        ("proposal" | "departure" | "note_beside" | "list_row_contradicted", "reject")
        | ("held_fields" | "unplaced", "discard") => {
            case.decides(desk, id, decide::settle)?;
            Vec::new()
        }
        _ => return Err(unfit()),
    };
    desk.close(id, &row.reason, &row.key, "decided", Some(what.id), case.result());
    record_decision(desk, case, id, &changes)
}

fn unfit() -> Error {
    Error::field("unfit_choice", "该事项不能这样处理", "choice")
}

impl Case<'_> {
    pub fn result(&self) -> Json {
        let what = self.what;
        json!({ "choice": what.choice, "reason": what.reason, "by": self.who.name, "decision": what.id })
    }

    pub fn reason(&self) -> Result<(), Error> {
        match self.what.reason.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() && text.chars().count() <= 500 => Ok(()),
            _ => Err(Error::field(
                "reason_required",
                "请填写理由（500 字以内）",
                "reason",
            )),
        }
    }

    pub fn sides(&self) -> impl Iterator<Item = &Json> {
        self.body["sides"].as_array().into_iter().flatten()
    }

    /// The side meant: the only one, or the one whose edit is named.
    pub fn side(&self) -> Result<&Json, Error> {
        let all: Vec<&Json> = self.sides().collect();
        match (self.what.edit, all.as_slice()) {
            (None, [only]) => Ok(only),
            (Some(edit), all) => all
                .iter()
                .copied()
                .find(|s| s["edit"] == edit.to_string().as_str())
                .ok_or_else(|| Error::field("unknown_side", "该事项中没有这条修改", "edit")),
            _ => Err(Error::field(
                "side_required",
                "该事项有多条修改，请指明采用哪一条",
                "edit",
            )),
        }
    }

    /// The decider, as provenance shows it.
    pub fn source(&self, at: domain::Instant) -> Source {
        Source::Edit {
            edit: EditId::from(self.what.id),
            by: self.who.name.clone(),
            at,
        }
    }

    /// Does something to the record in the decision's name.
    pub fn decides(
        &self,
        desk: &mut Desk<'_>,
        id: Uuid,
        how: impl FnOnce(&mut sync::Record, EditId),
    ) -> Result<(), Error> {
        let (edit, source) = (EditId::from(self.what.id), self.source(desk.now));
        let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
        loaded.record.kept.sources.insert(edit, source);
        how(&mut loaded.record, edit);
        Ok(())
    }
}

pub fn edit_of(side: &Json) -> Result<EditId, Error> {
    side["edit"]
        .as_str()
        .and_then(EditId::parse)
        .ok_or(Error::Damaged("item side"))
}

/// The decision as an edit row of the record, with the number that it was given.
pub(super) fn record_decision(
    desk: &mut Desk<'_>,
    case: &Case<'_>,
    id: Uuid,
    changes: &[FieldChange],
) -> Result<(), Error> {
    let (what, row, now) = (case.what, case.row, desk.now);
    let loaded = desk.records.get(&id).ok_or(Error::NotFound)?;
    let stamp = loaded
        .record
        .stamps
        .last()
        .ok_or(Error::Damaged("decision without a number"))?;
    let said = json!({ "decision": what.choice, "item": row.id, "reason": row.reason, "key": row.key, "why": what.reason });
    let row = EditRow {
        id: what.id,
        device: None,
        seq: None,
        account: case.who.account,
        resident: id,
        named: id,
        epoch: i32::from(loaded.record.epoch),
        n: stamp.n as i32,
        kind: "decision",
        outcome: "merged".into(),
        change_hash: (!stamp.changes.is_empty()).then(|| records::joined(&stamp.changes)),
        heads: records::joined(&stamp.heads),
        facts_version: stamp.facts_version as i32,
        digest: Vec::new(),
        made_at: now.millis(),
        skew: 0,
        received_at: now.millis(),
        body: Body {
            edit: said,
            receipt: json!({ "edit": what.id, "outcome": "merged" }),
            changes: changes
                .iter()
                .map(|c| (c.key.clone(), c.from.to_json(), c.to.to_json()))
                .collect(),
        },
    };
    desk.push_edit_row(row);
    Ok(())
}
