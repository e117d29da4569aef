//! Lists and their rows: what was handed in, sealed, and what became of each row.

use super::{Fault, sealed};
use crate::seal::Keyring;
use entity::{inbox_item, list, list_row};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub use super::verdicts::{judge, verdicts};

/// The states of a list's row.
pub mod state {
    pub const UPLOADED: &str = "uploaded";
    pub const COMMITTING: &str = "committing";
    pub const COMMITTED: &str = "committed";
}

/// A column as it was understood.
#[derive(Clone, Serialize, Deserialize)]
pub struct Column {
    pub key: String,
    pub header: String,
    pub sheet: i32,
    pub sure: String,
    pub filled: u32,
}

/// The sealed part of a list's row.
#[derive(Clone, Serialize, Deserialize)]
pub struct Head {
    /// The file's name.
    pub name: String,
    pub sheets: Vec<String>,
    pub columns: Vec<Column>,
    pub notes: Vec<String>,
    pub persons: usize,
}

/// The sealed part of a list row: its values in normal form, and the cells as handed in.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Content {
    pub values: BTreeMap<String, String>,
    /// Why the number cannot be; none where it is valid or not stated.
    pub number_fault: Option<String>,
    /// Key and code of each value that cannot be.
    pub faults: Vec<(String, String)>,
    pub notes: Vec<String>,
    /// The row that says the same of the same person.
    pub same_as: Option<(i32, i32)>,
    pub members: Vec<BTreeMap<String, String>>,
    /// Cells by header.
    pub handed_in: Vec<(String, String)>,
}

impl Content {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

/// One row, opened.
#[derive(Clone)]
pub struct Row {
    pub list: Uuid,
    pub sheet: i32,
    pub row: i32,
    pub digest: Vec<u8>,
    pub resident: Option<Uuid>,
    pub verdict: Option<String>,
    pub reason: Option<String>,
    pub content: Content,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub verdict: &'static str,
    /// A Chinese sentence, without anything personal.
    pub reason: Option<String>,
    pub resident: Option<Uuid>,
}

/// The 16 bytes that stand for a row where one id is needed.
pub fn row_id(keys: &Keyring, list: Uuid, sheet: i32, row: i32) -> Uuid {
    let (sheet, row) = (sheet.to_be_bytes(), row.to_be_bytes());
    Uuid::from_bytes(keys.derive(&[b"list_row", list.as_bytes(), &sheet, &row]))
}

/// A row's place as inbox items keep it.
pub fn item_row(sheet: i32, row: i32) -> i64 {
    (i64::from(sheet) << 32) | i64::from(row)
}

pub async fn insert<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    list: list::Model,
    rows: &[Row],
) -> Result<(), DbErr> {
    list::Entity::insert(list::ActiveModel::from(list))
        .exec_without_returning(db)
        .await?;
    for part in rows.chunks(200) {
        let models = part.iter().map(|row| list_row::ActiveModel {
            list: Set(row.list),
            sheet: Set(row.sheet),
            row: Set(row.row),
            digest: Set(row.digest.clone()),
            resident: Set(None),
            verdict: Set(None),
            reason: Set(None),
            sealed: Set(sealed::seal(
                keys,
                "list_row",
                row_id(keys, row.list, row.sheet, row.row),
                &row.content,
            )),
        });
        list_row::Entity::insert_many(models)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

pub fn head(keys: &Keyring, row: &list::Model) -> Result<Head, Fault> {
    Ok(sealed::open(keys, "list", row.id, &row.sealed)?)
}

pub fn seal_head(keys: &Keyring, id: Uuid, head: &Head) -> Vec<u8> {
    sealed::seal(keys, "list", id, head)
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<list::Model>, DbErr> {
    list::Entity::find_by_id(id).one(db).await
}

pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<list::Model>, DbErr> {
    list::Entity::find_by_id(id).lock_exclusive().one(db).await
}

/// The list of the same source, kind, division and month with the same content.
pub async fn same<C: ConnectionTrait>(db: &C, like: &list::Model) -> Result<Option<list::Model>, DbErr> {
    use list::Column as C_;
    list::Entity::find()
        .filter(C_::ContentHash.eq(like.content_hash.clone()))
        .filter(C_::Source.eq(&like.source))
        .filter(C_::Kind.eq(&like.kind))
        .filter(C_::Division.eq(like.division))
        .filter(C_::Month.eq(&like.month))
        .one(db)
        .await
}

/// Committed lists of a source and kind, latest month first.
pub async fn committed<C: ConnectionTrait>(
    db: &C,
    source: &str,
    kind: &str,
) -> Result<Vec<list::Model>, DbErr> {
    use list::Column as C_;
    list::Entity::find()
        .filter(C_::Source.eq(source))
        .filter(C_::Kind.eq(kind))
        .filter(C_::State.eq(state::COMMITTED))
        .order_by_desc(C_::Month)
        .order_by_desc(C_::CommittedAt)
        .all(db)
        .await
}

/// Lists of a source (of all where none is given), newest first.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    source: Option<&str>,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<list::Model>, DbErr> {
    use list::Column as C_;
    let mut query = list::Entity::find();
    if let Some(source) = source {
        query = query.filter(C_::Source.eq(source));
    }
    if let Some((at, id)) = after {
        let earlier = Condition::any()
            .add(C_::UploadedAt.lt(at))
            .add(Condition::all().add(C_::UploadedAt.eq(at)).add(C_::Id.lt(id)));
        query = query.filter(earlier);
    }
    query
        .order_by_desc(C_::UploadedAt)
        .order_by_desc(C_::Id)
        .limit(limit)
        .all(db)
        .await
}

/// Rows in the order of the file, after a sheet and row.
pub async fn rows<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    list: Uuid,
    verdict: Option<&str>,
    after: Option<(i32, i32)>,
    limit: Option<u64>,
) -> Result<Vec<Row>, Fault> {
    use list_row::Column as C_;
    let mut query = list_row::Entity::find().filter(C_::List.eq(list));
    if let Some(verdict) = verdict {
        query = query.filter(C_::Verdict.eq(verdict));
    }
    if let Some((sheet, row)) = after {
        let later = Condition::any()
            .add(C_::Sheet.gt(sheet))
            .add(Condition::all().add(C_::Sheet.eq(sheet)).add(C_::Row.gt(row)));
        query = query.filter(later);
    }
    let rows = query
        .order_by_asc(C_::Sheet)
        .order_by_asc(C_::Row)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(|row| open(keys, row)).collect()
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

pub async fn row<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    place: (i32, i32),
) -> Result<Option<list_row::Model>, DbErr> {
    list_row::Entity::find_by_id((list, place.0, place.1))
        .one(db)
        .await
}

/// Rows of these lists about these residents.
pub async fn rows_of<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    lists: &[Uuid],
    residents: &[Uuid],
) -> Result<Vec<Row>, Fault> {
    use list_row::Column as C_;
    if lists.is_empty() || residents.is_empty() {
        return Ok(Vec::new());
    }
    let rows = list_row::Entity::find()
        .filter(C_::Resident.is_in(residents.iter().copied()))
        .filter(C_::List.is_in(lists.iter().copied()))
        .all(db)
        .await?;
    rows.into_iter().map(|row| open(keys, row)).collect()
}

