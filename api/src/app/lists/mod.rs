//! Lists in 名单: handed in, shown, committed row by row into register, grids and records.
//!
//! `upload` keeps the file and its reading, `dry_run` and `commit` start the jobs that go through it in steps;
//! `register`, `draw` and `judge` judge a step of each kind of list, and write it when it is committed.

pub(in crate::app) mod alive_again;
pub(crate) mod answering;
mod apart;
mod back;
mod built;
pub(crate) mod carry;
mod commit;
mod difference;
pub(crate) mod draw;
mod dry_run;
mod enrol;
mod episode;
pub(crate) mod evidence;
pub(crate) mod figures;
pub(crate) mod ground;
mod household;
mod items;
pub(crate) mod judge;
mod known_again;
pub(crate) mod later;
pub(crate) mod lesson;
pub(crate) mod link_again;
mod linked_by;
mod mapping;
pub(crate) mod missing;
pub(crate) mod moved;
pub(in crate::app) mod own;
mod people;
mod person;
mod read_in;
pub(crate) mod register;

pub(crate) mod row;
mod say;
mod silent;
pub(crate) mod steps;
mod undo;
pub(crate) mod undoing;
mod upload;
mod verdict_file;
pub(crate) mod waiting;
mod whom;

pub use commit::{Started, commit};
pub use difference::{Change, Difference, FieldChange, difference};
pub use dry_run::dry_run;
pub use figures::Named;
pub use linked_by::{Compared, LinkedBy, linked_by};
pub use mapping::{Answered, Correction, correct, forget, remembered};
pub(in crate::app) use people::resident as person_of;
pub use undo::undo;
pub use upload::{NewList, Uploaded, tidy, upload};
pub use verdict_file::{VerdictFile, verdict_file};

use crate::actor::{Actor, Operation};
use crate::app::Error;
use crate::program::Program;
use crate::store::jobs::{self, JobKind};
use crate::store::lists::{self, Head, Part, Row, Stage, state};
use domain::catalogue::Role;
use entity::{job, list};
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Whose lists somebody hands in and sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    All,
    /// Those of this department, which enrol in its categories only.
    Source {
        department: String,
        categories: Vec<String>,
        /// Of a client: the kinds that it hands in.
        kinds: Option<Vec<String>>,
        /// Of a client that is not the whole county's: its divisions and all below them.
        divisions: Option<Vec<Uuid>>,
    },
}

impl Reach {
    /// # Errors
    /// `Forbidden` for whoever is neither bureau nor department, and for clients that hand nothing in.
    pub fn of(actor: &Actor) -> Result<Reach, Error> {
        actor.ready()?;
        actor.must_be(&[Role::BureauAdmin, Role::Department])?;
        actor.may(Operation::HandIn)?;
        match (actor.is_county(), actor.department()) {
            (true, _) => Ok(Reach::All),
            (false, Some(department)) => Ok(Reach::Source {
                department: department.to_owned(),
                categories: actor.categories(),
                kinds: actor.client.as_ref().map(|c| c.kinds.clone()),
                divisions: actor.client.as_ref().and_then(|c| c.divisions.clone()),
            }),
            (false, None) => Err(Error::Forbidden {
                code: "department_needed",
                message: "账号没有所属部门，不能提交名单",
            }),
        }
    }

    fn has(&self, source: &str) -> bool {
        match self {
            Reach::All => true,
            Reach::Source { department, .. } => department == source,
        }
    }

    /// Whether such lists of this division are within a client's scopes.
    fn covers(&self, kind: &str, division: Uuid) -> bool {
        match self {
            Reach::All => true,
            Reach::Source { kinds, divisions, .. } => {
                kinds.as_ref().is_none_or(|own| own.iter().any(|k| k == kind))
                    && divisions.as_ref().is_none_or(|own| own.contains(&division))
            }
        }
    }

    /// Whether what is remembered of such lists' columns is within reach.
    fn remembers(&self, source: &str, kind: &str) -> bool {
        let kinds = match self {
            Reach::All => None,
            Reach::Source { kinds, .. } => kinds.as_ref(),
        };
        self.has(source) && kinds.is_none_or(|own| own.iter().any(|k| k == kind))
    }

