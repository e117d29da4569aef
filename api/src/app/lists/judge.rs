//! One step of a list of people, judged on records in memory.
//!
//! [`judge`] writes nothing: a commit writes what it came to with [`Judged::write`], a dry run keeps the verdicts and
//! throws the rest away. So both say the same of the same rows.

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
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What the rows of one step come to.
pub struct Judged<'a> {
    /// In the order of the rows.
    pub outcomes: Vec<Outcome>,
    /// People who were no residents before.
    pub(super) entered: BTreeSet<Uuid>,
    pub(super) desk: Desk<'a>,
    pub(super) open: BTreeMap<Uuid, BTreeMap<String, Open>>,
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
    let mut open: BTreeMap<Uuid, BTreeMap<String, Open>> = BTreeMap::new();
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
    let mut residents: Vec<_> = desk.records.values().map(people::resident).collect();
    carried.retain(|p| !desk.records.contains_key(&p.key.uuid()));
    residents.extend(carried);
    let mut run = Run {
        cx,
        residents,
        listed: listed(&found.register),
        register: found.register,
        previous,
        desk,
        open,
        told: told(txn, cx, rows).await?,
        erased: found.erased,
        remembered,
        questions: Vec::new(),
        episodes: Vec::new(),
        to_town: Vec::new(),
        entered: BTreeSet::new(),
    };
    let mut outcomes = Vec::new();
    for row in rows {
        let outcome = run.one(row)?;
        run.told.insert((row.sheet, row.row), outcome.clone());
        outcomes.push(outcome);
    }
    let mut judged = Judged {
        outcomes,
        entered: run.entered,
        desk: run.desk,
        open: run.open,
        questions: run.questions,
        episodes: run.episodes,
        to_town: run.to_town,
    };
    if let Some(carry) = carry {
        carry.keep(cx.program, &mut judged);
    }
    Ok(judged)
}

/// What became of the rows of earlier steps that these rows repeat.
async fn told(txn: &Txn, cx: &Commit<'_>, rows: &[Row]) -> Result<BTreeMap<(i32, i32), Outcome>, Error> {
    let here: BTreeSet<(i32, i32)> = rows.iter().map(|r| (r.sheet, r.row)).collect();
    let repeated = rows.iter().filter_map(|r| r.content.same_as);
    let repeated: BTreeSet<(i32, i32)> = repeated.filter(|place| !here.contains(place)).collect();
    Ok(lists::said_of(&**txn, cx.list.id, &repeated, cx.stage).await?)
}

impl Judged<'_> {
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
