//! Edits that named the absorbed, taken out of the survivor's history and into the record that they named.

use super::carry::OF;
use super::derived;
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::edits::{self, Body, EditRow};
use crate::store::feeds::News;
use crate::store::held::{self, HeldRow};
use crate::store::merges::{self, hanging};
use crate::store::{accounts, inbox};
use domain::catalogue::Role;
use entity::edit;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use sync::record::Source;
use sync::{Door, Edit, Outcome, State, Writer};
use uuid::Uuid;

/// An edit that named the absorbed and was taken by the survivor.
pub struct Given {
    pub row: edit::Model,
    pub body: Body,
    pub edit: Edit,
    by: String,
}

impl Given {
    pub async fn read(
        txn: &Txn,
        program: &Program,
        survivor: Uuid,
        whole: &BTreeSet<Uuid>,
    ) -> Result<Vec<Given>, Error> {
        let rows = merges::named(&**txn, survivor, whole).await?;
        let authors: Vec<Uuid> = rows.iter().map(|row| row.account).collect();
        let names = names(txn, program, &authors).await?;
        let mut out = Vec::with_capacity(rows.len());
        for row in rows {
            let body = edits::body(&program.keys, &row)?;
            let mut edit = Edit::stored(&body.edit).map_err(|_| Error::Damaged("edit"))?;
            // Of a full client's edit more is stored than was sent: it is known by what was sent.
            edit.digest = row.digest.as_slice().try_into().unwrap_or(edit.digest);
            let by = names.get(&row.account).cloned().unwrap_or_default();
            out.push(Given { row, body, edit, by });
        }
        Ok(out)
    }
}

/// What somebody said of the other, and was decided on the survivor.
pub struct Side {
    pub reason: String,
    pub key: String,
    pub shown: Json,
    /// Said before the merge, and no offer: it waited on the other, and does again.
    pub asked: bool,
}

/// Everything of the other that decisions since the merge adopted.
pub async fn adopted(
    txn: &Txn,
    program: &Program,
    merge: &merges::Merge,
    whole: &BTreeSet<Uuid>,
    given: &[Given],
) -> Result<Vec<Side>, Error> {
    let mut out = Vec::new();
    for row in edits::of_record(&**txn, merge.survivor).await? {
        if row.n <= merge.n || row.kind != "decision" {
            continue;
        }
        let said = edits::body(&program.keys, &row)?.edit;
        let item = said["item"].as_str().and_then(|id| Uuid::try_parse(id).ok());
        let Some(item) = item.filter(|_| said["decision"] == "approve") else {
            continue;
        };
        let Some(item) = inbox::find(&**txn, item).await? else {
            continue;
        };
        let body = inbox::body(&program.keys, &item)?;
        for side in body["sides"].as_array().into_iter().flatten() {
            let of = |name: &str| {
                let id = side[name].as_str().and_then(|id| Uuid::try_parse(id).ok());
                id.is_some_and(|id| whole.contains(&id))
            };
            let late = given
                .iter()
                .any(|one| side["edit"] == one.row.id.to_string().as_str());
            if of(OF) || of("merged_from") || late {
                out.push(Side {
                    reason: item.reason.clone(),
                    key: item.key.clone(),
                    shown: side.clone(),
                    asked: of(OF),
                });
            }
        }
    }
    Ok(out)
}

/// What accounts are called.
pub async fn names(txn: &Txn, program: &Program, authors: &[Uuid]) -> Result<BTreeMap<Uuid, String>, Error> {
    let mut out = BTreeMap::new();
    for row in accounts::some(&**txn, authors).await? {
        out.insert(row.id, accounts::person(&program.keys, &row)?.name);
    }
    Ok(out)
}

/// Takes the other's edits out of the survivor's history; a line stays in the place of each, so that bases go on naming
/// numbers that are there.
pub async fn lift(
    desk: &mut Desk<'_>,
    txn: &Txn,
    given: &[Given],
    survivor: Uuid,
    absorbed: Uuid,
) -> Result<(), Error> {
    for one in given {
        hanging::lift_edit(&**txn, one.row.id).await?;
        let row = &one.row;
        let id = derived(desk, b"given back", &[row.id.as_bytes(), &row.n.to_be_bytes()]);
        desk.push_edit_row(EditRow {
            id,
            device: None,
            seq: None,
            account: row.account,
            resident: survivor,
            named: survivor,
            epoch: row.epoch,
            n: row.n,
            kind: "given_back",
            outcome: row.outcome.clone(),
            change_hash: row.change_hash.clone(),
            heads: row.heads.clone(),
            facts_version: row.facts_version,
            digest: Vec::new(),
            made_at: row.made_at,
            skew: row.skew,
            received_at: row.received_at,
            body: Body {
                edit: json!({ "given_back_to": absorbed, "edit": row.id }),
                receipt: Json::Null,
                changes: Vec::new(),
            },
        });
    }
    Ok(())
}

/// Takes an edit into the record that it named, where its author stood. Its author hears what has become of it.
pub fn take_again(desk: &mut Desk<'_>, one: &Given) -> Result<(), Error> {
    let id = desk.now_is(one.edit.resident.uuid());
    let departed = desk.records.get(&id).ok_or(Error::NotFound)?.record.state == State::Departed;
    let writer = Writer {
        account: one.row.account.into(),
        device: one.row.device.map(Into::into),
        role: Role::Worker,
        door: if departed { Door::Console } else { Door::Phone },
        name: one.by.clone(),
    };
    let origin = Origin {
        writer: &writer,
        source: Source::Edit {
            edit: one.edit.id,
            by: one.by.clone(),
            at: one.edit.made_at,
        },
        kind: "phone",
        skew: one.row.skew,
    };
    let (taken, receipt) = desk.take(&one.edit, &origin)?;
    if taken.outcome == Outcome::Held && taken.fields.is_empty() {
        hold(desk, one, &receipt);
    }
    if let Some(device) = one.row.device.filter(|_| receipt != one.body.receipt) {
        let mut item = receipt;
        item["kind"] = "receipt".into();
        desk.news.push(News {
            device,
            kind: "receipt",
            subject: one.row.id,
            item: Some(item),
        });
    }
    Ok(())
}

/// It cannot be written there any more: a person decides.
fn hold(desk: &mut Desk<'_>, one: &Given, receipt: &Json) {
    let said = sync::canonical::wire(&one.body.edit);
    let row = HeldRow {
        id: Uuid::now_v7(),
        device: one.row.device,
        account: Some(one.row.account),
        edit: Some(one.row.id),
        sha256: one.row.digest.clone(),
        seq: one.row.seq,
        reason: receipt["problem"]["code"].as_str().unwrap_or("held").into(),
        resident: Some(one.edit.resident.uuid()),
        waits_for: None,
        received_at: one.row.received_at,
        body: held::Body {
            raw: said.to_string(),
            receipt: receipt.clone(),
            writes: None,
        },
    };
    desk.hold(row, None);
}
