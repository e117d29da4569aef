//! Registrations of (installation, account): made at sign-in, ended by their owner or an administrator, and able
//! to hand in what they hold even when everything else has ended.

use crate::actor::Actor;
use crate::app::clues::tasks;
use crate::app::sync::{Phone, push};
use crate::app::{Error, accounts, hand_over};
use crate::contacts::Contacts;
use crate::program::Program;
use crate::seal::Keyring;
use crate::store::audit::{self, Entry};
use crate::store::db::{Db, Txn};
use crate::store::{devices, feeds, sessions, standing};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Instant;
use domain::catalogue::Role;
use domain::text::clean;
use entity::device;
pub use entity::device::Model as DeviceRow;
use rand::RngExt;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// A registration as its phone hears of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Registered {
    pub id: Uuid,
    /// What opens the hand-in door; told when it is made, and kept as a hash only.
    pub secret: Option<String>,
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registered({})", self.id)
    }
}

/// The name that a phone's storage has for itself: 8 to 64 letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation(String);

impl Installation {
    /// # Errors
    /// `Refused` `installation_malformed`.
    pub fn parse(text: &str) -> Result<Installation, Error> {
        let fine = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        match (8..=64).contains(&text.len()) && text.bytes().all(fine) {
            true => Ok(Installation(text.to_owned())),
            false => Err(Error::field(
                "installation_malformed",
                "安装标识须为 8 至 64 位字母、数字、- 或 _",
                "installation",
            )),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A device that may only hand in: what it sends is kept for a person, and nothing is readable to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandIn {
    pub device: Uuid,
    pub account: Uuid,
}

/// The installation's registration for this account, made when there is none. Until the device has been heard of,
/// each sign-in tells a new secret: the answer with the first one may have been lost.
pub(super) async fn register(
    txn: &Txn,
    keys: &Keyring,
    installation: &Installation,
    label: &str,
    account: Uuid,
    now: Instant,
) -> Result<Registered, Error> {
    let secret: [u8; 32] = rand::rng().random();
    let secret = URL_SAFE_NO_PAD.encode(secret);
    let hash = Sha256::digest(secret.as_bytes());
    if let Some(known) = devices::active(&**txn, installation.as_str(), account).await? {
        let heard_of = known.last_contact_at.is_some();
        if !heard_of {
            devices::set_secret(&**txn, known.id, &hash).await?;
        }
        return Ok(Registered {
            id: known.id,
            secret: (!heard_of).then_some(secret),
        });
    }
    let label: String = clean(label).chars().take(60).collect();
    let new = devices::NewRow {
        id: Uuid::now_v7(),
        installation: installation.as_str(),
        account,
        secret_hash: &hash,
        label: &label,
        now: now.millis(),
    };
    devices::insert(&**txn, &new).await?;
    let entry = Entry::done("register_device", account).on("device", new.id);
    audit::insert(&**txn, entry, now.millis()).await?;
    let asked = tasks::for_new_phone(txn, keys, new.id, account).await?;
    if !asked.is_empty() {
        feeds::publish(&**txn, keys, &[], asked).await?;
    }
    Ok(Registered {
        id: new.id,
        secret: Some(secret),
    })
}

/// Opens the hand-in door.
///
/// # Errors
/// `Unauthorized` `device_unknown`: no such device, or another secret.
pub async fn hand_in(db: &Db, device: Uuid, secret: &str) -> Result<HandIn, Error> {
    let row = devices::find(db.read(), device).await?;
    let given = Sha256::digest(secret.as_bytes());
    // Compared also where there is no device, so that the two take the same time.
    let known = row.as_ref().map_or(vec![0; 32], |row| row.secret_hash.clone());
    let right: bool = known.as_slice().ct_eq(given.as_slice()).into();
    match row {
        Some(row) if right => Ok(HandIn {
            device: row.id,
            account: row.account,
        }),
        _ => Err(Error::Unauthorized {
            code: "device_unknown",
            message: "设备未登记或密钥不符",
        }),
    }
}

/// Registrations of one account, oldest first: the actor's own, or those of somebody the actor looks after.
///
/// # Errors
/// `NotFound` for accounts that the actor may not know of.
pub async fn list(db: &Db, actor: &Actor, account: Uuid) -> Result<Vec<device::Model>, Error> {
    if account != actor.account {
        accounts::seen(db.read(), actor, account).await?;
    }
    Ok(devices::of(db.read(), &[account]).await?)
}

/// Devices of one transaction: few enough that no phone's sync waits behind their rows for long.
const CONTACTS: usize = 100;

/// Writes down the last contacts that were noted since this was done before.
///
/// # Errors
/// Those of the database; then what was not written is noted again.
pub async fn write_contacts(db: &Db, contacts: &Contacts) -> Result<(), Error> {
    let all = contacts.take();
    let mut result = Ok(());
    for part in all.chunks(CONTACTS) {
        if result.is_ok() {
            result = db
                .write(|txn| async move { Ok::<_, Error>(devices::contacts(&*txn, part).await?) })
                .await;
        }
        if result.is_err() {
            for (device, contact) in part {
                contacts.note(*device, contact.clone());
            }
        }
    }
    result
}

/// Ends a registration and its sessions. The phone may still hand in; then it is told to drop everything.
///
/// # Errors
/// `NotFound`; `Forbidden` where the account is above the actor. Ending what is ended is fine.
pub async fn end(db: &Db, actor: &Actor, id: Uuid, now: Instant) -> Result<(), Error> {
    actor.ready()?;
    db.write(|txn| async move {
        let row = devices::find(&*txn, id).await?.ok_or(Error::NotFound)?;
        if row.account != actor.account {
            accounts::managed(&*txn, actor, row.account, now).await?;
        }
        if row.state == devices::ENDED {
            return Ok(());
        }
        devices::end(&*txn, id).await?;
        // What it held is to be dropped: whoever asks which phones have not yet done so finds it.
        hand_over::registration_ended(&txn, id, now).await?;
        sessions::end(&*txn, sessions::Which::OfDevice(id), "device_ended", now.millis()).await?;
        let entry = Entry::done("end_device", actor.account)
            .by_device(actor.device)
            .on("device", id);
        audit::insert(&*txn, entry, now.millis()).await?;
        Ok(())
    })
    .await
}

/// Says that a registration which two phones seemed to use is one phone: what was kept meanwhile is taken, in the order of
/// its numbers. Edits whose numbers were used twice stay with the people whose inbox they are in.
///
/// # Errors
/// As [`end`]; `Conflict` `not_cloned`.
pub async fn is_one_phone(program: &Program, actor: &Actor, id: Uuid) -> Result<(), Error> {
    actor.ready()?;
    let now = program.clock.now();
    let phone = &Phone::of_device(program, id, now).await?;
    program
        .db
        .write(|txn| async move {
            // Nobody says so of an own phone: it may be the one that was copied.
            accounts::managed(&*txn, actor, phone.account, now).await?;
            let row = standing::lock(&*txn, id).await?.ok_or(Error::NotFound)?;
            if row.cloned_at.is_none() {
                return Err(Error::conflict("not_cloned", "该登记没有被两台手机使用的迹象"));
            }
            standing::set_cloned(&*txn, id, None).await?;
            let entry = Entry::done("device_is_one_phone", actor.account)
                .by_device(actor.device)
                .on("device", id);
            audit::insert(&*txn, entry, now.millis()).await?;
            push::go_on(program, phone, &txn, now).await
        })
        .await
}

/// Sets what one phone may carry; with nothing named it is the usual again.
///
/// # Errors
/// `Forbidden` for all but the bureau; `NotFound`; `Refused` `budget_malformed`.
pub async fn set_budget(
    program: &Program,
    actor: &Actor,
    id: Uuid,
    (records, bytes): (Option<i64>, Option<i64>),
) -> Result<(), Error> {
    actor.ready()?;
    actor.must_be(&[Role::BureauAdmin])?;
    if records.is_some_and(|n| n < 1) || bytes.is_some_and(|n| n < 1) {
        return Err(Error::field("budget_malformed", "容量须为正整数", "records"));
    }
    let now = program.clock.now();
    program
        .db
        .write(|txn| async move {
            standing::lock(&*txn, id).await?.ok_or(Error::NotFound)?;
            standing::set_budget(&*txn, id, records, bytes).await?;
            let mut entry = Entry::done("set_device_budget", actor.account).on("device", id);
            entry.count = records;
            Ok(audit::insert(&*txn, entry, now.millis()).await?)
        })
        .await
}