    fn sees(&self, row: &list::Model) -> bool {
        self.has(&row.source) && self.covers(&row.kind, row.division)
    }

    /// Whether rows may be handed in that enrol in this category.
    fn enrols(&self, category: &str) -> bool {
        match self {
            Reach::All => true,
            Reach::Source { categories, .. } => categories.iter().any(|own| own == category),
        }
    }
}

/// A list as it is shown.
pub struct ListView {
    pub row: list::Model,
    pub head: Head,
    /// Rows by verdict; empty before the commit.
    pub verdicts: BTreeMap<String, i64>,
    /// Rows by what the newest dry run says of them.
    pub planned: BTreeMap<String, i64>,
    /// The commit's.
    pub job: Option<job::Model>,
    /// The newest dry run's.
    pub dry_run: Option<job::Model>,
    /// The undoing's.
    pub undo: Option<job::Model>,
}

/// One list in reach.
///
/// # Errors
/// [`Error::NotFound`] for what does not exist and for another department's.
pub async fn get(program: &Program, reach: &Reach, id: Uuid) -> Result<ListView, Error> {
    // One moment: a job that is shown as done has its verdicts shown too.
    let txn = program.db.snapshot().await?;
    let row = lists::find(&txn, id).await?;
    let row = row.filter(|row| reach.sees(row)).ok_or(Error::NotFound)?;
    let mut view = view(&txn, program, row).await?;
    view.head
        .notes
        .extend(silent::columns(&txn, program, &view).await?);
    txn.commit().await?;
    Ok(view)
}

/// One page of the lists in reach, newest first.
pub async fn page(
    program: &Program,
    reach: &Reach,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<ListView>, Error> {
    let whose = match reach {
        Reach::All => lists::Whose::default(),
        Reach::Source {
            department,
            kinds,
            divisions,
            ..
        } => lists::Whose {
            source: Some(department),
            kinds: kinds.as_deref(),
            divisions: divisions.as_deref(),
        },
    };
    let mut out = Vec::new();
    let txn = program.db.snapshot().await?;
    for row in lists::page(&txn, whose, after, limit).await? {
        out.push(view(&txn, program, row).await?);
    }
    txn.commit().await?;
    Ok(out)
}

/// Rows of a list in reach, in the order of the file.
pub async fn rows(program: &Program, reach: &Reach, id: Uuid, part: Part<'_>) -> Result<Page, Error> {
    let list = found(program, reach, id).await?;
    let mut rows = lists::rows(program.db.read(), &program.keys, id, part).await?;
    if *reach != Reach::All && list.state == state::UPLOADED {
        // Whoever would be new to the department's roster may be on another's, of which it knows nothing.
        for row in rows
            .iter_mut()
            .filter(|row| row.planned.as_deref() == Some("new"))
        {
            row.resident = None;
        }
    }
    let decisions = lists::decisions(program.db.read(), &program.keys, id).await?;
    Ok(Page { rows, decisions })
}

/// Some rows of a list.
pub struct Page {
    pub rows: Vec<Row>,
    /// Who decided what about rows of the list, by sheet and row.
    pub decisions: BTreeMap<(i32, i32), serde_json::Value>,
}

async fn found(program: &Program, reach: &Reach, id: Uuid) -> Result<list::Model, Error> {
    let row = lists::find(program.db.read(), id).await?;
    row.filter(|row| reach.sees(row)).ok_or(Error::NotFound)
}

async fn view<C: ConnectionTrait>(db: &C, program: &Program, row: list::Model) -> Result<ListView, Error> {
    let mut verdicts = lists::verdicts(db, row.id, Stage::Final).await?;
    verdicts.remove("");
    let mut planned = lists::verdicts(db, row.id, Stage::Planned).await?;
    planned.remove("");
    Ok(ListView {
        head: lists::head(&program.keys, &row)?,
        verdicts,
        planned,
        job: jobs::of_subject(db, JobKind::CommitList.name(), row.id).await?,
        dry_run: jobs::of_subject(db, JobKind::TryList.name(), row.id).await?,
        undo: jobs::of_subject(db, JobKind::UndoList.name(), row.id).await?,
        row,
    })
}
