//! Listening live: a phone that is connected hears that a feed of its own has moved, and nothing of what is in it.

mod lookout;

use super::{Phone, cursor};
use crate::app::{Error, sign_in};
use crate::live::Sitting;
use crate::program::Program;
use crate::store::{feeds, meta};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Gives a phone its seat. With the cursor of its last answer it is told at once what has moved since; without one it
/// is told what moves from now on.
///
/// # Errors
/// Those of a token that does not open, or of who is no phone; `OverQuota` `too_many_live`.
pub async fn join(program: &Program, token: &str, from: Option<&str>) -> Result<Sitting, Error> {
    let phone = phone(program, token).await?;
    let ids = feeds_of(&phone);
    let told = match from {
        Some(from) => known(program, &phone, from).await?,
        None => newest(program, &ids).await?,
    };
    let feeds = ids.iter().map(|id| (*id, told.get(id).copied().unwrap_or(0)));
    let sitting = program.live.sit(phone.device, phone.account, feeds.collect());
    let sitting = sitting.map_err(|_| Error::OverQuota {
        code: "too_many_live",
        message: "该账号的实时连接已达上限",
        seconds: 60,
    })?;
    lookout::ensure(program);
    program.live.come.notify_one();
    Ok(sitting)
}

/// Looks whether a token still opens, and which feeds its phone has now.
///
/// # Errors
/// As [`join`]; `Unauthorized` `token_invalid` for the token of another device.
pub async fn look_again(program: &Program, token: &str, sitting: &Sitting) -> Result<(), Error> {
    let phone = phone(program, token).await?;
    if phone.device != sitting.device() {
        return Err(crate::app::tokens::invalid());
    }
    sitting.follow(&feeds_of(&phone));
    program.live.come.notify_one();
    Ok(())
}

async fn phone(program: &Program, token: &str) -> Result<Phone, Error> {
    Phone::of(&sign_in::recognise(program, token).await?)
}

fn feeds_of(phone: &Phone) -> Vec<Uuid> {
    phone.grids.iter().copied().chain([phone.device]).collect()
}

async fn newest(program: &Program, ids: &[Uuid]) -> Result<BTreeMap<Uuid, i64>, Error> {
    Ok(feeds::newest(program.db.read(), ids).await?)
}

/// How far a cursor has read. One that means a reload has read nothing.
async fn known(program: &Program, phone: &Phone, from: &str) -> Result<BTreeMap<Uuid, i64>, Error> {
    let Some(from) = cursor::read(&program.keys, phone.device, from) else {
        return Ok(BTreeMap::new());
    };
    if from.incarnation != meta::incarnation(program.db.read()).await? {
        return Ok(BTreeMap::new());
    }
    let mut known = from.grids;
    known.insert(phone.device, from.device);
    Ok(known)
}
