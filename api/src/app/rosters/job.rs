//! Exports in the background: announced and put in line, opened by whoever runs them, looked at and removed by their
//! owner.

use super::mark::Mark;
use super::pages::Source;
use super::permission::{Permission, asker};
use super::plan::{Ages, Plan};
use super::run::{self, Run};
use super::{Format, Wanted, cursor};
use crate::actor::{Actor, Operation};
use crate::app::Error;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::divisions;
use crate::store::files::{self, FileInfo};
use crate::store::jobs::{self, Job, JobKind, NewJob};
use crate::store::roster_exports::{self as exports, Export, Spec};
use crate::store::rosters::{self, Narrow};
use domain::Instant;
use domain::date::parse_wire;
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use uuid::Uuid;

/// Announces an export and puts it in line.
///
/// # Errors
/// `OverQuota` `row_quota`.
#[expect(
    clippy::too_many_arguments,
    reason = "each is one thing that is kept of the wish"
)]
pub(super) async fn begin(
    program: &Program,
    actor: &Actor,
    wanted: &Wanted,
    ages: Option<Ages>,
    mark: &Mark,
    permission: &Permission,
    entry: Entry,
    planned: u64,
) -> Result<Uuid, Error> {
    let id = Uuid::now_v7();
    let spec = &Spec {
        category: wanted.category.clone(),
        division: wanted.division,
        status: wanted.status.clone(),
        village_status: wanted.village_status.clone(),
        age_from: ages.and_then(|a| a.from),
        age_to: ages.and_then(|a| a.to),
        age_on: ages.map(|a| a.on.to_string()),
        format: wanted.format.name().into(),
        watermark: wanted.watermark.unwrap_or(true),
        purpose: mark.purpose.clone(),
        of_client: actor.client.is_some(),
        scope: Permission::digest(program, &permission.scope),
        name: format!(
            "{}底册-{}.{}",
            mark.category,
            mark.at.date(),
            wanted.format.name()
        ),
        request: mark.request.clone(),
        cursor: None,
    };
    let (entry, at) = (&entry.on("export", id), mark.at.millis());
    program
        .db
        .write(|txn| async move {
            let audit = run::announce(&*txn, program, actor, entry.clone(), planned).await?;
            let row = Export {
                id,
                sealed: Vec::new(),
                created_by: actor.account,
                audit,
                planned: planned as i64,
                rows: None,
                file: None,
                created_at: at,
                download: None,
                covered: "[]".into(),
            };
            exports::insert(&*txn, &program.keys, row, spec).await?;
            let job = NewJob {
                id: Uuid::now_v7(),
                kind: JobKind::ExportRoster.name(),
                subject: Some(id),
                total: i32::try_from(planned).unwrap_or(i32::MAX),
                created_by: actor.account,
            };
            Ok::<_, Error>(jobs::insert(&*txn, &job).await?)
        })
        .await?;
    Ok(id)
}

/// An export that is to be made now.
pub struct Work {
    pub id: Uuid,
    pub source: Source,
    pub run: Run,
    pub spec: Spec,
    pub account: Uuid,
    pub planned: u64,
}

/// Opens an export by what its owner may see now; `None` where it is made already, or was removed.
///
/// # Errors
/// `Unauthorized`, `Forbidden` when the owner may no more: nothing is made then.
pub async fn open(program: &Program, id: Uuid) -> Result<Option<Work>, Error> {
    let Some(row) = exports::find(program.db.read(), id).await? else {
        return Ok(None);
    };
    if row.file.is_some() {
        return Ok(None);
    }
    let mut spec = exports::spec(&program.keys, &row)?;
    let now = program.clock.now();
    let audit = row.audit;
    // A run that had broken off is under way again.
    program
        .db
        .write(|txn| async move { exports::begin_run(&*txn, audit, now.millis()).await })
        .await?;
    let client = spec.of_client.then_some(row.created_by);
    let mut run = Run::of(program, audit, client, row.planned as u64);
    let source = match source(program, &row, &spec, now).await {
        Ok(source) => source,
        Err(error) => {
            run.end("failed").await?;
            return Err(error);
        }
    };
    spec.cursor = source.mark.cursor.clone();
    Ok(Some(Work {
        id,
        source,
        run,
        spec,
        account: row.created_by,
        planned: row.planned as u64,
    }))
}

