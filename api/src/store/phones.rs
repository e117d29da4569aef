//! Phones as who looks after them sees them: registrations in use and ended, what they hold, what never arrived.

use entity::{account_grant, device, edit, grid, held, holding};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Which phones are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of workers who have or had a grid in these villages; all where there is none.
    pub villages: Option<Vec<Uuid>>,
    /// Of workers who have or had this grid.
    pub grid: Option<Uuid>,
    /// Only such as were told to drop something and have not said that they did.
    pub undropped: bool,
}

/// What a phone is thought to carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carries {
    pub records: i64,
    /// Of these, what it was told to drop, and since when.
    pub undropped: i64,
    pub since: Option<i64>,
}

/// One page of registrations, oldest first.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<device::Model>, DbErr> {
    use device::Column as C_;
    let mut workers = Query::select();
    workers
        .column(account_grant::Column::Account)
        .from(account_grant::Entity)
        .and_where(account_grant::Column::Role.eq("worker"));
    if let Some(villages) = &wanted.villages {
        let mut inside = Query::select();
        inside
            .column(grid::Column::Id)
            .from(grid::Entity)
            .and_where(grid::Column::Village.is_in(villages.iter().copied()));
        workers.and_where(account_grant::Column::Grid.in_subquery(inside));
    }
    if let Some(grid) = wanted.grid {
        workers.and_where(account_grant::Column::Grid.eq(grid));
    }
    let mut query = device::Entity::find().filter(C_::Account.in_subquery(workers));
    if wanted.undropped {
        let mut late = Query::select();
        late.column(holding::Column::Device)
            .from(holding::Entity)
            // A drop that was withdrawn has no reason any more.
            .and_where(holding::Column::Why.is_not_null())
            .and_where(holding::Column::DroppedAt.is_null());
        query = query.filter(C_::Id.in_subquery(late));
    }
    if let Some(after) = after {
        query = query.filter(C_::Id.gt(after));
    }
    query.order_by_asc(C_::Id).limit(limit).all(db).await
}

/// What each of some devices carries.
pub async fn carry<C: ConnectionTrait>(db: &C, devices: &[Uuid]) -> Result<BTreeMap<Uuid, Carries>, DbErr> {
    if devices.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = holding::Entity::find()
        .select_only()
        .column(holding::Column::Device)
        .expr(Expr::cust("COUNT(*)"))
        .expr(Expr::cust("COUNT(why)"))
        .expr(Expr::cust("MIN(CASE WHEN why IS NOT NULL THEN to_at END)"))
        .filter(holding::Column::Device.is_in(devices.iter().copied()))
        .filter(holding::Column::DroppedAt.is_null())
        .group_by(holding::Column::Device)
        .into_tuple::<(Uuid, i64, i64, Option<i64>)>()
        .all(db)
        .await?;
    let read = |(id, records, undropped, since)| {
        let carries = Carries {
            records,
            undropped,
            since,
        };
        (id, carries)
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The numbers above `through` under which something of a device is here.
pub async fn numbers_above<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    through: i64,
) -> Result<BTreeSet<i64>, DbErr> {
    let edits = edit::Entity::find()
        .select_only()
        .column(edit::Column::Seq)
        .filter(edit::Column::Device.eq(device))
        .filter(edit::Column::Seq.gt(through))
        .into_tuple::<Option<i64>>()
        .all(db)
        .await?;
    let held = held::Entity::find()
        .select_only()
        .column(held::Column::Seq)
        .filter(held::Column::Device.eq(device))
        .filter(held::Column::Seq.gt(through))
        .into_tuple::<Option<i64>>()
        .all(db)
        .await?;
    Ok(edits.into_iter().chain(held).flatten().collect())
}

/// Holdings of a device, closed ones too, that were open at or after an instant; oldest first, after a number.
pub async fn holdings<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    at: Option<i64>,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<holding::Model>, DbErr> {
    use holding::Column as C_;
    let open = C_::DroppedAt.is_null();
    let mut query = holding::Entity::find().filter(C_::Device.eq(device));
    query = match at {
        Some(at) => query.filter(Condition::any().add(open).add(C_::DroppedAt.gt(at))),
        None => query.filter(open),
    };
    if let Some(after) = after {
        query = query.filter(C_::Number.gt(after));
    }
    query.order_by_asc(C_::Number).limit(limit).all(db).await
}

/// What arrived from a device after an instant and was taken, oldest first.
pub async fn edits_after<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    at: i64,
    limit: u64,
) -> Result<Vec<edit::Model>, DbErr> {
    edit::Entity::find()
        .filter(edit::Column::Device.eq(device))
        .filter(edit::Column::ReceivedAt.gt(at))
        .order_by_asc(edit::Column::ReceivedAt)
        .order_by_asc(edit::Column::Seq)
        .limit(limit)
        .all(db)
        .await
}

/// The same of what was kept for a person.
pub async fn held_after<C: ConnectionTrait>(
    db: &C,
    device: Uuid,
    at: i64,
    limit: u64,
) -> Result<Vec<held::Model>, DbErr> {
    held::Entity::find()
        .filter(held::Column::Device.eq(device))
        .filter(held::Column::ReceivedAt.gt(at))
        .order_by_asc(held::Column::ReceivedAt)
        .limit(limit)
        .all(db)
        .await
}
