//! The history of a record: who, when, on which device, which field, from what to what, by which edit.

use super::one::read;
use crate::actor::{Actor, Scope};
use crate::app::Error;
use crate::program::Program;
use crate::store::{accounts, edits, merges, visible};
use domain::Instant;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One edit of a record.
#[derive(Clone)]
pub struct Step {
    pub edit: Uuid,
    /// The record's number after it.
    pub n: i32,
    /// Whom it named, where that was somebody who is this one now.
    pub named: Option<Uuid>,
    /// `phone`, `console`, `list`, `decision`, …
    pub kind: String,
    pub outcome: String,
    /// The author's name, where there is an account.
    pub by: Option<String>,
    pub account: Uuid,
    pub device: Option<Uuid>,
    /// By the author's clock, and by ours when it arrived.
    pub made_at: Instant,
    pub received_at: Instant,
    pub changes: Vec<Change>,
}

/// One field before and after.
#[derive(Clone)]
pub struct Change {
    pub key: String,
    pub from: Json,
    pub to: Json,
    /// What its author sent, where it was written in another form: a code that was withdrawn, a number with blanks.
    pub sent: Option<Json>,
}

/// All steps, oldest first.
///
/// # Errors
/// `NotFound` outside the actor's scope, and for departments: a history tells of other lists.
pub async fn history(program: &Program, actor: &Actor, id: Uuid) -> Result<Vec<Step>, Error> {
    let scope = super::scope(actor)?;
    if matches!(scope, Scope::Categories { .. }) {
        return Err(Error::NotFound);
    }
    let txn = program.db.snapshot().await?;
    visible::one(&txn, &scope, id).await?.ok_or(Error::NotFound)?;
    let mut rows = edits::of_record(&txn, id).await?;
    let others = merges::absorbed(&txn, &[id]).await?;
    for (other, _) in &others {
        rows.extend(edits::of_record(&txn, *other).await?);
    }
    if !others.is_empty() {
        rows.sort_by_key(|row| (row.received_at, row.resident != id, row.n));
    }
    let mut authors: Vec<Uuid> = rows.iter().map(|row| row.account).collect();
    authors.sort_unstable();
    authors.dedup();
    let mut names = BTreeMap::new();
    for account in accounts::some(&txn, &authors).await? {
        names.insert(account.id, accounts::person(&program.keys, &account)?.name);
    }
    txn.commit().await?;
    let mut steps = Vec::with_capacity(rows.len());
    for row in rows {
        let body = edits::body(&program.keys, &row)?;
        steps.push(Step {
            edit: row.id,
            n: row.n,
            named: Some(row.named).filter(|named| *named != id),
            kind: row.kind,
            outcome: row.outcome,
            by: names.get(&row.account).cloned(),
            account: row.account,
            device: row.device,
            made_at: Instant::from_millis(row.made_at),
            received_at: Instant::from_millis(row.received_at),
            changes: changes(body),
        });
    }
    read(program, actor, "read_history", id).await?;
    Ok(steps)
}

/// One edit's changes as the person's own report shows them.
pub fn history_of(body: edits::Body) -> Vec<Json> {
    let one = |c: Change| json!({ "field": c.key, "from": c.from, "to": c.to, "sent": c.sent });
    changes(body).into_iter().map(one).collect()
}

fn changes(body: edits::Body) -> Vec<Change> {
    let fields = &body.edit["fields"];
    let change = |(key, from, to): (String, Json, Json)| Change {
        sent: fields[&key].get("now").filter(|sent| **sent != to).cloned(),
        key,
        from,
        to,
    };
    body.changes.into_iter().map(change).collect()
}
