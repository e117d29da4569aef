//! Departments' programs: OAuth2 clients that the bureau makes, with scopes, expiry, secrets and quotas.
//!
//! A client acts as an account of its department would over lists and rosters, narrowed by its scopes. Whether it
//! still may is looked up at every request, and between two pages of an export.

mod quota;
mod secrets;
mod token;
mod write;

pub use quota::{count_request, give_back_rows, take_rows};
pub use secrets::{NewSecret, end_secret, rotate};
pub use token::{Asked, Refusal, authenticate, of_client, token, with_secret};
pub use write::{ClientPatch, NewClient, change, create, revoke};

use crate::actor::Actor;
use crate::app::Error;
use crate::program::Program;
use crate::store::clients::{self, About, Client, Scopes, Secret};
use domain::Instant;
use domain::catalogue::Role;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A client as the bureau sees it.
pub struct ClientInfo {
    pub row: Client,
    pub about: About,
    pub scopes: Scopes,
    /// Live and coming to an end; none that has ended.
    pub secrets: Vec<Secret>,
    /// Rows that it was handed today.
    pub rows_today: i64,
}

/// # Errors
/// `Forbidden` for everybody but the bureau.
fn bureau(actor: &Actor) -> Result<(), Error> {
    actor.ready()?;
    actor.must_be(&[Role::BureauAdmin])
}

/// One page in the order of making.
///
/// # Errors
/// `Forbidden` for everybody but the bureau.
pub async fn list(
    program: &Program,
    actor: &Actor,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<ClientInfo>, Error> {
    bureau(actor)?;
    let rows = clients::page(program.db.read(), after, limit).await?;
    shown(program, rows).await
}

/// One client.
///
/// # Errors
/// `Forbidden` for everybody but the bureau; `NotFound`.
pub async fn get(program: &Program, actor: &Actor, id: Uuid) -> Result<ClientInfo, Error> {
    bureau(actor)?;
    let row = clients::find(program.db.read(), id)
        .await?
        .ok_or(Error::NotFound)?;
    shown(program, vec![row]).await?.pop().ok_or(Error::NotFound)
}

async fn shown(program: &Program, rows: Vec<Client>) -> Result<Vec<ClientInfo>, Error> {
    let (db, now) = (program.db.read(), program.clock.now());
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut all: BTreeMap<Uuid, Vec<Secret>> = BTreeMap::new();
    for secret in clients::secrets(db, &ids).await? {
        if is_live(&secret, now) {
            all.entry(secret.client).or_default().push(secret);
        }
    }
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let used = clients::used(db, row.id).await?;
        let today = now.date().to_string();
        out.push(ClientInfo {
            about: clients::about(&program.keys, &row)?,
            scopes: clients::scopes(&row)?,
            secrets: all.remove(&row.id).unwrap_or_default(),
            rows_today: used.filter(|u| u.day == today).map_or(0, |u| u.rows),
            row,
        });
    }
    Ok(out)
}

fn is_live(secret: &Secret, now: Instant) -> bool {
    secret.expires_at.is_none_or(|until| until > now.millis())
}
