//! Feeds: the numbered streams of grids and devices. The last locks that a transaction takes.
//!
//! Each feed is numbered under its own row's lock, in commit order. A record stands once in a grid's feed, at
//! its newest number; count and digest of the grid are kept beside it.

use super::sealed;
use crate::seal::Keyring;
use entity::{device_entry, feed, feed_entry, projection};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    JoinType, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Where a record stood and stands, with its version there: what a grid's feed, count and digest need.
#[derive(Clone, Debug)]
pub struct Moved {
    pub resident: Uuid,
    pub before: Option<(Uuid, String)>,
    pub after: Option<(Uuid, String)>,
}

/// Something that concerns one device only. The newest of one kind and subject replaces the one before.
#[derive(Clone, Debug)]
pub struct News {
    pub device: Uuid,
    pub kind: &'static str,
    pub subject: Uuid,
    /// The wire item (wire.md 5), or `None` to withdraw what was not fetched yet.
    pub item: Option<Value>,
}

#[derive(Default)]
struct Pages {
    removed: Vec<(Uuid, String)>,
    entered: Vec<(Uuid, String)>,
    touched: Vec<Uuid>,
    news: Vec<(usize, News)>,
}

/// Enters everything into its feeds, in the order of the feeds' ids.
pub async fn publish<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    moved: &[Moved],
    news: Vec<News>,
) -> Result<(), DbErr> {
    let mut pages: BTreeMap<Uuid, Pages> = BTreeMap::new();
    for m in moved {
        if let Some((grid, version)) = &m.before {
            pages
                .entry(*grid)
                .or_default()
                .removed
                .push((m.resident, version.clone()));
        }
        if let Some((grid, version)) = &m.after {
            let page = pages.entry(*grid).or_default();
            page.entered.push((m.resident, version.clone()));
            page.touched.push(m.resident);
        }
    }
    for (place, n) in news.into_iter().enumerate() {
        pages.entry(n.device).or_default().news.push((place, n));
    }
    // Many people at once stand in many grids: each table takes few statements, however many feeds there are.
    let ids: Vec<Uuid> = pages.keys().copied().collect();
    let mut rows = lock(db, &ids).await?;
    let mut entries = Vec::new();
    for (row, page) in rows.iter_mut().zip(pages.into_values()) {
        enter(db, keys, row, page, &mut entries).await?;
    }
    for part in entries.chunks(500) {
        let on = OnConflict::columns([feed_entry::Column::Feed, feed_entry::Column::Subject])
            .update_column(feed_entry::Column::N)
            .to_owned();
        feed_entry::Entity::insert_many(part.to_vec())
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
    }
    for part in rows.chunks(500) {
        let on = OnConflict::column(feed::Column::Id)
            .update_columns([feed::Column::Next, feed::Column::Count, feed::Column::Digest])
            .to_owned();
        feed::Entity::insert_many(
            part.iter()
                .cloned()
                .map(|row| row.into_active_model().reset_all()),
        )
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    }
    Ok(())
}

