//! People who may be one: found by keyed hashes, asked about by items that stand with one of the two and name the other.

use entity::{inbox_item, lookup, resident};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect, Statement, Value,
};
use uuid::Uuid;

/// The reason of the items.
pub const REASON: &str = "possible_duplicate";

/// Open items of the pairs in which somebody is one of the two.
pub async fn open_of<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<inbox_item::Model>, DbErr> {
    use inbox_item::Column as I;
    let either = Condition::any()
        .add(I::Resident.is_in(ids.iter().copied()))
        .add(I::Key.is_in(ids.iter().map(Uuid::to_string)));
    inbox_item::Entity::find()
        .filter(I::Reason.eq(REASON))
        .filter(I::State.eq("open"))
        .filter(either)
        .order_by_asc(I::Id)
        .all(db)
        .await
}

/// The pair that an item is about: with whom it stands, and the other.
pub fn pair(row: &inbox_item::Model) -> Option<(Uuid, Uuid)> {
    Some((row.resident?, Uuid::try_parse(&row.key).ok()?))
}

/// Residents whom one hash finds in one village, who have not departed.
pub async fn in_village<C: ConnectionTrait>(
    db: &C,
    kind: &str,
    hash: &[u8],
    village: Uuid,
    most: u64,
) -> Result<Vec<Uuid>, DbErr> {
    let on = lookup::Entity::belongs_to(resident::Entity)
        .from(lookup::Column::Resident)
        .to(resident::Column::Id)
        .into();
    lookup::Entity::find()
        .select_only()
        .column(lookup::Column::Resident)
        .join(JoinType::InnerJoin, on)
        .filter(lookup::Column::Kind.eq(kind))
        .filter(lookup::Column::Hash.eq(hash.to_vec()))
        .filter(resident::Column::Village.eq(village))
        .filter(resident::Column::State.ne("departed"))
        .order_by_asc(lookup::Column::Resident)
        .limit(most)
        .into_tuple()
        .all(db)
        .await
}

/// Whoever enters somebody new waits for a list that is entering people, and lists for them: neither would see the other.
pub async fn beside_lists<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    if backend == DbBackend::Postgres {
        let sql = "SELECT pg_advisory_xact_lock_shared(440785)";
        db.execute_raw(Statement::from_string(backend, sql)).await?;
    }
    Ok(())
}

/// Who looks for the same person at the same moment waits: neither would see the other. SQLite has one writer anyway.
/// `hashes` are locked in their order.
pub async fn one_at_a_time<C: ConnectionTrait>(db: &C, hashes: &[Vec<u8>]) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Postgres {
        return Ok(());
    }
    let mut locks: Vec<i64> = hashes
        .iter()
        .filter_map(|hash| hash.first_chunk::<8>().map(|bytes| i64::from_be_bytes(*bytes)))
        .collect();
    locks.sort_unstable();
    locks.dedup();
    for lock in locks {
        let sql = "SELECT pg_advisory_xact_lock($1)";
        db.execute_raw(Statement::from_sql_and_values(backend, sql, [lock.into()]))
            .await?;
    }
    Ok(())
}

/// Pairs of residents who share a number, or a name and a birth date, of whom the first lives in one of `villages`: in the
/// order of their ids, behind `after`, each once.
pub async fn pairs<C: ConnectionTrait>(
    db: &C,
    villages: &[Uuid],
    after: Option<(Uuid, Uuid)>,
    most: u64,
) -> Result<Vec<(Uuid, Uuid)>, DbErr> {
    if villages.is_empty() {
        return Ok(Vec::new());
    }
    let (one, other) = after.unwrap_or_default();
    let mut values: Vec<Value> = vec![one.into(), other.into()];
    let places: Vec<String> = (0..villages.len()).map(|n| format!("${}", n + 3)).collect();
    let places = places.join(", ");
    values.extend(villages.iter().map(|village| Value::from(*village)));
    let there = |alias: &str| format!("{alias}.state <> 'departed' AND {alias}.merged_into IS NULL");
    let sql = format!(
        "SELECT DISTINCT a.resident AS one, b.resident AS other
         FROM resident r
         JOIN lookup a ON a.resident = r.id AND a.kind IN ('id_number', 'person')
         JOIN lookup b ON b.kind = a.kind AND b.hash = a.hash AND b.resident <> a.resident
         JOIN resident s ON s.id = b.resident
         WHERE r.village IN ({places}) AND {} AND {}
           AND (b.resident > a.resident OR s.village IS NULL OR s.village NOT IN ({places}))
           AND (a.resident > $1 OR (a.resident = $1 AND b.resident > $2))
         ORDER BY a.resident, b.resident LIMIT {most}",
        there("r"),
        there("s"),
    );
    let sql = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = db.query_all_raw(sql).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "one")?, row.try_get("", "other")?)))
        .collect()
}
