//! Whom rules find among what was gathered, and what is told of each.

use super::gather::{At, Gathered};
use super::sources::{self, CONFLICTS};
use crate::app::Error;
use crate::lists::ListKind;
use crate::program::Program;
use crate::store::clues::{self, Body, Known, Seen};
use crate::store::{divisions, lists, register};
use domain::date::Date;
use domain::place::{Falls, Gazetteer, Hint};
use matching::clues::{Clue, Ready, Severity, Truth};
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// A clue as it was found, with every id under which it may be known.
pub struct Found {
    pub ids: Vec<Uuid>,
    pub clue: Clue,
    /// See [`Gathered::inputs`].
    pub inputs: i64,
}

/// What a run came to.
pub struct Outcome {
    /// In the order of their ids.
    pub clues: Vec<Found>,
    /// Clues about people of whom a rule does not know whether it finds them.
    pub unsure: HashSet<Uuid>,
    /// Codes of the rules that ran.
    pub ran: Vec<String>,
}

/// Runs all rules over all people.
pub fn find(program: &Program, all: &Gathered, today: Date) -> Outcome {
    let people: Vec<_> = all.people.all.iter().map(|one| &one.person).collect();
    let ready = Ready::new(&all.rules, &all.sheets, &people, today);
    let runs = all.runs(today);
    let (mut clues, mut unsure) = (Vec::new(), HashSet::new());
    for (at, person) in people.iter().copied().enumerate() {
        for (rule, truth) in ready.truths(person) {
            if truth == Truth::No || !runs.contains(&rule) {
                continue;
            }
            let ids = ids(program, all, rule, at);
            match truth {
                Truth::Yes if !ids.is_empty() => {
                    let clue = ready.clue((rule, &all.rules[rule]), (at, person));
                    let inputs = all.inputs(&clue, at as u32);
                    clues.push(Found { ids, clue, inputs });
                }
                _ => unsure.extend(ids),
            }
        }
    }
    // A visit is no list's row: it is told, and is no input that a list could change.
    clues.sort_by_key(|found| found.ids[0]);
    Outcome {
        clues,
        unsure,
        ran: runs.into_iter().map(|at| all.rules[at].code.clone()).collect(),
    }
}

/// The first is what a new clue is called.
fn ids(program: &Program, all: &Gathered, rule: usize, at: usize) -> Vec<Uuid> {
    let (one, code) = (&all.people.all[at], all.rules[rule].code.as_str());
    let hashed = |hash: Option<u128>| hash.map(u128::to_be_bytes);
    let (number, named) = (hashed(one.number), hashed(one.named));
    let known = [
        one.resident.as_ref().map(Known::Resident),
        number.as_ref().map(|hash| Known::Number(hash)),
        named.as_ref().map(|hash| Known::Person(hash)),
    ];
    let known = known
        .into_iter()
        .flatten()
        .chain(one.was.iter().map(Known::Resident));
    known.map(|known| clues::id(&program.keys, code, known)).collect()
}

/// A clue with everything that is told of it.
pub struct Told {
    pub body: Body,
    pub resident: Option<Uuid>,
    pub village: Option<Uuid>,
    pub town: Option<Uuid>,
    /// The owner's kind of list, and the category whose department answers.
    pub kind: String,
    pub category: Option<String>,
    /// Categories that it tells something of, between commas.
    pub reads: String,
}

/// What a person is shown by.
const PERSON: [&str; 6] = ["name", "sex", "birth_date", "id_number", "address", "phone"];

