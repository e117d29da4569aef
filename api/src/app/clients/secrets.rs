//! Secrets of clients: told once, kept as their hash, two at a time while one takes over from the other.

use super::{bureau, is_live};
use crate::actor::Actor;
use crate::app::Error;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::clients::{self, Secret, state};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Instant;
use rand::RngExt;
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// Secrets that may be live together.
const MOST: usize = 2;
const DAY: i64 = 24 * 3600 * 1000;
/// Longest time in which the old secret still opens, in days.
pub const LONGEST_OVERLAP: u32 = 90;

/// A secret that is told now and never again.
pub struct NewSecret {
    pub id: Uuid,
    pub secret: String,
    pub expires_at: Option<Instant>,
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewSecret({})", self.id)
    }
}

/// 256 random bits: nobody guesses them, so a plain hash keeps them.
pub(super) fn fresh(client: Uuid, now: Instant, expires: Option<Instant>) -> (NewSecret, Secret) {
    let random: [u8; 32] = rand::rng().random();
    let secret = format!("hsc_{}", URL_SAFE_NO_PAD.encode(random));
    let row = Secret {
        id: Uuid::now_v7(),
        client,
        hash: hash(&secret),
        created_at: now.millis(),
        expires_at: expires.map(Instant::millis),
    };
    let told = NewSecret {
        id: row.id,
        secret,
        expires_at: expires,
    };
    (told, row)
}

pub(super) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Makes another secret. Those that are live stay so for `overlap` days, or end sooner where they were to.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` `client_revoked`, `two_secrets` while two are live; `Refused`
/// `overlap_too_long`, `expired_already`.
pub async fn rotate(
    program: &Program,
    actor: &Actor,
    client: Uuid,
    overlap: u32,
    expires: Option<Instant>,
) -> Result<NewSecret, Error> {
    bureau(actor)?;
    if overlap > LONGEST_OVERLAP {
        return Err(Error::field(
            "overlap_too_long",
            "新旧密钥最多并存 90 天",
            "overlap_days",
        ));
    }
    let now = program.clock.now();
    if expires.is_some_and(|until| until <= now) {
        return Err(Error::field("expired_already", "有效期须晚于现在", "expires_at"));
    }
    let (told, row) = fresh(client, now, expires);
    let row = &row;
    program
        .db
        .write(|txn| async move {
            let found = clients::lock(&*txn, client).await?.ok_or(Error::NotFound)?;
            if found.state == state::REVOKED {
                return Err(Error::conflict("client_revoked", "该客户端已被吊销"));
            }
            let mut live = clients::secrets(&*txn, &[client]).await?;
            live.retain(|secret| is_live(secret, now));
            if live.len() >= MOST {
                return Err(Error::conflict(
                    "two_secrets",
                    "已有两个有效密钥，请先停用其中一个",
                ));
            }
            let until = now.millis() + i64::from(overlap) * DAY;
            for old in live {
                let until = old.expires_at.map_or(until, |own| own.min(until));
                clients::end_secret(&*txn, old.id, until).await?;
            }
            clients::insert_secret(&*txn, row).await?;
            let entry = Entry::done("rotate_client_secret", actor.account).on("client", client);
            Ok::<_, Error>(audit::insert(&*txn, entry, now.millis()).await?)
        })
        .await?;
    Ok(told)
}

/// Ends a secret and every token that was given for it, at once. Ending what has ended is fine.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn end_secret(program: &Program, actor: &Actor, client: Uuid, secret: Uuid) -> Result<(), Error> {
    bureau(actor)?;
    let now = program.clock.now();
    let work = program.db.write(|txn| async move {
        clients::lock(&*txn, client).await?.ok_or(Error::NotFound)?;
        let all = clients::secrets(&*txn, &[client]).await?;
        let row = all.into_iter().find(|s| s.id == secret).ok_or(Error::NotFound)?;
        if !is_live(&row, now) {
            return Ok(());
        }
        clients::end_secret(&*txn, secret, now.millis()).await?;
        let entry = Entry::done("end_client_secret", actor.account).on("client", client);
        Ok::<_, Error>(audit::insert(&*txn, entry, now.millis()).await?)
    });
    work.await
}
