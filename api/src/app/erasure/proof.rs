//! The proof that nothing of an erased person is left: every sealed column is opened and read, every column that
//! names residents is asked; and where copies are that nobody here can reach: phones, backups.

use crate::app::Error;
use crate::program::Program;
use crate::seal::Keyring;
use crate::store::holdings::{self, Carried};
use crate::store::reseal::{self, Key};
use crate::store::tombstones::{self, Tombstone};
use crate::store::{backups, erasing, unlinked};
use domain::name::comparable;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What was found, and where.
pub struct Proof {
    pub stone: Tombstone,
    pub leftovers: Vec<Leftover>,
    /// Sealed values that were opened and read.
    pub read: u64,
    /// Phones that carried the person and have not confirmed the drop.
    pub phones: Vec<Carried>,
    /// Good backups that were begun before.
    pub backups: Vec<backups::Kept>,
}

/// One row that still says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    pub table: &'static str,
    pub column: &'static str,
    pub how: Place,
    pub rows: i64,
}

/// What of the person is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Our id, in the clear or inside what is sealed.
    Id,
    /// The ID number, or name with birth date, by their keyed hashes.
    Identity,
}

/// Rows that are opened at once.
const PAGE: u64 = 200;

/// Searches all that is kept. It only reads, and takes as long as reading everything takes.
///
/// # Errors
/// `NotFound` for whoever was not erased.
pub async fn proof(program: &Program, id: Uuid) -> Result<Proof, Error> {
    let db = program.db.read();
    let stone = tombstones::find(db, id).await?.ok_or(Error::NotFound)?;
    let wanted = Wanted {
        keys: &program.keys,
        id,
        text: id.to_string(),
        hashes: tombstones::hashes(db, id).await?,
    };
    let (mut leftovers, mut read) = (Vec::new(), 0);
    for (table, column, rows) in erasing::named(db, id).await? {
        leftovers.push(Leftover {
            table,
            column,
            how: Place::Id,
            rows,
        });
    }
    for sealed in reseal::ALL {
        // Drops on their way name the person, and nothing else of it.
        let skipped = sealed.table == "device_entry";
        let mut after: Option<Key> = None;
        let mut found: std::collections::BTreeMap<Place, i64> = Default::default();
        loop {
            let page = reseal::opened(db, &program.keys, sealed, after.as_ref(), PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            read += page.len() as u64;
            for (_, plain) in &page {
                if let Some(how) = wanted.found(plain).filter(|how| !skipped || *how != Place::Id) {
                    *found.entry(how).or_default() += 1;
                }
            }
        }
        let of_column = found.into_iter().map(|(how, rows)| Leftover {
            table: sealed.table,
            column: sealed.column,
            how,
            rows,
        });
        leftovers.extend(of_column);
    }
    Ok(Proof {
        phones: holdings::not_dropped(db, id).await?,
        backups: backups::before(db, stone.at).await?,
        stone,
        leftovers,
        read,
    })
}

struct Wanted<'a> {
    keys: &'a Keyring,
    id: Uuid,
    text: String,
    hashes: BTreeSet<(String, Vec<u8>)>,
}

impl Wanted<'_> {
    fn found(&self, plain: &[u8]) -> Option<Place> {
        if self.numbers(plain) {
            return Some(Place::Identity);
        }
        if serde_json::from_slice::<Json>(plain).is_ok_and(|json| self.person(&json)) {
            return Some(Place::Identity);
        }
        let contains = |part: &[u8]| plain.windows(part.len()).any(|window| window == part);
        (contains(self.text.as_bytes()) || contains(self.id.as_bytes())).then_some(Place::Id)
    }

    /// Whether one of the ID numbers in a text is the person's.
    fn numbers(&self, plain: &[u8]) -> bool {
        let numbers = unlinked::numbers_in(plain);
        numbers.iter().any(|number| self.knows("id_number", number))
    }

    /// Whether an object in here has the person's name beside their birth date.
    fn person(&self, json: &Json) -> bool {
        match json {
            Json::Object(members) => {
                let text = |key: &str| members.get(key).and_then(text_of);
                let same = match (text("name"), text("birth_date")) {
                    (Some(name), Some(born)) => {
                        self.knows("person", &format!("{}|{born}", comparable(&name)))
                    }
                    _ => false,
                };
                same || members.values().any(|inner| self.person(inner))
            }
            Json::Array(all) => all.iter().any(|inner| self.person(inner)),
            _ => false,
        }
    }

    fn knows(&self, kind: &'static str, text: &str) -> bool {
        let hash = self.keys.lookup(kind, text);
        self.hashes.contains(&(kind.to_owned(), hash))
    }
}

/// A value as it stands, or as facts and writes keep it.
fn text_of(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Object(members) => ["value", "now"]
            .iter()
            .find_map(|key| members.get(*key)?.as_str().map(str::to_owned)),
        _ => None,
    }
}
