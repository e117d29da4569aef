//! Held edits: applied to the person whom they name or to another, entered as somebody new, or left as they are.

use super::apply::Case;
use super::{Decision, reaches};
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::app::erasure;
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::feeds::News;
use crate::store::{accounts, edits, grids, held, standing};
use domain::Instant;
use domain::catalogue::Role;
use entity::inbox_item;
use serde_json::{Value as Json, json};
use sync::record::Source;
use sync::{Arrived, Door, Edit, Outcome, State, Writer};
use uuid::Uuid;

/// A held edit as it would be applied.
pub struct Ready {
    row: held::Model,
    body: held::Body,
    pub edit: Box<Edit>,
    /// Its author, as provenance shows it.
    by: String,
}

impl Ready {
    /// Reads what a decision wants to apply; nothing where the item is none of a held edit, or is not to be applied.
    ///
    /// # Errors
    /// `Refused`: `resident_required`, `grid_required`, `held_unreadable` for what no program can read.
    pub async fn read(
        txn: &Txn,
        program: &Program,
        item: &inbox_item::Model,
        what: &Decision,
    ) -> Result<Option<Ready>, Error> {
        let Some(id) = item.held else { return Ok(None) };
        if !matches!(what.choice.as_str(), "apply" | "assign" | "create") {
            return Ok(None);
        }
        let row = held::by_id(&**txn, id).await?.ok_or(Error::NotFound)?;
        let body = held::body(&program.keys, &row)?;
        let said = rewritten(program, &body, what)?;
        let Arrived::Edit(mut edit) = Arrived::parse(said.to_string().as_bytes()) else {
            return Err(unreadable());
        };
        if !edits::by_ids(&**txn, &[edit.id.uuid()]).await?.is_empty() {
            // Its id has gone to another edit.
            edit.id = Uuid::from_bytes(program.keys.derive(&[b"held", row.id.as_bytes()])).into();
        }
        let author = accounts::find(program.db.read(), row.account.unwrap_or_default()).await?;
        let by = match author {
            Some(author) => accounts::person(&program.keys, &author)?.name,
            None => String::new(),
        };
        Ok(Some(Ready { row, body, edit, by }))
    }
}

/// The edit as the decision wants it: of another person, of somebody new, by today's catalogue where its own is not read.
fn rewritten(program: &Program, body: &held::Body, what: &Decision) -> Result<Json, Error> {
    let mut said: Json = serde_json::from_str(&body.raw).map_err(|_| unreadable())?;
    let members = said.as_object_mut().ok_or_else(unreadable)?;
    if let Some(writes) = &body.writes {
        members.remove("changes");
        members.insert("fields".into(), writes.clone());
    }
    let version = members
        .get("catalogue")
        .and_then(Json::as_u64)
        .and_then(|n| u32::try_from(n).ok());
    if version.is_none_or(|n| n > program.catalogue.version || !program.catalogue.reads(n)) {
        members.insert("catalogue".into(), program.catalogue.version.into());
    }
    // What its author stood on was never taken, or is of another person: `was` speaks for itself.
    members.remove("after");
    let named = what.value.as_ref().and_then(Json::as_str);
    let named = named.and_then(|id| Uuid::try_parse(id).ok());
    match what.choice.as_str() {
        "assign" => {
            let id = named.ok_or_else(|| Error::field("resident_required", "请指明归入哪位人员", "value"))?;
            members.insert("resident".into(), id.to_string().into());
            members.remove("base");
            members.remove("create");
        }
        "create" => {
            let id = named.ok_or_else(|| Error::field("grid_required", "请指明要归入的网格", "value"))?;
            members.insert("create".into(), json!({ "grid": id }));
            members.remove("base");
        }
        _ => {}
    }
    Ok(said)
}

fn unreadable() -> Error {
    Error::field(
        "held_unreadable",
        "这条修改无法读出，只能查看后注明理由不采用",
        "choice",
    )
}

