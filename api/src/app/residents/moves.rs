//! Moving a person to another grid: the one way in which a placement changes by hand.

use crate::actor::Actor;
use crate::app::Error;
use crate::app::desk::Desk;
use crate::app::inbox::placing;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::db::Txn;
use crate::store::edits::{self, Body, EditRow};
use crate::store::records::{self, Loaded};
use domain::catalogue::Role;
use domain::{EditId, Instant};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::record::Source;
use sync::{State, decide};
use uuid::Uuid;

/// What somebody decides. `id` is the client's: the same move may be sent again.
#[derive(Clone)]
pub struct Move {
    pub id: Uuid,
    /// The grid in which the mover saw the person; none for who has none.
    pub from: Option<Uuid>,
    pub to: Uuid,
    pub reason: Option<String>,
}

pub struct Moved {
    /// The record's version after the move.
    pub version: String,
    /// It had been done already.
    pub repeat: bool,
}

/// Moves a resident. Phones of the old grid are told to drop the record, those of the new one get it and a notice;
/// open items go with the person.
///
/// # Errors
/// `NotFound` for a cadre outside the own villages; `Forbidden` for other roles; `Refused` `grid_unknown`,
/// `same_grid`; `Conflict` `changed_meanwhile` with the present grid, `resident_departed`, `id_reused`.
pub async fn move_resident(
    program: &Program,
    actor: &Actor,
    resident: Uuid,
    what: &Move,
) -> Result<Moved, Error> {
    actor.must_be(&[Role::Cadre, Role::BureauAdmin])?;
    let now = program.clock.now();
    program
        .db
        .write(|txn| async move { in_transaction(&txn, program, actor, resident, what, now).await })
        .await
}

async fn in_transaction(
    txn: &Txn,
    program: &Program,
    actor: &Actor,
    id: Uuid,
    what: &Move,
    now: Instant,
) -> Result<Moved, Error> {
    let mut desk = Desk::open(txn, program, &BTreeSet::from([id]), &[], now).await?;
    let own = |l: &&Loaded| actor.is_county() || l.village.is_some_and(|v| actor.villages.contains(&v));
    let there = desk.records.get(&id);
    let known = edits::by_ids(&**txn, &[what.id]).await?.pop();
    // Who moved a person out of the own village may hear again that it is done.
    let own_move = known
        .as_ref()
        .filter(|known| known.account == actor.account && known.resident == id);
    if let Some(own_move) = own_move {
        let loaded = there.ok_or(Error::NotFound)?;
        if edits::body(&program.keys, own_move)?.edit != said(what) {
            return Err(id_reused());
        }
        return Ok(Moved {
            version: loaded.record.version().to_string(),
            repeat: true,
        });
    }
    let loaded = there.filter(own).ok_or(Error::NotFound)?;
    if known.is_some() {
        return Err(id_reused());
    }
    if loaded.record.state == State::Departed {
        return Err(Error::conflict("resident_departed", "该人员已离册，不能再移格"));
    }
    if loaded.grid != what.from {
        return Err(Error::Conflict {
            code: "changed_meanwhile",
            message: "该人员所在网格已有变化，请查看最新内容后再操作".into(),
            present: Some(json!({ "key": "grid", "value": loaded.grid })),
        });
    }
    if loaded.grid == Some(what.to) {
        return Err(Error::field("same_grid", "该人员已在这个网格", "to"));
    }
    desk.placed_by = Some(actor.account);
    let to = placing::current(txn, what.to).await?;
    put(&mut desk, actor, id, what, to.village)?;
    let version = desk.records[&id].record.version().to_string();
    desk.save().await?;
    let entry = Entry::done("move_resident", actor.account).on("resident", id);
    audit::insert(&**txn, entry, now.millis()).await?;
    Ok(Moved {
        version,
        repeat: false,
    })
}

/// Puts one person on the desk into the grid `what.to` of a village, by an edit of its own. What follows from it is done
/// when the desk saves.
pub fn put(desk: &mut Desk<'_>, actor: &Actor, id: Uuid, what: &Move, village: Uuid) -> Result<(), Error> {
    let now = desk.now;
    let change = placing::moved(desk, id, village, what.to)?;
    let edit = EditId::from(what.id);
    let source = Source::Edit {
        edit,
        by: actor.name.clone(),
        at: now,
    };
    let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
    loaded.record.kept.sources.insert(edit, source);
    decide::settle(&mut loaded.record, edit);
    let changes = vec![(change.key, change.from.to_json(), change.to.to_json())];
    let row = row(loaded, actor, what, changes, now)?;
    desk.push_edit_row(row);
    Ok(())
}

