//! Which rows of a list state a valid ID number, and which: without opening any.

use crate::seal::Keyring;
use domain::id_number::IdNumber;
use entity::list_row;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use std::collections::HashSet;
use uuid::Uuid;

/// What stands beside a row for its number: eight bytes of a keyed digest; none where the number is not valid. Two
/// numbers may have one mark: it shows who may be named twice, and links nobody.
pub fn number_mark(keys: &Keyring, number: &str) -> Option<i64> {
    let number = IdNumber::parse(number).ok()?;
    let digest = keys.derive(&[b"list_number", number.as_str().as_bytes()]);
    Some(i64::from_le_bytes(
        *digest.first_chunk().expect("a derived id has 16 bytes"),
    ))
}

/// The marks of all rows of a list.
pub async fn numbers<C: ConnectionTrait>(db: &C, list: Uuid) -> Result<HashSet<i64>, DbErr> {
    let marks: Vec<i64> = list_row::Entity::find()
        .select_only()
        .column(list_row::Column::Number)
        .filter(list_row::Column::List.eq(list))
        .filter(list_row::Column::Number.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    Ok(marks.into_iter().collect())
}
