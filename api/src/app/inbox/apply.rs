//! What each decision does to the record: an authored edit of its own, numbered like every other.

use super::{Decider, Decision};
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::store::edits::{Body, EditRow};
use crate::store::enrolments::{self, NewEnrolment};
use crate::store::feeds::News;
use crate::store::{holdings, records};
use domain::catalogue::Role;
use domain::{EditId, Value};
use entity::inbox_item;
use serde_json::{Value as Json, json};
use sync::record::{EnrolmentLine, Source};
use sync::write::{Put, write_at};
use sync::{Arrived, Door, State, Writer};
use uuid::Uuid;

/// Applies a decision to the record on the desk and closes its item.
pub async fn apply(
    desk: &mut Desk<'_>,
    who: &Decider,
    what: &Decision,
    row: &inbox_item::Model,
    body: &Json,
) -> Result<(), Error> {
    let unfit = || Error::field("unfit_choice", "该事项不能这样处理", "choice");
    let choice = what.choice.as_str();
    if choice == "reject" || choice == "discard" {
        reason(what)?;
    }
    let Some(id) = row.resident else {
        // Held edits and list rows: kept, with the reason why nothing more is done.
        return if choice == "discard" {
            desk.close_row(row, what.id, result(who, what)).await
        } else {
            Err(unfit())
        };
    };
    match (row.reason.as_str(), choice) {
        ("proposal", "approve") => approve(desk, who, what, row, body, id).await?,
        ("conflict" | "merged_note" | "note_beside" | "list_row_contradicted", "choose") => {
            choose(desk, who, what, row, &body["present"], id)?;
            desk.close(
                id,
                &row.reason,
                &row.key,
                "decided",
                Some(what.id),
                result(who, what),
            );
            return Ok(());
        }
        ("merged_note", "accept") | ("proposal" | "departure" | "note_beside" | "address", "reject") => {}
        ("held_fields" | "unplaced", "discard") => {}
        ("list_row_contradicted" | "list_row_missing", "reject") => {}
        ("list_row_missing", "approve") => {
            let category = row
                .key
                .split_once('.')
                .map_or(row.key.as_str(), |(category, _)| category);
            desk.set_fact(
                id,
                &row.key,
                Value::Text("ended".to_owned()),
                EditId::from(what.id),
            );
            enrol(desk, who.account, id, category, "ended").await?;
        }
        ("new_resident", "approve") => {
            let now = desk.now.millis();
            let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
            loaded.record.state = State::Present;
            enrolments::place(&*desk.txn, id, loaded.grid, Some(who.account), now).await?;
        }
        ("new_resident", "reject") => depart(desk, id, "rejected").await?,
        ("departure", "approve") => {
            let side = side(body, what.edit)?;
            let status = side["value"].as_str().unwrap_or_default().to_owned();
            let edit = edit_id(&side)?;
            desk.set_fact(id, "life_status", Value::Text(status.clone()), edit);
            if status != "not_found" {
                depart(desk, id, "departed").await?;
            }
        }
        _ => return Err(unfit()),
    }
    desk.close(
        id,
        &row.reason,
        &row.key,
        "decided",
        Some(what.id),
        result(who, what),
    );
    record_decision(desk, who, what, row, id)
}

fn result(who: &Decider, what: &Decision) -> Json {
    json!({ "choice": what.choice, "reason": what.reason, "by": who.name, "decision": what.id })
}

fn reason(what: &Decision) -> Result<(), Error> {
    match what.reason.as_deref().map(str::trim) {
        Some(text) if !text.is_empty() && text.chars().count() <= 500 => Ok(()),
        _ => Err(Error::field(
            "reason_required",
            "请填写理由（500 字以内）",
            "reason",
        )),
    }
}

