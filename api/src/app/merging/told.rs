//! Which merges somebody was part of, and what was written while the two were one.

use crate::app::Error;
use crate::app::inbox::{Decider, reaches};
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::merges::{self, Merge};
use crate::store::{accounts, edits, records};
use domain::Instant;
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// One edit that the survivor took while the two were one.
#[derive(Clone)]
pub struct Since {
    pub edit: Uuid,
    pub kind: String,
    /// Whom it named.
    pub named: Uuid,
    pub by: Option<String>,
    pub at: Instant,
    /// Keys of the fields that it wrote.
    pub keys: Vec<String>,
}

/// One merge.
pub struct Told {
    pub id: Uuid,
    pub survivor: Uuid,
    pub absorbed: Uuid,
    pub by: String,
    pub at: Instant,
    pub reason: Option<String>,
    pub undone_at: Option<Instant>,
    /// As long as it stands.
    pub since: Vec<Since>,
}

/// The merges of somebody, the oldest first; those of which the asker may not see the other one are left out.
///
/// # Errors
/// `NotFound` out of reach.
pub async fn merges_of(program: &Program, who: &Decider, id: Uuid) -> Result<Vec<Told>, Error> {
    let txn = program.db.snapshot().await?;
    let rows = merges::of_resident(&txn, id).await?;
    let mut ids: BTreeSet<Uuid> = rows.iter().flat_map(|m| [m.survivor, m.absorbed]).collect();
    ids.insert(id);
    let loaded = records::look_at(&txn, &program.keys, &ids).await?;
    let seen = |id: &Uuid| loaded.get(id).is_some_and(|l| reaches(&who.reach, l.village));
    if !seen(&id) {
        return Err(Error::NotFound);
    }
    let mut out = Vec::new();
    for row in rows
        .iter()
        .filter(|row| seen(&row.survivor) && seen(&row.absorbed))
    {
        let body = merges::body(&program.keys, row)?;
        out.push(Told {
            id: row.id,
            survivor: row.survivor,
            absorbed: row.absorbed,
            by: body.by,
            at: Instant::from_millis(row.at),
            reason: body.reason,
            undone_at: row.undone_at.map(Instant::from_millis),
            since: match row.undone_at {
                None => written(&txn, program, row).await?,
                Some(_) => Vec::new(),
            },
        });
    }
    txn.commit().await?;
    Ok(out)
}

/// What was written on the survivor since a merge, the merge itself left out; of one that was undone, until then.
pub(super) async fn since(txn: &Txn, program: &Program, merge: &Merge) -> Result<Vec<Since>, Error> {
    written(&**txn, program, merge).await
}

async fn written<C: ConnectionTrait>(db: &C, program: &Program, merge: &Merge) -> Result<Vec<Since>, Error> {
    let mut rows = edits::of_record(db, merge.survivor).await?;
    rows.retain(|row| row.n > merge.n && !matches!(row.kind.as_str(), "offer" | "epoch" | "unmerge"));
    if let Some(end) = merge.undone_at {
        rows.retain(|row| row.received_at <= end);
    }
    let authors: Vec<Uuid> = rows.iter().map(|row| row.account).collect();
    let mut names: BTreeMap<Uuid, String> = BTreeMap::new();
    for row in accounts::some(db, &authors).await? {
        names.insert(row.id, accounts::person(&program.keys, &row)?.name);
    }
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let body = edits::body(&program.keys, &row)?;
        let mut keys: BTreeSet<String> = body.changes.into_iter().map(|(key, _, _)| key).collect();
        let fields = body.edit["fields"].as_object().into_iter().flatten();
        keys.extend(fields.map(|(key, _)| key.clone()));
        // A line in the place of an edit that was given back says which it was.
        let back = |name: &str| {
            body.edit[name]
                .as_str()
                .and_then(|id| Uuid::try_parse(id).ok())
                .filter(|_| row.kind == "given_back")
        };
        out.push(Since {
            edit: back("edit").unwrap_or(row.id),
            named: back("given_back_to").unwrap_or(row.named),
            kind: row.kind,
            by: names.get(&row.account).cloned(),
            at: Instant::from_millis(row.received_at),
            keys: keys.into_iter().collect(),
        });
    }
    Ok(out)
}
