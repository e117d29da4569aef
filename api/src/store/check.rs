//! Reading for a check: rows as they stand, whole pages of them, also those that no other row belongs to.

use super::cards::Card;
use super::fault::Fault;
use super::sealed;
use crate::seal::{Keyring, Place};
use entity::{
    document, edit, facts, feed, feed_entry, grid, inbox_item, lookup, projection, resident, search_card,
};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A resident with every row that hangs on it.
pub struct Rows {
    pub resident: resident::Model,
    pub document: Option<document::Model>,
    pub facts: Option<facts::Model>,
    pub projection: Option<projection::Model>,
    pub card: Option<search_card::Model>,
    pub lookups: BTreeSet<(String, Vec<u8>)>,
    /// The edit with the highest number of the resident's epoch.
    pub last_edit: Option<LastEdit>,
    /// Open items in the order of reason and key.
    pub items: Vec<inbox_item::Model>,
}

/// Where the newest edit of a record left it.
#[derive(Clone)]
pub struct LastEdit {
    pub n: i32,
    pub facts_version: i32,
    pub heads: Vec<u8>,
}

/// The next residents in the order of their ids, with their rows.
pub async fn residents<C: ConnectionTrait>(
    db: &C,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Rows>, DbErr> {
    let mut query = resident::Entity::find();
    if let Some(after) = after {
        query = query.filter(resident::Column::Id.gt(after));
    }
    let page = query
        .order_by_asc(resident::Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    let ids: Vec<Uuid> = page.iter().map(|r| r.id).collect();
    let of = |column: document::Column| column.is_in(ids.iter().copied());
    let documents = document::Entity::find().filter(of(document::Column::Resident));
    let mut documents = by(documents.all(db).await?, |d| d.resident);
    let all = facts::Entity::find().filter(facts::Column::Resident.is_in(ids.iter().copied()));
    let mut all_facts = by(all.all(db).await?, |f| f.resident);
    let all = projection::Entity::find().filter(projection::Column::Resident.is_in(ids.iter().copied()));
    let mut projections = by(all.all(db).await?, |p| p.resident);
    let all = search_card::Entity::find().filter(search_card::Column::Resident.is_in(ids.iter().copied()));
    let mut cards = by(all.all(db).await?, |c| c.resident);
    let all = lookup::Entity::find().filter(lookup::Column::Resident.is_in(ids.iter().copied()));
    let mut lookups: BTreeMap<Uuid, BTreeSet<(String, Vec<u8>)>> = BTreeMap::new();
    for row in all.all(db).await? {
        lookups
            .entry(row.resident)
            .or_default()
            .insert((row.kind, row.hash));
    }
    let all = inbox_item::Entity::find()
        .filter(inbox_item::Column::Resident.is_in(ids.iter().copied()))
        .filter(inbox_item::Column::State.eq("open"));
    let mut items: BTreeMap<Uuid, Vec<inbox_item::Model>> = BTreeMap::new();
    for row in all.all(db).await? {
        items
            .entry(row.resident.unwrap_or_default())
            .or_default()
            .push(row);
    }
    // Sorted here: a database may order texts by its own alphabet.
    for own in items.values_mut() {
        own.sort_by(|a, b| (&a.reason, &a.key).cmp(&(&b.reason, &b.key)));
    }
    let mut edits = last_edits(db, &page).await?;
    let rows = page.into_iter().map(|resident| {
        let id = resident.id;
        Rows {
            resident,
            document: documents.remove(&id),
            facts: all_facts.remove(&id),
            projection: projections.remove(&id),
            card: cards.remove(&id),
            lookups: lookups.remove(&id).unwrap_or_default(),
            last_edit: edits.remove(&id),
            items: items.remove(&id).unwrap_or_default(),
        }
    });
    Ok(rows.collect())
}

fn by<M>(rows: Vec<M>, key: impl Fn(&M) -> Uuid) -> BTreeMap<Uuid, M> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

async fn last_edits<C: ConnectionTrait>(
    db: &C,
    page: &[resident::Model],
) -> Result<BTreeMap<Uuid, LastEdit>, DbErr> {
    let epochs: BTreeMap<Uuid, i32> = page.iter().map(|r| (r.id, r.epoch)).collect();
    let highest: Vec<(Uuid, i32, Option<i32>)> = edit::Entity::find()
        .select_only()
        .columns([edit::Column::Resident, edit::Column::Epoch])
        .column_as(edit::Column::N.max(), "highest")
        .filter(edit::Column::Resident.is_in(epochs.keys().copied()))
        .group_by(edit::Column::Resident)
        .group_by(edit::Column::Epoch)
        .into_tuple()
        .all(db)
        .await?;
    let wanted: Vec<(Uuid, i32, i32)> = highest
        .into_iter()
        .filter(|(id, epoch, _)| epochs.get(id) == Some(epoch))
        .filter_map(|(id, epoch, n)| Some((id, epoch, n?)))
        .collect();
    let mut out = BTreeMap::new();
    for part in wanted.chunks(100) {
        let any = part.iter().fold(Condition::any(), |any, (id, epoch, n)| {
            let this = Condition::all()
                .add(edit::Column::Resident.eq(*id))
                .add(edit::Column::Epoch.eq(*epoch))
                .add(edit::Column::N.eq(*n));
            any.add(this)
        });
        let rows: Vec<(Uuid, i32, i32, Vec<u8>)> = edit::Entity::find()
            .select_only()
            .columns([
                edit::Column::Resident,
                edit::Column::N,
                edit::Column::FactsVersion,
                edit::Column::Heads,
            ])
            .filter(any)
            .into_tuple()
            .all(db)
            .await?;
        out.extend(rows.into_iter().map(|(id, n, facts_version, heads)| {
            let last = LastEdit {
                n,
                facts_version,
                heads,
            };
            (id, last)
        }));
    }
    Ok(out)
}

/// Both parts of a stored projection, as text.
pub fn projection(keys: &Keyring, row: &projection::Model) -> Result<(String, String), Fault> {
    let open = |group, sealed: &[u8]| {
        let place = Place {
            table: "projection",
            row: row.resident.as_bytes(),
            group,
        };
        String::from_utf8(keys.open(place, sealed)?).map_err(|_| Fault::Damaged("projection"))
    };
    Ok((open("open", &row.open)?, open("rest", &row.rest)?))
}

/// A stored search card.
pub fn card(keys: &Keyring, row: &search_card::Model) -> Result<Card, Fault> {
    Ok(sealed::open(keys, "search_card", row.resident, &row.sealed)?)
}

/// All grids, and whatever else a resident stands in or an entry is in.
pub async fn feeds<C: ConnectionTrait>(db: &C) -> Result<BTreeSet<Uuid>, DbErr> {
    let grids = grid::Entity::find().select_only().column(grid::Column::Id);
    let mut out: BTreeSet<Uuid> = grids.into_tuple().all(db).await?.into_iter().collect();
    let stood = resident::Entity::find()
        .select_only()
        .column(resident::Column::Grid)
        .filter(resident::Column::Grid.is_not_null())
        .distinct();
    out.extend(
        stood
            .into_tuple::<Option<Uuid>>()
            .all(db)
            .await?
            .into_iter()
            .flatten(),
    );
    let entered = feed_entry::Entity::find()
        .select_only()
        .column(feed_entry::Column::Feed)
        .distinct();
    out.extend(entered.into_tuple::<Uuid>().all(db).await?);
    Ok(out)
}

pub async fn feed<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<feed::Model>, DbErr> {
    feed::Entity::find_by_id(id).one(db).await
}

/// Who stands in a grid and is not departed, by id: id and version.
pub async fn standing<C: ConnectionTrait>(
    db: &C,
    grid: Uuid,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(Uuid, String)>, DbErr> {
    let mut query = resident::Entity::find()
        .select_only()
        .columns([resident::Column::Id, resident::Column::Version])
        .filter(resident::Column::Grid.eq(grid))
        .filter(resident::Column::State.ne("departed"));
    if let Some(after) = after {
        query = query.filter(resident::Column::Id.gt(after));
    }
    query
        .order_by_asc(resident::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// Entries of a grid's feed, by subject: subject and number.
pub async fn entries<C: ConnectionTrait>(
    db: &C,
    grid: Uuid,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(Uuid, i64)>, DbErr> {
    let mut query = feed_entry::Entity::find()
        .select_only()
        .columns([feed_entry::Column::Subject, feed_entry::Column::N])
        .filter(feed_entry::Column::Feed.eq(grid));
    if let Some(after) = after {
        query = query.filter(feed_entry::Column::Subject.gt(after));
    }
    query
        .order_by_asc(feed_entry::Column::Subject)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// The tables whose rows hang on a resident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hanging {
    Document,
    Facts,
    Projection,
    SearchCard,
    Lookup,
}

impl Hanging {
    pub const ALL: [Hanging; 5] = [
        Hanging::Document,
        Hanging::Facts,
        Hanging::Projection,
        Hanging::SearchCard,
        Hanging::Lookup,
    ];
}

/// The next ids, in order, that rows of a table hang on though there is no such resident.
pub async fn orphans<C: ConnectionTrait>(
    db: &C,
    table: Hanging,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>, DbErr> {
    match table {
        Hanging::Document => {
            without_resident::<document::Entity, C>(db, document::Column::Resident, after, limit).await
        }
        Hanging::Facts => {
            without_resident::<facts::Entity, C>(db, facts::Column::Resident, after, limit).await
        }
        Hanging::Projection => {
            without_resident::<projection::Entity, C>(db, projection::Column::Resident, after, limit).await
        }
        Hanging::SearchCard => {
            without_resident::<search_card::Entity, C>(db, search_card::Column::Resident, after, limit).await
        }
        Hanging::Lookup => {
            without_resident::<lookup::Entity, C>(db, lookup::Column::Resident, after, limit).await
        }
    }
}

async fn without_resident<E: EntityTrait, C: ConnectionTrait>(
    db: &C,
    column: E::Column,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>, DbErr> {
    let mut there = Query::select();
    there
        .expr(Expr::val(1))
        .from(resident::Entity)
        .and_where(Expr::col((resident::Entity, resident::Column::Id)).eq(Expr::col((E::default(), column))));
    let mut query = E::find()
        .select_only()
        .column(column)
        .distinct()
        .filter(Expr::exists(there).not());
    if let Some(after) = after {
        query = query.filter(column.gt(after));
    }
    query.order_by_asc(column).limit(limit).into_tuple().all(db).await
}
