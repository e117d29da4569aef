//! Making accounts, and the steps of their life.

use super::managed;
use crate::actor::Actor;
use crate::app::passwords::{self, CODE_LIFE, Password};
use crate::app::{Error, guard};
use crate::seal::Keyring;
use crate::store::accounts::{self, State};
use crate::store::audit::{self, Entry};
use crate::store::db::{Db, Txn};
use crate::store::{divisions, sessions};
use domain::Instant;
use domain::phone::Phone;
use domain::text::clean;
use sea_orm::SqlErr;
use std::fmt;
use std::net::IpAddr;
use uuid::Uuid;

/// A person to make an account for.
pub struct NewAccount<'a> {
    pub name: &'a str,
    pub phone: &'a str,
    /// The town or village that looks after the account; town officers must name one in their town.
    pub home: Option<Uuid>,
}

/// A one-time code, shown once to whoever asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    pub account: Uuid,
    pub code: String,
    pub until: Instant,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({})", self.account)
    }
}

pub(super) fn parse(new: &NewAccount<'_>) -> Result<(String, Phone), Error> {
    let name = clean(new.name);
    if name.is_empty() || name.chars().count() > 40 {
        return Err(Error::field("name_malformed", "姓名须为 1 至 40 个字符", "name"));
    }
    let phone = Phone::parse(new.phone).filter(Phone::is_mobile);
    let phone = phone.ok_or_else(|| Error::field("phone_malformed", "请填写 11 位手机号", "phone"))?;
    Ok((name, phone))
}

pub(super) fn taken(error: sea_orm::DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::conflict("phone_taken", "该手机号已有账号"),
        _ => error.into(),
    }
}

/// Makes an account without grants, and a one-time code to hand to its owner.
///
/// # Errors
/// `Forbidden`; `Refused` `name_malformed`, `phone_malformed`, `home_unknown`; `Conflict` `phone_taken`.
pub async fn create(
    db: &Db,
    keys: &Keyring,
    actor: &Actor,
    new: &NewAccount<'_>,
    now: Instant,
) -> Result<Code, Error> {
    let homes = super::homes(actor)?;
    let (name, phone) = parse(new)?;
    let unknown = || Error::field("home_unknown", "所属区划不存在或不在您的辖区", "home");
    let inside = match (&homes, new.home) {
        (None, _) => true,
        (Some(homes), Some(home)) => homes.contains(&home),
        (Some(_), None) => false,
    };
    if !inside {
        return Err(unknown());
    }
    if let Some(home) = new.home {
        let division = divisions::find(db.read(), home).await?;
        if !division.is_some_and(|division| division.is_current()) {
            return Err(unknown());
        }
    }
    let (code, hash, until) = one_time(now).await?;
    let row = &accounts::NewRow {
        id: Uuid::now_v7(),
        phone: &phone,
        name: &name,
        password_hash: &hash,
        must_change: true,
        code_until: Some(until.millis()),
        home: new.home,
        by: Some(actor.account),
        now: now.millis(),
    };
    db.write(|txn| async move {
        accounts::insert(&*txn, keys, row).await.map_err(taken)?;
        note(&txn, actor, "create_account", row.id, now).await
    })
    .await?;
    Ok(Code {
        account: row.id,
        code,
        until,
    })
}

/// Replaces a forgotten password by a one-time code, ends all sessions and takes the locks off.
///
/// # Errors
/// `NotFound`; `Forbidden`; `Refused` `own_account`: one's own password is changed, not reset.
pub async fn reset(db: &Db, keys: &Keyring, actor: &Actor, id: Uuid, now: Instant) -> Result<Code, Error> {
    not_own(actor, id)?;
    // Looked at before hashing, so that nobody makes the machine hash for nothing.
    managed(db.read(), actor, id, now).await?;
    let (code, hash, until) = one_time(now).await?;
    let hash = hash.as_str();
    db.write(|txn| async move {
        let account = managed(&*txn, actor, id, now).await?;
        accounts::set_password(&*txn, id, hash, Some(until.millis())).await?;
        sessions::end(&*txn, sessions::Which::OfAccount(id), "reset", now.millis()).await?;
        guard::unlock(&*txn, keys, &account.phone_hash).await?;
        note(&txn, actor, "reset_account", id, now).await
    })
    .await?;
    Ok(Code {
        account: id,
        code,
        until,
    })
}

