//! Where rows stand and whom they are about, without what they say.

use super::Content;
use super::rows::{MISSING_SHEET, Part, Row, open};
use crate::seal::Keyring;
use crate::store::Fault;
use crate::store::paging::behind;
use entity::list_row;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// The places of rows with whom they are about, without what they say.
pub async fn places<C: ConnectionTrait>(db: &C, list: Uuid, part: Part<'_>) -> Result<Vec<Row>, DbErr> {
    use list_row::Column as C_;
    let mut query = list_row::Entity::find()
        .select_only()
        .columns([C_::Sheet, C_::Row, C_::Digest, C_::Resident])
        .filter(C_::List.eq(list));
    if part.of_file {
        query = query.filter(C_::Sheet.ne(MISSING_SHEET));
    }
    if let Some((sheet, row)) = part.after {
        query = query.filter(behind((C_::Sheet, C_::Row), (sheet, row)));
    }
    let rows: Vec<Place> = query
        .order_by_asc(C_::Sheet)
        .order_by_asc(C_::Row)
        .limit(part.limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|place| unopened(list, place)).collect())
}

/// The same of all rows of a list that are about these people, in the order of the file.
pub async fn places_about<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    residents: &[Uuid],
) -> Result<Vec<Row>, DbErr> {
    use list_row::Column as C_;
    let mut all = Vec::new();
    for part in residents.chunks(500) {
        let rows: Vec<Place> = list_row::Entity::find()
            .select_only()
            .columns([C_::Sheet, C_::Row, C_::Digest, C_::Resident])
            .filter(C_::Resident.is_in(part.iter().copied()))
            .filter(C_::List.eq(list))
            .into_tuple()
            .all(db)
            .await?;
        all.extend(rows.into_iter().map(|place| unopened(list, place)));
    }
    all.sort_by_key(|row| (row.sheet, row.row));
    Ok(all)
}

/// Sheet, row, digest and whom it is about.
type Place = (i32, i32, Vec<u8>, Option<Uuid>);

fn unopened(list: Uuid, (sheet, row, digest, resident): Place) -> Row {
    Row {
        list,
        sheet,
        row,
        digest,
        resident,
        verdict: None,
        reason: None,
        planned: None,
        planned_reason: None,
        content: Content::default(),
        evidence: None,
    }
}

/// Rows of a list's file that are about nobody who is known.
pub async fn unlinked<C: ConnectionTrait>(db: &C, keys: &Keyring, list: Uuid) -> Result<Vec<Row>, Fault> {
    let rows = list_row::Entity::find()
        .filter(list_row::Column::List.eq(list))
        .filter(list_row::Column::Sheet.ne(MISSING_SHEET))
        .filter(list_row::Column::Resident.is_null());
    rows.all(db)
        .await?
        .into_iter()
        .map(|row| open(keys, row))
        .collect()
}

/// How many rows of a list are kept.
pub async fn count_rows<C: ConnectionTrait>(db: &C, list: Uuid) -> Result<u64, DbErr> {
    list_row::Entity::find()
        .filter(list_row::Column::List.eq(list))
        .count(db)
        .await
}

/// The place of the row at an index, in the order of the file.
pub async fn place_of<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    index: u64,
) -> Result<Option<(i32, i32)>, DbErr> {
    use list_row::Column as C_;
    list_row::Entity::find()
        .select_only()
        .columns([C_::Sheet, C_::Row])
        .filter(C_::List.eq(list))
        .order_by_asc(C_::Sheet)
        .order_by_asc(C_::Row)
        .offset(index)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
}
