//! The people near some rows, found by keyed hashes and opened together. However common what a row says is, it is
//! compared with at most [`OPENED`] people: a key that many share finds nobody, and the keys that say most come first.

use super::super::steps::Commit;
use super::OPENED;
use super::keys::{self, Key};
use super::known::{self, Asked, Known};
use crate::app::Error;
use crate::store::few::{self, Few};
use crate::store::{lookups, records, register};
use matching::record::Reader;
use sea_orm::{ConnectionTrait, Value};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// People whom one key may find.
const MOST: usize = 32;
/// Numbers of one statement.
const NUMBERS: usize = 500;

/// Who is near some rows.
pub struct Pool {
    pub people: Vec<Known>,
    /// For each row the places of those near it.
    pub near: Vec<Vec<usize>>,
}

/// Somebody who is not opened yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Resident(Uuid),
    Listed(i64),
}

/// Looks for everybody near some rows, and opens them.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    cx: &Commit<'_>,
    reader: &mut Reader,
    rows: &[Asked],
) -> Result<Pool, Error> {
    let of_rows: Vec<Vec<Key>> = rows.iter().map(|row| keys::of(&cx.program.keys, row)).collect();
    let found = look_up(db, &of_rows).await?;
    let near: Vec<BTreeSet<Who>> = of_rows.iter().map(|keys| within(keys, &found)).collect();
    let all: BTreeSet<Who> = near.iter().flatten().copied().collect();
    let (mut residents, mut listed) = (BTreeSet::new(), Vec::new());
    for who in all {
        match who {
            Who::Resident(id) => _ = residents.insert(id),
            Who::Listed(id) => listed.push(id),
        }
    }
    let mut pool = Pool {
        people: Vec::new(),
        near: Vec::new(),
    };
    let mut places: BTreeMap<Who, usize> = BTreeMap::new();
    let loaded = records::look_at_sound(db, &cx.program.keys, &residents).await?;
    for (id, loaded) in &loaded {
        places.insert(Who::Resident(*id), pool.people.len());
        pool.people.push(known::of_resident(reader, *id, loaded));
    }
    for entry in register::by_ids(db, &cx.program.keys, &listed).await? {
        places.insert(Who::Listed(entry.id), pool.people.len());
        pool.people.push(known::of_entry(reader, &entry));
    }
    let of_row = |near: BTreeSet<Who>| near.iter().filter_map(|who| places.get(who).copied()).collect();
    pool.near = near.into_iter().map(of_row).collect();
    Ok(pool)
}

/// As many of those found as a row is compared with: a key whose people would be too many is left out whole.
fn within(keys: &[Key], found: &BTreeMap<Key, Vec<Who>>) -> BTreeSet<Who> {
    let mut near = BTreeSet::new();
    for key in keys {
        let new = found.get(key).map_or(&[][..], Vec::as_slice);
        let more = new.iter().filter(|who| !near.contains(*who)).count();
        if near.len() + more <= OPENED {
            near.extend(new);
        }
    }
    near
}

async fn look_up<C: ConnectionTrait>(db: &C, of_rows: &[Vec<Key>]) -> Result<BTreeMap<Key, Vec<Who>>, Error> {
    let all: BTreeSet<&Key> = of_rows.iter().flatten().collect();
    let mut found: BTreeMap<Key, Vec<Who>> = BTreeMap::new();
    let numbers: Vec<Vec<u8>> = all
        .iter()
        .filter_map(|key| match key {
            Key::Number(hash) => Some(hash.clone()),
            _ => None,
        })
        .collect();
    for part in numbers.chunks(NUMBERS) {
        let most = 4 * part.len() as u64;
        for row in lookups::bounded(db, "id_number", part, most).await? {
            found
                .entry(Key::Number(row.hash))
                .or_default()
                .push(Who::Resident(row.resident));
        }
        for (hash, id) in register::numbered(db, part, most).await? {
            found.entry(Key::Number(hash)).or_default().push(Who::Listed(id));
        }
    }
    let (lookup, register) = (("lookup", "resident"), ("register_row", "id"));
    let kind = |kind: &str, hash: &[u8]| vec![Value::from(kind), hash.to_vec().into()];
    let of = |ask: &dyn Fn(&Key) -> Option<Vec<Value>>| -> (Vec<Key>, Vec<Vec<Value>>) {
        all.iter()
            .filter_map(|key| Some(((*key).clone(), ask(key)?)))
            .unzip()
    };
    let (asked, values) = of(&|key| match key {
        Key::Person(hash) => Some(kind("person", hash)),
        Key::Phone(hash) => Some(kind("phone", hash)),
        Key::Name(hash) => Some(kind("name", hash)),
        Key::Number(_) | Key::BornVillage(_) | Key::SoundVillage(_) => None,
    });
    let ids: Vec<Few<Uuid>> = few::find(db, lookup, &["kind", "hash"], values, MOST).await?;
    keep(&mut found, asked, &ids, Who::Resident);
    for (column, wanted) in [("person_hash", 0), ("born_village", 1), ("sound_village", 2)] {
        let (asked, values) = of(&|key| match (key, wanted) {
            (Key::Person(hash), 0) => Some(vec![hash.clone().into()]),
            (Key::BornVillage(short), 1) | (Key::SoundVillage(short), 2) => Some(vec![(*short).into()]),
            _ => None,
        });
        let ids: Vec<Few<i64>> = few::find(db, register, &[column], values, MOST).await?;
        keep(&mut found, asked, &ids, Who::Listed);
    }
    Ok(found)
}

fn keep<T: Copy>(found: &mut BTreeMap<Key, Vec<Who>>, asked: Vec<Key>, ids: &[Few<T>], who: fn(T) -> Who) {
    for (key, ids) in asked.into_iter().zip(ids) {
        found
            .entry(key)
            .or_default()
            .extend(ids.ids().iter().map(|id| who(*id)));
    }
}
