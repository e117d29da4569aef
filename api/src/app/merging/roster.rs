//! Possible duplicates of the roster: everybody of some villages who shares a number, or a name and a birth date, with
//! somebody else of the county.

use crate::app::inbox::{Decider, reaches};
use crate::app::lists::person_of;
use crate::app::{Error, trail};
use crate::program::Program;
use crate::store::audit::Entry;
use crate::store::inbox::Reach;
use crate::store::records::{self, Loaded};
use crate::store::{divisions, duplicates, merges};
use matching::duplicate::{Why, may_be_one};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// One of the two.
pub struct Half {
    /// None for somebody whom the asker does not look after.
    pub resident: Option<Uuid>,
    pub village: Option<Uuid>,
    pub state: &'static str,
    pub name: Option<String>,
}

/// Two who may be one.
pub struct Pair {
    pub why: Why,
    pub people: [Half; 2],
    /// The item that asks about them, where there is one.
    pub item: Option<Uuid>,
}

pub struct Page {
    pub pairs: Vec<Pair>,
    /// To give as `after`; none on the last page.
    pub next: Option<(Uuid, Uuid)>,
}

/// One page of the pairs of a division; who is kept apart is left out.
///
/// # Errors
/// `NotFound` for a division of which the asker looks after nothing.
pub async fn duplicates_of(
    program: &Program,
    who: &Decider,
    division: Uuid,
    after: Option<(Uuid, Uuid)>,
    limit: u64,
) -> Result<Page, Error> {
    let txn = program.db.snapshot().await?;
    let mut villages = divisions::below(&txn, &[division]).await?;
    villages.push(division);
    villages.retain(|village| match &who.reach {
        Reach::County => true,
        reach => reaches(reach, Some(*village)),
    });
    if villages.is_empty() {
        return Err(Error::NotFound);
    }
    let found = duplicates::pairs(&txn, &villages, after, limit).await?;
    let next = found.last().copied().filter(|_| found.len() as u64 == limit);
    let ids: BTreeSet<Uuid> = found.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let loaded = records::look_at(&txn, &program.keys, &ids).await?;
    let all: Vec<Uuid> = ids.into_iter().collect();
    let apart = merges::apart_among(&txn, &all).await?;
    let items: BTreeMap<(Uuid, Uuid), Uuid> = duplicates::open_of(&txn, &all)
        .await?
        .iter()
        .filter_map(|row| Some((sorted(duplicates::pair(row)?), row.id)))
        .collect();
    txn.commit().await?;
    let mut pairs = Vec::new();
    for pair in found.into_iter().map(sorted) {
        let (Some(one), Some(other)) = (loaded.get(&pair.0), loaded.get(&pair.1)) else {
            continue;
        };
        let why = may_be_one(&person_of(one), &person_of(other), false);
        let Some(why) = why.filter(|_| !apart.contains(&pair)) else {
            continue;
        };
        pairs.push(Pair {
            why,
            people: [half(who, one), half(who, other)],
            item: items.get(&pair).copied(),
        });
    }
    let mut entry = Entry::done("list_duplicates", who.account).on("division", division);
    entry.count = Some(pairs.len() as i64);
    trail::read(program, entry).await?;
    Ok(Page { pairs, next })
}

fn sorted((a, b): (Uuid, Uuid)) -> (Uuid, Uuid) {
    (a.min(b), a.max(b))
}

fn half(who: &Decider, loaded: &Loaded) -> Half {
    let seen = reaches(&who.reach, loaded.village);
    Half {
        resident: Some(loaded.record.resident.uuid()).filter(|_| seen),
        village: loaded.village,
        state: loaded.record.state.name(),
        name: loaded.record.fact("name").as_text().map(str::to_owned),
    }
}
