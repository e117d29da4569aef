//! What people said of the columns below a header, kept for the next file of that source and kind. The header's texts
//! are sealed; a row is found by their keyed digest.

use crate::seal::Keyring;
use crate::store::{Fault, sealed};
use entity::list_mapping;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What was said, and of what.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Remembered {
    /// The header's texts without blanks, in order.
    pub headers: Vec<String>,
    /// The key that a column is read as, by its place among the headers; none where it is not read.
    pub columns: BTreeMap<usize, Option<String>>,
    /// Answers by the code of the question.
    pub answers: BTreeMap<String, String>,
    /// The list at which it was said last, and its month.
    pub list: Uuid,
    pub month: String,
}

/// A row, opened.
#[derive(Clone)]
pub struct Mapping {
    pub id: Uuid,
    pub source: String,
    pub kind: String,
    pub said: Remembered,
    pub made_by: Uuid,
    pub made_at: i64,
}

/// Headers as a row is found by.
pub fn digest(keys: &Keyring, source: &str, kind: &str, headers: &[String]) -> Vec<u8> {
    let parts = [b"list_headers".as_slice(), source.as_bytes(), kind.as_bytes()];
    let all: Vec<&[u8]> = parts
        .into_iter()
        .chain(headers.iter().map(String::as_bytes))
        .collect();
    keys.digest(&all).to_vec()
}

/// All that is remembered of a source and kind.
pub async fn of<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    source: &str,
    kind: &str,
) -> Result<Vec<Mapping>, Fault> {
    use list_mapping::Column as C_;
    let rows = list_mapping::Entity::find()
        .filter(C_::Source.eq(source))
        .filter(C_::Kind.eq(kind))
        .all(db)
        .await?;
    rows.into_iter().map(|row| open(keys, row)).collect()
}

/// One page of what is remembered, of a source or of all, newest first.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    source: Option<&str>,
    limit: u64,
) -> Result<Vec<Mapping>, Fault> {
    use list_mapping::Column as C_;
    let mut query = list_mapping::Entity::find();
    if let Some(source) = source {
        query = query.filter(C_::Source.eq(source));
    }
    let rows = query
        .order_by_desc(C_::MadeAt)
        .order_by_desc(C_::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(|row| open(keys, row)).collect()
}

fn open(keys: &Keyring, row: list_mapping::Model) -> Result<Mapping, Fault> {
    Ok(Mapping {
        said: sealed::open(keys, "list_mapping", row.id, &row.sealed)?,
        id: row.id,
        source: row.source,
        kind: row.kind,
        made_by: row.made_by,
        made_at: row.made_at,
    })
}

/// Keeps what was said of headers, in the place of what was said of them before.
pub async fn keep<C: ConnectionTrait>(db: &C, keys: &Keyring, mapping: &Mapping) -> Result<(), DbErr> {
    use list_mapping::Column as C_;
    let signature = digest(keys, &mapping.source, &mapping.kind, &mapping.said.headers);
    list_mapping::Entity::delete_many()
        .filter(C_::Source.eq(&mapping.source))
        .filter(C_::Kind.eq(&mapping.kind))
        .filter(C_::Signature.eq(signature.clone()))
        .exec(db)
        .await?;
    let row = list_mapping::ActiveModel {
        id: Set(mapping.id),
        source: Set(mapping.source.clone()),
        kind: Set(mapping.kind.clone()),
        signature: Set(signature),
        sealed: Set(sealed::seal(keys, "list_mapping", mapping.id, &mapping.said)),
        made_by: Set(mapping.made_by),
        made_at: Set(mapping.made_at),
    };
    list_mapping::Entity::insert(row)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Source and kind of a row.
pub async fn whose<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<(String, String)>, DbErr> {
    let row = list_mapping::Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| (row.source, row.kind)))
}

/// Forgets what was said.
pub async fn forget<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<(), DbErr> {
    list_mapping::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}
