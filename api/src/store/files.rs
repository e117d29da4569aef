//! Uploaded and exported files, sealed in chunks. What a file is called is sealed too.

use super::Fault;
use super::sealed;
use crate::seal::{Keyring, chunks};
use entity::{file_chunk, stored_file};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The sealed part of a file's row.
#[derive(Serialize, Deserialize)]
struct Body {
    name: String,
}

/// A file without its content.
pub struct FileInfo {
    pub id: Uuid,
    /// What it is kept for: `list`, `export`.
    pub purpose: String,
    /// As the person who handed it in called it; may hold anything.
    pub name: String,
    /// Bytes of plain content.
    pub size: i64,
    pub created_by: Uuid,
    pub created_at: i64,
}

/// A file as it is saved.
pub struct NewFile<'a> {
    pub id: Uuid,
    pub purpose: &'static str,
    pub name: &'a str,
    pub created_by: Uuid,
    pub created_at: i64,
}

pub async fn save<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    new: &NewFile<'_>,
    content: &[u8],
) -> Result<(), DbErr> {
    let body = Body {
        name: new.name.to_owned(),
    };
    let row = stored_file::ActiveModel {
        id: Set(new.id),
        purpose: Set(new.purpose.into()),
        size: Set(content.len() as i64),
        sealed: Set(sealed::seal(keys, "stored_file", new.id, &body)),
        created_by: Set(new.created_by),
        created_at: Set(new.created_at),
    };
    stored_file::Entity::insert(row)
        .exec_without_returning(db)
        .await?;
    // One chunk a statement: a statement with a whole workbook in it would be held twice in memory.
    for (number, sealed) in chunks::seal(keys, new.id.as_bytes(), content)
        .into_iter()
        .enumerate()
    {
        let row = file_chunk::ActiveModel {
            file: Set(new.id),
            number: Set(number as i32),
            sealed: Set(sealed),
        };
        file_chunk::Entity::insert(row).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Name and content; `None` where there is no such file.
///
/// # Errors
/// [`Fault::Damaged`] when chunks are missing, swapped or do not open.
pub async fn load<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    id: Uuid,
) -> Result<Option<(FileInfo, Vec<u8>)>, Fault> {
    let Some(info) = info(db, keys, id).await? else {
        return Ok(None);
    };
    let rows = file_chunk::Entity::find()
        .filter(file_chunk::Column::File.eq(id))
        .order_by_asc(file_chunk::Column::Number)
        .all(db)
        .await?;
    let sealed: Vec<Vec<u8>> = rows.into_iter().map(|row| row.sealed).collect();
    let content = chunks::open(keys, id.as_bytes(), &sealed)?;
    Ok(Some((info, content)))
}

pub async fn info<C: ConnectionTrait>(db: &C, keys: &Keyring, id: Uuid) -> Result<Option<FileInfo>, Fault> {
    let Some(row) = stored_file::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let body: Body = sealed::open(keys, "stored_file", row.id, &row.sealed)?;
    Ok(Some(FileInfo {
        id: row.id,
        purpose: row.purpose,
        name: body.name,
        size: row.size,
        created_by: row.created_by,
        created_at: row.created_at,
    }))
}

/// Removes the file and its chunks. `false` where there is no such file.
pub async fn delete<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<bool, DbErr> {
    file_chunk::Entity::delete_many()
        .filter(file_chunk::Column::File.eq(id))
        .exec(db)
        .await?;
    let done = stored_file::Entity::delete_by_id(id).exec(db).await?;
    Ok(done.rows_affected == 1)
}