/// Applies a held edit in its author's name.
///
/// # Errors
/// `NotFound` for a person out of reach; `Conflict` `still_held` where it cannot be written this way either.
pub async fn apply(desk: &mut Desk<'_>, case: &Case<'_>, ready: &Ready) -> Result<(), Error> {
    let edit = &ready.edit;
    let id = edit.resident.uuid();
    if let Some(grid) = edit.create
        && !desk.records.contains_key(&id)
    {
        let found = grids::find(&*desk.txn, grid.uuid()).await?;
        let found = found.filter(|g| g.until.is_none());
        let found = found.ok_or_else(|| Error::field("grid_unknown", "网格不存在或已撤销", "value"))?;
        desk.create(id, State::Reported, Some(found.village), Some(found.id));
    }
    let loaded = desk.records.get(&id).ok_or_else(|| {
        Error::field(
            "resident_unknown",
            "没有这位人员，请指明归入哪位人员或哪个网格",
            "value",
        )
    })?;
    if !reaches(&case.who.reach, loaded.village) {
        return Err(Error::NotFound);
    }
    let device = match ready.row.device {
        Some(device) => {
            let taken = edits::by_seqs(&*desk.txn, device, &[edit.seq]).await?;
            Some(device).filter(|_| taken.is_empty())
        }
        None => None,
    };
    let door = match loaded.record.state {
        State::Departed => Door::Console,
        State::Reported | State::Present => Door::Phone,
    };
    let writer = Writer {
        account: ready.row.account.unwrap_or_default().into(),
        device: device.map(Into::into),
        role: Role::Worker,
        door,
        name: ready.by.clone(),
    };
    let source = Source::Edit {
        edit: edit.id,
        by: ready.by.clone(),
        at: edit.made_at,
    };
    let origin = Origin {
        writer: &writer,
        source,
        kind: "phone",
        skew: 0,
    };
    let (taken, mut receipt) = desk.take(edit, &origin)?;
    if taken.outcome == Outcome::Held && taken.fields.is_empty() {
        return Err(Error::Conflict {
            code: "still_held",
            message: "这条修改仍不能写入，请查看原因".into(),
            present: taken.problem.map(|problem| json!(problem)),
        });
    }
    // The phone knows it by the id that it gave.
    if let Some(named) = ready.row.edit {
        receipt["edit"] = named.to_string().into();
    }
    end(desk, ready, "applied", receipt, case).await
}

/// Leaves a held edit as it is; its content stays, unless it is of somebody who was erased, and the phone hears the
/// reason.
pub async fn discard(desk: &mut Desk<'_>, case: &Case<'_>) -> Result<(), Error> {
    let id = case
        .row
        .held
        .ok_or(Error::Damaged("item without its held edit"))?;
    let row = held::by_id(&*desk.txn, id).await?.ok_or(Error::NotFound)?;
    tell(desk, case, &row).await?;
    if erasure::forget(&desk.txn, desk.program, case.row).await? {
        return desk.close_emptied(case.row, case.what.id, case.result());
    }
    let body = held::body(&desk.program.keys, &row)?;
    held::settle(&*desk.txn, &desk.program.keys, row.id, "discarded", &body).await?;
    desk.close_row(case.row, case.what.id, case.result()).await
}

async fn end(
    desk: &mut Desk<'_>,
    ready: &Ready,
    state: &str,
    receipt: Json,
    case: &Case<'_>,
) -> Result<(), Error> {
    let body = held::Body {
        receipt: receipt.clone(),
        ..ready.body.clone()
    };
    held::settle(&*desk.txn, &desk.program.keys, ready.row.id, state, &body).await?;
    if let (Some(device), Some(edit)) = (ready.row.device, ready.row.edit) {
        let mut item = receipt;
        item["kind"] = "receipt".into();
        desk.news.push(News {
            device,
            kind: "receipt",
            subject: edit,
            item: Some(item),
        });
    }
    tell(desk, case, &ready.row).await?;
    desk.close_row(case.row, case.what.id, case.result()).await
}

/// The author hears what became of it, on every phone in use.
async fn tell(desk: &mut Desk<'_>, case: &Case<'_>, row: &held::Model) -> Result<(), Error> {
    let Some(account) = row.account else { return Ok(()) };
    for device in standing::active_of(&*desk.txn, account).await? {
        desk.news.push(News {
            device,
            kind: "decision",
            subject: case.row.id,
            item: Some(json!({
                "kind": "decision", "item": case.row.id, "resident": row.resident, "edit": row.edit,
                "decision": case.what.choice, "reason": case.what.reason, "by": case.who.name,
                "at": desk.now.to_string(),
            })),
        });
    }
    Ok(())
}

/// Shows who wrote a held edit and when it came.
pub async fn show(program: &Program, row: &inbox_item::Model, body: &mut Json) -> Result<(), Error> {
    let Some(id) = row.held else { return Ok(()) };
    let Some(found) = held::find(program.db.read(), id).await? else {
        return Ok(());
    };
    body["device"] = json!(found.device);
    body["account"] = json!(found.account);
    body["received_at"] = Instant::from_millis(found.received_at).to_string().into();
    if let Some(author) = accounts::find(program.db.read(), found.account.unwrap_or_default()).await? {
        body["by"] = accounts::person(&program.keys, &author)?.name.into();
    }
    Ok(())
}
