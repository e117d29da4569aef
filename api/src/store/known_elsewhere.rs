//! Records of which phones know a later state than a database that was restored.

use entity::known_elsewhere;
pub use entity::known_elsewhere::Model as Known;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// Keeps what phones know; of each record the furthest.
pub async fn keep<C: ConnectionTrait>(db: &C, all: &[Known]) -> Result<(), DbErr> {
    use known_elsewhere::Column as C_;
    for part in all.chunks(100) {
        let further = Expr::col((known_elsewhere::Entity, C_::N)).lt(Expr::cust("excluded.n"));
        let on = OnConflict::column(C_::Resident)
            .update_columns([C_::Device, C_::Version, C_::N, C_::Here, C_::SeenAt])
            .action_and_where(further)
            .to_owned();
        let rows = part
            .iter()
            .cloned()
            .map(|row| row.into_active_model().reset_all());
        known_elsewhere::Entity::insert_many(rows)
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// One page, in the order of the residents' ids.
pub async fn page<C: ConnectionTrait>(db: &C, after: Option<Uuid>, limit: u64) -> Result<Vec<Known>, DbErr> {
    let mut query = known_elsewhere::Entity::find();
    if let Some(after) = after {
        query = query.filter(known_elsewhere::Column::Resident.gt(after));
    }
    query
        .order_by_asc(known_elsewhere::Column::Resident)
        .limit(limit)
        .all(db)
        .await
}

/// Another restore begins another list.
pub async fn clear<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    known_elsewhere::Entity::delete_many().exec(db).await.map(|_| ())
}