/// Several people who go to one grid together.
pub struct Together {
    /// The client's: the same operation may be sent again.
    pub id: Uuid,
    pub residents: BTreeSet<Uuid>,
    pub to: Uuid,
    pub reason: Option<String>,
}

/// People of one operation: more are several.
const MOST: usize = 500;

/// Moves several people at once, all of them or none. Answers how many went; who is there already stays.
///
/// # Errors
/// As [`move_resident`]; `Refused` `too_many_residents`.
pub async fn move_residents(program: &Program, actor: &Actor, what: &Together) -> Result<usize, Error> {
    actor.must_be(&[Role::Cadre, Role::BureauAdmin])?;
    if what.residents.len() > MOST || what.residents.is_empty() {
        let message = format!("一次移动 1 至 {MOST} 人");
        return Err(Error::field("too_many_residents", message, "residents"));
    }
    let now = program.clock.now();
    program
        .db
        .write(|txn| async move { together(&txn, program, actor, what, now).await })
        .await
}

async fn together(
    txn: &Txn,
    program: &Program,
    actor: &Actor,
    what: &Together,
    now: Instant,
) -> Result<usize, Error> {
    let mut desk = Desk::open(txn, program, &what.residents, &[], now).await?;
    let to = placing::current(txn, what.to).await?;
    let edit = |id: &Uuid| {
        Uuid::from_bytes(
            program
                .keys
                .derive(&[b"hand-over", what.id.as_bytes(), id.as_bytes()]),
        )
    };
    let ids: Vec<Uuid> = what.residents.iter().map(edit).collect();
    let known: BTreeSet<Uuid> = edits::by_ids(&**txn, &ids)
        .await?
        .into_iter()
        .map(|row| row.id)
        .collect();
    desk.placed_by = Some(actor.account);
    let mut went = 0;
    for id in &what.residents {
        let own = |l: &&Loaded| actor.is_county() || l.village.is_some_and(|v| actor.villages.contains(&v));
        if known.contains(&edit(id)) {
            continue;
        }
        let loaded = desk.records.get(id).filter(own).ok_or(Error::NotFound)?;
        if loaded.record.state == State::Departed {
            return Err(Error::conflict("resident_departed", "其中有人已离册，不能再移格"));
        }
        if loaded.grid == Some(what.to) {
            continue;
        }
        let one = Move {
            id: edit(id),
            from: loaded.grid,
            to: what.to,
            reason: what.reason.clone(),
        };
        put(&mut desk, actor, *id, &one, to.village)?;
        went += 1;
    }
    desk.save().await?;
    let mut entry = Entry::done("move_residents", actor.account).on("grid", what.to);
    entry.count = Some(went as i64);
    audit::insert(&**txn, entry, now.millis()).await?;
    Ok(went)
}

fn id_reused() -> Error {
    Error::conflict("id_reused", "该编号已用于不同内容")
}

fn said(what: &Move) -> Json {
    json!({ "from": what.from, "to": what.to, "reason": what.reason })
}

fn row(
    loaded: &Loaded,
    actor: &Actor,
    what: &Move,
    changes: Vec<(String, Json, Json)>,
    now: Instant,
) -> Result<EditRow, Error> {
    let stamp = loaded
        .record
        .stamps
        .last()
        .ok_or(Error::Damaged("move without a number"))?;
    Ok(EditRow {
        id: what.id,
        device: None,
        seq: None,
        account: actor.account,
        resident: loaded.record.resident.uuid(),
        named: loaded.record.resident.uuid(),
        epoch: i32::from(loaded.record.epoch),
        n: stamp.n as i32,
        kind: "move",
        outcome: "merged".into(),
        change_hash: None,
        heads: records::joined(&stamp.heads),
        facts_version: stamp.facts_version as i32,
        digest: Vec::new(),
        made_at: now.millis(),
        skew: 0,
        received_at: now.millis(),
        body: Body {
            edit: said(what),
            receipt: json!({ "edit": what.id, "outcome": "merged" }),
            changes,
        },
    })
}
