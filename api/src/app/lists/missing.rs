//! People whom a complete list should name and does not: inside its division, in the categories that it speaks of,
//! and on the roster by the same source. The village is asked; nobody is taken off by silence.

use super::evidence;
use super::items::MISSING;
use super::moved::{self, Begun, Moved};
use super::people;
use super::row::{category, identity};
use super::steps::Commit;
use crate::app::Error;
use crate::app::desk::{Desk, survivors};
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::lists::{self, Content, MISSING_SHEET, Part, Row, Stage};
use crate::store::{divisions, enrolments, records};
use domain::ResidentId;
use matching::link::{Person, link};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Rows that are read at once.
const PAGE: u64 = 1000;

/// Who was on the roster before a list, and who of them it does not name.
#[derive(Default)]
pub struct Compared {
    pub known: i32,
    pub absent: Vec<Absent>,
    /// Who is in another category than before.
    pub moved: Vec<Moved>,
}

pub struct Absent {
    pub resident: Uuid,
    pub category: String,
    /// As the list says it elsewhere: the key of the row that stands for the absence.
    digest: Vec<u8>,
}

/// Compares the roster with a list whose rows have been judged.
pub async fn compare<C: ConnectionTrait>(db: &C, cx: &Commit<'_>) -> Result<Compared, Error> {
    let list = cx.list;
    if !cx.enrols() || cx.history {
        return Ok(Compared::default());
    }
    let named = named(db, cx).await?;
    let categories: Vec<&str> = named.categories.iter().copied().collect();
    // Who is in no village is somewhere in the county, and nowhere that is smaller.
    let county = divisions::find(db, list.division)
        .await?
        .is_none_or(|d| d.parent.is_none());
    let below = match county {
        true => None,
        false => Some(divisions::below(db, &[list.division]).await?),
    };
    let known = enrolments::of_source(db, &list.source, &categories, below.as_deref()).await?;
    let in_file = |id: Uuid, category: &str| named.people.contains(&(id, category.to_owned()));
    let moved = moved::find(db, cx, &named.begun, in_file).await?;
    let left: BTreeSet<(Uuid, &str)> = moved
        .iter()
        .map(|m| (m.begun.resident, m.from.as_str()))
        .collect();
    let absent = known
        .iter()
        .filter(|_| list.complete)
        .filter(|(resident, category)| {
            !named.somebody.contains(resident)
                && !in_file(*resident, category)
                && !left.contains(&(*resident, category.as_str()))
        });
    let absent = absent.map(|(resident, category)| Absent {
        resident: *resident,
        category: category.clone(),
        digest: cx
            .program
            .keys
            .digest(&[
                b"missing",
                list.id.as_bytes(),
                resident.as_bytes(),
                category.as_bytes(),
            ])
            .to_vec(),
    });
    let absent = absent.collect();
    Ok(Compared {
        known: known.len() as i32,
        absent,
        moved,
    })
}

/// Whom a list names.
#[derive(Default)]
struct Named {
    /// Those that at least one row speaks of: a list of 低保 alone says nothing of 特困.
    categories: BTreeSet<&'static str>,
    people: BTreeSet<(Uuid, String)>,
    /// Those who are new in a category, with their row.
    begun: Vec<Begun>,
    /// Whoever may be meant by a row that waits for a person: nobody can say yet that they are missing.
    somebody: BTreeSet<Uuid>,
}

async fn named<C: ConnectionTrait>(db: &C, cx: &Commit<'_>) -> Result<Named, Error> {
    let (list, keys) = (cx.list, &cx.program.keys);
    let (mut out, mut after) = (Named::default(), None);
    loop {
        let part = Part {
            after,
            limit: Some(PAGE),
            of_file: true,
            ..Part::default()
        };
        let rows = lists::rows(db, keys, list.id, part).await?;
        let Some(last) = rows.last() else { return Ok(out) };
        after = Some((last.sheet, last.row));
        let mut waiting = Vec::new();
        for row in rows {
            let category = category(&list.kind, &row.content);
            out.categories.extend(category);
            match (row.resident, category) {
                (Some(resident), Some(category)) => {
                    out.people.insert((resident, category.to_owned()));
                    let verdict = match cx.stage {
                        Stage::Planned => &row.planned,
                        Stage::Final => &row.verdict,
                    };
                    if verdict.as_deref() == Some("new") {
                        out.begun.push(Begun {
                            resident,
                            category,
                            place: (row.sheet, row.row),
                        });
                    }
                }
                _ => waiting.push(row),
            }
        }
        for part in waiting.chunks(200) {
            out.somebody.extend(meant(db, cx.program, part).await?);
        }
    }
}

