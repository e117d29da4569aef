//! Steps of rosters: written whenever a record is saved, numbered last, so that changes since a cursor cost what
//! changed.
//!
//! A roster is one village's enrolments in one category. Who joins, leaves or shows something else makes a step. Two
//! keyed digests say what a row showed: the whole of it, and what a department may know of it, so that a department
//! does not hear of changes in what it does not see.

use crate::actor::Scope;
use crate::app::Error;
use crate::app::residents::view::{Sight, sight};
use crate::program::Program;
use crate::store::PER_THREAD;
use crate::store::records::Loaded;
use crate::store::rosters::{self, Step};
use domain::Instant;
use domain::catalogue::{Catalogue, Field};
use rayon::prelude::*;
use sea_orm::ConnectionTrait;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use sync::State;
use uuid::Uuid;

/// The kinds of step.
pub mod kind {
    pub const JOINED: &str = "joined";
    pub const CHANGED: &str = "changed";
    pub const LEFT: &str = "left";
}

/// A record as it is saved: with what it shows.
pub type Saved<'a> = (&'a Loaded, &'a Json);

type Digests = (Vec<u8>, Vec<u8>);

/// Writes the steps that follow from saving these records.
///
/// # Errors
/// Of the database.
pub async fn note<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    saved: &[Saved<'_>],
    now: Instant,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = saved.iter().map(|(l, _)| l.record.resident.uuid()).collect();
    let old: Vec<Uuid> = saved
        .iter()
        .filter(|(l, _)| !l.new)
        .map(|(l, _)| l.record.resident.uuid())
        .collect();
    let mut there: BTreeMap<Uuid, Vec<Step>> = BTreeMap::new();
    for step in rosters::latest(db, &old).await? {
        there.entry(step.resident).or_default().push(step);
    }
    let views = Views::of(&program.catalogue);
    let (mut steps, mut replaced) = (Vec::new(), Vec::new());
    let stands = saved.par_iter().with_min_len(PER_THREAD);
    let stands: Vec<_> = stands
        .map(|(loaded, shown)| standing(program, &views, loaded, shown))
        .collect();
    for (stands, id) in stands.into_iter().zip(ids) {
        let before = there.remove(&id).unwrap_or_default();
        for (kind, (village, category), digests) in follow(&before, stands) {
            let same = |s: &&Step| s.village == village && s.category == category;
            let old = before.iter().find(same);
            replaced.extend(old.map(|s| (s.village, s.category.clone(), s.n)));
            let was = old.map_or((Vec::new(), Vec::new()), |s| (s.whole.clone(), s.seen.clone()));
            steps.push(Step {
                village,
                category,
                n: 0,
                resident: id,
                kind: kind.into(),
                whole: digests.0,
                seen: digests.1,
                was_whole: was.0,
                was_seen: was.1,
                at: now.millis(),
                latest: true,
            });
        }
    }
    match steps.is_empty() {
        true => Ok(()),
        false => Ok(rosters::enter(db, steps, &replaced).await?),
    }
}

type Roster = (Uuid, String);

/// What leads from the last steps to where somebody stands.
fn follow(before: &[Step], mut stands: BTreeMap<Roster, Digests>) -> Vec<(&'static str, Roster, Digests)> {
    let mut out = Vec::new();
    for step in before {
        let roster = (step.village, step.category.clone());
        let was = step.kind != kind::LEFT;
        match (was, stands.remove(&roster)) {
            (true, None) => out.push((kind::LEFT, roster, (Vec::new(), Vec::new()))),
            (true, Some(now)) if now.0 == step.whole => {}
            (true, Some(now)) => out.push((kind::CHANGED, roster, now)),
            (false, Some(now)) => out.push((kind::JOINED, roster, now)),
            (false, None) => {}
        }
    }
    out.extend(
        stands
            .into_iter()
            .map(|(roster, now)| (kind::JOINED, roster, now)),
    );
    out
}

