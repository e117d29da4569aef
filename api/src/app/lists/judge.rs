//! One step of a list of people, judged on records in memory.
//!
//! [`judge`] writes nothing: a commit writes what it came to with [`Judged::write`], a dry run keeps the verdicts and
//! throws the rest away. So both say the same of the same rows.

use super::apart::divide;
use super::carry::Carry;
use super::enrol::Run;
use super::episode::{self, Episode, Open};
use super::items::Question;
use super::known_again::Remembered;
use super::people::{self, listed};
use super::steps::{Answer, Commit};
use crate::app::Error;
use crate::app::desk::Desk;
use crate::store::db::Txn;
use crate::store::enrolments;
use crate::store::lists::{self, Outcome, Row, Stage};
use crate::store::register::Entry;
use domain::ResidentId;
use matching::link::Person;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// What the rows of one step come to.
pub struct Judged<'a> {
    /// In the order of the rows.
    pub outcomes: Vec<Outcome>,
    /// People who were no residents before.
    pub(super) entered: BTreeSet<Uuid>,
    pub(super) desk: Desk<'a>,
    pub(super) open: OpenOf,
    questions: Vec<Question<'a>>,
    episodes: Vec<Episode>,
    /// Residents whose town is known and whose village is not.
    to_town: Vec<(Uuid, Uuid)>,
}

/// Judges some rows; a dry run gives what its earlier steps came to.
pub async fn judge<'a>(
    txn: &Txn,
    cx: &'a Commit<'a>,
    rows: &'a [Row],
    mut carry: Option<&mut Carry>,
) -> Result<Judged<'a>, Error> {
    let db = &**txn;
    let hashes = people::hashes(cx.program, rows);
    let mut found = people::find(db, cx.program, &hashes).await?;
    let remembered = Remembered::of(db, cx, rows).await?;
    found.residents.extend(remembered.residents());
    if let Some(Answer::Resident(id)) = cx.answer {
        found.residents.insert(id);
    }
    let mut desk = match cx.stage {
        Stage::Final => Desk::open(txn, cx.program, &found.residents, &[], cx.now).await?,
        Stage::Planned => Desk::look(txn, cx.program, &found.residents, cx.now).await?,
    };
    desk.placed_by = Some(cx.account);
    desk.places = Some(cx.gazetteer);
    // With the survivors of those who were merged.
    let ids: Vec<Uuid> = desk.records.keys().copied().collect();
    let mut open: OpenOf = BTreeMap::new();
    for row in enrolments::open_of_all(db, &ids).await? {
        let of_person = open.entry(row.resident).or_default();
        of_person.insert(row.category.clone(), row.into());
    }
    let before: Vec<Uuid> = cx.earlier.iter().map(|l| l.id).collect();
    let mut previous = lists::rows_of(db, &cx.program.keys, &before, &ids).await?;
    previous.sort_by_key(|row| before.iter().position(|id| *id == row.list));
    let mut carried = Vec::new();
    if let Some(carry) = &mut carry {
        carried = carry.people(&hashes);
        let mut ids = found.residents.clone();
        ids.extend(carried.iter().map(|p| p.key.uuid()));
        for (id, (loaded, of_person)) in carry.records(&ids) {
            desk.records.insert(id, loaded);
            open.insert(id, of_person);
        }
    }
    carried.retain(|p| !desk.records.contains_key(&p.key.uuid()));
    let known = Known {
        cx,
        rows,
        listed: listed(&found.register).into(),
        register: found.register.into(),
        erased: found.erased.into(),
        remembered: remembered.into(),
        told: told(txn, cx, rows).await?,
    };
    // What a dry run carries from step to step is not divided.
    let most = match &carry {
        Some(_) => 1,
        None => rayon::current_num_threads(),
    };
    let mut judged = known.judge(desk, open, previous, carried, most)?;
    if let Some(carry) = carry {
        carry.keep(cx.program, &mut judged);
    }
    Ok(judged)
}

/// What all parts of a step go by.
struct Known<'a> {
    cx: &'a Commit<'a>,
    rows: &'a [Row],
    listed: Arc<[Person<i64>]>,
    register: Arc<BTreeMap<i64, Entry>>,
    erased: Arc<BTreeSet<Vec<u8>>>,
    remembered: Arc<Remembered>,
    told: BTreeMap<(i32, i32), Outcome>,
}

type OpenOf = BTreeMap<Uuid, BTreeMap<String, Open>>;

