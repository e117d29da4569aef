//! What the server durably holds from a device: how many edits, and up to which number without a gap.

use entity::{device, edit, held};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The device's row, locked until commit: one request at a time per device.
pub async fn lock<C: ConnectionTrait>(db: &C, device: Uuid) -> Result<Option<device::Model>, DbErr> {
    device::Entity::find_by_id(device).lock_exclusive().one(db).await
}

/// The device's row as it is, without a lock.
pub async fn read<C: ConnectionTrait>(db: &C, device: Uuid) -> Result<Option<device::Model>, DbErr> {
    device::Entity::find_by_id(device).one(db).await
}

/// Counts `fresh` edits and moves `through` over every number that is now there. `seqs` are the numbers that
/// came with this request.
pub async fn advance<C: ConnectionTrait>(
    db: &C,
    device: &device::Model,
    fresh: i64,
    seqs: &[i64],
) -> Result<(i64, i64), DbErr> {
    let mut through = device.through;
    let mut there: BTreeSet<i64> = seqs.iter().copied().filter(|s| *s > through).collect();
    if there.contains(&(through + 1)) {
        // Later numbers may have come before the gap was filled.
        there.extend(edit_seqs(db, device.id, through).await?);
        there.extend(held_seqs(db, device.id, through).await?);
        while there.contains(&(through + 1)) {
            through += 1;
        }
    }
    let received = device.received + fresh;
    if fresh > 0 || through != device.through {
        let row = device::ActiveModel {
            id: Unchanged(device.id),
            received: Set(received),
            through: Set(through),
            ..Default::default()
        };
        device::Entity::update(row).exec(db).await?;
    }
    Ok((received, through))
}

async fn edit_seqs<C: ConnectionTrait>(db: &C, device: Uuid, above: i64) -> Result<Vec<i64>, DbErr> {
    let rows = edit::Entity::find()
        .select_only()
        .column(edit::Column::Seq)
        .filter(edit::Column::Device.eq(device))
        .filter(edit::Column::Seq.gt(above))
        .into_tuple::<Option<i64>>()
        .all(db)
        .await?;
    Ok(rows.into_iter().flatten().collect())
}

async fn held_seqs<C: ConnectionTrait>(db: &C, device: Uuid, above: i64) -> Result<Vec<i64>, DbErr> {
    let rows = held::Entity::find()
        .select_only()
        .column(held::Column::Seq)
        .filter(held::Column::Device.eq(device))
        .filter(held::Column::Seq.gt(above))
        .into_tuple::<Option<i64>>()
        .all(db)
        .await?;
    Ok(rows.into_iter().flatten().collect())
}

/// The registrations of an account that are in use.
pub async fn active_of<C: ConnectionTrait>(db: &C, account: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let rows = device::Entity::find()
        .filter(device::Column::Account.eq(account))
        .filter(device::Column::State.eq("active"))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|d| d.id).collect())
}

/// Notes that two phones use a registration, or that it is one.
pub async fn set_cloned<C: ConnectionTrait>(db: &C, device: Uuid, at: Option<i64>) -> Result<(), DbErr> {
    let row = device::ActiveModel {
        id: Unchanged(device),
        cloned_at: Set(at),
        ..Default::default()
    };
    device::Entity::update(row).exec(db).await.map(|_| ())
}

/// Sets what a device may carry; none is the usual.
pub async fn set_budget<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    records: Option<i64>,
    bytes: Option<i64>,
) -> Result<(), DbErr> {
    let row = device::ActiveModel {
        id: Unchanged(device),
        budget_records: Set(records),
        budget_bytes: Set(bytes),
        ..Default::default()
    };
    device::Entity::update(row).exec(db).await.map(|_| ())
}
