//! Enrolments 在册 and placements 入格: one row an episode.

use super::fault::Fault;
use super::sealed;
use crate::seal::Keyring;
use entity::{enrolment, placement, resident};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value as Json;
use uuid::Uuid;

/// A new episode.
pub struct NewEnrolment<'a> {
    pub resident: Uuid,
    pub category: &'a str,
    /// The department, or `village` where a cadre decided it.
    pub source: &'a str,
    /// `YYYY-MM`.
    pub since: &'a str,
    pub source_status: &'a str,
    pub village_status: &'a str,
    pub list: Option<Uuid>,
    /// What the list's row says, as handed in.
    pub handed_in: &'a Json,
}

/// The open episode of a resident in a category.
pub async fn open_of<C: ConnectionTrait>(
    db: &C,
    resident: Uuid,
    category: &str,
) -> Result<Option<enrolment::Model>, Fault> {
    let found = enrolment::Entity::find()
        .filter(enrolment::Column::Resident.eq(resident))
        .filter(enrolment::Column::Category.eq(category))
        .filter(enrolment::Column::Until.is_null())
        .one(db)
        .await?;
    Ok(found)
}

/// The open episodes of some residents.
pub async fn open_of_all<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
) -> Result<Vec<enrolment::Model>, DbErr> {
    let mut out = Vec::new();
    for part in residents.chunks(500) {
        let open = enrolment::Entity::find()
            .filter(enrolment::Column::Resident.is_in(part.iter().copied()))
            .filter(enrolment::Column::Until.is_null());
        out.extend(open.all(db).await?);
    }
    Ok(out)
}

/// Who is on the roster by a source in these categories, in these divisions where they are given: present residents
/// only, in the order of their ids.
pub async fn of_source<C: ConnectionTrait>(
    db: &C,
    source: &str,
    categories: &[&str],
    villages: Option<&[Uuid]>,
) -> Result<Vec<(Uuid, String)>, DbErr> {
    use enrolment::Column as E;
    use resident::Column as R;
    if categories.is_empty() {
        return Ok(Vec::new());
    }
    let mut there = Query::select()
        .column(R::Id)
        .from(resident::Entity)
        .and_where(R::State.eq("present"))
        .and_where(R::MergedInto.is_null())
        .to_owned();
    if let Some(villages) = villages {
        there.and_where(R::Village.is_in(villages.iter().copied()));
    }
    enrolment::Entity::find()
        .select_only()
        .columns([E::Resident, E::Category])
        .filter(E::Source.eq(source))
        .filter(E::Category.is_in(categories.iter().copied()))
        .filter(E::Until.is_null())
        .filter(E::Resident.in_subquery(there))
        .order_by_asc(E::Resident)
        .order_by_asc(E::Category)
        .into_tuple()
        .all(db)
        .await
}

pub async fn begin<C: ConnectionTrait>(db: &C, keys: &Keyring, new: &NewEnrolment<'_>) -> Result<(), Fault> {
    let id = Uuid::now_v7();
    let row = enrolment::ActiveModel {
        id: Set(id),
        resident: Set(new.resident),
        category: Set(new.category.into()),
        source: Set(new.source.into()),
        since: Set(new.since.into()),
        until: Set(None),
        source_status: Set(new.source_status.into()),
        village_status: Set(new.village_status.into()),
        list: Set(new.list),
        handed_in: Set(sealed::seal(keys, "enrolment", id, new.handed_in)),
    };
    enrolment::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Ends the open episode of a resident in a category, where there is one.
pub async fn end<C: ConnectionTrait>(
    db: &C,
    resident: Uuid,
    category: &str,
    until: &str,
) -> Result<(), Fault> {
    enrolment::Entity::update_many()
        .col_expr(enrolment::Column::Until, Expr::value(until))
        .filter(enrolment::Column::Resident.eq(resident))
        .filter(enrolment::Column::Category.eq(category))
        .filter(enrolment::Column::Until.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Puts a resident into a grid from now on; the placement before ends at the same moment.
pub async fn place<C: ConnectionTrait>(
    db: &C,
    resident: Uuid,
    grid: Option<Uuid>,
    by: Option<Uuid>,
    now: i64,
) -> Result<(), Fault> {
    placement::Entity::update_many()
        .col_expr(placement::Column::Until, Expr::value(now))
        .filter(placement::Column::Resident.eq(resident))
        .filter(placement::Column::Until.is_null())
        .exec(db)
        .await?;
    let Some(grid) = grid else { return Ok(()) };
    let row = placement::ActiveModel {
        id: Set(Uuid::now_v7()),
        resident: Set(resident),
        grid: Set(grid),
        since: Set(now),
        until: Set(None),
        placed_by: Set(by),
    };
    placement::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// What a later list says of an open episode, as handed in.
pub async fn hand_in<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    open: &enrolment::Model,
    list: Uuid,
    status: &str,
    handed_in: &Json,
) -> Result<(), Fault> {
    enrolment::Entity::update_many()
        .col_expr(enrolment::Column::List, Expr::value(list))
        .col_expr(enrolment::Column::SourceStatus, Expr::value(status))
        .col_expr(
            enrolment::Column::HandedIn,
            Expr::value(sealed::seal(keys, "enrolment", open.id, handed_in)),
        )
        .filter(enrolment::Column::Id.eq(open.id))
        .exec(db)
        .await?;
    Ok(())
}
