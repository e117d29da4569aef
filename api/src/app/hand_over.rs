//! What a phone carries follows what its account is granted: drops for what it may hold no more, none for what it
//! may hold again.

use crate::app::Error;
use crate::app::desk::{dropping, withdrawing};
use crate::program::Program;
use crate::seal::Keyring;
use crate::store::db::Txn;
use crate::store::feeds::{self, News};
use crate::store::{grants, holdings, standing};
use domain::Instant;
use serde_json::json;
use uuid::Uuid;

/// Asks a device to drop everything that it carries outside `grids`.
pub async fn release(
    txn: &Txn,
    keys: &Keyring,
    device: Uuid,
    grids: &[Uuid],
    now: Instant,
) -> Result<(), Error> {
    release_because(txn, keys, device, grids, "grant_ended", now).await
}

/// [`release`], with the reason that the phone is told.
pub async fn release_because(
    txn: &Txn,
    keys: &Keyring,
    device: Uuid,
    grids: &[Uuid],
    why: &str,
    now: Instant,
) -> Result<(), Error> {
    let leaving = holdings::outside(&**txn, device, grids).await?;
    if leaving.is_empty() {
        return Ok(());
    }
    // Who moves at this moment has moved then.
    let people: Vec<Uuid> = leaving.iter().map(|holding| holding.resident).collect();
    holdings::stand_still(&**txn, &people).await?;
    let leaving = holdings::outside(&**txn, device, grids).await?;
    let numbers: Vec<i64> = leaving.iter().map(|h| h.number).collect();
    holdings::set_end(&**txn, &numbers, (now.millis(), why)).await?;
    let news = leaving.iter().map(|holding| dropping(holding, why)).collect();
    Ok(feeds::publish(&**txn, keys, &[], news).await?)
}

/// What an account's phones hold, after one of its grants ended.
pub async fn grant_ended(txn: &Txn, keys: &Keyring, account: Uuid, now: Instant) -> Result<(), Error> {
    let today = now.date().to_string();
    let all = grants::of(&**txn, &[account]).await?;
    let left = all.iter().filter(|grant| grant.is_valid(&today));
    let grids: Vec<Uuid> = left.filter_map(|grant| grant.grant.grid).collect();
    for device in standing::active_of(&**txn, account).await? {
        release(txn, keys, device, &grids, now).await?;
    }
    Ok(())
}

/// An account is given a grid: its phones hear of it, and need not drop what they have not dropped yet.
pub async fn grid_given(txn: &Txn, account: Uuid, grid: Uuid) -> Result<Vec<News>, Error> {
    let mut news = Vec::new();
    for device in standing::active_of(&**txn, account).await? {
        let leaving = holdings::leaving(&**txn, device, grid).await?;
        // The drop of whoever leaves at this moment is not withdrawn.
        let people: Vec<Uuid> = leaving.iter().map(|holding| holding.resident).collect();
        holdings::stand_still(&**txn, &people).await?;
        let leaving = holdings::leaving(&**txn, device, grid).await?;
        let numbers: Vec<i64> = leaving.iter().map(|holding| holding.number).collect();
        holdings::withdraw_end(&**txn, &numbers).await?;
        news.extend(leaving.iter().map(withdrawing));
        news.push(News {
            device,
            kind: "notice",
            subject: grid,
            item: Some(json!({
                "kind": "notice", "code": "grid_assigned", "grid": grid, "message": "您负责的网格有增加，正在下载",
            })),
        });
    }
    Ok(news)
}

/// A registration is at an end: all that its phone holds is to be dropped.
pub async fn registration_ended(txn: &Txn, device: Uuid, now: Instant) -> Result<(), Error> {
    let held = holdings::all_of_device(&**txn, device).await?;
    let open = held
        .iter()
        .filter(|holding| holding.to_at.is_none() || holding.why.is_none());
    let numbers: Vec<i64> = open.map(|holding| holding.number).collect();
    Ok(holdings::set_end(&**txn, &numbers, (now.millis(), "registration_ended")).await?)
}

/// A grant may also have ended by its date, or with its grid: noticed when the phone comes.
pub async fn release_phone(
    program: &Program,
    device: Uuid,
    grids: &[Uuid],
    now: Instant,
) -> Result<(), Error> {
    let held = holdings::outside(program.db.read(), device, grids).await?;
    if held.is_empty() {
        return Ok(());
    }
    program
        .db
        .write(|txn| async move {
            standing::lock(&*txn, device).await?;
            release(&txn, &program.keys, device, grids, now).await
        })
        .await
}
