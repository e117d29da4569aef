//! Whether everything that is kept of a record agrees: rows, document, facts, projection, feeds, look-ups.
//!
//! A check reads and never writes. It goes in pages, each in one snapshot, so that it can run beside a server that
//! writes, in memory that does not grow with the county.

mod feeds;
mod finding;
mod record;

pub use finding::{Finding, Kind, Of};

use crate::app::Error;
use crate::program::Program;
use crate::store::check::{self, Hanging};
use uuid::Uuid;

/// Residents of one page.
const PAGE: u64 = 200;

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub residents: u64,
    pub grids: u64,
    pub findings: u64,
}

/// Checks every record and every grid's feed; `tell` hears of each finding as it is made.
///
/// # Errors
/// Those of the database. Damage is a finding, never an error.
pub async fn records(program: &Program, mut tell: impl FnMut(Finding)) -> Result<Looked, Error> {
    let mut looked = Looked::default();
    let mut count = 0;
    let mut told = |finding| {
        count += 1;
        tell(finding);
    };
    let mut after = None;
    loop {
        let snapshot = program.db.snapshot().await?;
        let page = check::residents(&snapshot, after, PAGE).await?;
        snapshot.commit().await?;
        let Some(last) = page.last() else { break };
        after = Some(last.resident.id);
        looked.residents += page.len() as u64;
        for rows in &page {
            let of = Of::Resident(rows.resident.id);
            for kind in record::check(program, rows) {
                told(Finding { of, kind });
            }
        }
    }
    for grid in check::feeds(program.db.read()).await? {
        looked.grids += 1;
        feeds::check(program, grid, PAGE, &mut told).await?;
    }
    for table in Hanging::ALL {
        orphans(program, table, &mut told).await?;
    }
    looked.findings = count;
    Ok(looked)
}

async fn orphans(program: &Program, table: Hanging, told: &mut impl FnMut(Finding)) -> Result<(), Error> {
    let mut after: Option<Uuid> = None;
    loop {
        let page = check::orphans(program.db.read(), table, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(*last);
        for id in page {
            told(Finding {
                of: Of::Resident(id),
                kind: Kind::WithoutResident(table),
            });
        }
    }
}
