//! Rosters 底册 as files: the enrolments of one category in a division, as the actor may see them.
//!
//! Small ones are streamed at once, large ones are made in the background (`job`) and fetched in parts (`download`).
//! `changes` says what has happened since a cursor. The audit row with purpose and planned rows is written before the
//! first byte, and completed at the end (`run`).

pub mod changes;
pub(crate) mod csv;
pub mod cursor;
pub mod download;
pub mod job;
mod line;
mod mark;
mod ndjson;
pub(crate) mod pages;
mod permission;
pub mod plan;
pub mod run;
pub mod steps;
mod stream;
mod xlsx;

pub use stream::Export;

use crate::actor::{Actor, Operation, Scope};
use crate::app::Error;
use crate::program::Program;
use crate::store::audit::Entry;
use crate::store::rosters::{self, Narrow};
use crate::store::{audit, divisions};
use domain::Instant;
use domain::catalogue::{AGE_BANDS, Category, Field};
use domain::text;
use jiff::civil::Date;
use mark::Mark;
use pages::Source;
use permission::Permission;
use plan::{Ages, Plan};
use std::fmt::Write;
use std::sync::Arc;
use uuid::Uuid;

/// What kind of file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Ndjson,
    Xlsx,
}

impl Format {
    pub const ALL: [Format; 3] = [Format::Csv, Format::Ndjson, Format::Xlsx];

    pub const fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
            Format::Xlsx => "xlsx",
        }
    }

    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.name() == name)
    }
}

/// A roster that somebody wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub category: String,
    /// A county, town or village; everything in scope without one.
    pub division: Option<Uuid>,
    pub format: Format,
    /// What for: 1 to 200 characters, kept in the audit trail.
    pub purpose: String,
    /// The source's status.
    pub status: Option<String>,
    /// The village's verdict.
    pub village_status: Option<String>,
    /// A row of the bands, or ages in whole years, both ends within.
    pub age_band: Option<String>,
    pub age_from: Option<i16>,
    pub age_to: Option<i16>,
    /// The day on which ages are counted; today without one.
    pub age_on: Option<Date>,
    /// A last line in a CSV that says who took it, when and for what.
    pub watermark: Option<bool>,
    /// Made in the background, however small.
    pub as_job: bool,
}

impl Wanted {
    /// All of a category.
    pub fn all(category: &str, format: Format, purpose: &str) -> Wanted {
        Wanted {
            category: category.into(),
            division: None,
            format,
            purpose: purpose.into(),
            status: None,
            village_status: None,
            age_band: None,
            age_from: None,
            age_to: None,
            age_on: None,
            watermark: None,
            as_job: false,
        }
    }
}

/// What came of a wish.
pub enum Started {
    Streamed(Export),
    /// The export's id.
    InBackground(Uuid),
}

/// Begins an export. The file is made to its end, or is marked broken off when nobody reads on.
///
/// # Errors
/// `Refused` `purpose_required`, `status_unknown`, `age_malformed`, `age_on_not_granted`; `Forbidden`; `OverQuota` `row_quota`;
/// `NotFound` for a category that does not exist for the actor and for a division that does not exist.
pub async fn export(program: &Program, actor: &Actor, wanted: &Wanted) -> Result<Started, Error> {
    actor.may(Operation::Export)?;
    let scope = crate::app::residents::scope(actor)?;
    let purpose = purpose(&wanted.purpose)?;
    let category = category(program, &scope, &wanted.category)?;
    known(wanted)?;
    let now = program.clock.now();
    let ages = ages(program, &scope, wanted, now)?;
    let narrow = narrow(program, wanted, ages).await?;
    let txn = program.db.snapshot().await?;
    let planned = rosters::count(&txn, &scope, category.key, &narrow).await?;
    let start = rosters::heads(&txn, category.key, None).await?;
    txn.commit().await?;
    let permission = Permission::of(actor, Operation::Export, scope);
    let cursor = cursor::at(
        program,
        &permission.scope,
        category.key,
        wanted.division,
        &start,
        now,
    )
    .await?;
    let mark = Mark {
        by: actor.name.clone(),
        account: actor.account,
        at: now,
        request: audit::request().unwrap_or_default(),
        category: category.label,
        purpose: purpose.clone(),
        cursor,
    };
    let entry = Entry::done("export_roster", actor.account).detail(told(wanted, category, planned, &purpose));
    if wanted.as_job || planned > program.stream_rows {
        let id = job::begin(program, actor, wanted, ages, &mark, &permission, entry, planned).await?;
        return Ok(Started::InBackground(id));
    }
    let plan = Plan::of(program, &permission.scope, category, ages).await?;
    let announced = &entry;
    let audit = program
        .db
        .write(|txn| async move { run::announce(&*txn, program, actor, announced.clone(), planned).await })
        .await?;
    let source = Source {
        program: program.clone(),
        permission,
        plan: Arc::new(plan),
        narrow,
        format: wanted.format,
        watermark: wanted.watermark.unwrap_or(false),
        mark,
        start,
    };
    let client = actor.client.as_ref().map(|_| actor.account);
    let run = run::Run::of(program, audit, client, planned);
    let name = name(category, now, wanted.format);
    Ok(Started::Streamed(stream::begin(source, run, name, planned)))
}

