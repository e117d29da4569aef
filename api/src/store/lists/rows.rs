//! Rows of lists: what each says, what it would become, and what became of it.

use super::Content;
use super::evidence::{self, Evidence};
use crate::seal::Keyring;
use crate::store::paging::{behind, placeholder};
use crate::store::{Fault, PER_THREAD, sealed};
use entity::list_row;
use rayon::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement, Value,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

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
    /// What the newest dry run says that it becomes, and why.
    pub planned: Option<String>,
    pub planned_reason: Option<String>,
    pub content: Content,
    /// What the evidence says of a row that its number does not link.
    pub evidence: Option<Evidence>,
}

/// The sheet of people who are missing from a list: they stand behind all that the file says.
pub const MISSING_SHEET: i32 = i32::MAX;

/// What a dry run says, and what became of a row in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Planned,
    Final,
}

/// Which rows of a list are meant.
#[derive(Clone, Copy, Default)]
pub struct Part<'a> {
    /// Of this verdict: the final one where there is one, else the planned one.
    pub verdict: Option<&'a str>,
    /// Whose reason (the final one where there is one, else the planned one) contains these words.
    pub reason: Option<&'a str>,
    /// Behind this sheet and row.
    pub after: Option<(i32, i32)>,
    pub limit: Option<u64>,
    /// Those of the file, without the people whom it does not name.
    pub of_file: bool,
    /// Those about which nobody has decided anything.
    pub undecided: bool,
    /// Those that state no valid ID number, and those that came before rows said whether they do.
    pub unnumbered: bool,
}

impl Part<'_> {
    /// The next rows of the file behind a place.
    pub fn of_file(after: Option<(i32, i32)>, limit: Option<u64>) -> Self {
        Part {
            after,
            limit,
            of_file: true,
            ..Part::default()
        }
    }
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

/// Sheet and row of a place that an inbox item keeps.
pub fn place_of_item(place: i64) -> (i32, i32) {
    ((place >> 32) as i32, (place & 0xffff_ffff) as i32)
}

pub async fn insert_rows<C: ConnectionTrait>(db: &C, keys: &Keyring, rows: &[Row]) -> Result<(), DbErr> {
    for part in rows.chunks(200) {
        let models = part
            .par_iter()
            .with_min_len(PER_THREAD)
            .map(|row| list_row::ActiveModel {
                list: Set(row.list),
                sheet: Set(row.sheet),
                row: Set(row.row),
                digest: Set(row.digest.clone()),
                resident: Set(row.resident),
                verdict: Set(row.verdict.clone()),
                reason: Set(row.reason.clone()),
                planned: Set(row.planned.clone()),
                planned_reason: Set(row.planned_reason.clone()),
                reading: Set(None),
                sealed: Set(sealed::seal(
                    keys,
                    "list_row",
                    row_id(keys, row.list, row.sheet, row.row),
                    &row.content,
                )),
                decision: Set(None),
                evidence: Set(None),
                linked_after: Set(None),
                number: Set(None),
            });
        list_row::Entity::insert_many(models.collect::<Vec<_>>())
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// Rows in the order of the file; people whom it does not name come last.
pub async fn rows<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    list: Uuid,
    part: Part<'_>,
) -> Result<Vec<Row>, Fault> {
    use list_row::Column as C_;
    let mut query = list_row::Entity::find().filter(C_::List.eq(list));
    if let Some(verdict) = part.verdict {
        let planned = Condition::all()
            .add(C_::Verdict.is_null())
            .add(C_::Planned.eq(verdict));
        query = query.filter(Condition::any().add(C_::Verdict.eq(verdict)).add(planned));
    }
    if let Some(words) = part.reason {
        let planned = Condition::all()
            .add(C_::Verdict.is_null())
            .add(C_::PlannedReason.contains(words));
        query = query.filter(Condition::any().add(C_::Reason.contains(words)).add(planned));
    }
    if part.of_file {
        query = query.filter(C_::Sheet.ne(MISSING_SHEET));
    }
    if part.undecided {
        query = query.filter(C_::Decision.is_null());
    }
    if part.unnumbered {
        query = query.filter(C_::Number.is_null());
    }
    if let Some((sheet, row)) = part.after {
        query = query.filter(behind((C_::Sheet, C_::Row), (sheet, row)));
    }
    let rows = query
        .order_by_asc(C_::Sheet)
        .order_by_asc(C_::Row)
        .limit(part.limit)
        .all(db)
        .await?;
    open_all(keys, rows)
}

/// Rows at these places. Each names its list: SQLite goes through the whole list otherwise.
pub(super) fn at_places(list: Uuid, places: &[(i32, i32)]) -> Condition {
    use list_row::Column as C_;
    places.iter().fold(Condition::any(), |any, (sheet, row)| {
        let place = Condition::all()
            .add(C_::List.eq(list))
            .add(C_::Sheet.eq(*sheet))
            .add(C_::Row.eq(*row));
        any.add(place)
    })
}

/// What was said at a stage of the rows at these places of a list.
pub async fn said_of<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    places: &BTreeSet<(i32, i32)>,
    stage: Stage,
) -> Result<BTreeMap<(i32, i32), Outcome>, DbErr> {
    let mut out = BTreeMap::new();
    let all: Vec<(i32, i32)> = places.iter().copied().collect();
    for part in all.chunks(100) {
        let query = list_row::Entity::find().filter(at_places(list, part));
        for row in query.all(db).await? {
            let (verdict, reason) = match stage {
                Stage::Planned => (row.planned, row.planned_reason),
                Stage::Final => (row.verdict, row.reason),
            };
            let verdict = verdict.and_then(|v| VERDICTS.into_iter().find(|known| *known == v));
            let Some(verdict) = verdict else { continue };
            let outcome = Outcome {
                verdict,
                reason,
                resident: row.resident,
            };
            out.insert((row.sheet, row.row), outcome);
        }
    }
    Ok(out)
}

