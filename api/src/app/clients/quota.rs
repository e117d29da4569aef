//! Quotas of clients, kept in the database: several nodes count as one.

use crate::actor::{Actor, ClientRights};
use crate::app::Error;
use crate::program::Program;
use crate::store::clients;
use domain::Instant;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

const MINUTE: i64 = 60_000;
/// Days begin at midnight in Shanghai, which knows no summer time any more.
const OFFSET: i64 = 8 * 3600 * 1000;
const DAY: i64 = 24 * 3600 * 1000;

/// Counts a request of a client; accounts are not counted.
///
/// # Errors
/// `OverQuota` `rate_quota` until the next minute; it is not counted then.
pub async fn count_request(program: &Program, actor: &Actor) -> Result<(), Error> {
    let Some(rights) = &actor.client else {
        return Ok(());
    };
    let now = program.clock.now().millis();
    let work = program.db.write(|txn| async move {
        let mut used = clients::lock_use(&*txn, actor.account).await?;
        if used.minute != now / MINUTE {
            used.minute = now / MINUTE;
            used.requests = 0;
        }
        if used.requests >= rights.per_minute {
            return Err(Error::OverQuota {
                code: "rate_quota",
                message: "请求过于频繁，已超过每分钟次数配额",
                seconds: seconds(MINUTE - now % MINUTE),
            });
        }
        used.requests += 1;
        Ok(clients::save_use(&*txn, used).await?)
    });
    work.await
}

/// Takes rows from a client's quota of the day before they are handed out; accounts have none.
///
/// # Errors
/// `OverQuota` `row_quota` until midnight; nothing is taken then.
pub async fn take_rows<C: ConnectionTrait>(
    txn: &C,
    client: Uuid,
    rights: Option<&ClientRights>,
    rows: u64,
    now: Instant,
) -> Result<(), Error> {
    let Some(rights) = rights else { return Ok(()) };
    let mut used = clients::lock_use(txn, client).await?;
    let today = now.date().to_string();
    if used.day != today {
        used.day = today;
        used.rows = 0;
    }
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    if used.rows.saturating_add(rows) > rights.rows_per_day {
        return Err(Error::OverQuota {
            code: "row_quota",
            message: "今日可取的行数已超过配额",
            seconds: seconds(DAY - (now.millis() + OFFSET) % DAY),
        });
    }
    used.rows += rows;
    Ok(clients::save_use(txn, used).await?)
}

/// Gives back rows that were taken on this day and not handed out.
///
/// # Errors
/// Of the database.
pub async fn give_back_rows<C: ConnectionTrait>(
    txn: &C,
    client: Uuid,
    rows: u64,
    now: Instant,
) -> Result<(), Error> {
    let mut used = clients::lock_use(txn, client).await?;
    if used.day == now.date().to_string() {
        used.rows = (used.rows - i64::try_from(rows).unwrap_or(i64::MAX)).max(0);
        clients::save_use(txn, used).await?;
    }
    Ok(())
}

fn seconds(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0).div_ceil(1000).max(1)
}
