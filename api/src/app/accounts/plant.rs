//! Accounts that the operator makes at the machine itself, without anybody being signed in.

use super::grants;
use super::write::{Code, NewAccount, one_time, parse, taken};
use crate::actor::Grant;
use crate::app::Error;
use crate::app::passwords::Password;
use crate::seal::Keyring;
use crate::store::accounts;
use crate::store::audit::{self, Entry};
use crate::store::db::{Db, Txn};
use crate::store::grants::{self as grant_rows, DatedGrant};
use domain::Instant;
use domain::catalogue::Role;
use uuid::Uuid;

/// An account that the operator makes at the machine itself: the first administrator, a demo's accounts.
pub struct Planted<'a> {
    pub new: NewAccount<'a>,
    /// Without one, a one-time code is made.
    pub password: Option<&'a str>,
    pub grants: Vec<Grant>,
}

/// Makes an account with its grants, without anybody being signed in.
///
/// # Errors
/// As [`super::create`] and [`super::give`]; a password is held to the rules.
pub async fn plant(
    db: &Db,
    keys: &Keyring,
    planted: &Planted<'_>,
    now: Instant,
) -> Result<(Uuid, Option<Code>), Error> {
    plant_unless(db, keys, planted, None, now).await
}

/// Makes the account of an administrator with a one-time code, for whoever has the machine itself. Once there is an
/// administrator who may sign in, that one makes the next, unless `force` says otherwise.
///
/// # Errors
/// `Conflict` `admin_exists`, and those of [`super::create`].
pub async fn first_admin(
    db: &Db,
    keys: &Keyring,
    new: NewAccount<'_>,
    force: bool,
    now: Instant,
) -> Result<Code, Error> {
    let grant = Grant {
        role: Role::BureauAdmin,
        division: None,
        grid: None,
        category: None,
        department: None,
    };
    let planted = Planted {
        new,
        password: None,
        grants: vec![grant],
    };
    let unless = (!force).then_some(Role::BureauAdmin);
    let (_, code) = plant_unless(db, keys, &planted, unless, now).await?;
    Ok(code.expect("without a password a code is made"))
}

async fn plant_unless(
    db: &Db,
    keys: &Keyring,
    planted: &Planted<'_>,
    held: Option<Role>,
    now: Instant,
) -> Result<(Uuid, Option<Code>), Error> {
    let (name, phone) = parse(&planted.new)?;
    let (code, hash, until) = match planted.password {
        Some(password) => {
            let hash = Password::parse(password, "password")?.hash().await?;
            (None, hash, None)
        }
        None => {
            let (code, hash, until) = one_time(now).await?;
            (Some(code), hash, Some(until))
        }
    };
    let row = &accounts::NewRow {
        id: Uuid::now_v7(),
        phone: &phone,
        name: &name,
        password_hash: &hash,
        must_change: until.is_some(),
        code_until: until.map(Instant::millis),
        home: planted.new.home,
        by: None,
        now: now.millis(),
    };
    db.write(|txn| async move {
        if let Some(role) = held
            && grant_rows::is_held(&*txn, role, &now.date().to_string()).await?
        {
            return Err(Error::conflict(
                "admin_exists",
                "已有可用的管理员账号，请由该管理员在系统中建立新账号",
            ));
        }
        plant_in(&txn, keys, row, &planted.grants, now).await
    })
    .await?;
    let code = code.zip(until).map(|(code, until)| Code {
        account: row.id,
        code,
        until,
    });
    Ok((row.id, code))
}

async fn plant_in(
    txn: &Txn,
    keys: &Keyring,
    row: &accounts::NewRow<'_>,
    given: &[Grant],
    now: Instant,
) -> Result<(), Error> {
    accounts::insert(&**txn, keys, row).await.map_err(taken)?;
    for grant in given {
        grants::judge(txn, grant).await?;
        let grant = DatedGrant {
            id: Uuid::now_v7(),
            account: row.id,
            grant: grant.clone(),
            since: now.date().to_string(),
            until: None,
        };
        grant_rows::insert(&**txn, &grant, None, now.millis()).await?;
    }
    let entry = Entry {
        action: "plant_account",
        subject: Some(("account", row.id)),
        outcome: "done",
        ..Default::default()
    };
    audit::insert(&**txn, entry, now.millis()).await?;
    Ok(())
}
