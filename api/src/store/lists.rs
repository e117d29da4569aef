//! Lists and their rows: what was handed in, sealed, and what became of each row.

mod answered;
pub mod arriving;
mod asked;
mod evidence;
pub mod mappings;
mod member;
mod numbers;
mod places;
mod rows;

pub use answered::{
    decisions, linked_after, named_by, row_at, say_later_month, set_decision, set_linked_after,
    with_waiting_rows,
};
pub use asked::{asked, later_month_came, to_town};
pub use evidence::{Evidence, GROUP, Line, Seen, keep_evidence, with_evidence};
pub use member::{MOST_MEMBERS, in_file, sheet_of_member};
pub use numbers::{number_mark, numbers};
pub use places::{count_rows, place_of, places, places_about, unlinked};
pub use rows::*;

use super::{Fault, sealed};
use crate::seal::Keyring;
use entity::list;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The states of a list's row.
pub mod state {
    /// Its rows are going in: no list yet, for nobody.
    pub const READING: &str = "reading";
    pub const UPLOADED: &str = "uploaded";
    pub const COMMITTING: &str = "committing";
    pub const COMMITTED: &str = "committed";
    pub const UNDOING: &str = "undoing";
    /// What it wrote was taken back; its verdicts are kept. The same file is a new list.
    pub const UNDONE: &str = "undone";
}

/// A column as it was understood.
#[derive(Clone, Serialize, Deserialize)]
pub struct Column {
    pub key: String,
    pub header: String,
    pub sheet: i32,
    pub sure: String,
    pub filled: u32,
    /// From 0; none for lists of before it was kept.
    #[serde(default)]
    pub column: Option<u32>,
    /// Why it is so sure, in Chinese.
    #[serde(default)]
    pub why: String,
    #[serde(default)]
    pub samples: Vec<String>,
}

/// A column that is not read.
#[derive(Clone, Serialize, Deserialize)]
pub struct UnreadColumn {
    pub header: String,
    pub sheet: i32,
    pub column: u32,
    pub filled: u32,
    pub samples: Vec<String>,
}

/// A header with its columns, as written.
#[derive(Clone, Serialize, Deserialize)]
pub struct TableRead {
    pub sheet: i32,
    pub row: u32,
    pub headers: Vec<(u32, String)>,
}

/// What the reader could not know of the columns below a header.
#[derive(Clone, Serialize, Deserialize)]
pub struct Question {
    pub sheet: i32,
    /// The header's.
    pub row: u32,
    pub code: String,
    pub text: String,
    /// Answer and meaning.
    pub answers: Vec<(String, String)>,
    /// Without an answer nobody knows who the rows are about.
    pub identity: bool,
}

/// What was said of such headers before, and was applied.
#[derive(Clone, Serialize, Deserialize)]
pub struct Applied {
    pub list: Uuid,
    pub month: String,
    pub made_at: i64,
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
    /// Data rows of the file; none where every row is one person, and for lists of before it was kept.
    #[serde(default)]
    pub rows: Option<usize>,
    #[serde(default)]
    pub unread: Vec<UnreadColumn>,
    #[serde(default)]
    pub tables: Vec<TableRead>,
    #[serde(default)]
    pub questions: Vec<Question>,
    #[serde(default)]
    pub applied: Option<Applied>,
}

/// The sealed part of a list row: its values in normal form, and the cells as handed in.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Content {
    pub values: BTreeMap<String, String>,
    /// Why the number cannot be; none where it is valid or not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_fault: Option<String>,
    /// Key and code of each value that cannot be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The row that says the same of the same person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<(i32, i32)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<BTreeMap<String, String>>,
    /// Cells by header.
    pub handed_in: Vec<(String, String)>,
}

