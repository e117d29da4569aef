//! Enrolments 在册 and placements 入格: one row an episode.

use super::fault::Fault;
use super::sealed;
use crate::seal::Keyring;
use entity::{enrolment, placement};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
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

/// Puts residents into grids, or out of all, from now on; their placements before end at the same moment.
pub async fn place<C: ConnectionTrait>(
    db: &C,
    placed: &[(Uuid, Option<Uuid>)],
    by: Option<Uuid>,
    now: i64,
) -> Result<(), Fault> {
    for part in placed.chunks(200) {
        placement::Entity::update_many()
            .col_expr(placement::Column::Until, Expr::value(now))
            .filter(placement::Column::Resident.is_in(part.iter().map(|(resident, _)| *resident)))
            .filter(placement::Column::Until.is_null())
            .exec(db)
            .await?;
        let rows: Vec<_> = part
            .iter()
            .filter_map(|(resident, grid)| {
                Some(placement::ActiveModel {
                    id: Set(Uuid::now_v7()),
                    resident: Set(*resident),
                    grid: Set((*grid)?),
                    since: Set(now),
                    until: Set(None),
                    placed_by: Set(by),
                })
            })
            .collect();
        if !rows.is_empty() {
            placement::Entity::insert_many(rows)
                .exec_without_returning(db)
                .await?;
        }
    }
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
