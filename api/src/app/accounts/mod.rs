//! Accounts: who may see and manage which, and how they are shown.
//!
//! The bureau's administrators look after all accounts; a town officer after workers and cadres whose home is in
//! the own town.

mod grants;
mod plant;
mod write;

pub use grants::{NewGrant, end_grant, give};
pub(in crate::app) use grants::{end_in, give_in};
pub use plant::{Planted, first_admin, plant};
pub use write::{Code, NewAccount, change_password, create, disable, enable, reset, unlock};

use crate::actor::Actor;
use crate::app::Error;
use crate::seal::Keyring;
use crate::store::accounts::{self, State};
use crate::store::db::Db;
use crate::store::grants::{self as grant_rows, DatedGrant};
use domain::Instant;
use domain::catalogue::Role;
use domain::phone::Phone;
use entity::account;
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use std::fmt;
use uuid::Uuid;

/// An account as those who look after it see it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountInfo {
    pub id: Uuid,
    pub name: String,
    pub phone: String,
    pub state: State,
    /// The town or village that looks after it; `None` is the county.
    pub home: Option<Uuid>,
    /// Has a one-time code that was not changed yet.
    pub must_change: bool,
    pub code_until: Option<Instant>,
    pub created_at: Instant,
    /// Grants that are valid or will be.
    pub grants: Vec<DatedGrant>,
}

impl fmt::Debug for AccountInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountInfo({})", self.id)
    }
}

/// Narrows a list of accounts.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub phone: Option<Phone>,
}

/// One page in the order of making, after the account `after`.
///
/// # Errors
/// `Forbidden` for roles that look after no accounts.
pub async fn list(
    db: &Db,
    keys: &Keyring,
    actor: &Actor,
    filter: &Filter,
    after: Option<Uuid>,
    limit: u64,
    now: Instant,
) -> Result<Vec<AccountInfo>, Error> {
    let filter = accounts::Filter {
        homes: homes(actor)?,
        state: filter.state,
        phone_hash: filter
            .phone
            .as_ref()
            .map(|phone| accounts::phone_hash(keys, phone)),
    };
    let rows = accounts::page(db.read(), &filter, after, limit).await?;
    shown(db.read(), keys, rows, now).await
}

/// One account: the actor's own, or one that the actor looks after.
///
/// # Errors
/// `NotFound`.
pub async fn get(
    db: &Db,
    keys: &Keyring,
    actor: &Actor,
    id: Uuid,
    now: Instant,
) -> Result<AccountInfo, Error> {
    let row = match id == actor.account {
        true => accounts::find(db.read(), id).await?.ok_or(Error::NotFound)?,
        false => seen(db.read(), actor, id).await?,
    };
    let mut shown = shown(db.read(), keys, vec![row], now).await?;
    shown.pop().ok_or(Error::NotFound)
}

async fn shown<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    rows: Vec<account::Model>,
    now: Instant,
) -> Result<Vec<AccountInfo>, Error> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let today = now.date().to_string();
    let mut own: BTreeMap<Uuid, Vec<DatedGrant>> = BTreeMap::new();
    for grant in grant_rows::of(db, &ids).await? {
        if grant.is_ahead(&today) {
            own.entry(grant.account).or_default().push(grant);
        }
    }
    let info = |row: account::Model| {
        let person = accounts::person(keys, &row)?;
        Ok(AccountInfo {
            id: row.id,
            name: person.name,
            phone: person.phone,
            state: State::parse(&row.state).ok_or(Error::Damaged("account state"))?,
            home: row.home,
            must_change: row.must_change,
            code_until: row.code_until.map(Instant::from_millis),
            created_at: Instant::from_millis(row.created_at),
            grants: own.remove(&row.id).unwrap_or_default(),
        })
    };
    rows.into_iter().map(info).collect()
}

/// Homes whose accounts the actor sees; `None` is all.
fn homes(actor: &Actor) -> Result<Option<Vec<Uuid>>, Error> {
    actor.ready()?;
    actor.must_be(&[Role::BureauAdmin, Role::TownOfficer])?;
    Ok((!actor.is_county()).then(|| [actor.towns.as_slice(), &actor.villages].concat()))
}

/// An account that the actor may know of.
///
/// # Errors
/// `NotFound` for what does not exist and for what is out of reach.
pub(in crate::app) async fn seen<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: Uuid,
) -> Result<account::Model, Error> {
    let homes = homes(actor).map_err(|error| match error {
        // Who looks after no accounts knows of no account.
        Error::Forbidden {
            code: "role_required",
            ..
        } => Error::NotFound,
        other => other,
    })?;
    let row = accounts::find(db, id).await?.ok_or(Error::NotFound)?;
    let inside = homes.is_none_or(|homes| row.home.is_some_and(|home| homes.contains(&home)));
    inside.then_some(row).ok_or(Error::NotFound)
}

/// An account that the actor may change, locked until commit.
///
/// # Errors
/// `NotFound`; `Forbidden` `above_own_rank` where a town officer would touch more than a worker or cadre.
pub(in crate::app) async fn managed<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: Uuid,
    now: Instant,
) -> Result<account::Model, Error> {
    seen(db, actor, id).await?;
    let row = accounts::lock(db, id).await?.ok_or(Error::NotFound)?;
    if !actor.is_county() {
        let today = now.date().to_string();
        let grants = grant_rows::of(db, &[id]).await?;
        let above = grants
            .iter()
            .any(|grant| grant.is_ahead(&today) && !BELOW_TOWN.contains(&grant.grant.role));
        if above {
            return Err(above_own_rank());
        }
    }
    Ok(row)
}

/// Roles that a town officer may give and look after.
const BELOW_TOWN: [Role; 2] = [Role::Worker, Role::Cadre];

const fn above_own_rank() -> Error {
    Error::Forbidden {
        code: "above_own_rank",
        message: "该账号或授权须由政数局管理员处理",
    }
}
