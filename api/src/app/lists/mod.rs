//! Lists in 名单: handed in, shown, committed row by row into register, grids and records.
//!
//! `upload` keeps the file and its reading, `commit` starts the job and runs it in steps; `register`, `draw` and
//! `enrol` are what a step does for each kind of list.

mod commit;
pub(crate) mod draw;
pub(crate) mod enrol;
mod episode;
mod items;
mod people;
mod person;
pub(crate) mod register;
mod row;
pub(crate) mod steps;
mod upload;

pub use commit::{Started, commit};
pub use upload::{NewList, Uploaded, upload};

use crate::actor::Actor;
use crate::app::Error;
use crate::program::Program;
use crate::store::jobs::{self, JobKind};
use crate::store::lists::{self, Head, Row};
use domain::catalogue::Role;
use entity::{job, list};
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
    },
}

impl Reach {
    /// # Errors
    /// `Forbidden` for whoever is neither bureau nor department.
    pub fn of(actor: &Actor) -> Result<Reach, Error> {
        actor.ready()?;
        actor.must_be(&[Role::BureauAdmin, Role::Department])?;
        match (actor.is_county(), actor.department()) {
            (true, _) => Ok(Reach::All),
            (false, Some(department)) => Ok(Reach::Source {
                department: department.to_owned(),
                categories: actor.categories(),
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
    pub job: Option<job::Model>,
}

/// One list in reach.
///
/// # Errors
/// [`Error::NotFound`] for what does not exist and for another department's.
pub async fn get(program: &Program, reach: &Reach, id: Uuid) -> Result<ListView, Error> {
    let row = found(program, reach, id).await?;
    view(program, row).await
}

/// One page of the lists in reach, newest first.
pub async fn page(
    program: &Program,
    reach: &Reach,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<ListView>, Error> {
    let source = match reach {
        Reach::All => None,
        Reach::Source { department, .. } => Some(department.as_str()),
    };
    let mut out = Vec::new();
    for row in lists::page(program.db.read(), source, after, limit).await? {
        out.push(view(program, row).await?);
    }
    Ok(out)
}

/// Rows of a list in reach, in the order of the file.
pub async fn rows(
    program: &Program,
    reach: &Reach,
    id: Uuid,
    verdict: Option<&str>,
    after: Option<(i32, i32)>,
    limit: u64,
) -> Result<Vec<Row>, Error> {
    found(program, reach, id).await?;
    Ok(lists::rows(program.db.read(), &program.keys, id, verdict, after, Some(limit)).await?)
}

async fn found(program: &Program, reach: &Reach, id: Uuid) -> Result<list::Model, Error> {
    let row = lists::find(program.db.read(), id).await?;
    row.filter(|row| reach.has(&row.source)).ok_or(Error::NotFound)
}

async fn view(program: &Program, row: list::Model) -> Result<ListView, Error> {
    let db = program.db.read();
    let mut verdicts = lists::verdicts(db, row.id).await?;
    verdicts.remove("");
    Ok(ListView {
        head: lists::head(&program.keys, &row)?,
        verdicts,
        job: jobs::of_subject(db, JobKind::CommitList.name(), row.id).await?,
        row,
    })
}