fn open(keys: &Keyring, row: list_row::Model) -> Result<Row, Fault> {
    let id = row_id(keys, row.list, row.sheet, row.row);
    Ok(Row {
        content: sealed::open(keys, "list_row", id, &row.sealed)?,
        list: row.list,
        sheet: row.sheet,
        row: row.row,
        digest: row.digest,
        resident: row.resident,
        verdict: row.verdict,
        reason: row.reason,
    })
}

/// Moves a list to `committing` or `committed`, with when.
pub async fn set_state<C: ConnectionTrait>(
    db: &C,
    id: Uuid,
    state: &'static str,
    now: i64,
) -> Result<(), DbErr> {
    use list::Column as C_;
    let when = match state {
        state::COMMITTED => C_::CommittedAt,
        _ => C_::BegunAt,
    };
    list::Entity::update_many()
        .col_expr(C_::State, Expr::value(state))
        .col_expr(when, Expr::value(now))
        .filter(C_::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Lists are committed one step at a time in the whole database: two steps side by side could both enter the same
/// new person. SQLite has one writer anyway.
pub async fn one_at_a_time<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    if backend == DbBackend::Postgres {
        let sql = "SELECT pg_advisory_xact_lock(440785)";
        db.execute_raw(Statement::from_string(backend, sql)).await?;
    }
    Ok(())
}

/// Which of these keys an item of a list row has already, open or not: what was asked once is not asked again.
pub async fn asked<C: ConnectionTrait>(db: &C, keys: &[String]) -> Result<BTreeSet<String>, DbErr> {
    use inbox_item::Column as C_;
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let found: Vec<String> = inbox_item::Entity::find()
        .select_only()
        .column(C_::Key)
        .filter(C_::Reason.is_in(["list_row_ambiguous", "list_row_invalid"]))
        .filter(C_::Key.is_in(keys))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}

/// Puts the open `unplaced` items of residents whose village nobody knows before their town.
pub async fn to_town<C: ConnectionTrait>(db: &C, residents: &[(Uuid, Uuid)]) -> Result<(), DbErr> {
    use inbox_item::Column as C_;
    for (resident, town) in residents {
        inbox_item::Entity::update_many()
            .col_expr(C_::Level, Expr::value("town"))
            .col_expr(C_::Town, Expr::value(*town))
            .filter(C_::Resident.eq(*resident))
            .filter(C_::Reason.eq("unplaced"))
            .filter(C_::State.eq("open"))
            .exec(db)
            .await?;
    }
    Ok(())
}
