//! Holdings: who carries whom, from when until the drop was confirmed.

use entity::holding;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::Expr,
};
use uuid::Uuid;

/// Open holdings of a device among some residents.
pub async fn of_device<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    residents: &[Uuid],
) -> Result<Vec<holding::Model>, DbErr> {
    if residents.is_empty() {
        return Ok(Vec::new());
    }
    open()
        .filter(holding::Column::Device.eq(device))
        .filter(holding::Column::Resident.is_in(residents.iter().copied()))
        .all(db)
        .await
}

/// Everything that a device is thought to carry.
pub async fn all_of_device<C: ConnectionTrait>(db: &C, device: Uuid) -> Result<Vec<holding::Model>, DbErr> {
    open().filter(holding::Column::Device.eq(device)).all(db).await
}

/// Open holdings of some residents on any device.
pub async fn of_residents<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
) -> Result<Vec<holding::Model>, DbErr> {
    if residents.is_empty() {
        return Ok(Vec::new());
    }
    open()
        .filter(holding::Column::Resident.is_in(residents.iter().copied()))
        .all(db)
        .await
}

fn open() -> sea_orm::Select<holding::Entity> {
    holding::Entity::find().filter(holding::Column::DroppedAt.is_null())
}

/// Records are about to be sent to a device that does not carry them yet.
pub async fn begin<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    residents: &[Uuid],
    now: i64,
) -> Result<(), DbErr> {
    for part in residents.chunks(200) {
        let rows = part.iter().map(|resident| holding::ActiveModel {
            number: NotSet,
            device: Set(device),
            resident: Set(*resident),
            from_at: Set(now),
            to_at: Set(None),
            dropped_at: Set(None),
            why: Set(None),
        });
        holding::Entity::insert_many(rows)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// A drop was asked for (`Some`) or taken back (`None`): the holding stays open until the phone confirms.
pub async fn set_end<C: ConnectionTrait>(
    db: &C,
    numbers: &[i64],
    end: Option<(i64, &str)>,
) -> Result<(), DbErr> {
    if numbers.is_empty() {
        return Ok(());
    }
    holding::Entity::update_many()
        .col_expr(holding::Column::ToAt, Expr::value(end.map(|(at, _)| at)))
        .col_expr(
            holding::Column::Why,
            Expr::value(end.map(|(_, why)| why.to_owned())),
        )
        .filter(holding::Column::Number.is_in(numbers.iter().copied()))
        .exec(db)
        .await?;
    Ok(())
}

/// The phone says that it dropped these; only holdings of this device whose drop was asked for are closed.
pub async fn confirm_dropped<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    dropped: &[(Uuid, i64)],
    now: i64,
) -> Result<Vec<Uuid>, DbErr> {
    let mut closed = Vec::new();
    for (resident, number) in dropped {
        let done = holding::Entity::update_many()
            .col_expr(holding::Column::DroppedAt, Expr::value(now))
            .filter(holding::Column::Number.eq(*number))
            .filter(holding::Column::Device.eq(device))
            .filter(holding::Column::Resident.eq(*resident))
            .filter(holding::Column::ToAt.is_not_null())
            .filter(holding::Column::DroppedAt.is_null())
            .exec(db)
            .await?;
        if done.rows_affected > 0 {
            closed.push(*resident);
        }
    }
    Ok(closed)
}