/// The side meant: the only one, or the one whose edit is named.
fn side(body: &Json, edit: Option<Uuid>) -> Result<Json, Error> {
    let sides = body["sides"].as_array().cloned().unwrap_or_default();
    match (edit, sides.as_slice()) {
        (None, [only]) => Ok(only.clone()),
        (Some(edit), all) => all
            .iter()
            .find(|s| s["edit"] == edit.to_string().as_str())
            .cloned()
            .ok_or_else(|| Error::field("unknown_side", "该事项中没有这条修改", "edit")),
        _ => Err(Error::field(
            "side_required",
            "该事项有多条修改，请指明采用哪一条",
            "edit",
        )),
    }
}

fn edit_id(side: &Json) -> Result<EditId, Error> {
    side["edit"]
        .as_str()
        .and_then(EditId::parse)
        .ok_or(Error::Damaged("item side"))
}

/// Writes the proposed edit itself: its id, its author, its value.
async fn approve(
    desk: &mut Desk<'_>,
    who: &Decider,
    what: &Decision,
    row: &inbox_item::Model,
    body: &Json,
    id: Uuid,
) -> Result<(), Error> {
    let side = side(body, what.edit)?;
    let edit = edit_id(&side)?;
    let catalogue = desk.program.catalogue.clone();
    let field = catalogue.field(&row.key).ok_or(Error::Damaged("item key"))?;
    let value = field
        .parse_value(&side["value"], catalogue.version, &catalogue)
        .map_err(|f| Error::field(f.code(), f.message(), row.key.clone()))?;
    let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
    if field.in_document() {
        let put = match &value {
            Value::Set(said) => Put::Set {
                said: said.clone(),
                removed: Default::default(),
            },
            Value::Text(text) if field.merge == domain::catalogue::Merge::Note => Put::Note(text.clone()),
            value => Put::Register(value.clone()),
        };
        let heads = loaded.record.doc.get_heads();
        let puts = [(row.key.clone(), put)].into();
        write_at(&mut loaded.record.doc, edit, 0, desk.now.seconds(), &heads, &puts)
            .map_err(|_| Error::Damaged("document"))?;
        desk.touch(id);
        return Ok(());
    }
    let present = loaded.record.fact(&row.key);
    let expected = field
        .parse_value(&body["present"], catalogue.version, &catalogue)
        .unwrap_or(Value::Null);
    if !field.same(&present, &expected) {
        return Err(Error::Conflict {
            code: "changed_meanwhile",
            message: "该值已被他人修改，请查看最新内容后再决定".into(),
            present: Some(json!({ "key": row.key, "value": present.to_json() })),
        });
    }
    desk.set_fact(id, &row.key, value.clone(), edit);
    if let Some((category, "status")) = row.key.split_once('.') {
        enrol(
            desk,
            who.account,
            id,
            category,
            value.as_text().unwrap_or_default(),
        )
        .await?;
    }
    Ok(())
}

/// A status that a cadre approved or wrote begins or ends an enrolment in the village's name.
pub async fn enrol(
    desk: &mut Desk<'_>,
    by: Uuid,
    id: Uuid,
    category: &str,
    status: &str,
) -> Result<(), Error> {
    let month = desk.now.month();
    let open = enrolments::open_of(&*desk.txn, id, category).await?;
    let keys = desk.program.keys.clone();
    let lines = |desk: &mut Desk<'_>, change: &dyn Fn(&mut Vec<EnrolmentLine>)| {
        if let Some(loaded) = desk.records.get_mut(&id) {
            change(&mut loaded.record.kept.enrolments);
        }
    };
    match (status, open) {
        ("active", None) => {
            let new = NewEnrolment {
                resident: id,
                category,
                source: "村居",
                since: &month,
                source_status: "none",
                village_status: "confirmed",
                list: None,
                handed_in: &json!({ "approved_by": by }),
            };
            enrolments::begin(&*desk.txn, &keys, &new).await?;
            let line = EnrolmentLine {
                category: category.into(),
                source: "村居".into(),
                since: month,
                until: None,
                status: "active".into(),
                village: "confirmed".into(),
            };
            lines(desk, &|all| all.push(line.clone()));
        }
        ("ended", Some(_)) => {
            enrolments::end(&*desk.txn, id, category, &month).await?;
            lines(desk, &|all| {
                for line in all
                    .iter_mut()
                    .filter(|l| l.category == category && l.until.is_none())
                {
                    line.until = Some(month.clone());
                    line.status = "ended".into();
                }
            });
        }
        _ => {}
    }
    Ok(())
}

