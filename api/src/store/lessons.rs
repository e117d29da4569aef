//! What was learned of the county for linking, as a row; and what it is learned from.

use crate::seal::Keyring;
use crate::store::{Fault, lists, register, sealed};
use entity::{lesson, list, list_row, register_row};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The one row.
const ID: Uuid = Uuid::nil();

/// What is sealed: weights as JSON, counts in base64, and odds.
#[derive(Serialize, Deserialize)]
pub struct Body {
    pub weights: serde_json::Value,
    pub counts: String,
    pub odds: f32,
}

/// The row, if anything was learned.
pub async fn find<C: ConnectionTrait>(db: &C) -> Result<Option<lesson::Model>, DbErr> {
    lesson::Entity::find_by_id(ID).one(db).await
}

pub fn body(keys: &Keyring, row: &lesson::Model) -> Result<Body, Fault> {
    Ok(sealed::open(keys, "lesson", row.id, &row.sealed)?)
}

pub async fn keep<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    (basis, now): (i64, i64),
    body: &Body,
) -> Result<(), DbErr> {
    use lesson::Column as C_;
    let row = lesson::ActiveModel {
        id: Set(ID),
        basis: Set(basis),
        sealed: Set(sealed::seal(keys, "lesson", ID, body)),
        learnt_at: Set(now),
    };
    let again = OnConflict::column(C_::Id)
        .update_columns([C_::Basis, C_::Sealed, C_::LearntAt])
        .to_owned();
    lesson::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// All committed lists, in the order of their ids.
pub async fn committed<C: ConnectionTrait>(db: &C) -> Result<Vec<list::Model>, DbErr> {
    list::Entity::find()
        .filter(list::Column::State.eq(lists::state::COMMITTED))
        .order_by_asc(list::Column::Id)
        .all(db)
        .await
}

/// Places of some rows of these lists, by list: drawn by the digests of what they say, whatever their order and however
/// the lists are cut.
pub async fn drawn<C: ConnectionTrait>(
    db: &C,
    of: &[Uuid],
    most: u64,
) -> Result<BTreeMap<Uuid, BTreeSet<(i32, i32)>>, DbErr> {
    use list_row::Column as R;
    let rows: Vec<(Uuid, i32, i32)> = list_row::Entity::find()
        .select_only()
        .columns([R::List, R::Sheet, R::Row])
        .filter(R::List.is_in(of.iter().copied()))
        .filter(R::Sheet.gte(0))
        .order_by_asc(R::Digest)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    let mut out: BTreeMap<Uuid, BTreeSet<(i32, i32)>> = BTreeMap::new();
    for (list, sheet, row) in rows {
        out.entry(list).or_default().insert((sheet, row));
    }
    Ok(out)
}

/// Some people of the register, drawn by a keyed hash of who they are.
pub async fn strangers<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    most: u64,
) -> Result<Vec<register::Entry>, Fault> {
    let rows = register_row::Entity::find()
        .order_by_asc(register_row::Column::PersonHash)
        .limit(most);
    register::opened(keys, rows.all(db).await?)
}