/// Fields of each category's rows, and which of them its department may know.
struct Views<'a>(BTreeMap<&'static str, Vec<(&'a Field, bool)>>);

impl<'a> Views<'a> {
    fn of(catalogue: &'a Catalogue) -> Views<'a> {
        let alive = |f: &&Field| catalogue.field(f.key).is_some_and(|now| now == *f);
        let alive: Vec<&Field> = catalogue.fields.iter().filter(alive).collect();
        let view = |key: &'static str| {
            let scope = Scope::Categories {
                categories: vec![key.to_owned()],
                department: String::new(),
                villages: None,
            };
            let own = alive.iter().filter(|f| f.category.is_none_or(|c| c == key));
            let known = own.map(|f| (*f, sight(&scope, f) != Sight::Absent));
            (key, known.collect())
        };
        Views(catalogue.categories.iter().map(|c| view(c.key)).collect())
    }
}

/// The rosters that somebody is on, with the digests of the row.
fn standing(
    program: &Program,
    views: &Views<'_>,
    loaded: &Loaded,
    shown: &Json,
) -> BTreeMap<Roster, Digests> {
    let mut out = BTreeMap::new();
    if loaded.record.state != State::Present || loaded.merged_into.is_some() {
        return out;
    }
    let village = loaded.village.unwrap_or(Uuid::nil());
    let lines = &loaded.record.kept.enrolments;
    let conflicts: BTreeSet<&str> = shown["conflicts"]
        .as_object()
        .map(|all| all.keys().map(String::as_str).collect())
        .unwrap_or_default();
    for line in lines.iter().filter(|line| line.until.is_none()) {
        let Some(fields) = views.0.get(line.category.as_str()) else {
            continue;
        };
        let mut about = Vec::with_capacity(512);
        for text in [&line.source, &line.since, &line.status, &line.village] {
            part(&mut about, text.as_bytes());
        }
        part(&mut about, loaded.grid.unwrap_or(Uuid::nil()).as_bytes());
        let mut seen = about.clone();
        for (field, known) in fields {
            let value = &shown["fields"][field.key];
            let disputed = conflicts.contains(field.key);
            if value.is_null() && !disputed {
                continue;
            }
            let from = about.len();
            part(&mut about, field.key.as_bytes());
            part(&mut about, value.to_string().as_bytes());
            about.push(u8::from(disputed));
            if *known {
                seen.extend_from_slice(&about[from..]);
            }
        }
        let digest = |what: &str, bytes: &[u8]| {
            let id = loaded.record.resident.bytes();
            program.keys.digest(&[what.as_bytes(), id, bytes])[..16].to_vec()
        };
        let digests = (digest("roster whole", &about), digest("roster seen", &seen));
        out.insert((village, line.category.clone()), digests);
    }
    out
}

/// Appends a part with its length, so that no two lists of parts read the same.
fn part(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    into.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows() {
        let village = Uuid::from_u128(1);
        let step = |category: &str, kind: &str, whole: u8| Step {
            village,
            category: category.into(),
            n: 1,
            resident: Uuid::nil(),
            kind: kind.into(),
            whole: vec![whole],
            seen: vec![],
            was_whole: vec![],
            was_seen: vec![],
            at: 0,
            latest: true,
        };
        let cases = [
            (vec![], vec![], ""),
            (vec![], vec![("a", 1)], "joined a"),
            (vec![step("a", "joined", 1)], vec![("a", 1)], ""),
            (vec![step("a", "joined", 1)], vec![("a", 2)], "changed a"),
            (vec![step("a", "changed", 1)], vec![], "left a"),
            (vec![step("a", "left", 0)], vec![], ""),
            (vec![step("a", "left", 0)], vec![("a", 0)], "joined a"),
            (vec![step("a", "joined", 1)], vec![("b", 1)], "left a, joined b"),
        ];
        for (n, (before, stands, expected)) in cases.into_iter().enumerate() {
            let stands = stands
                .into_iter()
                .map(|(c, d): (&str, u8)| ((village, c.to_owned()), (vec![d], vec![])));
            let told: Vec<String> = follow(&before, stands.collect())
                .into_iter()
                .map(|(kind, (_, category), _)| format!("{kind} {category}"))
                .collect();
            assert_eq!(told.join(", "), expected, "case {n}");
        }
    }
}
