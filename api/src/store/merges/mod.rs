//! Merges of two residents, and pairs that somebody keeps apart.

pub mod hanging;

use super::fault::Fault;
use super::sealed;
use crate::seal::Keyring;
pub use entity::resident_merge::Model as Merge;
use entity::{edit, kept_apart, past_document, resident, resident_merge};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use sync::State;
use uuid::Uuid;

/// The sealed part of a merge: how the two were, and what was taken over.
#[derive(Clone, Serialize, Deserialize)]
pub struct Body {
    /// What the survivor showed, by key; what it did not show is absent.
    pub before: BTreeMap<String, Json>,
    /// The edits behind the survivor's facts.
    pub facts: BTreeMap<String, Uuid>,
    /// Edits that offer the other's values.
    pub offers: Vec<Uuid>,
    pub state: State,
    /// Where both were, and where the survivor was put.
    pub grid: Option<Uuid>,
    pub survivor_grid: Option<Uuid>,
    pub placed: Option<Uuid>,
    pub categories: Vec<String>,
    pub hanging: hanging::Taken,
    /// What waited on the absorbed as a whole person, by reason and key.
    pub waited: Vec<(String, String, Json)>,
    pub by: String,
    pub reason: Option<String>,
}

pub async fn insert<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    row: &Merge,
    body: &Body,
) -> Result<(), DbErr> {
    let model = resident_merge::ActiveModel {
        id: Set(row.id),
        survivor: Set(row.survivor),
        absorbed: Set(row.absorbed),
        account: Set(row.account),
        n: Set(row.n),
        at: Set(row.at),
        undone_at: Set(None),
        undone_by: Set(None),
        sealed: Set(sealed::seal(keys, "resident_merge", row.id, body)),
    };
    resident_merge::Entity::insert(model)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

pub fn body(keys: &Keyring, row: &Merge) -> Result<Body, Fault> {
    Ok(sealed::open(keys, "resident_merge", row.id, &row.sealed)?)
}

/// Who was taken for one with these people, and began no new epoch since that was undone.
pub async fn not_renewed<C: ConnectionTrait>(db: &C, absorbed: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
    let undone = resident_merge::Entity::find()
        .filter(resident_merge::Column::Absorbed.is_in(absorbed.iter().copied()))
        .filter(resident_merge::Column::UndoneAt.is_not_null());
    let mut out = Vec::new();
    for row in undone.all(db).await? {
        let since = past_document::Entity::find()
            .filter(past_document::Column::Resident.eq(row.survivor))
            .filter(past_document::Column::ClosedAt.gte(row.undone_at));
        if since.one(db).await?.is_none() {
            out.push(row.survivor);
        }
    }
    Ok(out)
}

/// The merge by which somebody was absorbed and still is.
pub async fn standing<C: ConnectionTrait>(db: &C, absorbed: Uuid) -> Result<Option<Merge>, DbErr> {
    resident_merge::Entity::find()
        .filter(resident_merge::Column::Absorbed.eq(absorbed))
        .filter(resident_merge::Column::UndoneAt.is_null())
        .one(db)
        .await
}

/// Every merge in which somebody was one of the two, the oldest first.
pub async fn of_resident<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<Merge>, DbErr> {
    resident_merge::Entity::find()
        .filter(either(&[id]))
        .order_by_asc(resident_merge::Column::At)
        .order_by_asc(resident_merge::Column::Id)
        .all(db)
        .await
}

/// Those of some residents who were one of the two in a merge, or in its undoing, since an instant.
pub async fn since<C: ConnectionTrait>(db: &C, residents: &[Uuid], at: i64) -> Result<BTreeSet<Uuid>, DbErr> {
    let mut out = BTreeSet::new();
    for part in residents.chunks(500) {
        let rows = resident_merge::Entity::find().filter(either(part)).filter(
            Condition::any()
                .add(resident_merge::Column::At.gte(at))
                .add(resident_merge::Column::UndoneAt.gte(at)),
        );
        for row in rows.all(db).await? {
            out.extend([row.survivor, row.absorbed]);
        }
    }
    Ok(out)
}

fn either(ids: &[Uuid]) -> Condition {
    Condition::any()
        .add(resident_merge::Column::Survivor.is_in(ids.iter().copied()))
        .add(resident_merge::Column::Absorbed.is_in(ids.iter().copied()))
}

/// Somebody with everybody who was merged into them, and into those.
pub async fn whole<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<BTreeSet<Uuid>, DbErr> {
    let mut all = BTreeSet::from([id]);
    let mut next = vec![id];
    while !next.is_empty() {
        let rows = resident_merge::Entity::find()
            .filter(resident_merge::Column::Survivor.is_in(next.iter().copied()))
            .filter(resident_merge::Column::UndoneAt.is_null())
            .all(db)
            .await?;
        next = rows.iter().map(|row| row.absorbed).collect();
        next.retain(|id| all.insert(*id));
    }
    Ok(all)
}

/// Everybody who is one of these now, whichever way they became so, each with whom they are.
pub async fn absorbed<C: ConnectionTrait>(db: &C, survivors: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, DbErr> {
    resident::Entity::find()
        .select_only()
        .columns([resident::Column::Id, resident::Column::MergedInto])
        .filter(resident::Column::MergedInto.is_in(survivors.iter().copied()))
        .order_by_asc(resident::Column::Id)
        .into_tuple()
        .all(db)
        .await
}

pub async fn end<C: ConnectionTrait>(db: &C, id: Uuid, by: Uuid, now: i64) -> Result<(), DbErr> {
    let row = resident_merge::ActiveModel {
        id: Unchanged(id),
        undone_at: Set(Some(now)),
        undone_by: Set(Some(by)),
        ..Default::default()
    };
    resident_merge::Entity::update(row).exec(db).await?;
    Ok(())
}

/// Edits of a record that named one of `others`, in the order of their numbers.
pub async fn named<C: ConnectionTrait>(
    db: &C,
    resident: Uuid,
    others: &BTreeSet<Uuid>,
) -> Result<Vec<edit::Model>, DbErr> {
    edit::Entity::find()
        .filter(edit::Column::Resident.eq(resident))
        .filter(edit::Column::Named.is_in(others.iter().copied()))
        .order_by_asc(edit::Column::Epoch)
        .order_by_asc(edit::Column::N)
        .all(db)
        .await
}

/// Remembers that two are two people.
pub async fn keep_apart<C: ConnectionTrait>(
    db: &C,
    pair: (Uuid, Uuid),
    decision: Uuid,
    now: i64,
) -> Result<(), DbErr> {
    let row = kept_apart::ActiveModel {
        one: Set(pair.0.min(pair.1)),
        other: Set(pair.0.max(pair.1)),
        decision: Set(decision),
        at: Set(now),
    };
    let on = OnConflict::columns([kept_apart::Column::One, kept_apart::Column::Other])
        .update_columns([kept_apart::Column::Decision, kept_apart::Column::At])
        .to_owned();
    kept_apart::Entity::insert(row)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// They are one person after all.
pub async fn forget_apart<C: ConnectionTrait>(db: &C, pair: (Uuid, Uuid)) -> Result<(), DbErr> {
    kept_apart::Entity::delete_by_id((pair.0.min(pair.1), pair.0.max(pair.1)))
        .exec(db)
        .await?;
    Ok(())
}

/// Whom somebody was said not to be.
pub async fn apart_from<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<BTreeSet<Uuid>, DbErr> {
    let any = Condition::any()
        .add(kept_apart::Column::One.eq(id))
        .add(kept_apart::Column::Other.eq(id));
    let rows = kept_apart::Entity::find().filter(any).all(db).await?;
    let other = |row: kept_apart::Model| if row.one == id { row.other } else { row.one };
    Ok(rows.into_iter().map(other).collect())
}

/// Pairs among some residents that somebody keeps apart, the smaller id first.
pub async fn apart_among<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<BTreeSet<(Uuid, Uuid)>, DbErr> {
    let mut out = BTreeSet::new();
    for part in ids.chunks(500) {
        let rows = kept_apart::Entity::find().filter(kept_apart::Column::One.is_in(part.iter().copied()));
        out.extend(rows.all(db).await?.into_iter().map(|row| (row.one, row.other)));
    }
    Ok(out)
}
