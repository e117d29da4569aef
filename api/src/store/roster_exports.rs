//! Exports in the background, and exports under way.

use super::{Fault, sealed};
use crate::seal::Keyring;
pub use entity::roster_export::Model as Export;
use entity::{export_run, roster_export};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is sealed of an export: what of, what for, and by what right.
#[derive(Clone, Serialize, Deserialize)]
pub struct Spec {
    pub category: String,
    pub division: Option<Uuid>,
    pub status: Option<String>,
    pub village_status: Option<String>,
    pub age_from: Option<i16>,
    pub age_to: Option<i16>,
    /// `YYYY-MM-DD`: the day on which ages are counted.
    pub age_on: Option<String>,
    pub format: String,
    pub watermark: bool,
    pub purpose: String,
    pub of_client: bool,
    /// Of what might be seen when it was asked for.
    pub scope: String,
    pub name: String,
    pub request: String,
    pub cursor: Option<String>,
}

pub async fn insert<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    mut row: Export,
    spec: &Spec,
) -> Result<(), DbErr> {
    row.sealed = sealed::seal(keys, "roster_export", row.id, spec);
    roster_export::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Writes what is sealed anew.
pub async fn set_spec<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    id: Uuid,
    spec: &Spec,
) -> Result<(), DbErr> {
    let row = roster_export::ActiveModel {
        id: Unchanged(id),
        sealed: Set(sealed::seal(keys, "roster_export", id, spec)),
        ..Default::default()
    };
    roster_export::Entity::update(row).exec(db).await?;
    Ok(())
}

pub fn spec(keys: &Keyring, row: &Export) -> Result<Spec, Fault> {
    Ok(sealed::open(keys, "roster_export", row.id, &row.sealed)?)
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<Export>, DbErr> {
    roster_export::Entity::find_by_id(id).one(db).await
}

pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<Export>, DbErr> {
    roster_export::Entity::find_by_id(id)
        .lock_exclusive()
        .one(db)
        .await
}

/// Somebody's exports, newest first, before one of them.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    owner: Uuid,
    before: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Export>, DbErr> {
    use roster_export::Column as X;
    let mut rows = roster_export::Entity::find().filter(X::CreatedBy.eq(owner));
    if let Some(before) = before {
        rows = rows.filter(X::Id.lt(before));
    }
    rows.order_by_desc(X::Id).limit(limit).all(db).await
}

/// Says which file an export became, with how many rows. `false` where it was removed meanwhile.
pub async fn made<C: ConnectionTrait>(db: &C, id: Uuid, file: Uuid, rows: i64) -> Result<bool, DbErr> {
    use roster_export::Column as X;
    let done = roster_export::Entity::update_many()
        .col_expr(X::File, Expr::value(file))
        .col_expr(X::Rows, Expr::value(rows))
        .filter(X::Id.eq(id))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Keeps which download is under way, and the bytes that it has had.
pub async fn set_download<C: ConnectionTrait>(
    db: &C,
    id: Uuid,
    download: Option<i64>,
    covered: &str,
) -> Result<(), DbErr> {
    let row = roster_export::ActiveModel {
        id: Unchanged(id),
        download: Set(download),
        covered: Set(covered.into()),
        ..Default::default()
    };
    roster_export::Entity::update(row).exec(db).await?;
    Ok(())
}

pub async fn delete<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<(), DbErr> {
    roster_export::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// Notes that an export is under way, with at least as many rows as have left.
pub async fn begin_run<C: ConnectionTrait>(db: &C, audit: i64, now: i64) -> Result<(), DbErr> {
    let row = export_run::ActiveModel {
        audit: Set(audit),
        rows: Set(0),
        seen_at: Set(now),
    };
    // A job that is taken up again goes on with the run that it had announced.
    let on = OnConflict::column(export_run::Column::Audit)
        .update_column(export_run::Column::SeenAt)
        .to_owned();
    export_run::Entity::insert(row)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

pub async fn note_run<C: ConnectionTrait>(db: &C, audit: i64, rows: i64, now: i64) -> Result<(), DbErr> {
    use export_run::Column as R;
    export_run::Entity::update_many()
        .col_expr(R::Rows, Expr::value(rows))
        .col_expr(R::SeenAt, Expr::value(now))
        .filter(R::Audit.eq(audit))
        .exec(db)
        .await?;
    Ok(())
}

/// `false` where it had been ended already.
pub async fn end_run<C: ConnectionTrait>(db: &C, audit: i64) -> Result<bool, DbErr> {
    let done = export_run::Entity::delete_by_id(audit).exec(db).await?;
    Ok(done.rows_affected == 1)
}

/// Audit rows and rows of exports that were not heard of since `before`.
pub async fn silent<C: ConnectionTrait>(db: &C, before: i64) -> Result<Vec<(i64, i64)>, DbErr> {
    let rows = export_run::Entity::find()
        .filter(export_run::Column::SeenAt.lt(before))
        .limit(100)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.audit, row.rows)).collect())
}
