//! Refresh families: kept alive by use, ended by their owner, by an administrator, or by a stolen token's use.

use crate::actor::Actor;
use crate::app::Error;
use crate::app::tokens::{self, Access};
use crate::seal::{Keyring, SigningKeys};
use crate::store::accounts::{self, State};
use crate::store::audit::{self, Entry};
use crate::store::db::{Db, Txn};
use crate::store::devices;
use crate::store::sessions::{self, Which};
use domain::Instant;
use entity::session;
pub use entity::session::Model as SessionRow;
use uuid::Uuid;

/// Milliseconds after a rotation in which even a token whose successor was used gets its answer again: consoles
/// have several tabs.
const TABS: i64 = 60 * 1000;

/// A new access token and the refresh token to use next.
#[derive(Clone)]
pub struct Renewed {
    pub access: String,
    /// Seconds that `access` is good.
    pub expires_in: i64,
    pub refresh: String,
    pub account: Uuid,
    pub must_change: bool,
}

/// What presenting a generation means for its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presented {
    /// The newest one: it gets a successor.
    Newest,
    /// Its successor is out and counts as the answer that was lost.
    Again,
    /// Its successor was used: somebody has a copy.
    Reused,
}

fn presented(generation: i32, session: &session::Model, now: Instant) -> Presented {
    match session.generation - generation {
        // Above what we know of: handed out before the database was restored from a backup.
        ..=0 => Presented::Newest,
        1 => Presented::Again,
        2 if now.millis() - session.rotated_at <= TABS => Presented::Again,
        _ => Presented::Reused,
    }
}

/// Gives a new pair for a refresh token. A repeat gets the same successor and a fresh access token until the
/// successor is presented, and within a minute of that rotation too; later it ends the family.
///
/// # Errors
/// `Unauthorized` `token_invalid`, `session_ended`; a token of an ended family never gets anything again.
pub async fn refresh(
    db: &Db,
    keys: &Keyring,
    signing: &SigningKeys,
    token: &str,
    installation: Option<&str>,
    now: Instant,
) -> Result<Renewed, Error> {
    let (family, generation) = tokens::read_refresh(keys, token)?;
    // A refusal may end the family and leaves an audit row: it is an outcome to commit, not an error.
    let outcome = db
        .write(|txn| async move {
            match judge(&txn, family, generation, installation, now).await? {
                Some((account, must_change, next)) => {
                    let of = Access {
                        account,
                        session: family,
                    };
                    Ok::<_, Error>(Some(Renewed {
                        access: tokens::access(signing, of, now)?,
                        expires_in: tokens::ACCESS_LIFE,
                        refresh: tokens::refresh(keys, family, next),
                        account,
                        must_change,
                    }))
                }
                None => Ok(None),
            }
        })
        .await?;
    outcome.ok_or(Error::Unauthorized {
        code: "session_ended",
        message: "登录已结束，请重新登录",
    })
}

/// Account, whether its password must change, and the generation to hand out; `None` to refuse.
async fn judge(
    txn: &Txn,
    family: Uuid,
    generation: i32,
    installation: Option<&str>,
    now: Instant,
) -> Result<Option<(Uuid, bool, i32)>, Error> {
    let at = now.millis();
    let Some(session) = sessions::lock(&**txn, family).await? else {
        return Ok(None);
    };
    let presented = presented(generation, &session, now);
    if presented == Presented::Reused {
        sessions::end(&**txn, Which::One(family), "reused", at).await?;
        let entry = Entry {
            account: Some(session.account),
            device: session.device,
            action: "refresh",
            subject: Some(("session", family)),
            outcome: "reused",
            ..Default::default()
        };
        audit::insert(&**txn, entry, at).await?;
        return Ok(None);
    }
    if session.ended_at.is_some() || session.expires_at <= at {
        return Ok(None);
    }
    let account = accounts::find(&**txn, session.account).await?;
    let Some(account) = account.filter(|row| row.state == State::Active.name()) else {
        return Ok(None);
    };
    if let Some(device) = session.device {
        let device = devices::find(&**txn, device).await?;
        // Only the device that signed in may go on, or repeat; whoever names none is taken at its word.
        let same = device.filter(|row| {
            row.state == devices::ACTIVE && installation.is_none_or(|given| given == row.installation)
        });
        let Some(device) = same else {
            return Ok(None);
        };
        devices::contact(&**txn, device.id, at).await?;
    }
    let next = match presented {
        Presented::Newest => {
            let next = generation + 1;
            sessions::used(&**txn, family, Some(next), at, at + tokens::IDLE).await?;
            next
        }
        Presented::Again | Presented::Reused => {
            sessions::used(&**txn, family, None, at, at + tokens::IDLE).await?;
            generation + 1
        }
    };
    Ok(Some((session.account, account.must_change, next)))
}

/// Ends the actor's session.
pub async fn sign_out(db: &Db, actor: &Actor, now: Instant) -> Result<(), Error> {
    end_in(
        db,
        actor,
        Which::One(actor.session),
        "signed_out",
        "sign_out",
        now,
    )
    .await
}

/// The actor's living sessions, the last used first.
pub async fn list(db: &Db, actor: &Actor, now: Instant) -> Result<Vec<session::Model>, Error> {
    Ok(sessions::living(db.read(), actor.account, now.millis()).await?)
}

/// Ends one of the actor's sessions.
///
/// # Errors
/// `NotFound` for a session of somebody else. Ending what is ended is fine.
pub async fn end(db: &Db, actor: &Actor, id: Uuid, now: Instant) -> Result<(), Error> {
    let session = sessions::find(db.read(), id).await?;
    if session.is_none_or(|row| row.account != actor.account) {
        return Err(Error::NotFound);
    }
    end_in(db, actor, Which::One(id), "ended_by_owner", "end_session", now).await
}

async fn end_in(
    db: &Db,
    actor: &Actor,
    which: Which,
    reason: &str,
    action: &'static str,
    now: Instant,
) -> Result<(), Error> {
    let subject = match which {
        Which::One(id) => id,
        _ => actor.session,
    };
    db.write(|txn| async move {
        if sessions::end(&*txn, which, reason, now.millis()).await? > 0 {
            let entry = Entry::done(action, actor.account)
                .by_device(actor.device)
                .on("session", subject);
            audit::insert(&*txn, entry, now.millis()).await?;
        }
        Ok(())
    })
    .await
}
