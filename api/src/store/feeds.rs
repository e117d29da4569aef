//! Feeds: the numbered streams of grids and devices. The last locks that a transaction takes.
//!
//! Each feed is numbered under its own row's lock, in commit order. A record stands once in a grid's feed, at
//! its newest number; count and digest of the grid are kept beside it.

use super::sealed;
use crate::seal::Keyring;
use entity::{device_entry, feed, feed_entry};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
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
    for (feed, page) in pages {
        enter(db, keys, feed, page).await?;
    }
    Ok(())
}

async fn enter<C: ConnectionTrait>(db: &C, keys: &Keyring, id: Uuid, page: Pages) -> Result<(), DbErr> {
    let row = lock(db, id).await?;
    let mut digest: [u8; 16] = row.digest.as_slice().try_into().unwrap_or_default();
    let mut next = row.next;
    for (resident, version) in page.removed.iter().chain(&page.entered) {
        sync::digest::toggle(&mut digest, (*resident).into(), version);
    }
    let gone: Vec<Uuid> = page
        .removed
        .iter()
        .map(|(r, _)| *r)
        .filter(|r| !page.touched.contains(r))
        .collect();
    if !gone.is_empty() {
        feed_entry::Entity::delete_many()
            .filter(feed_entry::Column::Feed.eq(id))
            .filter(feed_entry::Column::Subject.is_in(gone))
            .exec(db)
            .await?;
    }
    let mut entries = Vec::with_capacity(page.touched.len());
    for resident in &page.touched {
        entries.push(feed_entry::ActiveModel {
            feed: Set(id),
            subject: Set(*resident),
            n: Set(next),
        });
        next += 1;
    }
    for part in entries.chunks(300) {
        let on = OnConflict::columns([feed_entry::Column::Feed, feed_entry::Column::Subject])
            .update_column(feed_entry::Column::N)
            .to_owned();
        feed_entry::Entity::insert_many(part.to_vec())
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
    }
    // Kind and subject name one entry: a later matter in the same transaction replaces the earlier one.
    let mut latest: HashMap<(&'static str, Uuid), (usize, News)> = HashMap::new();
    for (place, n) in page.news {
        latest.insert((n.kind, n.subject), (place, n));
    }
    let mut latest: Vec<_> = latest.into_values().collect();
    latest.sort_by_key(|(place, _)| *place);
    for (_, n) in latest {
        next = enter_news(db, keys, n, next).await?;
    }
    let update = feed::ActiveModel {
        id: Unchanged(id),
        next: Set(next),
        count: Set(row.count + page.entered.len() as i64 - page.removed.len() as i64),
        digest: Set(digest.to_vec()),
    };
    feed::Entity::update(update).exec(db).await?;
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

/// The feed's row, locked until commit, made when it is new.
async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<feed::Model, DbErr> {
    let found = feed::Entity::find_by_id(id).lock_exclusive().one(db).await?;
    if let Some(row) = found {
        return Ok(row);
    }
    let new = feed::ActiveModel {
        id: Set(id),
        next: Set(1),
        count: Set(0),
        digest: Set(vec![0; 16]),
    };
    let on = OnConflict::column(feed::Column::Id).do_nothing().to_owned();
    feed::Entity::insert(new)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    let row = feed::Entity::find_by_id(id).lock_exclusive().one(db).await?;
    row.ok_or(DbErr::RecordNotFound("feed".into()))
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
