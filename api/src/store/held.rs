//! Held edits: what was sent and could not be applied, kept with its bytes for a person.

use super::fault::Fault;
use super::sealed;
use crate::seal::Keyring;
use entity::held;
pub use entity::held::Model;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The state of a row about which nobody has decided yet.
pub const WAITING: &str = "waiting";

/// The sealed part of a held row.
#[derive(Clone, Serialize, Deserialize)]
pub struct Body {
    /// The edit as it was sent, byte for byte.
    pub raw: String,
    pub receipt: Value,
    /// What the changes of a full client write, as far as it could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<Value>,
}

#[derive(Clone)]
pub struct HeldRow {
    pub id: Uuid,
    pub device: Option<Uuid>,
    pub account: Option<Uuid>,
    pub edit: Option<Uuid>,
    /// SHA-256 over the canonical form, or over the bytes where they cannot be read.
    pub sha256: Vec<u8>,
    pub seq: Option<i64>,
    pub reason: String,
    pub resident: Option<Uuid>,
    /// The edit (or the resident, for a create that is missing) whose arrival lets this one be taken.
    pub waits_for: Option<Uuid>,
    pub received_at: i64,
    pub body: Body,
}

pub async fn insert<C: ConnectionTrait>(db: &C, keys: &Keyring, rows: &[HeldRow]) -> Result<(), DbErr> {
    for part in rows.chunks(200) {
        let models = part.iter().map(|row| held::ActiveModel {
            id: Set(row.id),
            device: Set(row.device),
            account: Set(row.account),
            edit: Set(row.edit),
            sha256: Set(row.sha256.clone()),
            seq: Set(row.seq),
            reason: Set(row.reason.clone()),
            state: Set(WAITING.into()),
            resident: Set(row.resident),
            waits_for: Set(row.waits_for),
            sealed: Set(sealed::seal(keys, "held", row.id, &row.body)),
            received_at: Set(row.received_at),
        });
        held::Entity::insert_many(models)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// Held rows of a device that are known by one of these digests or one of these edit ids.
pub async fn known<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    digests: &[Vec<u8>],
    edits: &[Uuid],
) -> Result<Vec<held::Model>, DbErr> {
    let any = Condition::any()
        .add(held::Column::Sha256.is_in(digests.iter().cloned()))
        .add(held::Column::Edit.is_in(edits.iter().copied()));
    held::Entity::find()
        .filter(held::Column::Device.eq(device))
        .filter(any)
        .all(db)
        .await
}

/// The sequence numbers that held edits of a device took, the newest first.
pub async fn by_seqs<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    seqs: &[i64],
) -> Result<Vec<(i64, Uuid)>, DbErr> {
    let rows = held::Entity::find()
        .select_only()
        .columns([held::Column::Seq, held::Column::Edit])
        .filter(held::Column::Device.eq(device))
        .filter(held::Column::Seq.is_in(seqs.iter().copied()))
        .filter(held::Column::Edit.is_not_null())
        .order_by_desc(held::Column::ReceivedAt)
        .order_by_desc(held::Column::Id)
        .into_tuple::<(Option<i64>, Option<Uuid>)>()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(seq, edit)| seq.zip(edit)).collect())
}

/// Rows of a device and some residents that wait for another edit or for the record itself, in the order of their
/// numbers.
pub async fn waiting<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    residents: &[Uuid],
) -> Result<Vec<held::Model>, DbErr> {
    if residents.is_empty() {
        return Ok(Vec::new());
    }
    held::Entity::find()
        .filter(held::Column::Device.eq(device))
        .filter(held::Column::State.eq(WAITING))
        .filter(held::Column::WaitsFor.is_not_null())
        .filter(held::Column::Resident.is_in(residents.iter().copied()))
        .order_by_asc(held::Column::Seq)
        .all(db)
        .await
}

/// Devices with held edits that wait for one of these people, or for an earlier edit on them.
pub async fn waited_for<C: ConnectionTrait>(db: &C, residents: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, DbErr> {
    let rows: Vec<(Option<Uuid>, Option<Uuid>)> = held::Entity::find()
        .select_only()
        .columns([held::Column::Device, held::Column::Resident])
        .filter(held::Column::State.eq(WAITING))
        .filter(held::Column::WaitsFor.is_not_null())
        .filter(held::Column::Resident.is_in(residents.iter().copied()))
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(device, resident)| device.zip(resident))
        .collect())
}

pub async fn by_id<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<held::Model>, DbErr> {
    held::Entity::find_by_id(id).lock_exclusive().one(db).await
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<held::Model>, DbErr> {
    held::Entity::find_by_id(id).one(db).await
}

/// Rows of a device that wait for something, whomever they are about.
pub async fn waiting_for<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    what: Uuid,
) -> Result<Vec<held::Model>, DbErr> {
    held::Entity::find()
        .filter(held::Column::Device.eq(device))
        .filter(held::Column::State.eq(WAITING))
        .filter(held::Column::WaitsFor.eq(what))
        .order_by_asc(held::Column::Seq)
        .all(db)
        .await
}

/// `applied` or `discarded`: the content stays, the receipt says what became of it.
pub async fn settle<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    id: Uuid,
    state: &str,
    body: &Body,
) -> Result<(), DbErr> {
    let row = held::ActiveModel {
        id: Unchanged(id),
        state: Set(state.into()),
        sealed: Set(sealed::seal(keys, "held", id, body)),
        ..Default::default()
    };
    held::Entity::update(row).exec(db).await?;
    Ok(())
}

pub fn body(keys: &Keyring, row: &held::Model) -> Result<Body, Fault> {
    Ok(sealed::open(keys, "held", row.id, &row.sealed)?)
}
