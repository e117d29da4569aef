//! Holdings: who carries whom, from when until the drop was confirmed.

use entity::{account_grant, device, holding, resident};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

/// Open holdings of a device among some residents.
pub async fn of_device<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    residents: &[Uuid],
) -> Result<Vec<holding::Model>, DbErr> {
    let mut all = Vec::new();
    for part in residents.chunks(500) {
        let rows = open()
            .filter(holding::Column::Device.eq(device))
            .filter(holding::Column::Resident.is_in(part.iter().copied()));
        all.extend(rows.all(db).await?);
    }
    Ok(all)
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

/// What a device carries that belongs to none of `grids`, and whose drop was not asked for yet or was withdrawn.
pub async fn outside<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    grids: &[Uuid],
) -> Result<Vec<holding::Model>, DbErr> {
    let elsewhere = Condition::any()
        .add(resident::Column::Grid.is_null())
        .add(resident::Column::Grid.is_not_in(grids.iter().copied()));
    let stays = Condition::any()
        .add(holding::Column::ToAt.is_null())
        .add(holding::Column::Why.is_null());
    of_their_residents(device)
        .filter(stays)
        .filter(elsewhere)
        .all(db)
        .await
}

/// Of those who are in a grid, whom a device was asked to drop and has not yet. Who has departed stays to be dropped.
pub async fn leaving<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    grid: Uuid,
) -> Result<Vec<holding::Model>, DbErr> {
    of_their_residents(device)
        .filter(holding::Column::ToAt.is_not_null())
        .filter(resident::Column::Grid.eq(grid))
        .filter(resident::Column::State.ne("departed"))
        .all(db)
        .await
}

fn of_their_residents(device: Uuid) -> sea_orm::Select<holding::Entity> {
    let on = holding::Entity::belongs_to(resident::Entity)
        .from(holding::Column::Resident)
        .to(resident::Column::Id)
        .into();
    open()
        .join(JoinType::InnerJoin, on)
        .filter(holding::Column::Device.eq(device))
}

/// The phones in use of whoever is granted one of these grids on that day: (device, grid).
pub async fn phones_of<C: ConnectionTrait>(
    db: &C,
    grids: &[Uuid],
    today: &str,
) -> Result<Vec<(Uuid, Uuid)>, DbErr> {
    if grids.is_empty() {
        return Ok(Vec::new());
    }
    let on = device::Entity::belongs_to(account_grant::Entity)
        .from(device::Column::Account)
        .to(account_grant::Column::Account)
        .into();
    let valid = Condition::any()
        .add(account_grant::Column::Until.is_null())
        .add(account_grant::Column::Until.gt(today));
    device::Entity::find()
        .join(JoinType::InnerJoin, on)
        .filter(device::Column::State.eq("active"))
        .filter(account_grant::Column::Grid.is_in(grids.iter().copied()))
        .filter(account_grant::Column::Since.lte(today))
        .filter(valid)
        .select_only()
        .column(device::Column::Id)
        .column(account_grant::Column::Grid)
        .into_tuple()
        .all(db)
        .await
}

/// Those of some residents who stand in one of these grids, and stay there until the transaction ends.
pub async fn staying<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
    grids: &[Uuid],
) -> Result<Vec<Uuid>, DbErr> {
    let mut out = Vec::with_capacity(residents.len());
    for part in residents.chunks(500) {
        let there = held_still(part)
            .filter(resident::Column::Grid.is_in(grids.iter().copied()))
            .filter(resident::Column::State.ne("departed"));
        out.extend(there.into_tuple::<Uuid>().all(db).await?);
    }
    Ok(out)
}

/// Nobody of these moves, departs or is erased until commit: the lock that a move takes, shared.
pub async fn stand_still<C: ConnectionTrait>(db: &C, residents: &[Uuid]) -> Result<(), DbErr> {
    let mut all = residents.to_vec();
    all.sort_unstable();
    for part in all.chunks(500) {
        held_still(part).into_tuple::<Uuid>().all(db).await?;
    }
    Ok(())
}

fn held_still(residents: &[Uuid]) -> sea_orm::Select<resident::Entity> {
    resident::Entity::find()
        .select_only()
        .column(resident::Column::Id)
        .filter(resident::Column::Id.is_in(residents.iter().copied()))
        .order_by_asc(resident::Column::Id)
        .lock_shared()
}