/// Statuses are codes: what is no code is not looked for, and not written into the trail.
fn known(wanted: &Wanted) -> Result<(), Error> {
    const SOURCE: [&str; 4] = ["active", "suspended", "ended", "none"];
    const VILLAGE: [&str; 3] = ["confirmed", "unconfirmed", "disputed"];
    for (field, given, codes) in [
        ("status", &wanted.status, &SOURCE[..]),
        ("village_status", &wanted.village_status, &VILLAGE[..]),
    ] {
        if given.as_deref().is_some_and(|code| !codes.contains(&code)) {
            return Err(Error::field("status_unknown", "没有这种状态", field));
        }
    }
    Ok(())
}

fn name(category: &Category, now: Instant, format: Format) -> String {
    format!("{}底册-{}.{}", category.label, now.date(), format.name())
}

/// What for, in normal form.
///
/// # Errors
/// `Refused` `purpose_required`.
pub(crate) fn purpose(given: &str) -> Result<String, Error> {
    let purpose = text::normal(given);
    match purpose.is_empty() || purpose.chars().count() > 200 {
        true => Err(Error::field(
            "purpose_required",
            "请填写导出用途（200 字以内）",
            "purpose",
        )),
        false => Ok(purpose),
    }
}

/// A category that exists for the actor.
pub(crate) fn category<'p>(program: &'p Program, scope: &Scope, key: &str) -> Result<&'p Category, Error> {
    let known = program.catalogue.categories.iter().find(|c| c.key == key);
    let own = match scope {
        Scope::Categories { categories, .. } => categories.iter().any(|c| c == key),
        _ => true,
    };
    known.filter(|_| own).ok_or(Error::NotFound)
}

/// The ages that are wanted. Whoever does not see birth dates asks by whole years of today only: a chosen day would
/// tell the date itself.
fn ages(program: &Program, scope: &Scope, wanted: &Wanted, now: Instant) -> Result<Option<Ages>, Error> {
    use crate::app::residents::view::{Sight, sight};
    let malformed = || {
        Error::field(
            "age_malformed",
            "年龄应为 0 至 150 的整数，且从小到大",
            "age_from",
        )
    };
    let band = match &wanted.age_band {
        Some(key) => Some(
            AGE_BANDS
                .iter()
                .find(|band| band.key == key)
                .ok_or_else(|| Error::field("age_band_unknown", "没有这个年龄段", "age_band"))?,
        ),
        None => None,
    };
    let from = band.map(|b| b.from).or(wanted.age_from);
    let to = band.map_or(wanted.age_to, |b| b.to);
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let fine = |age: Option<i16>| age.is_none_or(|age| (0..=150).contains(&age));
    if !fine(from) || !fine(to) || from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(malformed());
    }
    let seen = |field: &Field| sight(scope, field) == Sight::Whole;
    let born = program.catalogue.field("birth_date").is_some_and(seen);
    if wanted.age_on.is_some() && !born {
        return Err(Error::field(
            "age_on_not_granted",
            "不能查看出生日期的用户只能按当天年龄筛选",
            "age_on",
        ));
    }
    let on = wanted.age_on.unwrap_or_else(|| now.date());
    Ok(Some(Ages { from, to, on }))
}

async fn narrow(program: &Program, wanted: &Wanted, ages: Option<Ages>) -> Result<Narrow, Error> {
    let villages = match wanted.division {
        Some(division) => {
            divisions::find(program.db.read(), division)
                .await?
                .ok_or(Error::NotFound)?;
            Some(divisions::below(program.db.read(), &[division]).await?)
        }
        None => None,
    };
    let (born_from, born_to) = ages.map_or((None, None), |ages| ages.born());
    Ok(Narrow {
        villages,
        status: wanted.status.clone(),
        village_status: wanted.village_status.clone(),
        born_from,
        born_to,
    })
}

/// What was asked for, by codes and ids; the purpose last.
fn told(wanted: &Wanted, category: &Category, planned: u64, purpose: &str) -> String {
    let mut detail = format!("category={} format={}", category.key, wanted.format.name());
    let ages = |age: Option<i16>| age.map(|age| age.to_string());
    for (name, value) in [
        ("division", wanted.division.map(|d| d.to_string())),
        ("status", wanted.status.clone()),
        ("village_status", wanted.village_status.clone()),
        ("age_band", wanted.age_band.clone()),
        ("age_from", ages(wanted.age_from)),
        ("age_to", ages(wanted.age_to)),
    ] {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = write!(detail, " {name}={value}");
        }
    }
    let _ = write!(detail, " planned={planned} purpose={purpose}");
    detail
}
