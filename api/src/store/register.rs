//! The population register 人口底册: reference data, found by keyed hashes and never sent to phones.

use super::{Fault, PER_THREAD, sealed};
use crate::seal::Keyring;
use domain::name::comparable;
use entity::{list, register_row};
use rayon::prelude::*;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the register says of a person, by standard key.
pub type Values = BTreeMap<String, String>;

pub struct Entry {
    pub id: i64,
    pub list: Uuid,
    pub values: Values,
}

impl Entry {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

/// By what a row of the register is found.
#[derive(Clone, PartialEq, Eq)]
pub struct Hashes {
    pub id: Option<Vec<u8>>,
    /// Name with birth date.
    pub person: Vec<u8>,
    /// Birth date and village.
    pub born_village: Option<i64>,
    /// Sound of the name and village.
    pub sound_village: Option<i64>,
}

pub fn number_hash(keys: &Keyring, number: &str) -> Vec<u8> {
    keys.lookup("id_number", number)
}

pub fn person_hash(keys: &Keyring, name: &str, birth: &str) -> Vec<u8> {
    keys.lookup("person", &format!("{}|{birth}", comparable(name)))
}

pub fn born_village(keys: &Keyring, born: &str, village: Uuid) -> i64 {
    short(keys, b"born_village", born.as_bytes(), village)
}

pub fn sound_village(keys: &Keyring, sound: u64, village: Uuid) -> i64 {
    short(keys, b"sound_village", &sound.to_le_bytes(), village)
}

/// Eight bytes of a keyed digest: what they find is compared before anybody is taken for anybody.
fn short(keys: &Keyring, kind: &[u8], what: &[u8], village: Uuid) -> i64 {
    let digest = keys.derive(&[kind, what, village.as_bytes()]);
    i64::from_le_bytes(*digest.first_chunk().expect("an id has 16 bytes"))
}

/// Rows have no id of their own before they stand: what seals them is bound to list and hashes.
pub fn bound(keys: &Keyring, list: Uuid, id: Option<&[u8]>, person: &[u8]) -> Uuid {
    Uuid::from_bytes(keys.derive(&[b"register_row", list.as_bytes(), id.unwrap_or_default(), person]))
}

pub async fn insert<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    list: Uuid,
    rows: &[(Hashes, Values)],
) -> Result<(), DbErr> {
    for part in rows.chunks(200) {
        let models = part.par_iter().with_min_len(PER_THREAD).map(|(hashes, values)| {
            let bound = bound(keys, list, hashes.id.as_deref(), &hashes.person);
            register_row::ActiveModel {
                id: NotSet,
                list: Set(list),
                id_hash: Set(hashes.id.clone()),
                person_hash: Set(hashes.person.clone()),
                sealed: Set(sealed::seal(keys, "register_row", bound, values)),
                born_village: Set(hashes.born_village),
                sound_village: Set(hashes.sound_village),
            }
        });
        register_row::Entity::insert_many(models.collect::<Vec<_>>())
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// People of the register with one of these numbers, or one of these names with birth date.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    numbers: &[Vec<u8>],
    people: &[Vec<u8>],
) -> Result<Vec<Entry>, Fault> {
    use register_row::Column as C_;
    let mut any = Condition::any();
    if !numbers.is_empty() {
        any = any.add(C_::IdHash.is_in(numbers.iter().cloned()));
    }
    if !people.is_empty() {
        any = any.add(C_::PersonHash.is_in(people.iter().cloned()));
    }
    if any.is_empty() {
        return Ok(Vec::new());
    }
    let rows = register_row::Entity::find().filter(any).all(db).await?;
    opened(keys, rows)
}

/// Rows of the register with these ids.
pub async fn by_ids<C: ConnectionTrait>(db: &C, keys: &Keyring, ids: &[i64]) -> Result<Vec<Entry>, Fault> {
    let mut out = Vec::with_capacity(ids.len());
    for part in ids.chunks(500) {
        let rows = register_row::Entity::find().filter(register_row::Column::Id.is_in(part.iter().copied()));
        out.extend(opened(keys, rows.all(db).await?)?);
    }
    Ok(out)
}

/// Ids of rows with one of these numbers, each with its number's hash: at most `most` in all, the same ones each time.
pub async fn numbered<C: ConnectionTrait>(
    db: &C,
    numbers: &[Vec<u8>],
    most: u64,
) -> Result<Vec<(Vec<u8>, i64)>, DbErr> {
    use register_row::Column as C_;
    let found = register_row::Entity::find()
        .select_only()
        .columns([C_::IdHash, C_::Id])
        .filter(C_::IdHash.is_in(numbers.iter().cloned()))
        .order_by_asc(C_::IdHash)
        .order_by_asc(C_::Id)
        .limit(most);
    found.into_tuple().all(db).await
}

/// Whether there is any register.
pub async fn any<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    let one = register_row::Entity::find()
        .select_only()
        .column(register_row::Column::Id);
    Ok(one.limit(1).into_tuple::<i64>().one(db).await?.is_some())
}

/// The next rows behind one, in the order of their ids, sealed.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    after: i64,
    limit: u64,
) -> Result<Vec<register_row::Model>, DbErr> {
    register_row::Entity::find()
        .filter(register_row::Column::Id.gt(after))
        .order_by_asc(register_row::Column::Id)
        .limit(limit)
        .all(db)
        .await
}

pub fn opened(keys: &Keyring, rows: Vec<register_row::Model>) -> Result<Vec<Entry>, Fault> {
    rows.into_par_iter()
        .with_min_len(PER_THREAD)
        .map(|row| {
            let bound = bound(keys, row.list, row.id_hash.as_deref(), &row.person_hash);
            Ok(Entry {
                values: sealed::open(keys, "register_row", bound, &row.sealed)?,
                id: row.id,
                list: row.list,
            })
        })
        .collect()
}

/// Removes what an older register of the same division said.
pub async fn replace<C: ConnectionTrait>(db: &C, by: &list::Model) -> Result<(), DbErr> {
    let older: Vec<Uuid> = list::Entity::find()
        .select_only()
        .column(list::Column::Id)
        .filter(list::Column::Kind.eq("population"))
        .filter(list::Column::Division.eq(by.division))
        .filter(list::Column::Month.lte(&by.month))
        .filter(list::Column::Id.ne(by.id))
        .into_tuple()
        .all(db)
        .await?;
    if !older.is_empty() {
        register_row::Entity::delete_many()
            .filter(register_row::Column::List.is_in(older))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Removes what one list put into the register.
pub async fn remove<C: ConnectionTrait>(db: &C, list: Uuid) -> Result<(), DbErr> {
    register_row::Entity::delete_many()
        .filter(register_row::Column::List.eq(list))
        .exec(db)
        .await?;
    Ok(())
}

/// Has PostgreSQL look at the register anew while it grows: of a table that it took for empty it reads every row to find
/// a few, until its own housekeeping comes by a minute later. SQLite goes by the indexes as they are.
pub async fn weigh<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared("ANALYZE register_row").await?;
    }
    Ok(())
}

/// How many people the register knows.
pub async fn count<C: ConnectionTrait>(db: &C) -> Result<u64, DbErr> {
    use sea_orm::PaginatorTrait;
    register_row::Entity::find().count(db).await
}
