//! A cadre's edit at a desk: the same shape and the same rules as a phone's, answered whole or not at all.

use crate::actor::Actor;
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::app::inbox::enrolment::enrol;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::db::Txn;
use crate::store::{edits, records};
use domain::Instant;
use domain::catalogue::Role;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::record::Source;
use sync::{Arrived, Ask, Door, Edit, Outcome, Writer};
use uuid::Uuid;

/// What the form sends. `id` is the client's: the same edit may be sent again.
#[derive(Clone)]
pub struct ConsoleEdit {
    pub id: Uuid,
    /// The record's version that the cadre saw.
    pub base: String,
    /// Key → `{was, now}` or `{add, remove}`.
    pub fields: Json,
    pub confirm: Vec<String>,
}

/// The receipt (wire.md 4) and the record's version after the edit.
pub struct Edited {
    pub receipt: Json,
    pub version: String,
    /// It had been taken already.
    pub repeat: bool,
}

/// Takes a cadre's edit in.
///
/// # Errors
/// `NotFound` outside the own villages; `Forbidden` for other roles; `Refused` naming the fields when any of them
/// cannot be taken; `Conflict` `changed_meanwhile` with the present value when a fact is no longer what was seen,
/// `resident_departed`, and `id_reused` for another edit under a known id.
pub async fn edit(
    program: &Program,
    actor: &Actor,
    resident: Uuid,
    what: &ConsoleEdit,
) -> Result<Edited, Error> {
    actor.must_be(&[Role::Cadre])?;
    let now = program.clock.now();
    let edit = &read(program, resident, what, now)?;
    program
        .db
        .write(|txn| async move { in_transaction(&txn, program, actor, edit, now).await })
        .await
}

fn read(program: &Program, resident: Uuid, what: &ConsoleEdit, now: Instant) -> Result<Box<Edit>, Error> {
    let json = json!({
        "id": what.id, "seq": 1, "made_at": now.to_string(), "resident": resident,
        "catalogue": program.catalogue.version, "base": what.base, "fields": what.fields, "confirm": what.confirm,
    });
    match Arrived::parse(json.to_string().as_bytes()) {
        Arrived::Edit(edit) => Ok(edit),
        Arrived::Unreadable { why, .. } => Err(Error::refused(why.code(), "修改的格式不符合约定")),
    }
}

async fn in_transaction(
    txn: &Txn,
    program: &Program,
    actor: &Actor,
    edit: &Edit,
    now: Instant,
) -> Result<Edited, Error> {
    let id = edit.resident.uuid();
    let mut desk = Desk::open(txn, program, &BTreeSet::from([id]), &[edit], now).await?;
    let own = |l: &&records::Loaded| l.village.is_some_and(|v| actor.villages.contains(&v));
    let there = desk.records.get(&id).filter(own).ok_or(Error::NotFound)?;
    if there.merged_into.is_some() {
        return Err(Error::conflict(
            "resident_merged",
            "该记录已并入另一条，请在合并后的记录上修改",
        ));
    }
    if let Some(known) = edits::by_ids(&**txn, &[edit.id.uuid()]).await?.pop() {
        let body = edits::body(&program.keys, &known)?;
        if known.account != actor.account || known.resident != id || said(&body.edit) != said(&parsed(edit)) {
            return Err(Error::conflict("id_reused", "该修改编号已用于不同内容"));
        }
        return Ok(Edited {
            receipt: body.receipt,
            version: there.record.version().to_string(),
            repeat: true,
        });
    }
    let writer = Writer {
        account: actor.account.into(),
        device: None,
        role: Role::Cadre,
        door: Door::Console,
        name: actor.name.clone(),
    };
    let origin = Origin {
        writer: &writer,
        source: Source::Edit {
            edit: edit.id,
            by: actor.name.clone(),
            at: now,
        },
        kind: "console",
        skew: 0,
    };
    let (taken, receipt) = desk.take(edit, &origin)?;
    if taken.outcome == Outcome::Held {
        return Err(refusal(&taken));
    }
    for (key, write) in &edit.fields {
        if let (Some((category, "status")), sync::arrived::FieldWrite::Value(value)) =
            (key.split_once('.'), write)
        {
            let status = value.now.as_str().unwrap_or_default();
            enrol(&mut desk, actor.account, id, category, status).await?;
        }
    }
    let version = desk
        .records
        .get(&id)
        .map_or_else(String::new, |l| l.record.version().to_string());
    desk.save().await?;
    let entry = Entry::done("edit_resident", actor.account).on("resident", id);
    audit::insert(&**txn, entry, now.millis()).await?;
    Ok(Edited {
        receipt,
        version,
        repeat: false,
    })
}

fn parsed(edit: &Edit) -> Json {
    serde_json::from_str(&edit.canonical).unwrap_or(Json::Null)
}

/// What an edit says, whenever it was sent.
fn said(edit: &Json) -> [&Json; 3] {
    [&edit["base"], &edit["fields"], &edit["confirm"]]
}

/// Nothing of a form that cannot be taken whole is kept: its author is there to correct it.
fn refusal(taken: &sync::Taken) -> Error {
    let held = taken.asks.iter().find_map(|ask| match ask {
        Ask::HeldFields { fields } => Some(fields),
        _ => None,
    });
    if let Some(fields) = held {
        let code = fields.values().next().map_or("held", |(_, code)| *code);
        return Error::Refused {
            code,
            message: "有字段不能这样填写，请更正后再提交".into(),
            fields: fields.keys().cloned().collect(),
        };
    }
    match &taken.problem {
        Some(problem) if problem.code == "resident_departed" => {
            Error::conflict("resident_departed", "该人员已离册，不能再修改")
        }
        _ => Error::refused("not_taken", "该修改无法采用"),
    }
}