/// What one feed takes in: its row counts on, entries are left to be written with those of the others.
async fn enter<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    row: &mut feed::Model,
    page: Pages,
    entries: &mut Vec<feed_entry::ActiveModel>,
) -> Result<(), DbErr> {
    let mut digest: [u8; 16] = row.digest.as_slice().try_into().unwrap_or_default();
    for (resident, version) in page.removed.iter().chain(&page.entered) {
        sync::digest::toggle(&mut digest, (*resident).into(), version);
    }
    row.digest = digest.to_vec();
    row.count += page.entered.len() as i64 - page.removed.len() as i64;
    let gone: Vec<Uuid> = page
        .removed
        .iter()
        .map(|(r, _)| *r)
        .filter(|r| !page.touched.contains(r))
        .collect();
    if !gone.is_empty() {
        feed_entry::Entity::delete_many()
            .filter(feed_entry::Column::Feed.eq(row.id))
            .filter(feed_entry::Column::Subject.is_in(gone))
            .exec(db)
            .await?;
    }
    for resident in &page.touched {
        entries.push(feed_entry::ActiveModel {
            feed: Set(row.id),
            subject: Set(*resident),
            n: Set(row.next),
        });
        row.next += 1;
    }
    // Kind and subject name one entry: a later matter in the same transaction replaces the earlier one.
    let mut latest: HashMap<(&'static str, Uuid), (usize, News)> = HashMap::new();
    for (place, n) in page.news {
        latest.insert((n.kind, n.subject), (place, n));
    }
    let mut latest: Vec<_> = latest.into_values().collect();
    latest.sort_by_key(|(place, _)| *place);
    for (_, n) in latest {
        row.next = enter_news(db, keys, n, row.next).await?;
    }
    Ok(())
}

async fn enter_news<C: ConnectionTrait>(db: &C, keys: &Keyring, n: News, next: i64) -> Result<i64, DbErr> {
    let Some(item) = n.item else {
        device_entry::Entity::delete_by_id((n.device, n.kind.to_owned(), n.subject))
            .exec(db)
            .await?;
        return Ok(next);
    };
    let row = device_entry::ActiveModel {
        device: Set(n.device),
        kind: Set(n.kind.into()),
        subject: Set(n.subject),
        n: Set(next),
        sealed: Set(sealed::seal(keys, "device_entry", n.subject, &item)),
    };
    let on = OnConflict::columns([
        device_entry::Column::Device,
        device_entry::Column::Kind,
        device_entry::Column::Subject,
    ])
    .update_columns([device_entry::Column::N, device_entry::Column::Sealed])
    .to_owned();
    device_entry::Entity::insert(row)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    Ok(next + 1)
}

/// The feeds' rows in the order of their ids, locked until commit, made where they are new. `ids` are in order.
async fn lock<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<feed::Model>, DbErr> {
    let mut out = Vec::with_capacity(ids.len());
    for part in ids.chunks(500) {
        let mut found = locked(db, part).await?;
        if found.len() < part.len() {
            let known: Vec<Uuid> = found.iter().map(|row| row.id).collect();
            let new = part
                .iter()
                .filter(|id| !known.contains(id))
                .map(|id| feed::ActiveModel {
                    id: Set(*id),
                    next: Set(1),
                    count: Set(0),
                    digest: Set(vec![0; 16]),
                });
            let on = OnConflict::column(feed::Column::Id).do_nothing().to_owned();
            feed::Entity::insert_many(new)
                .on_conflict(on)
                .exec_without_returning(db)
                .await?;
            found = locked(db, part).await?;
        }
        if found.len() < part.len() {
            return Err(DbErr::RecordNotFound("feed".into()));
        }
        out.extend(found);
    }
    Ok(out)
}

async fn locked<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<feed::Model>, DbErr> {
    feed::Entity::find()
        .filter(feed::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(feed::Column::Id)
        .lock_exclusive()
        .all(db)
        .await
}

/// The rows of several feeds; a feed that nothing was entered into has none.
pub async fn rows<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<feed::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    feed::Entity::find()
        .filter(feed::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await
}

/// The newest number of several feeds, by their ids: all that a poke says.
pub async fn newest<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<BTreeMap<Uuid, i64>, DbErr> {
    let mut out = BTreeMap::new();
    for part in ids.chunks(500) {
        let found = feed::Entity::find()
            .select_only()
            .columns([feed::Column::Id, feed::Column::Next])
            .filter(feed::Column::Id.is_in(part.iter().copied()))
            .into_tuple::<(Uuid, i64)>()
            .all(db)
            .await?;
        out.extend(found.into_iter().map(|(id, next)| (id, next - 1)));
    }
    Ok(out)
}

/// What some grids weigh: their records, and the bytes of what a worker reads of them.
pub async fn weights<C: ConnectionTrait>(
    db: &C,
    grids: &[Uuid],
) -> Result<BTreeMap<Uuid, (i64, i64)>, DbErr> {
    let mut out = BTreeMap::new();
    for part in grids.chunks(500) {
        let found = feed_entry::Entity::find()
            .select_only()
            .column(feed_entry::Column::Feed)
            .expr(Expr::cust("COUNT(*)"))
            .expr(Expr::cust(
                "CAST(COALESCE(SUM(LENGTH(projection.open)), 0) AS BIGINT)",
            ))
            .join(
                JoinType::InnerJoin,
                feed_entry::Entity::belongs_to(projection::Entity)
                    .from(feed_entry::Column::Subject)
                    .to(projection::Column::Resident)
                    .into(),
            )
            .filter(feed_entry::Column::Feed.is_in(part.iter().copied()))
            .group_by(feed_entry::Column::Feed)
            .into_tuple::<(Uuid, i64, i64)>()
            .all(db)
            .await?;
        out.extend(
            found
                .into_iter()
                .map(|(id, records, bytes)| (id, (records, bytes))),
        );
    }
    Ok(out)
}

/// Entries of a grid's feed above `after`, oldest first.
pub async fn entries<C: ConnectionTrait>(
    db: &C,
    grid: Uuid,
    after: i64,
    limit: u64,
) -> Result<Vec<feed_entry::Model>, DbErr> {
    feed_entry::Entity::find()
        .filter(feed_entry::Column::Feed.eq(grid))
        .filter(feed_entry::Column::N.gt(after))
        .order_by_asc(feed_entry::Column::N)
        .limit(limit)
        .all(db)
        .await
}

/// What a device's own feed holds above `after`: number and wire item.
pub async fn news<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    device: Uuid,
    after: i64,
    limit: u64,
) -> Result<Vec<(i64, Value)>, DbErr> {
    let rows = device_entry::Entity::find()
        .filter(device_entry::Column::Device.eq(device))
        .filter(device_entry::Column::N.gt(after))
        .order_by_asc(device_entry::Column::N)
        .limit(limit)
        .all(db)
        .await?;
    let open = |row: device_entry::Model| {
        let item = sealed::open(keys, "device_entry", row.subject, &row.sealed);
        item.map(|item| (row.n, item))
            .map_err(|e| DbErr::Custom(e.to_string()))
    };
    rows.into_iter().map(open).collect()
}
