//! Rows that a person answered, and rows that still wait.

use super::rows::{MISSING_SHEET, Row, open};
use crate::seal::Keyring;
use crate::store::{Fault, sealed};
use entity::{decision, list, list_row};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// One row of a list.
pub async fn row_at<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    list: Uuid,
    sheet: i32,
    row: i32,
) -> Result<Option<Row>, Fault> {
    let row = list_row::Entity::find_by_id((list, sheet, row)).one(db).await?;
    row.map(|row| open(keys, row)).transpose()
}

/// Says by which decision a row was answered.
pub async fn set_decision<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    place: (i32, i32),
    decision: Uuid,
) -> Result<(), DbErr> {
    use list_row::Column as C_;
    list_row::Entity::update_many()
        .col_expr(C_::Decision, Expr::value(decision))
        .filter(C_::List.eq(list))
        .filter(C_::Sheet.eq(place.0))
        .filter(C_::Row.eq(place.1))
        .exec(db)
        .await?;
    Ok(())
}

/// The decisions on rows of a list, as they are shown, by sheet and row.
pub async fn decisions<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    list: Uuid,
) -> Result<BTreeMap<(i32, i32), Json>, Fault> {
    use list_row::Column as C_;
    let rows: Vec<(i32, i32, Uuid)> = list_row::Entity::find()
        .select_only()
        .columns([C_::Sheet, C_::Row, C_::Decision])
        .filter(C_::List.eq(list))
        .filter(C_::Decision.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    let mut shown: BTreeMap<Uuid, Json> = BTreeMap::new();
    let ids: Vec<Uuid> = rows.iter().map(|(_, _, id)| *id).collect();
    for part in ids.chunks(500) {
        let found = decision::Entity::find().filter(decision::Column::Id.is_in(part.iter().copied()));
        for row in found.all(db).await? {
            shown.insert(row.id, sealed::open(keys, "decision", row.id, &row.sealed)?);
        }
    }
    let one = |(sheet, row, id): (i32, i32, Uuid)| Some(((sheet, row), shown.get(&id)?.clone()));
    Ok(rows.into_iter().filter_map(one).collect())
}

/// Says on rows that wait in some lists that a later month has come.
pub async fn say_later_month<C: ConnectionTrait>(db: &C, lists: &[Uuid], words: &str) -> Result<(), DbErr> {
    use list_row::Column as C_;
    if lists.is_empty() {
        return Ok(());
    }
    list_row::Entity::update_many()
        .col_expr(
            C_::Reason,
            Expr::col(C_::Reason).binary(sea_orm::sea_query::BinOper::Custom("||"), Expr::value(words)),
        )
        .filter(C_::List.is_in(lists.iter().copied()))
        .filter(C_::Sheet.ne(MISSING_SHEET))
        .filter(C_::Verdict.is_in(["ambiguous"]))
        .filter(C_::Decision.is_null())
        .filter(C_::Reason.not_like("%较晚月份%"))
        .exec(db)
        .await?;
    Ok(())
}

/// Committed lists with rows that wait for a person, the latest month first.
pub async fn with_waiting_rows<C: ConnectionTrait>(db: &C) -> Result<Vec<Uuid>, DbErr> {
    use list_row::Column as C_;
    let waiting = list_row::Entity::find()
        .select_only()
        .column(C_::List)
        .filter(C_::Verdict.eq("ambiguous"))
        .filter(C_::Decision.is_null());
    list::Entity::find()
        .select_only()
        .column(list::Column::Id)
        .filter(list::Column::State.eq(super::state::COMMITTED))
        .filter(list::Column::Id.in_subquery(waiting.into_query()))
        .order_by_desc(list::Column::Month)
        .order_by_desc(list::Column::CommittedAt)
        .into_tuple()
        .all(db)
        .await
}

/// Those of these residents whom rows of a list's file are linked to.
pub async fn named_by<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    residents: &[Uuid],
) -> Result<Vec<Uuid>, DbErr> {
    use list_row::Column as C_;
    list_row::Entity::find()
        .select_only()
        .column(C_::Resident)
        .filter(C_::List.eq(list))
        .filter(C_::Resident.is_in(residents.iter().copied()))
        .filter(C_::Sheet.ne(MISSING_SHEET))
        .into_tuple()
        .all(db)
        .await
}

/// Says which list made known whom a row that waited is about.
pub async fn set_linked_after<C: ConnectionTrait>(db: &C, row: &Row, came: Uuid) -> Result<(), DbErr> {
    use list_row::Column as C_;
    list_row::Entity::update_many()
        .col_expr(C_::LinkedAfter, Expr::value(came))
        .filter(C_::List.eq(row.list))
        .filter(C_::Sheet.eq(row.sheet))
        .filter(C_::Row.eq(row.row))
        .exec(db)
        .await?;
    Ok(())
}

/// Rows of other lists that wait no longer since this one came, with whom they are about.
pub async fn linked_after<C: ConnectionTrait>(db: &C, came: Uuid) -> Result<Vec<Uuid>, DbErr> {
    use list_row::Column as C_;
    list_row::Entity::find()
        .select_only()
        .column(C_::Resident)
        .filter(C_::LinkedAfter.eq(came))
        .filter(C_::List.ne(came))
        .filter(C_::Resident.is_not_null())
        .into_tuple()
        .all(db)
        .await
}
