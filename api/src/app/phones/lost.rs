//! A phone that was lost: whose data was on it, since when, and what arrived from it afterwards.

use crate::actor::Actor;
use crate::app::{Error, accounts};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::{devices, phones, records};
use domain::Instant;
use domain::catalogue::Role;
use entity::device;
use serde_json::Value as Json;
use uuid::Uuid;

pub struct Lost {
    pub device: device::Model,
    /// One page.
    pub records: Vec<Was>,
    /// Taken and held, in the order of their arrival; only where an instant was named.
    pub arrived: Vec<Arrived>,
}

/// A record that was on the phone.
pub struct Was {
    pub number: i64,
    pub resident: Uuid,
    pub name: String,
    pub from: Instant,
    /// When the phone was told to drop it, why, and when it said that it had.
    pub to: Option<Instant>,
    pub why: Option<String>,
    pub dropped: Option<Instant>,
}

/// Something that the phone sent.
pub struct Arrived {
    pub edit: Option<Uuid>,
    pub resident: Option<Uuid>,
    pub outcome: String,
    pub received: Instant,
    pub made: Option<Instant>,
}

/// Edits of one report; who wants more looks at the records themselves.
const ARRIVED: u64 = 500;

/// Reports one page of what was on a phone at `at` (now, where nothing is named), and what it has sent since.
///
/// # Errors
/// `Forbidden` for roles that look after no accounts; `NotFound` for phones of others.
pub async fn lost(
    program: &Program,
    actor: &Actor,
    id: Uuid,
    at: Option<Instant>,
    after: Option<i64>,
    limit: u64,
) -> Result<Lost, Error> {
    actor.ready()?;
    actor.must_be(&[Role::TownOfficer, Role::BureauAdmin])?;
    let db = program.db.read();
    let device = devices::find(db, id).await?.ok_or(Error::NotFound)?;
    accounts::seen(db, actor, device.account).await?;
    let at = at.map(|at| at.millis());
    let mut rows = phones::holdings(db, id, at, after, limit).await?;
    rows.retain(|row| at.is_none_or(|at| row.from_at <= at));
    let residents: Vec<Uuid> = rows.iter().map(|row| row.resident).collect();
    let texts = records::items(db, &program.keys, &residents).await?;
    let records = rows.into_iter().map(|row| Was {
        number: row.number,
        resident: row.resident,
        name: texts
            .get(&row.resident)
            .map(|text| name(text))
            .unwrap_or_default(),
        from: Instant::from_millis(row.from_at),
        to: row.to_at.map(Instant::from_millis),
        why: row.why,
        dropped: row.dropped_at.map(Instant::from_millis),
    });
    let records: Vec<Was> = records.collect();
    let arrived = match at {
        Some(at) => arrived(program, id, at).await?,
        None => Vec::new(),
    };
    let now = program.clock.now();
    let mut entry = Entry::done("report_device", actor.account).on("device", id);
    entry.count = Some(records.len() as i64);
    let entry = &entry;
    program
        .db
        .write(|txn| async move { Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now.millis()).await?) })
        .await?;
    Ok(Lost {
        device,
        records,
        arrived,
    })
}

async fn arrived(program: &Program, device: Uuid, at: i64) -> Result<Vec<Arrived>, Error> {
    let db = program.db.read();
    let taken = phones::edits_after(db, device, at, ARRIVED).await?;
    let held = phones::held_after(db, device, at, ARRIVED).await?;
    let taken = taken.into_iter().map(|row| Arrived {
        edit: Some(row.id),
        resident: Some(row.resident),
        outcome: row.outcome,
        received: Instant::from_millis(row.received_at),
        made: Some(Instant::from_millis(row.made_at)),
    });
    let held = held
        .into_iter()
        .filter(|row| row.state != "applied")
        .map(|row| Arrived {
            edit: row.edit,
            resident: row.resident,
            outcome: "held".into(),
            received: Instant::from_millis(row.received_at),
            made: None,
        });
    let mut all: Vec<Arrived> = taken.chain(held).collect();
    all.sort_by_key(|one| one.received);
    Ok(all)
}

fn name(text: &str) -> String {
    let item: Json = serde_json::from_str(text).unwrap_or(Json::Null);
    item["fields"]["name"].as_str().unwrap_or_default().to_owned()
}
