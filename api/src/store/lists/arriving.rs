//! Lists that are being read: their rows go in step by step while nobody sees the list, and all of it is there at
//! once. What was broken off is taken away.

use super::rows::at_places;
use super::{Content, Row, number_mark, open, row_id, state};
use crate::seal::Keyring;
use crate::store::paging::placeholder;
use crate::store::{Fault, sealed};
use entity::{list, list_row};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement, Value,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Rows of one statement.
const ROWS: usize = 500;
/// Places that one query names.
const PLACES: usize = 100;

/// A row of a file, ready to go in.
pub struct Sealed {
    pub sheet: i32,
    pub row: i32,
    pub digest: Vec<u8>,
    /// Of a valid ID number: see [`number_mark`].
    pub number: Option<i64>,
    pub sealed: Vec<u8>,
}

/// Seals a row under the id of the reading, which is the list's own where it is read for the first time.
pub fn seal(keys: &Keyring, reading: Uuid, place: (i32, i32), digest: Vec<u8>, content: &Content) -> Sealed {
    let (sheet, row) = place;
    Sealed {
        sheet,
        row,
        digest,
        number: content
            .get("id_number")
            .and_then(|number| number_mark(keys, number)),
        sealed: sealed::seal(keys, "list_row", row_id(keys, reading, sheet, row), content),
    }
}

/// Enters a list whose rows are to come.
pub async fn begin<C: ConnectionTrait>(db: &C, list: list::Model) -> Result<(), DbErr> {
    list::Entity::insert(list::ActiveModel::from(list))
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Adds rows to a list that is being read.
pub async fn add<C: ConnectionTrait>(db: &C, list: Uuid, rows: &[Sealed]) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    for rows in rows.chunks(ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 6);
        let mut sql = String::with_capacity(64 + rows.len() * 32);
        sql.push_str("INSERT INTO list_row (list, sheet, row, digest, number, sealed) VALUES ");
        for (n, row) in rows.iter().enumerate() {
            let places = [1, 2, 3, 4, 5, 6].map(|k| placeholder(backend, n * 6 + k));
            sql.push_str(if n == 0 { "(" } else { ",(" });
            sql.push_str(&places.join(","));
            sql.push(')');
            values.extend([
                list.into(),
                row.sheet.into(),
                row.row.into(),
                row.digest.clone().into(),
                row.number.into(),
                row.sealed.clone().into(),
            ]);
        }
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(())
}

/// The rows of a list at these places, in their order.
pub async fn at<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    list: Uuid,
    places: &BTreeSet<(i32, i32)>,
) -> Result<Vec<Row>, Fault> {
    use list_row::Column as C_;
    let all: Vec<(i32, i32)> = places.iter().copied().collect();
    let mut out = Vec::with_capacity(all.len());
    for part in all.chunks(PLACES) {
        let rows = list_row::Entity::find()
            .filter(at_places(list, part))
            .order_by_asc(C_::Sheet)
            .order_by_asc(C_::Row)
            .all(db)
            .await?;
        for row in rows {
            out.push(open(keys, row)?);
        }
    }
    Ok(out)
}

/// Puts rows in the place of what was read there.
pub async fn replace<C: ConnectionTrait>(db: &C, list: Uuid, rows: &[Sealed]) -> Result<(), DbErr> {
    let places: Vec<(i32, i32)> = rows.iter().map(|row| (row.sheet, row.row)).collect();
    for part in places.chunks(PLACES) {
        list_row::Entity::delete_many()
            .filter(at_places(list, part))
            .exec(db)
            .await?;
    }
    add(db, list, rows).await
}

/// All rows are there: from now on the list is seen.
pub async fn finish<C: ConnectionTrait>(db: &C, list: Uuid, rows: i32, head: Vec<u8>) -> Result<(), DbErr> {
    use list::Column as C_;
    list::Entity::update_many()
        .col_expr(C_::State, Expr::value(state::UPLOADED))
        .col_expr(C_::Rows, Expr::value(rows))
        .col_expr(C_::Sealed, Expr::value(head))
        .filter(C_::Id.eq(list))
        .exec(db)
        .await?;
    Ok(())
}

/// The rows of a reading become the list's in the place of those it had; what a dry run said is void.
pub async fn take_place<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    reading: Uuid,
    rows: i32,
    head: Vec<u8>,
) -> Result<(), DbErr> {
    use {list::Column as L, list_row::Column as R};
    list_row::Entity::delete_many()
        .filter(R::List.eq(list))
        .exec(db)
        .await?;
    list_row::Entity::update_many()
        .col_expr(R::List, Expr::value(list))
        .col_expr(R::Reading, Expr::value(reading))
        .filter(R::List.eq(reading))
        .exec(db)
        .await?;
    list::Entity::delete_by_id(reading).exec(db).await?;
    list::Entity::update_many()
        .col_expr(L::Rows, Expr::value(rows))
        .col_expr(L::Sealed, Expr::value(head))
        .col_expr(L::Known, Expr::value(None::<i32>))
        .col_expr(L::PlannedAt, Expr::value(None::<i64>))
        .filter(L::Id.eq(list))
        .exec(db)
        .await?;
    Ok(())
}

/// A list whose reading began before an instant and never came to its end.
pub async fn broken_off<C: ConnectionTrait>(db: &C, before: i64) -> Result<Option<list::Model>, DbErr> {
    list::Entity::find()
        .filter(list::Column::State.eq(state::READING))
        .filter(list::Column::UploadedAt.lt(before))
        .limit(1)
        .one(db)
        .await
}

/// Whether any list, in whatever state, names this file.
pub async fn names<C: ConnectionTrait>(db: &C, file: Uuid) -> Result<bool, DbErr> {
    let found = list::Entity::find()
        .filter(list::Column::File.eq(file))
        .limit(1)
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// Takes away up to `limit` rows of a list that is being read, and in the end the list. Answers how many rows.
pub async fn discard<C: ConnectionTrait>(db: &C, list: Uuid, limit: u64) -> Result<u64, DbErr> {
    use list_row::Column as C_;
    let last: Option<(i32, i32)> = list_row::Entity::find()
        .select_only()
        .columns([C_::Sheet, C_::Row])
        .filter(C_::List.eq(list))
        .order_by_asc(C_::Sheet)
        .order_by_asc(C_::Row)
        .offset(limit - 1)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    let mut gone = list_row::Entity::delete_many().filter(C_::List.eq(list));
    if let Some((sheet, row)) = last {
        let before = Condition::any()
            .add(C_::Sheet.lt(sheet))
            .add(Condition::all().add(C_::Sheet.eq(sheet)).add(C_::Row.lte(row)));
        gone = gone.filter(before);
    }
    let rows = gone.exec(db).await?.rows_affected;
    if last.is_some() {
        return Ok(rows);
    }
    let lists = list::Entity::delete_many()
        .filter(list::Column::Id.eq(list))
        .filter(list::Column::State.eq(state::READING))
        .exec(db)
        .await?;
    Ok(rows + lists.rows_affected)
}