/// Bars an account and ends its sessions. Its phones may still hand in.
///
/// # Errors
/// `NotFound`; `Forbidden`; `Refused` `own_account`. Disabling what is disabled is fine.
pub async fn disable(db: &Db, actor: &Actor, id: Uuid, now: Instant) -> Result<(), Error> {
    not_own(actor, id)?;
    db.write(|txn| async move {
        if managed(&*txn, actor, id, now).await?.state == State::Disabled.name() {
            return Ok(());
        }
        accounts::set_state(&*txn, id, State::Disabled).await?;
        sessions::end(&*txn, sessions::Which::OfAccount(id), "disabled", now.millis()).await?;
        note(&txn, actor, "disable_account", id, now).await
    })
    .await
}

/// Lets a disabled account sign in again, with the password it had.
///
/// # Errors
/// `NotFound`; `Forbidden`. Enabling what is enabled is fine.
pub async fn enable(db: &Db, actor: &Actor, id: Uuid, now: Instant) -> Result<(), Error> {
    db.write(|txn| async move {
        if managed(&*txn, actor, id, now).await?.state == State::Active.name() {
            return Ok(());
        }
        accounts::set_state(&*txn, id, State::Active).await?;
        note(&txn, actor, "enable_account", id, now).await
    })
    .await
}

/// Takes the locks of failed sign-ins off an account.
///
/// # Errors
/// `NotFound`; `Forbidden`.
pub async fn unlock(db: &Db, keys: &Keyring, actor: &Actor, id: Uuid, now: Instant) -> Result<(), Error> {
    db.write(|txn| async move {
        let account = managed(&*txn, actor, id, now).await?;
        guard::unlock(&*txn, keys, &account.phone_hash).await?;
        note(&txn, actor, "unlock_account", id, now).await
    })
    .await
}

/// Replaces the actor's password, or the one-time code, and ends the account's other sessions. Wrong guesses
/// count as failed sign-ins.
///
/// # Errors
/// `Refused` `password_wrong` and those of [`Password::parse`], `password_same`; `TooMany`.
pub async fn change_password(
    db: &Db,
    keys: &Keyring,
    actor: &Actor,
    current: &str,
    new: &str,
    address: IpAddr,
    now: Instant,
) -> Result<(), Error> {
    let password = Password::parse(new, "new_password")?;
    if current == new {
        return Err(Error::field(
            "password_same",
            "新密码不能与原密码相同",
            "new_password",
        ));
    }
    let at = now.millis();
    let account = accounts::find(db.read(), actor.account).await?;
    let account = &account.ok_or(Error::NotFound)?;
    let attempt = &db
        .write(|txn| async move { guard::begin(&*txn, keys, &account.phone_hash, address, at).await })
        .await?;
    if !passwords::verify(account.password_hash.clone(), current.to_owned()).await? {
        return Err(Error::field("password_wrong", "原密码不正确", "current_password"));
    }
    let hash = password.hash().await?;
    let hash = hash.as_str();
    db.write(|txn| async move {
        guard::succeeded(&*txn, attempt, at).await?;
        let row = accounts::lock(&*txn, account.id).await?;
        if row.is_none_or(|row| row.password_hash != account.password_hash) {
            return Err(Error::conflict("changed_meanwhile", "密码刚刚被更改，请重新登录"));
        }
        accounts::set_password(&*txn, account.id, hash, None).await?;
        let others = sessions::Which::Others {
            account: account.id,
            but: actor.session,
        };
        sessions::end(&*txn, others, "password_changed", at).await?;
        note(&txn, actor, "change_password", account.id, now).await
    })
    .await
}

/// A one-time code with its hash and its end. It is good until a password is set: the answer to a sign-in may be
/// lost, and nobody should need a second code for that.
pub(super) async fn one_time(now: Instant) -> Result<(String, String, Instant), Error> {
    let code = passwords::code();
    let hash = passwords::hash(code.clone()).await?;
    Ok((code, hash, Instant::from_millis(now.millis() + CODE_LIFE)))
}

fn not_own(actor: &Actor, id: Uuid) -> Result<(), Error> {
    match actor.account == id {
        true => Err(Error::refused("own_account", "不能对自己的账号进行此操作")),
        false => Ok(()),
    }
}

async fn note(txn: &Txn, actor: &Actor, action: &'static str, id: Uuid, now: Instant) -> Result<(), Error> {
    let entry = Entry::done(action, actor.account)
        .by_device(actor.device)
        .on("account", id);
    audit::insert(&**txn, entry, now.millis()).await?;
    Ok(())
}
