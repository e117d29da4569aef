//! Signing in by phone number and password, and who a session's actor is.

use crate::actor::Actor;
use crate::app::clients;
use crate::app::devices::{self, Installation, Registered};
use crate::app::tokens::{self, Access, Token};
use crate::app::{Error, guard, passwords, signing};
use crate::program::Program;
use crate::seal::{Keyring, SigningKeys};
use crate::store::accounts::{self, State};
use crate::store::audit::{self, Entry};
use crate::store::db::Db;
use crate::store::grants::DatedGrant;
use crate::store::{divisions, grants, sessions};
use domain::Instant;
use domain::catalogue::Role;
use domain::phone::Phone;
use entity::account;
use std::fmt;
use std::net::IpAddr;
use uuid::Uuid;

/// What somebody gives to sign in.
pub struct SignIn<'a> {
    pub phone: &'a str,
    pub password: &'a str,
    /// Phones name their storage, and are registered by it.
    pub installation: Option<&'a Installation>,
    /// What the device is called in lists (`小米 13`).
    pub label: &'a str,
    /// The client's, behind trusted proxies.
    pub address: IpAddr,
}

/// A pair of tokens, and whom they are for.
#[derive(Clone)]
pub struct SignedIn {
    pub access: String,
    /// Seconds that `access` is good.
    pub expires_in: i64,
    pub refresh: String,
    pub session: Uuid,
    pub account: Uuid,
    pub must_change: bool,
    pub device: Option<Registered>,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedIn({})", self.account)
    }
}

/// Signs in. Unknown numbers, wrong passwords and accounts without one get the same answer in the same time.
///
/// # Errors
/// `TooMany`; `Unauthorized`: `sign_in_failed`, and for who knows the password `account_disabled`, `code_expired`.
pub async fn sign_in(
    db: &Db,
    keys: &Keyring,
    signing: &SigningKeys,
    asked: &SignIn<'_>,
    now: Instant,
) -> Result<SignedIn, Error> {
    let phone = Phone::parse(asked.phone);
    let hash = match &phone {
        Some(phone) => accounts::phone_hash(keys, phone),
        None => keys.lookup("account_phone", asked.phone),
    };
    let hash = &hash;
    let at = now.millis();
    let attempt = db
        .write(|txn| async move { guard::begin(&*txn, keys, hash, asked.address, at).await })
        .await;
    let found = match &phone {
        Some(phone) => accounts::by_phone(db.read(), keys, phone).await?,
        None => None,
    };
    if matches!(attempt, Err(Error::TooMany { .. })) {
        refused(db, found.as_ref().map(|row| row.id), "too_many", now).await?;
    }
    let attempt = &attempt?;
    let known = found.as_ref().and_then(|row| row.password_hash.clone());
    let right = passwords::verify(known, asked.password.to_owned()).await?;
    let account = match found {
        Some(account) if right => account,
        other => {
            let account = other.map(|row| row.id);
            refused(db, account, "failed", now).await?;
            return Err(Error::Unauthorized {
                code: "sign_in_failed",
                message: "手机号或密码不正确",
            });
        }
    };
    if let Some((code, message)) = barred(&account, now) {
        refused(db, Some(account.id), code, now).await?;
        return Err(Error::Unauthorized { code, message });
    }
    let account = &account;
    db.write(|txn| async move {
        guard::succeeded(&*txn, attempt, at).await?;
        let row = accounts::lock(&*txn, account.id).await?;
        // Somebody may have reset or disabled it while the password was being compared.
        if !row.is_some_and(|row| row == *account) {
            return Err(Error::conflict("changed_meanwhile", "账号刚刚被更改，请重试"));
        }
        let device = match asked.installation {
            Some(installation) => {
                Some(devices::register(&txn, keys, installation, asked.label, account.id, now).await?)
            }
            None => None,
        };
        let session = Uuid::now_v7();
        let id = device.as_ref().map(|device| device.id);
        sessions::insert(&*txn, session, account.id, id, at, at + tokens::IDLE).await?;
        let entry = Entry::done("sign_in", account.id)
            .by_device(id)
            .on("session", session);
        audit::insert(&*txn, entry, at).await?;
        let of = Access {
            account: account.id,
            session,
        };
        Ok(SignedIn {
            access: tokens::access(signing, of, now)?,
            expires_in: tokens::ACCESS_LIFE,
            refresh: tokens::refresh(keys, session, 1),
            session,
            account: account.id,
            must_change: account.must_change,
            device,
        })
    })
    .await
}