/// A chosen value is a cadre's edit, written at the record's present version.
fn choose(
    desk: &mut Desk<'_>,
    who: &Decider,
    what: &Decision,
    row: &inbox_item::Model,
    present: &Json,
    id: Uuid,
) -> Result<(), Error> {
    let value = what
        .value
        .clone()
        .ok_or_else(|| Error::field("value_required", "请给出采用的值", "value"))?;
    let loaded = desk.records.get(&id).ok_or(Error::NotFound)?;
    let set = value.get("add").is_some() || value.get("remove").is_some();
    let write = if set {
        value
    } else {
        // A fact knows no base: the value that the item showed is what the decider saw.
        json!({ "was": present, "now": value })
    };
    let edit = json!({
        "id": what.id, "seq": 1, "made_at": desk.now.to_string(), "resident": id,
        "catalogue": desk.program.catalogue.version, "base": loaded.record.version().to_string(),
        "fields": { &row.key: write },
    });
    let Arrived::Edit(edit) = Arrived::parse(edit.to_string().as_bytes()) else {
        return Err(Error::field("wrong_type", "值的类型不对", "value"));
    };
    let writer = Writer {
        account: who.account.into(),
        device: None,
        role: Role::Cadre,
        door: Door::Console,
        name: who.name.clone(),
    };
    let source = Source::Edit {
        edit: edit.id,
        by: who.name.clone(),
        at: desk.now,
    };
    let (taken, _) = desk.take(
        &edit,
        &Origin {
            writer: &writer,
            source,
            kind: "decision",
            skew: 0,
        },
    )?;
    if let Some(problem) = taken.problem {
        return Err(Error::field("unfit_value", problem.message, "value"));
    }
    Ok(())
}

/// The person leaves: out of the grid's feed, and every phone that carries the record is told to drop it.
async fn depart(desk: &mut Desk<'_>, id: Uuid, why: &'static str) -> Result<(), Error> {
    let now = desk.now.millis();
    let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
    loaded.record.state = State::Departed;
    enrolments::place(&*desk.txn, id, None, None, now).await?;
    for holding in holdings::of_residents(&*desk.txn, &[id]).await? {
        holdings::set_end(&*desk.txn, &[holding.number], Some((now, why))).await?;
        desk.news.push(News {
            device: holding.device,
            kind: "drop",
            subject: id,
            item: Some(json!({ "kind": "drop", "resident": id, "holding": holding.number, "reason": why })),
        });
    }
    desk.touch(id);
    Ok(())
}

/// The decision as an edit row of the record.
fn record_decision(
    desk: &mut Desk<'_>,
    who: &Decider,
    what: &Decision,
    row: &inbox_item::Model,
    id: Uuid,
) -> Result<(), Error> {
    let now = desk.now;
    let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
    let edit = EditId::from(what.id);
    loaded.record.kept.sources.insert(
        edit,
        Source::Edit {
            edit,
            by: who.name.clone(),
            at: now,
        },
    );
    let stamp = loaded.record.stamp(edit, None, None, Vec::new()).clone();
    let receipt = json!({ "edit": what.id, "outcome": "merged" });
    let said = json!({ "decision": what.choice, "item": row.id, "reason": row.reason, "key": row.key, "why": what.reason });
    let epoch = i32::from(loaded.record.epoch);
    desk.push_edit_row(EditRow {
        id: what.id,
        device: None,
        seq: None,
        account: who.account,
        resident: id,
        named: id,
        epoch,
        n: stamp.n as i32,
        kind: "decision",
        outcome: "merged".into(),
        change_hash: None,
        heads: records::joined(&stamp.heads),
        facts_version: stamp.facts_version as i32,
        digest: Vec::new(),
        made_at: now.millis(),
        skew: 0,
        received_at: now.millis(),
        body: Body {
            edit: said,
            receipt,
            changes: Vec::new(),
        },
    });
    Ok(())
}
