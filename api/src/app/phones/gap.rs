//! After a restore: what phones have brought again, what of them is still missing, and which records they know in a later
//! state than this database.

use super::{Phone, shown};
use crate::actor::Actor;
use crate::app::Error;
use crate::app::sync::{Phone as Caller, Request};
use crate::program::Program;
use crate::store::meta::Life;
use crate::store::phones::{self, Wanted};
use crate::store::{known_elsewhere, meta};
use domain::Instant;
use domain::catalogue::Role;
use std::collections::BTreeMap;
use sync::version::Version;
use uuid::Uuid;

pub use known_elsewhere::Known;

/// For so long after a restore phones that come back are listened to.
const LISTENS: i64 = 180 * 24 * 3600 * 1000;
/// A restore may bring back fewer phones than a county has; the list is of these.
const PHONES: u64 = 5000;

pub struct Gap {
    pub restored_at: Option<Instant>,
    /// What the database holds up to.
    pub restored_to: Option<Instant>,
    /// Phones of which something is missing.
    pub phones: Vec<Phone>,
    /// One page of records that phones know in a later state.
    pub records: Vec<Known>,
}

/// The gap as far as it is known today.
///
/// # Errors
/// `Forbidden` for all but the bureau.
pub async fn gap(program: &Program, actor: &Actor, after: Option<Uuid>, limit: u64) -> Result<Gap, Error> {
    actor.ready()?;
    actor.must_be(&[Role::BureauAdmin])?;
    let db = program.db.read();
    let instant = |text: Option<String>| text.and_then(|t| t.parse().ok()).map(Instant::from_millis);
    let rows = phones::page(db, &Wanted::default(), None, PHONES).await?;
    let mut phones = shown(db, program, rows).await?;
    phones.retain(|phone| !phone.missing.is_empty());
    Ok(Gap {
        restored_at: instant(meta::get(db, "restored_at").await?),
        restored_to: instant(meta::get(db, "restored_to").await?),
        phones,
        records: known_elsewhere::page(db, after, limit).await?,
    })
}

/// A phone says which versions it has: those that this database never had are noted, if it was restored.
///
/// # Errors
/// Of the database; a full disk is none: the phone says it again.
pub async fn note(
    program: &Program,
    phone: &Caller,
    request: &Request,
    life: &Life,
    now: Instant,
) -> Result<(), Error> {
    let listens = life.restored_at.is_some_and(|at| now.millis() - at < LISTENS);
    if !listens || request.have.is_empty() {
        return Ok(());
    }
    let own = request.have.iter().filter(|(grid, _)| phone.grids.contains(grid));
    let said: BTreeMap<Uuid, &str> = own
        .flat_map(|(_, all)| all.iter().map(|(id, version)| (*id, version.as_str())))
        .collect();
    let ids: Vec<Uuid> = said.keys().copied().collect();
    let here = meta::versions_of(program.db.read(), &ids).await?;
    let later = said.into_iter().filter_map(|(resident, version)| {
        let theirs = Version::parse(version)?;
        let ours = here.get(&resident).and_then(|v| Version::parse(v));
        let ahead = match &ours {
            Some(ours) => *ours != theirs && (theirs.epoch, theirs.n) >= (ours.epoch, ours.n),
            None => true,
        };
        ahead.then(|| Known {
            resident,
            device: phone.device,
            version: version.to_owned(),
            n: i64::from(theirs.n),
            here: ours.map_or(0, |ours| i64::from(ours.n)),
            seen_at: now.millis(),
        })
    });
    let later: Vec<Known> = later.collect();
    if later.is_empty() {
        return Ok(());
    }
    let later = &later;
    let noted = program
        .db
        .write(|txn| async move { Ok::<_, Error>(known_elsewhere::keep(&*txn, later).await?) })
        .await;
    match noted {
        Err(Error::StorageFull) => Ok(()),
        other => other,
    }
}