async fn source(program: &Program, row: &Export, spec: &Spec, now: Instant) -> Result<Source, Error> {
    let actor = asker(program, row.created_by, spec.of_client, None).await?;
    let scope = crate::app::residents::scope(&actor)?;
    let category = super::category(program, &scope, &spec.category)?;
    let mut permission = Permission::of(&actor, Operation::Export, scope);
    permission.session = None;
    if Permission::digest(program, &permission.scope) != spec.scope {
        return Err(changed());
    }
    let ages = spec.age_on.as_deref().and_then(parse_wire).map(|on| Ages {
        from: spec.age_from,
        to: spec.age_to,
        on,
    });
    let villages = match spec.division {
        Some(division) => Some(divisions::below(program.db.read(), &[division]).await?),
        None => None,
    };
    let (born_from, born_to) = ages.map_or((None, None), |ages| ages.born());
    let plan = Plan::of(program, &permission.scope, category, ages).await?;
    let start = rosters::heads(program.db.read(), category.key, None).await?;
    let cursor = cursor::at(
        program,
        &permission.scope,
        category.key,
        spec.division,
        &start,
        now,
    )
    .await?;
    Ok(Source {
        program: program.clone(),
        plan: Arc::new(plan),
        narrow: Narrow {
            villages,
            status: spec.status.clone(),
            village_status: spec.village_status.clone(),
            born_from,
            born_to,
        },
        format: Format::parse(&spec.format).ok_or(Error::Damaged("export format"))?,
        watermark: spec.watermark,
        mark: Mark {
            by: actor.name.clone(),
            account: actor.account,
            at: now,
            request: spec.request.clone(),
            category: category.label,
            purpose: spec.purpose.clone(),
            cursor,
        },
        permission,
        start,
    })
}

pub(super) fn changed() -> Error {
    Error::Forbidden {
        code: "permission_changed",
        message: "权限已变更，请重新导出",
    }
}

impl Work {
    /// Names the file that was made, within the transaction that finishes it. `false` where the export was removed.
    ///
    /// # Errors
    /// Of the database.
    pub async fn made_within<C: ConnectionTrait>(
        &self,
        txn: &C,
        program: &Program,
        file: Uuid,
        rows: u64,
    ) -> Result<bool, Error> {
        if !exports::made(txn, self.id, file, rows as i64).await? {
            return Ok(false);
        }
        exports::set_spec(txn, &program.keys, self.id, &self.spec).await?;
        self.run.end_within(txn, "done", rows).await?;
        Ok(true)
    }
}

/// An export as its owner sees it.
pub struct View {
    pub row: Export,
    pub spec: Spec,
    pub job: Option<Job>,
    /// While it can be fetched.
    pub file: Option<FileInfo>,
}

/// One of the actor's exports.
///
/// # Errors
/// `NotFound` for another's too.
pub async fn get(program: &Program, actor: &Actor, id: Uuid) -> Result<View, Error> {
    actor.may(Operation::Export)?;
    crate::app::residents::scope(actor)?;
    let row = exports::find(program.db.read(), id).await?;
    let row = row
        .filter(|row| row.created_by == actor.account)
        .ok_or(Error::NotFound)?;
    view(program, row).await
}

/// The actor's exports, newest first.
///
/// # Errors
/// `Forbidden` for who exports nothing.
pub async fn list(
    program: &Program,
    actor: &Actor,
    before: Option<Uuid>,
    limit: u64,
) -> Result<Vec<View>, Error> {
    actor.may(Operation::Export)?;
    crate::app::residents::scope(actor)?;
    let mut out = Vec::new();
    for row in exports::page(program.db.read(), actor.account, before, limit).await? {
        out.push(view(program, row).await?);
    }
    Ok(out)
}

async fn view(program: &Program, row: Export) -> Result<View, Error> {
    let db = program.db.read();
    let file = match row.file {
        Some(file) => files::info(db, &program.keys, file).await?,
        None => None,
    };
    let now = program.clock.now().millis();
    Ok(View {
        spec: exports::spec(&program.keys, &row)?,
        job: jobs::of_subject(db, JobKind::ExportRoster.name(), row.id).await?,
        file: file.filter(|file| file.expires_at.is_none_or(|until| until > now)),
        row,
    })
}

/// Removes one of the actor's exports with its file; one that is being made stops.
///
/// # Errors
/// `NotFound`.
pub async fn remove(program: &Program, actor: &Actor, id: Uuid) -> Result<(), Error> {
    let view = get(program, actor, id).await?;
    let now = program.clock.now().millis();
    let (file, entry) = (
        view.row.file,
        &Entry::done("remove_export", actor.account).on("export", id),
    );
    let work = program.db.write(|txn| async move {
        exports::delete(&*txn, id).await?;
        if let Some(file) = file {
            files::abandon(&*txn, file).await?;
        }
        Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now).await?)
    });
    work.await
}
