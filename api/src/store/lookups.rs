//! Look-ups: keyed hashes that find a resident without opening any record.

use super::records::Loaded;
use crate::seal::Keyring;
use domain::name;
use entity::lookup;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use std::collections::BTreeSet;
use sync::Record;

/// Writes what changed among a record's look-ups.
pub async fn save<C: ConnectionTrait>(db: &C, keys: &Keyring, l: &Loaded) -> Result<(), DbErr> {
    let wanted = of(keys, &l.record);
    for (kind, hash) in l.lookups.difference(&wanted) {
        lookup::Entity::delete_by_id(((*kind).to_owned(), hash.clone(), l.record.resident.uuid()))
            .exec(db)
            .await?;
    }
    let new: Vec<_> = wanted
        .difference(&l.lookups)
        .map(|(kind, hash)| lookup::ActiveModel {
            kind: Set((*kind).into()),
            hash: Set(hash.clone()),
            resident: Set(l.record.resident.uuid()),
        })
        .collect();
    if !new.is_empty() {
        lookup::Entity::insert_many(new)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// The keyed hashes by which a record is found: ID number, name, and name with birth date.
pub fn of(keys: &Keyring, record: &Record) -> BTreeSet<(&'static str, Vec<u8>)> {
    let fact = |key: &str| record.fact(key).as_text().map(str::to_owned);
    let mut out = BTreeSet::new();
    if let Some(number) = fact("id_number") {
        out.insert(("id_number", keys.lookup("id_number", &number)));
    }
    if let Some(name) = fact("name").map(|n| name::comparable(&n)) {
        out.insert(("name", keys.lookup("name", &name)));
        if let Some(birth) = fact("birth_date") {
            out.insert(("person", keys.lookup("person", &format!("{name}|{birth}"))));
        }
    }
    out
}

/// Residents found by one keyed hash.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    kind: &str,
    hashes: &[Vec<u8>],
) -> Result<Vec<lookup::Model>, DbErr> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    lookup::Entity::find()
        .filter(lookup::Column::Kind.eq(kind))
        .filter(lookup::Column::Hash.is_in(hashes.iter().cloned()))
        .all(db)
        .await
}
