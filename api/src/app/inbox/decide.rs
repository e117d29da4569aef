//! One decision, counted once: under the client's id, at the version of the item that the decider saw.

use super::apply::{Case, apply, edit_of};
use super::held::Ready;
use super::proposal::Proposed;
use super::{Decider, decides_here, duplicate, in_reach, list_row};
use crate::app::Error;
use crate::app::desk::Desk;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::db::Txn;
use crate::store::feeds::News;
use crate::store::{edits, inbox, lists, standing};
use domain::Instant;
use entity::{decision, inbox_item};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What somebody decides. `id` is the client's: the same decision may be sent again.
#[derive(Clone)]
pub struct Decision {
    pub id: Uuid,
    pub item: Uuid,
    pub n: i32,
    pub choice: String,
    /// The side meant, where an item has several.
    pub edit: Option<Uuid>,
    pub value: Option<Json>,
    pub reason: Option<String>,
}

pub struct Decided {
    pub choice: String,
    pub by: String,
    pub at: Instant,
    /// The decision was there already: the same answer as the first time.
    pub repeat: bool,
}

/// Decides an item. 409 when somebody was there first or the item shows something else by now.
pub async fn decide(program: &Program, who: &Decider, what: &Decision) -> Result<Decided, Error> {
    let now = program.clock.now();
    let done = program
        .db
        .write(|txn| async move { in_transaction(&txn, program, who, what, now).await })
        .await;
    // Attempts that came to nothing leave their trace too.
    if let Err(Error::Conflict { code, .. } | Error::Forbidden { code, .. } | Error::Refused { code, .. }) =
        &done
    {
        let mut entry = Entry::done("decide", who.account)
            .on("inbox_item", what.item)
            .detail(*code);
        entry.outcome = "refused";
        let entry = &entry;
        program
            .db
            .write(
                |txn| async move { Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now.millis()).await?) },
            )
            .await?;
    }
    done
}

async fn in_transaction(
    txn: &Txn,
    program: &Program,
    who: &Decider,
    what: &Decision,
    now: Instant,
) -> Result<Decided, Error> {
    let digest = digest(what);
    if let Some(done) = made_before(txn, program, who, what, &digest).await? {
        return Ok(done);
    }
    // The record is locked before its item: the order of locks is the same for every writer.
    let seen = inbox::find(&**txn, what.item)
        .await?
        .filter(|row| in_reach(&who.reach, row))
        .ok_or(Error::NotFound)?;
    if !who.may_decide || !decides_here(&who.reach, &seen) {
        return Err(Error::Forbidden {
            code: "not_a_decider",
            message: "没有审核权限",
        });
    }
    if list_row::asks_whom(&seen) && matches!(what.choice.as_str(), "same" | "new") {
        // The answer may enter somebody: a list that is being committed must not enter the same person beside it.
        lists::one_at_a_time(&**txn).await?;
    }
    let ready = Ready::read(txn, program, &seen, what).await?;
    let about = ready.as_ref().map(|ready| ready.edit.resident.uuid());
    let mut ids: BTreeSet<Uuid> = seen.resident.into_iter().chain(about).collect();
    ids.extend(duplicate::with_whom(txn, &seen, what).await?);
    let proposed = match seen.reason.as_str() {
        "proposal" => Proposed::read(txn, program, &inbox::body(&program.keys, &seen)?).await?,
        _ => Proposed::default(),
    };
    let mut based = proposed.edits();
    based.extend(ready.as_ref().map(|ready| &*ready.edit));
    let mut desk = Desk::open(txn, program, &ids, &based, now).await?;
    let row = inbox::lock(&**txn, what.item).await?.ok_or(Error::NotFound)?;
    // The same decision may have been made while this one waited for its locks.
    if let Some(done) = made_before(txn, program, who, what, &digest).await? {
        return Ok(done);
    }
    still_open(txn, program, &row, what).await?;
    duplicate::decided_first(&desk, who, &row, what).await?;
    let body = inbox::body(&program.keys, &row)?;
    let sides: Vec<Json> = body["sides"].as_array().cloned().unwrap_or_default();
    let own = sides
        .iter()
        .any(|s| s["account"] == who.account.to_string().as_str());
    // A cadre's own correction of an address is no proposal.
    if own && what.choice == "approve" && row.reason != "address" {
        return Err(Error::Forbidden {
            code: "own_proposal",
            message: "不能审核自己提出的修改",
        });
    }
    let case = Case {
        who,
        what,
        row: &row,
        body: &body,
        proposed: &proposed,
        ready: ready.as_ref(),
    };
    apply(&mut desk, &case).await?;
    tell(&mut desk, program, who, what, &row, &sides).await?;
    let shown =
        json!({ "by": who.name, "choice": what.choice, "reason": what.reason, "at": now.to_string() });
    let model = decision::Model {
        id: what.id,
        item: what.item,
        item_n: what.n,
        account: who.account,
        choice: what.choice.clone(),
        sealed: Vec::new(),
        digest,
        at: now.millis(),
    };
    inbox::save_decision(&**txn, &program.keys, &model, &shown).await?;
    desk.save().await?;
    note(txn, who, what, &row, now).await?;
    Ok(Decided {
        choice: what.choice.clone(),
        by: who.name.clone(),
        at: now,
        repeat: false,
    })
}

