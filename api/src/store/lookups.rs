//! Look-ups: keyed hashes that find a resident without opening any record.

use super::PER_THREAD;
use super::records::Loaded;
use crate::seal::Keyring;
use domain::catalogue::{Catalogue, Field};
use domain::name;
use entity::lookup;
use rayon::prelude::*;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use sync::Record;

/// Writes what changed among the look-ups of some records.
pub async fn save<C: ConnectionTrait>(db: &C, keys: &Keyring, all: &[&Loaded]) -> Result<(), DbErr> {
    let differs = all.par_iter().with_min_len(PER_THREAD).map(|l| {
        let wanted = plain(&l.record);
        let row = |(kind, text): &Plain| {
            let hash = keys.lookup(kind, text);
            ((*kind).to_owned(), hash, l.record.resident.uuid())
        };
        let gone: Vec<_> = l.lookups.difference(&wanted).map(row).collect();
        let new: Vec<_> = wanted.difference(&l.lookups).map(row).collect();
        (gone, new)
    });
    let (gone, new): (Vec<_>, Vec<_>) = differs.unzip();
    let (gone, new) = (gone.concat(), new.concat());
    for part in gone.chunks(50) {
        let any = part.iter().fold(Condition::any(), |any, (kind, hash, resident)| {
            let one = Condition::all()
                .add(lookup::Column::Kind.eq(kind))
                .add(lookup::Column::Hash.eq(hash.clone()))
                .add(lookup::Column::Resident.eq(*resident));
            any.add(one)
        });
        lookup::Entity::delete_many().filter(any).exec(db).await?;
    }
    for part in new.chunks(500) {
        let rows = part.iter().map(|(kind, hash, resident)| lookup::ActiveModel {
            kind: Set(kind.clone()),
            hash: Set(hash.clone()),
            resident: Set(*resident),
        });
        lookup::Entity::insert_many(rows)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// Fields whose value finds a person by phone.
static PHONES: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let mut fields = Catalogue::built_in().fields;
    fields.retain(|f| matches!(f.key, "phone" | "phone_other"));
    fields
});

/// A look-up before it is hashed: its kind and what it finds a person by.
pub type Plain = (&'static str, String);

/// The keyed hashes by which a record is found.
pub fn of(keys: &Keyring, record: &Record) -> BTreeSet<(&'static str, Vec<u8>)> {
    let hashed = |(kind, text): Plain| (kind, keys.lookup(kind, &text));
    plain(record).into_iter().map(hashed).collect()
}

/// What a record is found by: ID number, phones, name, and name with birth date.
pub fn plain(record: &Record) -> BTreeSet<Plain> {
    let fact = |key: &str| record.fact(key).as_text().map(str::to_owned);
    let mut out = BTreeSet::new();
    if let Some(number) = fact("id_number") {
        out.insert(("id_number", number));
    }
    for field in PHONES.iter() {
        if let Some(phone) = sync::document::now(&record.doc, field).as_text() {
            out.insert(("phone", phone.to_owned()));
        }
    }
    if let Some(name) = fact("name").map(|n| name::comparable(&n)) {
        if let Some(birth) = fact("birth_date") {
            out.insert(("person", format!("{name}|{birth}")));
        }
        out.insert(("name", name));
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

/// The same within a bound, with the hashes that found them: at most `most` in all, the same ones each time.
pub async fn bounded<C: ConnectionTrait>(
    db: &C,
    kind: &str,
    hashes: &[Vec<u8>],
    most: u64,
) -> Result<Vec<lookup::Model>, DbErr> {
    lookup::Entity::find()
        .filter(lookup::Column::Kind.eq(kind))
        .filter(lookup::Column::Hash.is_in(hashes.iter().cloned()))
        .order_by_asc(lookup::Column::Hash)
        .order_by_asc(lookup::Column::Resident)
        .limit(most)
        .all(db)
        .await
}

/// By which number, and which name with birth date, some residents are found.
pub async fn of_residents<C: ConnectionTrait>(
    db: &C,
    residents: &[uuid::Uuid],
) -> Result<Vec<lookup::Model>, DbErr> {
    lookup::Entity::find()
        .filter(lookup::Column::Resident.is_in(residents.iter().copied()))
        .filter(lookup::Column::Kind.is_in(["id_number", "person"]))
        .order_by_asc(lookup::Column::Kind)
        .order_by_asc(lookup::Column::Hash)
        .all(db)
        .await
}