/// Opens what a clue rests on.
pub async fn told(
    program: &Program,
    all: &Gathered,
    found: &Found,
    months: &BTreeMap<Uuid, String>,
    today: Date,
) -> Result<Told, Error> {
    let db = program.db.read();
    let (rule, one) = (&all.rules[found.clue.rule], &all.people.all[found.clue.person]);
    let mut body = Body {
        says: rule.says.clone(),
        number: rule.number,
        severity: severity(rule.severity).to_owned(),
        basis: rule.basis.clone(),
        stake: found.clue.stake.map(|stake| (stake.months, stake.fen)),
        at: today.to_string(),
        ..Body::default()
    };
    let (mut values, mut reads) = (BTreeMap::new(), Vec::new());
    let mut category = None;
    let mut keep = |from: &BTreeMap<String, String>| {
        for key in PERSON.iter().chain(&["town", "village"]) {
            if let Some(text) = from.get(*key) {
                values.entry((*key).to_owned()).or_insert_with(|| text.clone());
            }
        }
    };
    if let Some(entry) = one.entry {
        for entry in register::by_ids(db, &program.keys, &[entry]).await? {
            body.register = Some((entry.list, months.get(&entry.list).cloned().unwrap_or_default()));
            keep(&entry.values);
        }
    }
    for (at, of, cells) in all.cells(rule, &found.clue.evidence.rows) {
        let At { source, sheet, row } = at;
        let Some(list) = source.map(|source| &all.sources[source].list) else {
            body.rows.push(Seen {
                of: of.to_owned(),
                kind: of.to_owned(),
                cells,
                ..Seen::default()
            });
            continue;
        };
        let content = lists::row_at(db, &program.keys, list.id, sheet, row).await?;
        if let Some(row) = &content {
            keep(&row.content.values);
        }
        let own = sources::category_of(&list.kind, content.as_ref().map(|row| &row.content));
        if (of == rule.owner || of == CONFLICTS) && category.is_none() {
            category.clone_from(&own);
        }
        reads.extend(own);
        body.rows.push(Seen {
            list: list.id,
            of: of.to_owned(),
            kind: list.kind.clone(),
            source: list.source.clone(),
            month: list.month.clone(),
            sheet,
            row,
            cells,
        });
    }
    // That somebody does not stand on a list tells of its categories too.
    for of in rule.inputs() {
        if !body.rows.iter().any(|row| row.of == of) {
            reads.extend(categories(of).iter().map(|c| (*c).to_owned()));
        }
    }
    let category = category.or_else(|| sources::category_of(&rule.owner, None));
    reads.sort();
    reads.dedup();
    let (resident, mut village, mut town) = home(program, one.resident).await?;
    if resident.is_none() {
        (village, town) = placed(&all.gazetteer, &values);
    }
    values.retain(|key, _| PERSON.contains(&key.as_str()));
    body.person = values;
    Ok(Told {
        body,
        resident,
        village,
        town,
        kind: sources::kind(&rule.owner).map_or(rule.owner.clone(), |kind| kind.name().to_owned()),
        category,
        reads: reads
            .iter()
            .fold(",".to_owned(), |all, one| format!("{all}{one},")),
    })
}

fn categories(of: &str) -> &'static [&'static str] {
    match sources::kind(of) {
        Some(ListKind::Disabled) => &["disabled"],
        Some(ListKind::LowIncome) => &["low_income", "low_income_edge", "destitute"],
        Some(ListKind::OldAgeAllowance) => &["old_age_allowance"],
        _ => &[],
    }
}

pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Entitled => "entitled",
        Severity::Overpaid => "overpaid",
        Severity::Data => "data",
    }
}

type Home = (Option<Uuid>, Option<Uuid>, Option<Uuid>);

/// The resident, as far as there is one, with village and town.
async fn home(program: &Program, resident: Option<Uuid>) -> Result<Home, Error> {
    let Some(id) = resident else {
        return Ok((None, None, None));
    };
    let db = program.db.read();
    let Some(village) = clues::village_of(db, id).await? else {
        return Ok((None, None, None));
    };
    let Some(village) = village else {
        return Ok((Some(id), None, None));
    };
    let town = divisions::find(db, village).await?.and_then(|d| d.parent);
    Ok((Some(id), Some(village), town))
}

/// Where somebody lives who is no resident, as far as the address tells.
fn placed(gazetteer: &Gazetteer, values: &BTreeMap<String, String>) -> (Option<Uuid>, Option<Uuid>) {
    let get = |key: &str| values.get(key).map(String::as_str).unwrap_or_default();
    let around = gazetteer.place(&format!("{}{}", get("town"), get("village")), Hint::default());
    let read = gazetteer.place(get("address"), around.hint());
    let placed = match read.falls() {
        Falls::County => around,
        _ => read,
    };
    let id = |d: Option<domain::DivisionId>| d.map(|d| d.uuid());
    match placed.falls() {
        Falls::Grid(_) | Falls::Village(_) => (id(placed.village), id(placed.town)),
        Falls::Town(_) => (None, id(placed.town)),
        Falls::County => (None, None),
    }
}
