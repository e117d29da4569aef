//! A database that was restored: another life of it, and what is known of the gap.

use crate::app::Error;
use crate::store::audit::{self, Entry};
use crate::store::db::Db;
use crate::store::{clock, copy, devices, figures, known_elsewhere, meta};
use uuid::Uuid;

/// What the restored database holds, and up to when.
pub struct Gap {
    /// When the backup was begun, where it says so.
    pub backup_at: Option<i64>,
    /// The last thing that anybody did in it.
    pub newest: Option<i64>,
    pub now: i64,
    pub residents: i64,
    pub edits: i64,
    /// Phones in use: they send again what they hold above their number.
    pub phones: Vec<Phone>,
}

pub struct Phone {
    pub device: Uuid,
    /// All edits up to this number are here.
    pub through: i64,
    pub last_contact: Option<i64>,
}

/// Begins the database's next life: cursors of the former one are worth nothing from now on. Answers the gap as it
/// was found.
pub async fn mark(db: &Db) -> Result<Gap, Error> {
    let gap = gap(db).await?;
    let (now, held) = (gap.now, gap.backup_at.or(gap.newest));
    db.write(|txn| async move {
        meta::put(&*txn, "incarnation", &Uuid::now_v7().to_string()).await?;
        meta::put(&*txn, "restored_at", &now.to_string()).await?;
        known_elsewhere::clear(&*txn).await?;
        if let Some(held) = held {
            meta::put(&*txn, "restored_to", &held.to_string()).await?;
        }
        let entry = Entry {
            action: "restore",
            outcome: "done",
            ..Default::default()
        };
        audit::insert(&*txn, entry, now).await?;
        Ok::<_, Error>(())
    })
    .await?;
    Ok(gap)
}

async fn gap(db: &Db) -> Result<Gap, Error> {
    let held = copy::figures(db.read()).await?;
    let phones = devices::in_use(db.read()).await?;
    let phones = phones.into_iter().map(|row| Phone {
        device: row.id,
        through: row.through,
        last_contact: row.last_contact_at,
    });
    Ok(Gap {
        backup_at: held.made_at,
        newest: figures::newest(db.read()).await?,
        now: clock::now(db.read()).await?,
        residents: held.residents,
        edits: held.edits,
        phones: phones.collect(),
    })
}
