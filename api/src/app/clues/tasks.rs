//! Visits that workers are asked for: told to their phones through the feeds of their registrations.

use crate::app::Error;
use crate::program::Program;
use crate::seal::Keyring;
use crate::store::clues::tasks::{self, state};
use crate::store::clues::{self, Body};
use crate::store::db::Txn;
use crate::store::feeds::News;
use crate::store::{grants, standing};
use domain::Instant;
use entity::{clue, visit_task};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a phone is told by of somebody who is on no phone.
const PERSON: [&str; 5] = ["name", "sex", "birth_date", "address", "phone"];

/// A task as phones hear of it.
pub fn item(row: &visit_task::Model, body: &Json) -> Json {
    let mut item = json!({
        "kind": "task", "task": row.id, "state": row.state, "resident": row.resident,
        "at": Instant::from_millis(row.created_at).to_string(),
    });
    for (key, value) in body.as_object().into_iter().flatten() {
        item[key] = value.clone();
    }
    item
}

/// Tells a worker's phones of a task.
pub async fn tell(txn: &Txn, keys: &Keyring, row: &visit_task::Model) -> Result<Vec<News>, Error> {
    let body = tasks::body(keys, row)?;
    let mut news = Vec::new();
    for device in standing::active_of(&**txn, row.account).await? {
        news.push(News {
            device,
            kind: "task",
            subject: row.id,
            item: Some(item(row, &body)),
        });
    }
    Ok(news)
}

/// Tells of some tasks again that are still open: whom they are about has become somebody else.
pub async fn tell_again(txn: &Txn, keys: &Keyring, ids: &[Uuid]) -> Result<Vec<News>, Error> {
    let mut news = Vec::new();
    for id in ids {
        if let Some(row) = tasks::find(&**txn, *id).await?
            && row.state == state::OPEN
        {
            news.extend(tell(txn, keys, &row).await?);
        }
    }
    Ok(news)
}

/// What a phone that was registered just now has to hear: whatever its account is still asked for.
pub async fn for_new_phone(
    txn: &Txn,
    keys: &Keyring,
    device: Uuid,
    account: Uuid,
) -> Result<Vec<News>, Error> {
    let mut news = Vec::new();
    for row in tasks::open_of(&**txn, account).await? {
        let body = tasks::body(keys, &row)?;
        news.push(News {
            device,
            kind: "task",
            subject: row.id,
            item: Some(item(&row, &body)),
        });
    }
    Ok(news)
}

/// Who asks a worker for a visit.
pub struct Sender<'a> {
    pub account: Uuid,
    pub name: &'a str,
    /// What the worker should know beside the clue.
    pub note: Option<&'a str>,
    pub now: Instant,
}

/// Asks a worker to visit somebody because of a clue. The same clue in the same state makes the same task.
pub async fn send(
    txn: &Txn,
    program: &Program,
    clue: &mut clue::Model,
    body: &Body,
    worker: Uuid,
    by: &Sender<'_>,
) -> Result<Vec<News>, Error> {
    let keys = &program.keys;
    let n = clue.n.to_be_bytes();
    let id = Uuid::from_bytes(keys.derive(&[b"visit_task", clue.id.as_bytes(), &n]));
    let mut told = json!({ "says": body.says, "by": by.name, "note": by.note });
    if clue.resident.is_none() {
        let person: BTreeMap<&String, &String> = body
            .person
            .iter()
            .filter(|(key, _)| PERSON.contains(&key.as_str()))
            .collect();
        told["person"] = json!(person);
    }
    let row = visit_task::Model {
        id,
        clue: clue.id,
        resident: clue.resident,
        account: worker,
        village: clue.village,
        state: state::OPEN.into(),
        sealed: Vec::new(),
        created_at: by.now.millis(),
        created_by: by.account,
        done_at: None,
        visit: None,
    };
    tasks::insert(&**txn, keys, row, &told).await?;
    clue.task = Some(id);
    let row = tasks::find(&**txn, id).await?.ok_or(Error::NotFound)?;
    tell(txn, keys, &row).await
}

/// The worker whom a clue goes to: the one who is named, or whoever has the person's grid.
///
/// # Errors
/// `Refused` `worker_unknown` for whoever works in no grid where the person may be; `worker_needed` where nobody has the
/// grid.
pub async fn worker(txn: &Txn, clue: &clue::Model, named: Option<Uuid>, today: &str) -> Result<Uuid, Error> {
    let grids = clues::grids_for(&**txn, clue.resident, clue.village).await?;
    let workers = grants::workers_of(&**txn, &grids, today).await?;
    match named {
        Some(named) if workers.iter().any(|(account, _)| *account == named) => Ok(named),
        Some(_) => {
            let message = "该网格员不负责此人所在的网格";
            Err(Error::field("worker_unknown", message, "value"))
        }
        None => match workers.first() {
            // Of somebody who is in no grid yet only a person knows who should go.
            Some((account, _)) if clue.resident.is_some() || workers.len() == 1 => Ok(*account),
            _ => {
                let message = "请在 value 中指明由哪位网格员走访";
                Err(Error::field("worker_needed", message, "value"))
            }
        },
    }
}

/// Nobody need go any more: phones hear it.
pub async fn withdraw(
    txn: &Txn,
    keys: &Keyring,
    task: Option<Uuid>,
    now: Instant,
) -> Result<Vec<News>, Error> {
    let Some(id) = task else { return Ok(Vec::new()) };
    let Some(mut row) = tasks::lock(&**txn, id)
        .await?
        .filter(|row| row.state == state::OPEN)
    else {
        return Ok(Vec::new());
    };
    row.state = state::WITHDRAWN.into();
    row.done_at = Some(now.millis());
    tasks::update(&**txn, &row).await?;
    tell(txn, keys, &row).await
}

/// Open tasks go with the people who moved: who had them hears that they are withdrawn, whoever has the new grid has them.
pub async fn moved(txn: &Txn, keys: &Keyring, residents: &[Uuid], now: Instant) -> Result<Vec<News>, Error> {
    let mut news = Vec::new();
    if residents.is_empty() {
        return Ok(news);
    }
    let today = now.date().to_string();
    for mut row in tasks::open_about(&**txn, residents).await? {
        let grids = clues::grids_for(&**txn, row.resident, None).await?;
        let workers = grants::workers_of(&**txn, &grids, &today).await?;
        if workers.is_empty() || workers.iter().any(|(account, _)| *account == row.account) {
            continue;
        }
        let mut left = row.clone();
        left.state = state::WITHDRAWN.into();
        news.extend(tell(txn, keys, &left).await?);
        row.account = workers[0].0;
        tasks::update(&**txn, &row).await?;
        news.extend(tell(txn, keys, &row).await?);
    }
    Ok(news)
}
