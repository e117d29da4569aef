//! Visits that workers are asked for 走访任务, as rows: open until a visit answers, or until nobody need go any more.

use crate::seal::Keyring;
use crate::store::{Fault, sealed};
use entity::{device_entry, visit_task};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

/// The states of a task's row.
pub mod state {
    pub const OPEN: &str = "open";
    pub const DONE: &str = "done";
    pub const WITHDRAWN: &str = "withdrawn";
}

pub fn body(keys: &Keyring, row: &visit_task::Model) -> Result<Value, Fault> {
    Ok(sealed::open(keys, "visit_task", row.id, &row.sealed)?)
}

/// Writes a task, which is new or was read before.
pub async fn insert<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    mut row: visit_task::Model,
    body: &Value,
) -> Result<(), DbErr> {
    row.sealed = sealed::seal(keys, "visit_task", row.id, body);
    visit_task::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

pub async fn update<C: ConnectionTrait>(db: &C, row: &visit_task::Model) -> Result<(), DbErr> {
    visit_task::Entity::update(row.clone().into_active_model().reset_all())
        .exec(db)
        .await?;
    Ok(())
}

pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<visit_task::Model>, DbErr> {
    visit_task::Entity::find_by_id(id).lock_exclusive().one(db).await
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<visit_task::Model>, DbErr> {
    visit_task::Entity::find_by_id(id).one(db).await
}

/// What an account is still asked for, oldest first.
pub async fn open_of<C: ConnectionTrait>(db: &C, account: Uuid) -> Result<Vec<visit_task::Model>, DbErr> {
    visit_task::Entity::find()
        .filter(visit_task::Column::Account.eq(account))
        .filter(visit_task::Column::State.eq(state::OPEN))
        .order_by_asc(visit_task::Column::CreatedAt)
        .order_by_asc(visit_task::Column::Id)
        .all(db)
        .await
}

/// Open tasks about these residents.
pub async fn open_about<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
) -> Result<Vec<visit_task::Model>, DbErr> {
    let mut out = Vec::new();
    for part in residents.chunks(500) {
        let found = visit_task::Entity::find()
            .filter(visit_task::Column::Resident.is_in(part.iter().copied()))
            .filter(visit_task::Column::State.eq(state::OPEN))
            .order_by_asc(visit_task::Column::Id);
        out.extend(found.all(db).await?);
    }
    Ok(out)
}

/// Removes the tasks of a clue with what phones were told of them.
pub async fn remove_of_clue<C: ConnectionTrait>(db: &C, clue: Uuid) -> Result<(), DbErr> {
    let rows = visit_task::Entity::find()
        .filter(visit_task::Column::Clue.eq(clue))
        .all(db)
        .await?;
    for row in rows {
        remove(db, row.id).await?;
    }
    Ok(())
}

async fn remove<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<(), DbErr> {
    device_entry::Entity::delete_many()
        .filter(device_entry::Column::Subject.eq(id))
        .exec(db)
        .await?;
    visit_task::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// Removes tasks that were done or withdrawn before an instant; what came of them is in the history of their clues.
pub async fn forget<C: ConnectionTrait>(db: &C, before: i64, most: u64) -> Result<u64, DbErr> {
    let old: Vec<Uuid> = visit_task::Entity::find()
        .select_only()
        .column(visit_task::Column::Id)
        .filter(visit_task::Column::State.ne(state::OPEN))
        .filter(visit_task::Column::DoneAt.lt(before))
        .order_by_asc(visit_task::Column::CreatedAt)
        .order_by_asc(visit_task::Column::Id)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    for id in &old {
        remove(db, *id).await?;
    }
    Ok(old.len() as u64)
}
