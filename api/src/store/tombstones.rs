//! People who were erased: that it was done, and the keyed hashes by which they are known again.

use entity::{tombstone, tombstone_hash};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder,
};
use std::collections::BTreeSet;
use uuid::Uuid;

pub use entity::tombstone::Model as Tombstone;

pub async fn insert<C: ConnectionTrait>(
    db: &C,
    stone: &Tombstone,
    hashes: &[(String, Vec<u8>)],
) -> Result<(), DbErr> {
    let row = stone.clone().into_active_model().reset_all();
    tombstone::Entity::insert(row).exec_without_returning(db).await?;
    for (kind, hash) in hashes {
        let row = tombstone_hash::ActiveModel {
            kind: Set(kind.clone()),
            hash: Set(hash.clone()),
            resident: Set(stone.resident),
        };
        tombstone_hash::Entity::insert(row)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

pub async fn find<C: ConnectionTrait>(db: &C, resident: Uuid) -> Result<Option<Tombstone>, DbErr> {
    tombstone::Entity::find_by_id(resident).one(db).await
}

/// Those of these residents who were erased.
pub async fn among<C: ConnectionTrait>(db: &C, residents: &[Uuid]) -> Result<Vec<Tombstone>, DbErr> {
    if residents.is_empty() {
        return Ok(Vec::new());
    }
    tombstone::Entity::find()
        .filter(tombstone::Column::Resident.is_in(residents.iter().copied()))
        .all(db)
        .await
}

/// All, the newest first.
pub async fn all<C: ConnectionTrait>(db: &C) -> Result<Vec<Tombstone>, DbErr> {
    tombstone::Entity::find()
        .order_by_desc(tombstone::Column::At)
        .order_by_asc(tombstone::Column::Resident)
        .all(db)
        .await
}

/// Those of these hashes that are an erased person's.
pub async fn known<C: ConnectionTrait>(
    db: &C,
    kind: &str,
    hashes: &[Vec<u8>],
) -> Result<BTreeSet<Vec<u8>>, DbErr> {
    let mut out = BTreeSet::new();
    for part in hashes.chunks(500) {
        let found = tombstone_hash::Entity::find()
            .filter(tombstone_hash::Column::Kind.eq(kind))
            .filter(tombstone_hash::Column::Hash.is_in(part.iter().cloned()))
            .all(db)
            .await?;
        out.extend(found.into_iter().map(|row| row.hash));
    }
    Ok(out)
}

/// The hashes of one person: kind and hash.
pub async fn hashes<C: ConnectionTrait>(
    db: &C,
    resident: Uuid,
) -> Result<BTreeSet<(String, Vec<u8>)>, DbErr> {
    let rows = tombstone_hash::Entity::find()
        .filter(tombstone_hash::Column::Resident.eq(resident))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.hash)).collect())
}
