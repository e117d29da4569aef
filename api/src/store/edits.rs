//! Edit rows: one for everything that changes what a record shows, in the record's own order.

use super::fault::Fault;
use super::{PER_THREAD, sealed};
use crate::seal::Keyring;
use entity::edit;
use rayon::prelude::*;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// What an edit said and what was answered: the sealed part of its row.
#[derive(Clone, Serialize, Deserialize)]
pub struct Body {
    /// The edit in canonical form, as it was read.
    pub edit: Value,
    /// Its receipt as it stands now (wire.md 4).
    pub receipt: Value,
    /// What each written field was before and is now, for the history: key → [from, to].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<(String, Value, Value)>,
}

/// One edit row, opened.
#[derive(Clone)]
pub struct EditRow {
    pub id: Uuid,
    pub device: Option<Uuid>,
    pub seq: Option<i64>,
    pub account: Uuid,
    pub resident: Uuid,
    /// The id that the edit named; another than `resident` after a merge of two residents.
    pub named: Uuid,
    pub epoch: i32,
    pub n: i32,
    pub kind: &'static str,
    pub outcome: String,
    pub change_hash: Option<Vec<u8>>,
    /// Sorted heads after the edit, 32 bytes each, end to end.
    pub heads: Vec<u8>,
    pub facts_version: i32,
    pub digest: Vec<u8>,
    pub made_at: i64,
    pub skew: i64,
    pub received_at: i64,
    pub body: Body,
}

/// Where an edit stands in its record's history, without what it said.
#[derive(Clone, Debug)]
pub struct Stamp {
    pub id: Uuid,
    pub resident: Uuid,
    pub device: Option<Uuid>,
    pub seq: Option<i64>,
    pub epoch: i32,
    pub n: i32,
    pub change_hash: Option<Vec<u8>>,
    pub heads: Vec<u8>,
    pub facts_version: i32,
}

pub async fn insert<C: ConnectionTrait>(db: &C, keys: &Keyring, rows: &[EditRow]) -> Result<(), DbErr> {
    for part in rows.chunks(200) {
        let models = part
            .par_iter()
            .with_min_len(PER_THREAD)
            .map(|row| edit::ActiveModel {
                id: Set(row.id),
                device: Set(row.device),
                seq: Set(row.seq),
                account: Set(row.account),
                resident: Set(row.resident),
                named: Set(row.named),
                epoch: Set(row.epoch),
                n: Set(row.n),
                kind: Set(row.kind.to_owned()),
                outcome: Set(row.outcome.clone()),
                change_hash: Set(row.change_hash.clone()),
                heads: Set(row.heads.clone()),
                facts_version: Set(row.facts_version),
                digest: Set(row.digest.clone()),
                sealed: Set(sealed::seal(keys, "edit", row.id, &row.body)),
                made_at: Set(row.made_at),
                skew: Set(row.skew),
                received_at: Set(row.received_at),
            });
        edit::Entity::insert_many(models.collect::<Vec<_>>())
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// The rows of these ids, whoever made them.
pub async fn by_ids<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<edit::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    edit::Entity::find()
        .filter(edit::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await
}

/// Edits of some residents that were received since an instant: resident, edit, number; in the order of numbers.
pub async fn since<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
    at: i64,
) -> Result<Vec<(Uuid, Uuid, i32)>, DbErr> {
    let mut out = Vec::new();
    for part in residents.chunks(500) {
        let found = edit::Entity::find()
            .select_only()
            .columns([edit::Column::Resident, edit::Column::Id, edit::Column::N])
            .filter(edit::Column::Resident.is_in(part.iter().copied()))
            .filter(edit::Column::ReceivedAt.gte(at))
            .order_by_asc(edit::Column::N);
        out.extend(found.into_tuple::<(Uuid, Uuid, i32)>().all(db).await?);
    }
    Ok(out)
}

/// The edits of a device that took these sequence numbers.
pub async fn by_seqs<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    seqs: &[i64],
) -> Result<Vec<(i64, Uuid)>, DbErr> {
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let rows = edit::Entity::find()
        .select_only()
        .columns([edit::Column::Seq, edit::Column::Id])
        .filter(edit::Column::Device.eq(device))
        .filter(edit::Column::Seq.is_in(seqs.iter().copied()))
        .into_tuple::<(Option<i64>, Uuid)>()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(seq, id)| seq.map(|s| (s, id)))
        .collect())
}

/// All edits of one record, oldest first.
pub async fn of_record<C: ConnectionTrait>(db: &C, resident: Uuid) -> Result<Vec<edit::Model>, DbErr> {
    edit::Entity::find()
        .filter(edit::Column::Resident.eq(resident))
        .order_by_asc(edit::Column::Epoch)
        .order_by_asc(edit::Column::N)
        .all(db)
        .await
}

/// Stamps of each record from the given number on.
pub async fn stamps<C: ConnectionTrait>(db: &C, from: &[(Uuid, i32)]) -> Result<Vec<Stamp>, DbErr> {
    let mut stamps = Vec::new();
    for part in from.chunks(100) {
        let mut any = Condition::any();
        for (resident, n) in part {
            any = any.add(
                Condition::all()
                    .add(edit::Column::Resident.eq(*resident))
                    .add(edit::Column::N.gte(*n)),
            );
        }
        let rows = edit::Entity::find()
            .select_only()
            .columns([
                edit::Column::Id,
                edit::Column::Resident,
                edit::Column::Device,
                edit::Column::Seq,
                edit::Column::Epoch,
                edit::Column::N,
                edit::Column::ChangeHash,
                edit::Column::Heads,
                edit::Column::FactsVersion,
            ])
            .filter(any)
            .order_by_asc(edit::Column::N)
            .into_tuple::<(
                Uuid,
                Uuid,
                Option<Uuid>,
                Option<i64>,
                i32,
                i32,
                Option<Vec<u8>>,
                Vec<u8>,
                i32,
            )>()
            .all(db)
            .await?;
        stamps.extend(rows.into_iter().map(
            |(id, resident, device, seq, epoch, n, change_hash, heads, facts_version)| Stamp {
                id,
                resident,
                device,
                seq,
                epoch,
                n,
                change_hash,
                heads,
                facts_version,
            },
        ));
    }
    Ok(stamps)
}

/// Opens what a row's edit said.
pub fn body(keys: &Keyring, row: &edit::Model) -> Result<Body, Fault> {
    Ok(sealed::open(keys, "edit", row.id, &row.sealed)?)
}