/// People who are missing from a list, as far as dry run or commit have noted them.
pub async fn missing<C: ConnectionTrait>(db: &C, list: Uuid) -> Result<Vec<list_row::Model>, DbErr> {
    use list_row::Column as C_;
    list_row::Entity::find()
        .filter(C_::List.eq(list))
        .filter(C_::Sheet.eq(MISSING_SHEET))
        .order_by_asc(C_::Row)
        .all(db)
        .await
}

/// Keeps a verdict on rows of people who are missing.
pub async fn judge_missing<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    rows: &[i32],
    reason: &str,
    stage: Stage,
) -> Result<(), DbErr> {
    use list_row::Column as C_;
    let (verdict, why) = match stage {
        Stage::Planned => (C_::Planned, C_::PlannedReason),
        Stage::Final => (C_::Verdict, C_::Reason),
    };
    list_row::Entity::update_many()
        .col_expr(verdict, Expr::value("missing"))
        .col_expr(why, Expr::value(reason))
        .filter(C_::List.eq(list))
        .filter(C_::Sheet.eq(MISSING_SHEET))
        .filter(C_::Row.is_in(rows.iter().copied()))
        .exec(db)
        .await?;
    Ok(())
}

/// Forgets some of the people who were noted as missing.
pub async fn remove_missing<C: ConnectionTrait>(db: &C, list: Uuid, rows: &[i32]) -> Result<(), DbErr> {
    use list_row::Column as C_;
    list_row::Entity::delete_many()
        .filter(C_::List.eq(list))
        .filter(C_::Sheet.eq(MISSING_SHEET))
        .filter(C_::Row.is_in(rows.iter().copied()))
        .exec(db)
        .await?;
    Ok(())
}

/// Rows of these lists' files about these residents.
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
        .filter(C_::Sheet.ne(MISSING_SHEET))
        .all(db)
        .await?;
    open_all(keys, rows)
}

fn open_all(keys: &Keyring, rows: Vec<list_row::Model>) -> Result<Vec<Row>, Fault> {
    let rows = rows.into_par_iter().with_min_len(PER_THREAD);
    rows.map(|row| open(keys, row)).collect()
}

/// A row as it is stored, opened.
pub fn open(keys: &Keyring, row: list_row::Model) -> Result<Row, Fault> {
    let id = row_id(keys, row.reading.unwrap_or(row.list), row.sheet, row.row);
    Ok(Row {
        content: sealed::open(keys, "list_row", id, &row.sealed)?,
        evidence: evidence::opened(keys, &row)?,
        list: row.list,
        sheet: row.sheet,
        row: row.row,
        digest: row.digest,
        resident: row.resident,
        verdict: row.verdict,
        reason: row.reason,
        planned: row.planned,
        planned_reason: row.planned_reason,
    })
}

/// Keeps what becomes of rows: at the stage of a dry run beside what became of them. One statement for many rows,
/// since a list of a county has a hundred thousand.
pub async fn judge<C: ConnectionTrait>(
    db: &C,
    rows: &[Row],
    outcomes: &[Outcome],
    stage: Stage,
) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let (verdict, reason) = match stage {
        Stage::Planned => ("planned", "planned_reason"),
        Stage::Final => ("verdict", "reason"),
    };
    for (rows, outcomes) in rows.chunks(200).zip(outcomes.chunks(200)) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 5 + 1);
        let mut lines = Vec::with_capacity(rows.len());
        for (row, outcome) in rows.iter().zip(outcomes) {
            let n = values.len();
            lines.push(line(backend, n));
            values.push(row.sheet.into());
            values.push(row.row.into());
            values.push(outcome.verdict.into());
            values.push(outcome.reason.clone().into());
            values.push(outcome.resident.into());
        }
        let list = placeholder(backend, values.len() + 1);
        values.push(rows[0].list.into());
        let sql = format!(
            "WITH said (sheet, row, verdict, reason, resident) AS (VALUES {}) \
             UPDATE list_row SET {verdict} = said.verdict, {reason} = said.reason, resident = said.resident \
             FROM said WHERE list_row.list = {list} AND list_row.sheet = said.sheet AND list_row.row = said.row",
            lines.join(", ")
        );
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(())
}

/// The placeholders of one row behind the first `n`. PostgreSQL must be told what a value is that may be null.
fn line(backend: DbBackend, n: usize) -> String {
    let kinds = match backend {
        DbBackend::Postgres => ["::INTEGER", "::INTEGER", "::TEXT", "::TEXT", "::UUID"],
        _ => [""; 5],
    };
    let cells: Vec<String> = kinds
        .iter()
        .enumerate()
        .map(|(k, kind)| format!("{}{kind}", placeholder(backend, n + k + 1)))
        .collect();
    format!("({})", cells.join(", "))
}

/// How many rows have each verdict of a stage; those without one under an empty name.
pub async fn verdicts<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    stage: Stage,
) -> Result<BTreeMap<String, i64>, DbErr> {
    use list_row::Column as C_;
    let verdict = match stage {
        Stage::Planned => C_::Planned,
        Stage::Final => C_::Verdict,
    };
    let counts: Vec<(Option<String>, i64)> = list_row::Entity::find()
        .select_only()
        .column(verdict)
        .column_as(C_::Row.count(), "rows")
        .filter(C_::List.eq(list))
        .group_by(verdict)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts
        .into_iter()
        .map(|(verdict, n)| (verdict.unwrap_or_default(), n))
        .collect())
}

const VERDICTS: [&str; 7] = [
    "new",
    "same",
    "changed",
    "missing",
    "contradicted",
    "ambiguous",
    "invalid",
];
