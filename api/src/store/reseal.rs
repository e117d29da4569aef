//! Every sealed column, and how its rows are sealed anew with the present key. A test holds that none is missing.

use super::fault::Fault;
use super::packed::unpack;
use super::register;
use crate::seal::{Keyring, Place, chunks};
use crate::store::lists;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use uuid::Uuid;

/// Where a table keeps what.
pub struct Sealed {
    pub table: &'static str,
    pub column: &'static str,
    /// Its primary key.
    key: &'static [&'static str],
    bound: Bound,
}

/// What a row's seal is bound to.
enum Bound {
    /// The row's own id, and a group.
    Id(&'static str),
    /// The subject of a device's entry.
    Subject,
    ListRow,
    /// What the evidence says of a list's row, where it says anything.
    Evidence,
    RegisterRow,
    Chunk,
}

const fn by_id(table: &'static str, column: &'static str) -> Sealed {
    Sealed {
        table,
        column,
        key: &["id"],
        bound: Bound::Id("all"),
    }
}

const fn by_resident(table: &'static str, column: &'static str, group: &'static str) -> Sealed {
    Sealed {
        table,
        column,
        key: &["resident"],
        bound: Bound::Id(group),
    }
}

pub const ALL: &[Sealed] = &[
    by_id("account", "sealed"),
    by_id("client", "sealed"),
    by_id("clue", "sealed"),
    by_id("decision", "sealed"),
    Sealed {
        table: "device_entry",
        column: "sealed",
        key: &["device", "kind", "subject"],
        bound: Bound::Subject,
    },
    by_resident("document", "sealed", "all"),
    by_id("edit", "sealed"),
    by_id("enrolment", "handed_in"),
    by_resident("facts", "sealed", "all"),
    Sealed {
        table: "file_chunk",
        column: "sealed",
        key: &["file", "number"],
        bound: Bound::Chunk,
    },
    by_id("held", "sealed"),
    by_id("household", "sealed"),
    by_id("inbox_item", "sealed"),
    by_id("lesson", "sealed"),
    by_id("list", "sealed"),
    by_id("list_mapping", "sealed"),
    Sealed {
        table: "list_row",
        column: "sealed",
        key: &["list", "sheet", "row"],
        bound: Bound::ListRow,
    },
    Sealed {
        table: "list_row",
        column: "evidence",
        key: &["list", "sheet", "row"],
        bound: Bound::Evidence,
    },
    by_id("past_document", "sealed"),
    by_resident("projection", "open", "open"),
    by_resident("projection", "rest", "rest"),
    Sealed {
        table: "register_row",
        column: "sealed",
        key: &["id"],
        bound: Bound::RegisterRow,
    },
    by_id("resident_merge", "sealed"),
    by_resident("search_card", "sealed", "all"),
    by_id("roster_export", "sealed"),
    by_id("stored_file", "sealed"),
    by_id("visit", "sealed"),
    by_id("visit_task", "sealed"),
];

/// What names a row: the values of its table's key, in their order.
pub type Key = Vec<Value>;

/// The next rows behind `after` that another key than the present one sealed. Read outside of what writes: most rows
/// of a county may have to be passed over.
pub async fn stale<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    sealed: &Sealed,
    after: Option<&Key>,
    limit: u64,
) -> Result<Vec<Key>, Fault> {
    let names = sealed.names();
    let mut values: Vec<Value> = vec![keys.current().to_be_bytes().to_vec().into()];
    let mut behind = String::new();
    if let Some(after) = after {
        let places: Vec<String> = (2..after.len() + 2).map(|n| format!("${n}")).collect();
        behind = format!(" AND ({names}) > ({})", places.join(", "));
        values.extend(after.iter().cloned());
    }
    // Bytes 3 to 6 of a blob are the id of its key.
    let sql = format!(
        "SELECT {names} FROM {} WHERE substr(\"{}\", 3, 4) <> $1{behind} ORDER BY {names} LIMIT {limit}",
        sealed.table, sealed.column,
    );
    let sql = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = db.query_all_raw(sql).await?;
    let key = |row: &QueryResult| sealed.key.iter().map(|column| value(row, column)).collect();
    rows.iter().map(key).collect()
}

/// Seals one row anew with the present key. `false`: it is gone, done, or locked by somebody who is writing it.
///
/// # Errors
/// [`Fault::Damaged`] with the table's name where the row does not open: nothing may be retired then.
pub async fn renew<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    sealed: &Sealed,
    key: &Key,
) -> Result<bool, Fault> {
    let backend = db.get_database_backend();
    let lock = match backend {
        DbBackend::Postgres => " FOR UPDATE SKIP LOCKED",
        _ => "",
    };
    let Sealed { table, column, .. } = sealed;
    let terms: Vec<String> = (sealed.key.iter().zip(2..))
        .map(|(column, n)| format!("\"{column}\" = ${n}"))
        .collect();
    let terms = terms.join(" AND ");
    let with = |first: Value| -> Vec<Value> { std::iter::once(first).chain(key.iter().cloned()).collect() };
    let sql = format!("SELECT * FROM {table} WHERE substr(\"{column}\", 3, 4) <> $1 AND {terms}{lock}");
    let values = with(keys.current().to_be_bytes().to_vec().into());
    let found = db
        .query_one_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    let Some(row) = found else {
        return Ok(false);
    };
    let blob: Vec<u8> = row.try_get("", column)?;
    let anew = anew(keys, sealed, &row, &blob).ok_or(Fault::Damaged(table))?;
    let sql = format!("UPDATE {table} SET \"{column}\" = $1 WHERE {terms}");
    let values = with(anew.into());
    db.execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(true)
}