/// Residents whom rows may be about that are not linked.
async fn meant<C: ConnectionTrait>(db: &C, program: &Program, rows: &[Row]) -> Result<BTreeSet<Uuid>, Error> {
    let found = people::find(db, program, &people::hashes(program, rows)).await?;
    let mut loaded = records::look_at(db, &program.keys, &found.residents).await?;
    survivors(db, program, &mut loaded, false).await?;
    let residents: Vec<Person<ResidentId>> = loaded.values().map(people::resident).collect();
    let mut out = BTreeSet::new();
    for row in rows {
        let linked = link::<i64>(&identity(&row.content), &residents, &[]);
        out.extend(super::enrol::meant(&linked));
        out.extend(evidence::residents(row, &residents));
    }
    Ok(out)
}

/// The rows that stand for absences, behind those of the file; what is there from before keeps its place.
pub struct Noted {
    /// To be inserted.
    pub new: Vec<Row>,
    /// There already, by row.
    pub kept: Vec<i32>,
    /// No longer true.
    pub gone: Vec<i32>,
    /// Of `new` and `kept`, by row: who is missing, and what is told so far.
    pub people: BTreeMap<i32, (Uuid, String)>,
}

/// Lays the absences beside the rows that are there from a dry run before.
pub async fn note<C: ConnectionTrait>(db: &C, cx: &Commit<'_>, absent: &[Absent]) -> Result<Noted, Error> {
    let there = lists::missing(db, cx.list.id).await?;
    let mut next = there.last().map_or(1, |row| row.row + 1);
    let places: BTreeMap<&[u8], i32> = there.iter().map(|r| (r.digest.as_slice(), r.row)).collect();
    let ids: Vec<Uuid> = absent.iter().map(|a| a.resident).collect();
    let said = last_said(db, cx, &ids).await?;
    let mut out = Noted {
        new: Vec::new(),
        kept: Vec::new(),
        gone: Vec::new(),
        people: BTreeMap::new(),
    };
    for one in absent {
        let row = places.get(one.digest.as_slice()).copied();
        let place = row.unwrap_or(next);
        out.people.insert(place, (one.resident, one.category.clone()));
        if row.is_some() {
            out.kept.push(place);
            continue;
        }
        next += 1;
        let content = said.get(&(one.resident, one.category.clone())).cloned();
        let content = content.unwrap_or_default();
        out.new.push(Row {
            list: cx.list.id,
            sheet: MISSING_SHEET,
            row: place,
            digest: one.digest.clone(),
            resident: Some(one.resident),
            verdict: None,
            reason: None,
            planned: None,
            planned_reason: None,
            content,
            evidence: None,
        });
    }
    let kept: BTreeSet<i32> = out.kept.iter().copied().collect();
    out.gone = there
        .iter()
        .map(|r| r.row)
        .filter(|row| !kept.contains(row))
        .collect();
    Ok(out)
}

/// What the source said of these residents before, for whoever reads the verdict.
async fn last_said<C: ConnectionTrait>(
    db: &C,
    cx: &Commit<'_>,
    residents: &[Uuid],
) -> Result<BTreeMap<(Uuid, String), Content>, Error> {
    let before: Vec<Uuid> = cx.earlier.iter().map(|l| l.id).collect();
    let mut out = BTreeMap::new();
    for part in residents.chunks(200) {
        let mut rows = lists::rows_of(db, &cx.program.keys, &before, part).await?;
        rows.sort_by_key(|row| before.iter().position(|id| *id == row.list));
        for row in rows {
            let category = category(&cx.list.kind, &row.content);
            let (Some(resident), Some(category)) = (row.resident, category) else {
                continue;
            };
            out.entry((resident, category.to_owned())).or_insert(row.content);
        }
    }
    Ok(out)
}

pub fn reason(cx: &Commit<'_>) -> String {
    match cx.earlier.first() {
        Some(last) => format!(
            "名单中没有此人，此前（最近一次为 {}）的名单有；在册不变，待村居核实",
            last.month
        ),
        None => "名单中没有此人；在册不变，待村居核实".to_owned(),
    }
}

/// Asks the village about some of those who are missing.
pub async fn ask(txn: &Txn, cx: &Commit<'_>, part: &[(i32, (Uuid, String))]) -> Result<(), Error> {
    debug_assert!(cx.stage == Stage::Final, "a dry run asks nobody");
    let ids: BTreeSet<Uuid> = part.iter().map(|(_, (resident, _))| *resident).collect();
    let mut desk = Desk::open(txn, cx.program, &ids, &[], cx.now).await?;
    for (row, (resident, category)) in part {
        if !desk.records.contains_key(resident) {
            continue;
        }
        let edit = cx.derive("missing", (MISSING_SHEET, *row), *resident);
        let side = json!({
            "edit": edit.to_string(), "by": cx.name(), "at": cx.begun.to_string(),
            "month": cx.list.month, "list": cx.list.id, "value": null,
        });
        desk.add_side(*resident, MISSING, &format!("{category}.status"), side, json!({}));
        desk.touch(*resident);
    }
    desk.save().await
}