/// Records are about to be sent to a device that does not carry them yet. A drop of the same record that the
/// device never confirmed is over: what it holds from now on is the new holding.
pub async fn begin<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    residents: &[Uuid],
    now: i64,
) -> Result<(), DbErr> {
    for part in residents.chunks(200) {
        holding::Entity::update_many()
            .col_expr(holding::Column::DroppedAt, Expr::value(now))
            .filter(holding::Column::Device.eq(device))
            .filter(holding::Column::Resident.is_in(part.iter().copied()))
            .filter(holding::Column::DroppedAt.is_null())
            .exec(db)
            .await?;
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

/// A drop was asked for: the holding stays open until the phone confirms.
pub async fn set_end<C: ConnectionTrait>(
    db: &C,
    numbers: &[i64],
    (at, why): (i64, &str),
) -> Result<(), DbErr> {
    for part in numbers.chunks(500) {
        holding::Entity::update_many()
            .col_expr(holding::Column::ToAt, Expr::value(at))
            .col_expr(holding::Column::Why, Expr::value(why))
            .filter(holding::Column::Number.is_in(part.iter().copied()))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// A drop is asked for no longer. The phone may have heard of it all the same: the holding has its end, without a reason,
/// until the phone confirms or is sent the record anew.
pub async fn withdraw_end<C: ConnectionTrait>(db: &C, numbers: &[i64]) -> Result<(), DbErr> {
    for part in numbers.chunks(500) {
        holding::Entity::update_many()
            .col_expr(holding::Column::Why, Expr::value(None::<String>))
            .filter(holding::Column::Number.is_in(part.iter().copied()))
            .exec(db)
            .await?;
    }
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

/// A phone that still carries somebody as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    pub device: Uuid,
    pub account: Uuid,
    pub label: String,
    /// `active` or `ended`.
    pub state: String,
    pub from_at: i64,
    /// When it was told to drop; none while it may carry the person.
    pub to_at: Option<i64>,
    /// When it said that it had dropped.
    pub dropped_at: Option<i64>,
    pub last_contact_at: Option<i64>,
}

/// The phones that carry somebody, or have and did not confirm the drop, the longest first.
pub async fn not_dropped<C: ConnectionTrait>(db: &C, resident: Uuid) -> Result<Vec<Carried>, DbErr> {
    let mut all = carriers(db, resident).await?;
    all.retain(|carried| carried.dropped_at.is_none());
    Ok(all)
}

/// Every phone that carries or carried somebody, the longest first.
pub async fn carriers<C: ConnectionTrait>(db: &C, resident: Uuid) -> Result<Vec<Carried>, DbErr> {
    let rows = holding::Entity::find()
        .filter(holding::Column::Resident.eq(resident))
        .order_by_asc(holding::Column::Number)
        .all(db)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.device).collect();
    let devices = device::Entity::find()
        .filter(device::Column::Id.is_in(ids))
        .all(db)
        .await?;
    let of = |row: holding::Model| {
        let device = devices.iter().find(|d| d.id == row.device)?;
        Some(Carried {
            device: row.device,
            account: device.account,
            label: device.label.clone(),
            state: device.state.clone(),
            from_at: row.from_at,
            to_at: row.to_at,
            dropped_at: row.dropped_at,
            last_contact_at: device.last_contact_at,
        })
    };
    Ok(rows.into_iter().filter_map(of).collect())
}

/// Those of some residents whom a device carries or ever carried.
pub async fn ever<C: ConnectionTrait>(db: &C, device: Uuid, residents: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
    if residents.is_empty() {
        return Ok(Vec::new());
    }
    holding::Entity::find()
        .select_only()
        .column(holding::Column::Resident)
        .distinct()
        .filter(holding::Column::Device.eq(device))
        .filter(holding::Column::Resident.is_in(residents.iter().copied()))
        .into_tuple()
        .all(db)
        .await
}

/// A phone that has nothing to hold any more says that it dropped all.
pub async fn confirm_everything<C: ConnectionTrait>(db: &C, device: Uuid, now: i64) -> Result<(), DbErr> {
    holding::Entity::update_many()
        .col_expr(holding::Column::DroppedAt, Expr::value(now))
        .filter(holding::Column::Device.eq(device))
        .filter(holding::Column::DroppedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}
