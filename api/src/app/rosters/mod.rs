//! Rosters 底册 as files: the enrolments of one category in a division, as the actor may see them.
//!
//! The audit row with purpose and planned rows is written before the first byte, and completed at the end.

pub mod csv;
pub mod rows;
pub mod xlsx;

use crate::actor::{Actor, Scope};
use crate::app::Error;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::{divisions, visible};
use domain::Instant;
use domain::catalogue::Category;
use domain::text;
use rows::Rows;
use std::fmt::Write;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

/// What kind of file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Xlsx,
}

impl Format {
    pub const fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        }
    }

    pub fn parse(name: &str) -> Option<Format> {
        [Format::Csv, Format::Xlsx].into_iter().find(|f| f.name() == name)
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
}

/// Rows that a workbook holds at most; a workbook is made in memory.
pub const MOST_IN_WORKBOOK: u64 = 100_000;

/// A file on its way.
pub struct Export {
    pub name: String,
    pub planned: u64,
    /// Ends with an error where the file broke off.
    pub bytes: ReceiverStream<Result<Vec<u8>, Error>>,
}

/// Begins an export. The file is made to its end, or is marked broken off when nobody reads on.
///
/// # Errors
/// `Refused` `purpose_required`, `too_many_rows`; `NotFound` for a category that does not exist for the actor and for
/// a division that has none of the actor's.
pub async fn export(program: &Program, actor: &Actor, wanted: &Wanted) -> Result<Export, Error> {
    let scope = crate::app::residents::scope(actor)?;
    let purpose = text::normal(&wanted.purpose);
    if purpose.is_empty() || purpose.chars().count() > 200 {
        return Err(Error::field(
            "purpose_required",
            "请填写导出用途（200 字以内）",
            "purpose",
        ));
    }
    let category = category(program, &scope, &wanted.category)?;
    let now = program.clock.now();
    let villages = match wanted.division {
        Some(division) => {
            divisions::find(program.db.read(), division)
                .await?
                .ok_or(Error::NotFound)?;
            Some(divisions::below(program.db.read(), &[division]).await?)
        }
        None => None,
    };
    let (inside, start) = (villages.as_deref(), now.millis());
    let planned = visible::roster_count(program.db.read(), &scope, category.key, inside, start).await?;
    if wanted.format == Format::Xlsx && planned > MOST_IN_WORKBOOK {
        return Err(Error::field(
            "too_many_rows",
            "行数超过 100000，请改用 CSV 或选择镇街、村居",
            "format",
        ));
    }
    let audit = announce(program, actor, wanted, category, &purpose, planned, now).await?;
    let rows = Rows::open(program, scope, category.key, villages, now).await?;
    let (to, bytes) = mpsc::channel(4);
    let (program, format) = (program.clone(), wanted.format);
    tokio::spawn(async move {
        let made = match format {
            Format::Csv => csv::write(&program, rows, &to).await,
            Format::Xlsx => xlsx::write(&program, rows, &to).await,
        };
        let (outcome, count) = match &made {
            Ok(Made::Whole(count)) => ("done", *count),
            Ok(Made::BrokenOff(count)) => ("broken_off", *count),
            Err(_) => ("failed", 0),
        };
        let finish = program
            .db
            .write(|txn| async move { audit::finish(&*txn, audit, outcome, count as i64).await });
        let finished = finish.await.map_err(Error::from);
        if let Err(error) = made.map(|_| ()).and(finished) {
            // Nobody reading on is no fault.
            let _ = to.send(Err(error)).await;
        }
    });
    Ok(Export {
        name: format!("{}底册-{}.{}", category.label, now.date(), wanted.format.name()),
        planned,
        bytes: ReceiverStream::new(bytes),
    })
}

/// How a file ended, with the rows that were handed out.
pub enum Made {
    Whole(u64),
    /// Whoever asked for it went away.
    BrokenOff(u64),
}

/// A category that exists for the actor.
fn category<'p>(program: &'p Program, scope: &Scope, key: &str) -> Result<&'p Category, Error> {
    let known = program.catalogue.categories.iter().find(|c| c.key == key);
    let own = match scope {
        Scope::Categories { categories, .. } => categories.iter().any(|c| c == key),
        _ => true,
    };
    known.filter(|_| own).ok_or(Error::NotFound)
}

async fn announce(
    program: &Program,
    actor: &Actor,
    wanted: &Wanted,
    category: &Category,
    purpose: &str,
    planned: u64,
    now: Instant,
) -> Result<i64, Error> {
    let mut detail = format!("category={} format={}", category.key, wanted.format.name());
    if let Some(division) = wanted.division {
        // Writing to a string cannot fail.
        let _ = write!(detail, " division={division}");
    }
    let _ = write!(detail, " planned={planned} purpose={purpose}");
    let mut entry = Entry::done("export_roster", actor.account).detail(detail);
    entry.outcome = "begun";
    entry.count = Some(planned as i64);
    let entry = &entry;
    program
        .db
        .write(|txn| async move { Ok::<_, Error>(audit::begin(&*txn, entry.clone(), now.millis()).await?) })
        .await
}
