//! Uploaded and exported files, sealed in chunks that are committed in steps. What a file is called is sealed too, and
//! so are its true size and checksum. A file that was never finished is nobody's file.

use super::Fault;
use super::sealed;
use crate::seal::{Keyring, chunks};
use entity::{file_chunk, stored_file};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The sealed part of a file's row.
#[derive(Serialize, Deserialize)]
struct Body {
    name: String,
    /// Of a file that is finished.
    #[serde(default)]
    end: Option<End>,
}

/// How a finished file ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End {
    /// Bytes of plain content.
    pub size: u64,
    /// SHA-256 of the plain content, in small hexadecimal digits.
    pub sha256: String,
}

/// A finished file without its content.
#[derive(Clone)]
pub struct FileInfo {
    pub id: Uuid,
    /// What it is kept for: `list`, `export`.
    pub purpose: String,
    /// As the person who handed it in called it; may hold anything.
    pub name: String,
    /// Bytes of plain content.
    pub size: u64,
    /// `None` for files of before checksums were kept.
    pub sha256: Option<String>,
    pub created_by: Uuid,
    pub created_at: i64,
    pub expires_at: Option<i64>,
}

/// A file as it is begun.
pub struct NewFile<'a> {
    pub id: Uuid,
    pub purpose: &'static str,
    pub name: &'a str,
    pub created_by: Uuid,
    pub created_at: i64,
}

/// Enters a file that has no content yet.
pub async fn begin<C: ConnectionTrait>(db: &C, keys: &Keyring, new: &NewFile<'_>) -> Result<(), DbErr> {
    let body = Body {
        name: new.name.to_owned(),
        end: None,
    };
    let row = stored_file::ActiveModel {
        id: Set(new.id),
        purpose: Set(new.purpose.into()),
        size: Set(0),
        sealed: Set(sealed::seal(keys, "stored_file", new.id, &body)),
        created_by: Set(new.created_by),
        created_at: Set(new.created_at),
        finished_at: Set(None),
        expires_at: Set(None),
    };
    stored_file::Entity::insert(row)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Adds sealed chunks from number `first` on. One a statement: a statement with many in it would be held twice in
/// memory.
pub async fn append<C: ConnectionTrait>(
    db: &C,
    file: Uuid,
    first: u32,
    sealed: &[Vec<u8>],
) -> Result<(), DbErr> {
    for (number, sealed) in (first..).zip(sealed) {
        let row = file_chunk::ActiveModel {
            file: Set(file),
            number: Set(number as i32),
            sealed: Set(sealed.clone()),
        };
        file_chunk::Entity::insert(row).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Makes a file somebody's: from now on it is found.
pub async fn finish<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    file: Uuid,
    name: &str,
    end: &End,
    now: i64,
    expires_at: Option<i64>,
) -> Result<(), DbErr> {
    let body = Body {
        name: name.to_owned(),
        end: Some(end.clone()),
    };
    let row = stored_file::ActiveModel {
        id: Unchanged(file),
        size: Set(end.size as i64),
        sealed: Set(sealed::seal(keys, "stored_file", file, &body)),
        finished_at: Set(Some(now)),
        expires_at: Set(expires_at),
        ..Default::default()
    };
    stored_file::Entity::update(row).exec(db).await?;
    Ok(())
}

/// A finished file.
pub async fn info<C: ConnectionTrait>(db: &C, keys: &Keyring, id: Uuid) -> Result<Option<FileInfo>, Fault> {
    let found = stored_file::Entity::find_by_id(id)
        .filter(stored_file::Column::FinishedAt.is_not_null())
        .one(db)
        .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let body: Body = sealed::open(keys, "stored_file", row.id, &row.sealed)?;
    let plain = row.size as u64;
    let (size, sha256) = body.end.map_or((plain, None), |end| (end.size, Some(end.sha256)));
    Ok(Some(FileInfo {
        id: row.id,
        purpose: row.purpose,
        name: body.name,
        size,
        sha256,
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }))
}

/// The plain content of chunk `number`, from 0.
///
/// # Errors
/// [`Fault::Damaged`] when it is missing or does not open there.
pub async fn chunk<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    file: &FileInfo,
    number: u32,
) -> Result<Vec<u8>, Fault> {
    let found = file_chunk::Entity::find_by_id((file.id, number as i32))
        .one(db)
        .await?;
    let row = found.ok_or(Fault::Damaged("chunk missing"))?;
    Ok(chunks::open(
        keys,
        file.id.as_bytes(),
        number,
        file.size,
        &row.sealed,
    )?)
}

/// Removes a file and its chunks. `false` where there is no such file.
pub async fn delete<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<bool, DbErr> {
    file_chunk::Entity::delete_many()
        .filter(file_chunk::Column::File.eq(id))
        .exec(db)
        .await?;
    let done = stored_file::Entity::delete_by_id(id).exec(db).await?;
    Ok(done.rows_affected == 1)
}

/// Makes a file nobody's: it is found no more, and is taken away by [`tidy`].
pub async fn abandon<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<(), DbErr> {
    stored_file::Entity::update_many()
        .col_expr(
            stored_file::Column::FinishedAt,
            sea_orm::sea_query::Expr::value(None::<i64>),
        )
        .col_expr(stored_file::Column::CreatedAt, 0.into())
        .filter(stored_file::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes up to `limit` chunks or rows of files that were begun before `begun` and never finished, and of files that
/// expired before `now`. Answers how many; 0 when nothing is left.
pub async fn tidy<C: ConnectionTrait>(db: &C, begun: i64, now: i64, limit: u64) -> Result<u64, DbErr> {
    use stored_file::Column as F;
    let nobodys = Condition::all()
        .add(F::FinishedAt.is_null())
        .add(F::CreatedAt.lt(begun));
    let gone = stored_file::Entity::find()
        .select_only()
        .column(F::Id)
        .filter(Condition::any().add(nobodys).add(F::ExpiresAt.lt(now)))
        .limit(1)
        .into_tuple::<Uuid>()
        .one(db)
        .await?;
    let Some(id) = gone else { return Ok(0) };
    // Nobody begins to read what is half removed.
    abandon(db, id).await?;
    let numbers: Vec<i32> = file_chunk::Entity::find()
        .select_only()
        .column(file_chunk::Column::Number)
        .filter(file_chunk::Column::File.eq(id))
        .order_by_asc(file_chunk::Column::Number)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    let Some(last) = numbers.last() else {
        stored_file::Entity::delete_by_id(id).exec(db).await?;
        return Ok(1);
    };
    let removed = file_chunk::Entity::delete_many()
        .filter(file_chunk::Column::File.eq(id))
        .filter(file_chunk::Column::Number.lte(*last))
        .exec(db)
        .await?;
    Ok(removed.rows_affected)
}
