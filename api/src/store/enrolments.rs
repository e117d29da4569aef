//! Enrolments 在册 and placements 入格: one row an episode.

use super::fault::Fault;
use super::sealed;
use crate::seal::Keyring;
use entity::{enrolment, placement, resident};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
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

/// The open episodes of some residents, in all categories.
pub async fn open_of_all<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
) -> Result<Vec<enrolment::Model>, Fault> {
    let mut out = Vec::new();
    for part in residents.chunks(500) {
        let found = enrolment::Entity::find()
            .filter(enrolment::Column::Resident.is_in(part.iter().copied()))
            .filter(enrolment::Column::Until.is_null());
        out.extend(found.all(db).await?);
    }
    Ok(out)
}

/// All episodes of some residents, those that have ended too.
pub async fn of_residents<C: ConnectionTrait>(
    db: &C,
    residents: &[Uuid],
) -> Result<Vec<enrolment::Model>, DbErr> {
    enrolment::Entity::find()
        .filter(enrolment::Column::Resident.is_in(residents.iter().copied()))
        .order_by_asc(enrolment::Column::Id)
        .all(db)
        .await
}

/// Episodes of some residents of which a list spoke last.
pub async fn of_list<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    residents: &[Uuid],
) -> Result<Vec<enrolment::Model>, DbErr> {
    let mut out = Vec::new();
    for part in residents.chunks(500) {
        let found = enrolment::Entity::find()
            .filter(enrolment::Column::List.eq(list))
            .filter(enrolment::Column::Resident.is_in(part.iter().copied()));
        out.extend(found.all(db).await?);
    }
    Ok(out)
}

/// Removes an episode that an undone list had begun.
pub async fn remove<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<(), DbErr> {
    enrolment::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
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
    insert(db, vec![fresh(keys, new)]).await
}

/// A new episode as a row.
pub fn fresh(keys: &Keyring, new: &NewEnrolment<'_>) -> enrolment::Model {
    let id = Uuid::now_v7();
    enrolment::Model {
        id,
        resident: new.resident,
        category: new.category.into(),
        source: new.source.into(),
        since: new.since.into(),
        until: None,
        source_status: new.source_status.into(),
        village_status: new.village_status.into(),
        list: new.list,
        handed_in: sealed::seal(keys, "enrolment", id, new.handed_in),
        begun_by: new.list,
    }
}

/// Enters new episodes together.
pub async fn insert<C: ConnectionTrait>(db: &C, rows: Vec<enrolment::Model>) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(enrolment::ActiveModel::from);
    enrolment::Entity::insert_many(rows.map(sea_orm::ActiveModelTrait::reset_all))
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Keeps what the village says of the open episode of a resident in a category, where there is one.
pub async fn village_says<C: ConnectionTrait>(
    db: &C,
    resident: Uuid,
    category: &str,
    status: &str,
) -> Result<(), Fault> {
    let said =
        open_episode(resident, category).col_expr(enrolment::Column::VillageStatus, Expr::value(status));
    said.exec(db).await?;
    Ok(())
}

/// Ends the open episode of a resident in a category in the village's name, where there is one; what the source says of
/// it stays.
pub async fn end<C: ConnectionTrait>(
    db: &C,
    resident: Uuid,
    category: &str,
    until: &str,
) -> Result<(), Fault> {
    let ended = open_episode(resident, category)
        .col_expr(enrolment::Column::Until, Expr::value(until))
        .col_expr(enrolment::Column::VillageStatus, Expr::value("ended"));
    ended.exec(db).await?;
    Ok(())
}

fn open_episode(resident: Uuid, category: &str) -> UpdateMany<enrolment::Entity> {
    enrolment::Entity::update_many()
        .filter(enrolment::Column::Resident.eq(resident))
        .filter(enrolment::Column::Category.eq(category))
        .filter(enrolment::Column::Until.is_null())
}

/// Ends the placements of those who leave their grid, and begins those of who comes into one.
pub async fn place<C: ConnectionTrait>(
    db: &C,
    leave: &[Uuid],
    come: &[(Uuid, Uuid)],
    by: Option<Uuid>,
    now: i64,
) -> Result<(), Fault> {
    for part in leave.chunks(200) {
        placement::Entity::update_many()
            .col_expr(placement::Column::Until, Expr::value(now))
            .filter(placement::Column::Resident.is_in(part.iter().copied()))
            .filter(placement::Column::Until.is_null())
            .exec(db)
            .await?;
    }
    for part in come.chunks(200) {
        let rows = part.iter().map(|(resident, grid)| placement::ActiveModel {
            id: Set(Uuid::now_v7()),
            resident: Set(*resident),
            grid: Set(*grid),
            since: Set(now),
            until: Set(None),
            placed_by: Set(by),
        });
        placement::Entity::insert_many(rows)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// Seals what a later list says of an episode, as handed in.
pub fn hand_in(keys: &Keyring, row: &mut enrolment::Model, list: Uuid, status: &str, handed_in: &Json) {
    row.list = Some(list);
    row.source_status = status.to_owned();
    row.handed_in = sealed::seal(keys, "enrolment", row.id, handed_in);
}

/// Keeps since when an episode is.
pub async fn begin_at<C: ConnectionTrait>(db: &C, row: &enrolment::Model) -> Result<(), Fault> {
    enrolment::Entity::update_many()
        .col_expr(enrolment::Column::Since, Expr::value(row.since.clone()))
        .filter(enrolment::Column::Id.eq(row.id))
        .exec(db)
        .await?;
    Ok(())
}

/// Keeps what a list says of an episode that is there.
pub async fn keep<C: ConnectionTrait>(db: &C, row: &enrolment::Model) -> Result<(), Fault> {
    let row = enrolment::ActiveModel {
        id: Unchanged(row.id),
        list: Set(row.list),
        source_status: Set(row.source_status.clone()),
        handed_in: Set(row.handed_in.clone()),
        until: Set(row.until.clone()),
        ..Default::default()
    };
    enrolment::Entity::update(row).exec(db).await?;
    Ok(())
}