fn barred(account: &account::Model, now: Instant) -> Option<(&'static str, &'static str)> {
    if account.state != State::Active.name() {
        return Some(("account_disabled", "账号已停用，请联系管理员"));
    }
    let expired = account.code_until.is_some_and(|until| until < now.millis());
    (account.must_change && expired).then_some(("code_expired", "一次性密码已过期，请联系管理员重置"))
}

async fn refused(db: &Db, account: Option<Uuid>, outcome: &'static str, now: Instant) -> Result<(), Error> {
    db.write(|txn| async move {
        let entry = Entry {
            account,
            action: "sign_in",
            outcome,
            ..Default::default()
        };
        audit::insert(&*txn, entry, now.millis()).await?;
        Ok(())
    })
    .await
}

/// The actor of an access token that a running program is shown: a key that another process has made is learned of.
///
/// # Errors
/// As [`authenticate`].
pub async fn recognise(program: &Program, token: &str) -> Result<Actor, Error> {
    signing::learn(program, token).await?;
    let now = program.clock.now();
    authenticate(&program.db, &program.keys, &program.signing, token, now).await
}

/// The actor of an access token.
///
/// # Errors
/// `Unauthorized`: see [`tokens::read_access`] and [`actor`].
pub async fn authenticate(
    db: &Db,
    keys: &Keyring,
    signing: &SigningKeys,
    token: &str,
    now: Instant,
) -> Result<Actor, Error> {
    let access = match tokens::read(signing, token, now)? {
        Token::Session(access) => access,
        Token::Client(client) => return clients::authenticate(db, keys, &client, now).await,
    };
    let actor = actor(db, keys, access.session, now).await?;
    match actor.account == access.account {
        true => Ok(actor),
        false => Err(tokens::invalid()),
    }
}

/// Who a living session belongs to, with what is granted on this day.
///
/// # Errors
/// `Unauthorized` `session_ended` when the session, its device or its account is no more.
pub async fn actor(db: &Db, keys: &Keyring, session: Uuid, now: Instant) -> Result<Actor, Error> {
    let owner = sessions::owner(db.read(), session, now.millis()).await?;
    let owner = owner.ok_or(Error::Unauthorized {
        code: "session_ended",
        message: "登录已结束，请重新登录",
    })?;
    let (account, device) = (&owner.account, owner.device);
    granted(db, keys, account, owner.grants, (session, device), now).await
}

/// An account as it stands, whoever acts for it: a session, or work that it started and that goes on without one.
///
/// # Errors
/// Of the database.
pub async fn of_account(
    db: &Db,
    keys: &Keyring,
    account: &account::Model,
    session: Uuid,
    device: Option<Uuid>,
    now: Instant,
) -> Result<Actor, Error> {
    let all = grants::of(db.read(), &[account.id]).await?;
    granted(db, keys, account, all, (session, device), now).await
}

/// The same, of all the grants that it ever had.
async fn granted(
    db: &Db,
    keys: &Keyring,
    account: &account::Model,
    all: Vec<DatedGrant>,
    (session, device): (Uuid, Option<Uuid>),
    now: Instant,
) -> Result<Actor, Error> {
    let today = now.date().to_string();
    let changes: i32 = all.iter().map(|grant| grant.changes(&today)).sum();
    let valid: Vec<_> = all
        .into_iter()
        .filter(|grant| grant.is_valid(&today))
        .map(|grant| grant.grant)
        .collect();
    let places = |role| {
        let own = valid.iter().filter(move |grant| grant.role == role);
        own.filter_map(|grant| grant.division).collect::<Vec<_>>()
    };
    let towns = places(Role::TownOfficer);
    let mut villages = places(Role::Cadre);
    if !towns.is_empty() {
        let below = divisions::below(db.read(), &towns).await?;
        villages.extend(below.into_iter().filter(|id| !towns.contains(id)));
    }
    Ok(Actor {
        account: account.id,
        name: accounts::person(keys, account)?.name,
        session,
        device,
        epoch: account.epoch + changes,
        must_change: account.must_change,
        grants: valid,
        towns,
        villages,
        client: None,
    })
}