impl Sealed {
    fn names(&self) -> String {
        let names: Vec<String> = self.key.iter().map(|column| format!("\"{column}\"")).collect();
        names.join(", ")
    }
}

fn value(row: &QueryResult, column: &str) -> Result<Value, Fault> {
    Ok(match column {
        "number" | "sheet" | "row" => row.try_get::<i32>("", column)?.into(),
        "kind" => row.try_get::<String>("", column)?.into(),
        // The register numbers its rows.
        "id" => match row.try_get::<Uuid>("", column) {
            Ok(id) => id.into(),
            Err(_) => row.try_get::<i64>("", column)?.into(),
        },
        _ => row.try_get::<Uuid>("", column)?.into(),
    })
}

fn anew(keys: &Keyring, sealed: &Sealed, row: &QueryResult, blob: &[u8]) -> Option<Vec<u8>> {
    at_its_place(keys, sealed, row, |place| keys.reseal(place, blob).ok())
}

/// Does something with what a row's seal is bound to.
fn at_its_place<T>(
    keys: &Keyring,
    sealed: &Sealed,
    row: &QueryResult,
    with: impl Fn(Place<'_>) -> Option<T>,
) -> Option<T> {
    let place = |row, group| Place {
        table: sealed.table,
        row,
        group,
    };
    let id = |column: &str| row.try_get::<Uuid>("", column).ok();
    let number = |column: &str| row.try_get::<i32>("", column).ok();
    match sealed.bound {
        Bound::Id(group) => with(place(id(sealed.key[0])?.as_bytes(), group)),
        Bound::Subject => with(place(id("subject")?.as_bytes(), "all")),
        Bound::ListRow => {
            // Of a list that was read again: the id under which it was read.
            let reading: Option<Uuid> = row.try_get("", "reading").ok()?;
            let of = reading.map_or_else(|| id("list"), Some)?;
            let id = lists::row_id(keys, of, number("sheet")?, number("row")?);
            with(place(id.as_bytes(), "all"))
        }
        Bound::Evidence => {
            let id = lists::row_id(keys, id("list")?, number("sheet")?, number("row")?);
            with(place(id.as_bytes(), lists::GROUP))
        }
        Bound::RegisterRow => {
            let hash: Option<Vec<u8>> = row.try_get("", "id_hash").ok()?;
            let person: Vec<u8> = row.try_get("", "person_hash").ok()?;
            let id = register::bound(keys, id("list")?, hash.as_deref(), &person);
            with(place(id.as_bytes(), "all"))
        }
        Bound::Chunk => {
            let bound = chunks::row(id("file")?.as_bytes(), number("number")? as u32);
            // Which chunk is the last, only its seal says.
            with(chunks::place(&bound, false)).or_else(|| with(chunks::place(&bound, true)))
        }
    }
}

/// The next rows behind `after`, opened, whichever key sealed them.
///
/// # Errors
/// [`Fault::Damaged`] with the table's name where a row does not open.
pub async fn opened<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    sealed: &Sealed,
    after: Option<&Key>,
    limit: u64,
) -> Result<Vec<(Key, Vec<u8>)>, Fault> {
    let (names, table, column) = (sealed.names(), sealed.table, sealed.column);
    let (mut behind, mut values) = (String::new(), Vec::new());
    if let Some(after) = after {
        let places: Vec<String> = (1..=after.len()).map(|n| format!("${n}")).collect();
        behind = format!(" AND ({names}) > ({})", places.join(", "));
        values.extend(after.iter().cloned());
    }
    let stated = format!("\"{column}\" IS NOT NULL");
    let sql = format!("SELECT * FROM {table} WHERE {stated}{behind} ORDER BY {names} LIMIT {limit}");
    let sql = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let mut out = Vec::new();
    for row in db.query_all_raw(sql).await? {
        let key = sealed.key.iter().map(|column| value(&row, column));
        let key = key.collect::<Result<Key, Fault>>()?;
        let blob: Vec<u8> = row.try_get("", column)?;
        let plain = at_its_place(keys, sealed, &row, |place| keys.open(place, &blob).ok());
        // What files hold may begin with any byte, and is never packed.
        let plain = match sealed.bound {
            Bound::Chunk => plain,
            _ => plain.and_then(unpack),
        };
        out.push((key, plain.ok_or(Fault::Damaged(table))?));
    }
    Ok(out)
}