impl<'a> Known<'a> {
    /// Judges the rows, those that have nothing to do with each other on several threads.
    fn judge(
        &self,
        mut desk: Desk<'a>,
        mut open: OpenOf,
        previous: Vec<Row>,
        carried: Vec<Person<ResidentId>>,
        most: usize,
    ) -> Result<Judged<'a>, Error> {
        let parts = divide(self.rows, &desk.records, &self.register, &self.remembered, most);
        if let [(rows, _)] = parts.as_slice() {
            return self.part(rows, desk, open, previous, carried);
        }
        let mut previous = by_resident(previous);
        let own = |(rows, residents): &'_ (Vec<usize>, Vec<Uuid>)| {
            let previous = take(&mut previous, residents);
            let previous = previous.into_values().flatten().collect();
            let desk = desk.part(&residents.iter().copied().collect());
            (rows.clone(), desk, take(&mut open, residents), previous)
        };
        let all: Vec<_> = parts.iter().map(own).collect();
        let done: Vec<Result<_, Error>> = all
            .into_par_iter()
            .map(|(rows, desk, open, previous)| self.part(&rows, desk, open, previous, Vec::new()))
            .collect();
        let mut out: Option<Judged<'a>> = None;
        let mut outcomes: Vec<(usize, Outcome)> = Vec::with_capacity(self.rows.len());
        for (part, (rows, _)) in done.into_iter().zip(&parts) {
            let mut part = part?;
            outcomes.extend(rows.iter().copied().zip(std::mem::take(&mut part.outcomes)));
            match &mut out {
                None => out = Some(part),
                Some(out) => out.join(part),
            }
        }
        outcomes.sort_by_key(|(at, _)| *at);
        let mut out = out.expect("there is one part at least");
        out.outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
        Ok(out)
    }

    /// Judges the rows of one part, in the order of the file.
    fn part(
        &self,
        rows: &[usize],
        desk: Desk<'a>,
        open: OpenOf,
        previous: Vec<Row>,
        carried: Vec<Person<ResidentId>>,
    ) -> Result<Judged<'a>, Error> {
        let mut residents: Vec<_> = desk.records.values().map(people::resident).collect();
        residents.extend(carried);
        let mut run = Run {
            cx: self.cx,
            residents,
            listed: self.listed.clone(),
            register: self.register.clone(),
            previous,
            desk,
            open,
            told: self.told.clone(),
            erased: self.erased.clone(),
            remembered: self.remembered.clone(),
            questions: Vec::new(),
            episodes: Vec::new(),
            to_town: Vec::new(),
            entered: BTreeSet::new(),
        };
        let mut outcomes = Vec::new();
        for row in rows.iter().map(|at| &self.rows[*at]) {
            let outcome = run.one(row)?;
            run.told.insert((row.sheet, row.row), outcome.clone());
            outcomes.push(outcome);
        }
        Ok(Judged {
            outcomes,
            entered: run.entered,
            desk: run.desk,
            open: run.open,
            questions: run.questions,
            episodes: run.episodes,
            to_town: run.to_town,
        })
    }
}

/// The latest month stays first.
fn by_resident(rows: Vec<Row>) -> BTreeMap<Uuid, Vec<Row>> {
    let mut out: BTreeMap<Uuid, Vec<Row>> = BTreeMap::new();
    for row in rows {
        out.entry(row.resident.unwrap_or_default()).or_default().push(row);
    }
    out
}

fn take<T>(from: &mut BTreeMap<Uuid, T>, ids: &[Uuid]) -> BTreeMap<Uuid, T> {
    let found = ids.iter().filter_map(|id| Some((*id, from.remove(id)?)));
    found.collect()
}

/// What became of the rows of earlier steps that these rows repeat.
async fn told(txn: &Txn, cx: &Commit<'_>, rows: &[Row]) -> Result<BTreeMap<(i32, i32), Outcome>, Error> {
    let here: BTreeSet<(i32, i32)> = rows.iter().map(|r| (r.sheet, r.row)).collect();
    let repeated = rows.iter().filter_map(|r| r.content.same_as);
    let repeated: BTreeSet<(i32, i32)> = repeated.filter(|place| !here.contains(place)).collect();
    Ok(lists::said_of(&**txn, cx.list.id, &repeated, cx.stage).await?)
}

impl<'a> Judged<'a> {
    /// Takes in what rows about other people came to; their outcomes are the caller's.
    fn join(&mut self, other: Judged<'a>) {
        self.entered.extend(other.entered);
        self.desk.join(other.desk);
        self.open.extend(other.open);
        self.questions.extend(other.questions);
        self.episodes.extend(other.episodes);
        self.to_town.extend(other.to_town);
    }

    /// The same with other words about the rows.
    pub fn saying(mut self, outcomes: Vec<Outcome>) -> Self {
        self.outcomes = outcomes;
        self
    }

    /// Writes everything that the rows come to, their verdicts too.
    pub async fn write(self, txn: &Txn, cx: &Commit<'_>, rows: &[Row]) -> Result<(), Error> {
        let db = &**txn;
        cx.ask(db, &self.questions).await?;
        episode::write(db, cx, self.episodes).await?;
        self.desk.save().await?;
        lists::to_town(db, &self.to_town).await?;
        Ok(lists::judge(db, rows, &self.outcomes, cx.stage).await?)
    }
}
