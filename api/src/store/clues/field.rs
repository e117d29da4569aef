//! What a clue has to do with the field: whose grid it is, and what becomes of a list's row that the field contradicts.

use entity::{grid, list_row, resident};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

/// The village of a resident, which may be none; nothing where there is no such resident.
pub async fn village_of<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<Option<Uuid>>, DbErr> {
    let row = resident::Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| row.village))
}

/// Residents with their villages.
pub async fn villages_of<C: ConnectionTrait>(
    db: &C,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Option<Uuid>)>, DbErr> {
    let mut out = Vec::new();
    for part in ids.chunks(500) {
        let found = resident::Entity::find()
            .select_only()
            .columns([resident::Column::Id, resident::Column::Village])
            .filter(resident::Column::Id.is_in(part.iter().copied()));
        out.extend(found.into_tuple::<(Uuid, Option<Uuid>)>().all(db).await?);
    }
    Ok(out)
}

/// The grids whose workers may visit somebody: the resident's own, else all of the village.
pub async fn grids_for<C: ConnectionTrait>(
    db: &C,
    resident: Option<Uuid>,
    village: Option<Uuid>,
) -> Result<Vec<Uuid>, DbErr> {
    if let Some(id) = resident {
        let row = resident::Entity::find_by_id(id).one(db).await?;
        if let Some(grid) = row.and_then(|row| row.grid) {
            return Ok(vec![grid]);
        }
    }
    let Some(village) = village else {
        return Ok(Vec::new());
    };
    grid::Entity::find()
        .select_only()
        .column(grid::Column::Id)
        .filter(grid::Column::Village.eq(village))
        .filter(grid::Column::Until.is_null())
        .order_by_asc(grid::Column::Id)
        .into_tuple()
        .all(db)
        .await
}

/// Says that the field contradicts a committed row.
pub async fn contradict<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    (sheet, row): (i32, i32),
    reason: &str,
) -> Result<(), DbErr> {
    use list_row::Column as C_;
    list_row::Entity::update_many()
        .col_expr(C_::Verdict, Expr::value("contradicted"))
        .col_expr(C_::Reason, Expr::value(reason))
        .filter(C_::List.eq(list))
        .filter(C_::Sheet.eq(sheet))
        .filter(C_::Row.eq(row))
        .filter(C_::Verdict.is_not_null())
        .exec(db)
        .await?;
    Ok(())
}