/// The first answer, where this very decision was made before.
async fn made_before(
    txn: &Txn,
    program: &Program,
    who: &Decider,
    what: &Decision,
    digest: &[u8],
) -> Result<Option<Decided>, Error> {
    let Some(row) = inbox::decision(&**txn, what.id).await? else {
        return Ok(None);
    };
    if row.digest != digest || row.account != who.account {
        return Err(Error::conflict("id_reused", "该决定编号已用于不同内容"));
    }
    answer(program, &row, true).map(Some)
}

/// In the audit trail a decision is found by the resident, where there is one.
async fn note(
    txn: &Txn,
    who: &Decider,
    what: &Decision,
    row: &inbox_item::Model,
    now: Instant,
) -> Result<(), Error> {
    let (kind, subject) = match row.resident {
        Some(resident) => ("resident", resident),
        None => ("inbox_item", row.id),
    };
    let mut entry = Entry::done("decide", who.account)
        .on(kind, subject)
        .detail(format!(
            "item={} reason={} choice={}",
            row.id, row.reason, what.choice
        ));
    entry.count = Some(1);
    Ok(audit::insert(&**txn, entry, now.millis()).await?)
}

async fn still_open(
    txn: &Txn,
    program: &Program,
    row: &inbox_item::Model,
    what: &Decision,
) -> Result<(), Error> {
    if row.state != "open" {
        let present = match inbox::decision_of(&**txn, row.id).await? {
            Some(d) => {
                let shown: Json = crate::store::sealed::open(&program.keys, "decision", d.id, &d.sealed)?;
                Some(shown)
            }
            None => Some(json!({ "state": row.state })),
        };
        return Err(Error::Conflict {
            code: "already_decided",
            message: "该事项已有处理结果".into(),
            present,
        });
    }
    if row.n != what.n {
        return Err(Error::Conflict {
            code: "changed_meanwhile",
            message: "该事项的内容已有变化，请查看后再决定".into(),
            present: Some(json!({ "n": row.n })),
        });
    }
    Ok(())
}

/// Whoever wrote one of the sides hears what became of it, on every phone of theirs.
async fn tell(
    desk: &mut Desk<'_>,
    program: &Program,
    who: &Decider,
    what: &Decision,
    row: &inbox_item::Model,
    sides: &[Json],
) -> Result<(), Error> {
    let named: Vec<Uuid> = sides
        .iter()
        .filter_map(|s| Some(edit_of(s).ok()?.uuid()))
        .collect();
    let rows = edits::by_ids(&*desk.txn, &named).await?;
    for row_of in rows.iter().filter(|row| row.device.is_some()) {
        let (account, edit) = (row_of.account, row_of.id.to_string());
        for device in standing::active_of(&*desk.txn, account).await? {
            desk.news.push(News {
                device,
                kind: "decision",
                subject: row.id,
                item: Some(json!({
                    "kind": "decision", "item": row.id, "resident": row.resident, "edit": edit,
                    "decision": what.choice, "reason": what.reason, "by": who.name,
                    "at": program.clock.now().to_string(),
                })),
            });
        }
    }
    Ok(())
}

fn answer(program: &Program, row: &decision::Model, repeat: bool) -> Result<Decided, Error> {
    let shown: Json = crate::store::sealed::open(&program.keys, "decision", row.id, &row.sealed)?;
    Ok(Decided {
        choice: row.choice.clone(),
        by: shown["by"].as_str().unwrap_or_default().to_owned(),
        at: Instant::from_millis(row.at),
        repeat,
    })
}

fn digest(what: &Decision) -> Vec<u8> {
    let form = json!([what.item, what.n, what.choice, what.edit, what.value, what.reason]);
    Sha256::digest(form.to_string()).to_vec()
}
