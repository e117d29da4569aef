//! Looking for few rows by many keys, each within a bound: a key that half the county shares costs no more than one that
//! nobody has.

use super::paging::placeholder;
use sea_orm::{ConnectionTrait, DbErr, Statement, TryGetable, Value};

/// Keys of one statement: SQLite joins at most 500 queries into one.
const KEYS: usize = 100;

/// What is found for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Few<T> {
    These(Vec<T>),
    /// More than was asked for: what is so common finds nobody.
    Many,
}

impl<T> Few<T> {
    pub fn ids(&self) -> &[T] {
        match self {
            Few::These(ids) => ids,
            Few::Many => &[],
        }
    }
}

/// For each key the ids of at most `most` rows. `column` names the id, `table` holds it, `terms` are the columns that a
/// key's values must equal.
pub async fn find<T: TryGetable, C: ConnectionTrait>(
    db: &C,
    (table, column): (&str, &str),
    terms: &[&str],
    keys: Vec<Vec<Value>>,
    most: usize,
) -> Result<Vec<Few<T>>, DbErr> {
    let backend = db.get_database_backend();
    let mut out = Vec::with_capacity(keys.len());
    for part in keys.chunks(KEYS) {
        let (mut queries, mut values) = (Vec::new(), Vec::new());
        for (n, key) in part.iter().enumerate() {
            let mut place = values.len();
            let mut term = |term: &&str| {
                place += 1;
                format!("{term} = {}", placeholder(backend, place))
            };
            let terms: Vec<String> = terms.iter().map(&mut term).collect();
            queries.push(format!(
                "SELECT * FROM (SELECT {n} AS asked, {column} AS found FROM {table} WHERE {} LIMIT {}) AS of{n}",
                terms.join(" AND "),
                most + 1
            ));
            values.extend(key.iter().cloned());
        }
        let mut found: Vec<Vec<T>> = part.iter().map(|_| Vec::new()).collect();
        let sql = Statement::from_sql_and_values(backend, queries.join(" UNION ALL "), values);
        for row in db.query_all_raw(sql).await? {
            let asked: i32 = row.try_get("", "asked")?;
            if let Some(of_key) = found.get_mut(asked as usize) {
                of_key.push(row.try_get("", "found")?);
            }
        }
        out.extend(found.into_iter().map(|ids| match ids.len() > most {
            true => Few::Many,
            false => Few::These(ids),
        }));
    }
    Ok(out)
}