impl Content {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

pub fn head(keys: &Keyring, row: &list::Model) -> Result<Head, Fault> {
    Ok(sealed::open(keys, "list", row.id, &row.sealed)?)
}

pub fn seal_head(keys: &Keyring, id: Uuid, head: &Head) -> Vec<u8> {
    sealed::seal(keys, "list", id, head)
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<list::Model>, DbErr> {
    there(list::Entity::find_by_id(id)).one(db).await
}

/// Lists that are being read are none yet.
fn there(query: Select<list::Entity>) -> Select<list::Entity> {
    query.filter(list::Column::State.ne(state::READING))
}

pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<list::Model>, DbErr> {
    there(list::Entity::find_by_id(id)).lock_exclusive().one(db).await
}

/// The list of the same source, kind, division and month with the same content, unless it was undone.
pub async fn same<C: ConnectionTrait>(db: &C, like: &list::Model) -> Result<Option<list::Model>, DbErr> {
    use list::Column as C_;
    there(list::Entity::find())
        .filter(C_::ContentHash.eq(like.content_hash.clone()))
        .filter(C_::Source.eq(&like.source))
        .filter(C_::Kind.eq(&like.kind))
        .filter(C_::Division.eq(like.division))
        .filter(C_::Month.eq(&like.month))
        .filter(C_::State.is_not_in([state::UNDOING, state::UNDONE]))
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

/// What lists are narrowed to; all where nothing is given.
#[derive(Clone, Copy, Default)]
pub struct Whose<'a> {
    pub source: Option<&'a str>,
    pub kinds: Option<&'a [String]>,
    pub divisions: Option<&'a [Uuid]>,
}

/// Lists of the same source and kind (registers: of the same division) that were committed after a list, and those
/// that are being committed or undone now; the newest first.
pub async fn begun_since<C: ConnectionTrait>(db: &C, list: &list::Model) -> Result<Vec<list::Model>, DbErr> {
    use list::Column as C_;
    let later = Condition::all()
        .add(C_::State.eq(state::COMMITTED))
        .add(C_::CommittedAt.gt(list.committed_at));
    let busy = C_::State.is_in([state::COMMITTING, state::UNDOING]);
    let mut query = list::Entity::find()
        .filter(C_::Kind.eq(&list.kind))
        .filter(C_::Id.ne(list.id))
        .filter(Condition::any().add(later).add(busy));
    query = match list.kind.as_str() {
        "population" => query.filter(C_::Division.eq(list.division)),
        _ => query.filter(C_::Source.eq(&list.source)),
    };
    query
        .order_by_desc(C_::State)
        .order_by_desc(C_::CommittedAt)
        .all(db)
        .await
}

/// The register of the same division which a register replaced.
pub async fn register_before<C: ConnectionTrait>(
    db: &C,
    list: &list::Model,
) -> Result<Option<list::Model>, DbErr> {
    use list::Column as C_;
    list::Entity::find()
        .filter(C_::Kind.eq("population"))
        .filter(C_::Division.eq(list.division))
        .filter(C_::State.eq(state::COMMITTED))
        .filter(C_::Id.ne(list.id))
        .filter(C_::Month.lte(&list.month))
        .order_by_desc(C_::Month)
        .order_by_desc(C_::CommittedAt)
        .one(db)
        .await
}

/// Moves a list on without saying when: its job's row says that.
pub async fn set_only_state<C: ConnectionTrait>(db: &C, id: Uuid, state: &'static str) -> Result<(), DbErr> {
    use list::Column as C_;
    list::Entity::update_many()
        .col_expr(C_::State, Expr::value(state))
        .filter(C_::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Lists, newest first.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    whose: Whose<'_>,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<list::Model>, DbErr> {
    use list::Column as C_;
    let mut query = there(list::Entity::find());
    if let Some(source) = whose.source {
        query = query.filter(C_::Source.eq(source));
    }
    if let Some(kinds) = whose.kinds {
        query = query.filter(C_::Kind.is_in(kinds.iter().map(String::as_str)));
    }
    if let Some(divisions) = whose.divisions {
        query = query.filter(C_::Division.is_in(divisions.iter().copied()));
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

/// Says that a list was tried, and how many enrolments its source had before it.
pub async fn set_planned<C: ConnectionTrait>(db: &C, id: Uuid, known: i32, now: i64) -> Result<(), DbErr> {
    use list::Column as C_;
    list::Entity::update_many()
        .col_expr(C_::Known, Expr::value(known))
        .col_expr(C_::PlannedAt, Expr::value(now))
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
