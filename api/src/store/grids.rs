//! Grid rows and the ranges of house numbers that belong to them.

use domain::place::natural_key;
use entity::{feed, grid, grid_range, resident};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// House numbers of one natural village or road, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    pub natural_village: String,
    pub from: i32,
    pub to: i32,
}

impl Range {
    /// The last number of a range without an end, as `网格划分.csv` writes it.
    pub const NO_END: i32 = 9999;

    /// Whether a house belongs to both. One natural village may be written in several ways.
    pub fn overlaps(&self, other: &Range) -> bool {
        self.from <= other.to
            && other.from <= self.to
            && natural_key(&self.natural_village) == natural_key(&other.natural_village)
    }
}

/// A grid 网格 with its ranges in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    pub id: Uuid,
    /// Unique among current grids.
    pub code: String,
    pub name: String,
    pub village: Uuid,
    /// `YYYY-MM-DD`.
    pub since: String,
    /// The first day on which it is no more.
    pub until: Option<String>,
    pub ranges: Vec<Range>,
}

/// Which grids a page shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Grids of these villages; `None` is all.
    pub villages: Option<Vec<Uuid>>,
    /// These grids; `None` is all. With `villages`, what either names.
    pub grids: Option<Vec<Uuid>>,
    /// Ended ones too.
    pub ended: bool,
}

impl Filter {
    fn condition(&self) -> Condition {
        let mut all = Condition::all();
        if self.villages.is_some() || self.grids.is_some() {
            let villages = self.villages.iter().flatten().copied();
            let grids = self.grids.iter().flatten().copied();
            all = all.add(
                Condition::any()
                    .add(grid::Column::Village.is_in(villages))
                    .add(grid::Column::Id.is_in(grids)),
            );
        }
        if !self.ended {
            all = all.add(grid::Column::Until.is_null());
        }
        all
    }
}

/// One page in the order of (code, id), after that of `after`.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    narrower: Option<Condition>,
    after: Option<(String, Uuid)>,
    limit: u64,
) -> Result<Vec<Grid>, DbErr> {
    use grid::Column as C_;
    let mut query = grid::Entity::find().filter(filter.condition());
    if let Some(narrower) = narrower {
        query = query.filter(narrower);
    }
    if let Some((code, id)) = after {
        let later = Condition::any().add(C_::Code.gt(code.as_str())).add(
            Condition::all()
                .add(C_::Code.eq(code.as_str()))
                .add(C_::Id.gt(id)),
        );
        query = query.filter(later);
    }
    let rows = query
        .order_by_asc(C_::Code)
        .order_by_asc(C_::Id)
        .limit(limit)
        .all(db)
        .await?;
    with_ranges(db, rows).await
}

/// Narrows a page to villages.
pub fn in_villages(villages: &[Uuid]) -> Condition {
    Condition::all().add(grid::Column::Village.is_in(villages.iter().copied()))
}

/// All current grids of some villages.
pub async fn of_villages<C: ConnectionTrait>(db: &C, villages: &[Uuid]) -> Result<Vec<Grid>, DbErr> {
    if villages.is_empty() {
        return Ok(Vec::new());
    }
    current(db, in_villages(villages)).await
}

/// All current grids.
pub async fn all<C: ConnectionTrait>(db: &C) -> Result<Vec<Grid>, DbErr> {
    current(db, Condition::all()).await
}

async fn current<C: ConnectionTrait>(db: &C, which: Condition) -> Result<Vec<Grid>, DbErr> {
    let rows = grid::Entity::find()
        .filter(which)
        .filter(grid::Column::Until.is_null())
        .order_by_asc(grid::Column::Code)
        .all(db)
        .await?;
    with_ranges(db, rows).await
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<Grid>, DbErr> {
    let row = grid::Entity::find_by_id(id).one(db).await?;
    Ok(with_ranges(db, row.into_iter().collect()).await?.pop())
}

/// Those of `ids` that exist, in the order of their codes.
pub async fn some<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<Grid>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = grid::Entity::find()
        .filter(grid::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(grid::Column::Code)
        .all(db)
        .await?;
    with_ranges(db, rows).await
}

/// The current grids with these codes.
pub async fn by_codes<C: ConnectionTrait>(db: &C, codes: &[String]) -> Result<Vec<Grid>, DbErr> {
    let mut all = Vec::new();
    for part in codes.chunks(500) {
        let codes = grid::Column::Code.is_in(part.iter().map(String::as_str));
        all.extend(current(db, Condition::all().add(codes)).await?);
    }
    Ok(all)
}

async fn with_ranges<C: ConnectionTrait>(db: &C, rows: Vec<grid::Model>) -> Result<Vec<Grid>, DbErr> {
    let mut ranges: BTreeMap<Uuid, Vec<Range>> = BTreeMap::new();
    for part in rows.chunks(500) {
        let found = grid_range::Entity::find()
            .filter(grid_range::Column::Grid.is_in(part.iter().map(|row| row.id)))
            .all(db)
            .await?;
        for row in found {
            ranges.entry(row.grid).or_default().push(Range {
                natural_village: row.natural_village,
                from: row.from_number,
                to: row.to_number,
            });
        }
    }
    let grid = |row: grid::Model| {
        let mut ranges = ranges.remove(&row.id).unwrap_or_default();
        ranges.sort();
        Grid {
            id: row.id,
            code: row.code,
            name: row.name,
            village: row.village,
            since: row.since,
            until: row.until,
            ranges,
        }
    };
    Ok(rows.into_iter().map(grid).collect())
}

/// New grids with their ranges, and the feed that each grid's records are numbered in.
pub async fn insert<C: ConnectionTrait>(db: &C, new: &[Grid]) -> Result<(), DbErr> {
    for part in new.chunks(100) {
        let rows = part.iter().map(|grid| grid::ActiveModel {
            id: Set(grid.id),
            code: Set(grid.code.clone()),
            name: Set(grid.name.clone()),
            village: Set(grid.village),
            since: Set(grid.since.clone()),
            until: Set(grid.until.clone()),
        });
        grid::Entity::insert_many(rows).exec_without_returning(db).await?;
        insert_ranges(db, part).await?;
        let feeds = part.iter().map(|grid| feed::ActiveModel {
            id: Set(grid.id),
            next: Set(1),
            count: Set(0),
            digest: Set(vec![0; 16]),
        });
        feed::Entity::insert_many(feeds)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// Writes a grid's row anew, and its ranges where `ranges` says so.
pub async fn update<C: ConnectionTrait>(db: &C, grid: &Grid, ranges: bool) -> Result<(), DbErr> {
    let row = grid::ActiveModel {
        id: Unchanged(grid.id),
        code: Set(grid.code.clone()),
        name: Set(grid.name.clone()),
        village: Set(grid.village),
        since: Set(grid.since.clone()),
        until: Set(grid.until.clone()),
    };
    grid::Entity::update(row).exec(db).await?;
    if ranges {
        grid_range::Entity::delete_many()
            .filter(grid_range::Column::Grid.eq(grid.id))
            .exec(db)
            .await?;
        insert_ranges(db, std::slice::from_ref(grid)).await?;
    }
    Ok(())
}

async fn insert_ranges<C: ConnectionTrait>(db: &C, grids: &[Grid]) -> Result<(), DbErr> {
    let rows: Vec<_> = grids
        .iter()
        .flat_map(|grid| {
            grid.ranges.iter().map(|range| grid_range::ActiveModel {
                id: NotSet,
                grid: Set(grid.id),
                natural_village: Set(range.natural_village.clone()),
                from_number: Set(range.from),
                to_number: Set(range.to),
            })
        })
        .collect();
    for part in rows.chunks(200) {
        grid_range::Entity::insert_many(part.to_vec())
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// Residents in a grid, departed ones left out.
pub async fn residents<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<u64, DbErr> {
    resident::Entity::find()
        .filter(resident::Column::Grid.eq(id))
        .filter(resident::Column::State.is_in(["reported", "present"]))
        .count(db)
        .await
}

/// A grid's row locked until commit. `false` where there is none.
pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<bool, DbErr> {
    let row = grid::Entity::find()
        .select_only()
        .expr_as(Expr::value(1), "one")
        .filter(grid::Column::Id.eq(id))
        .lock_exclusive()
        .into_tuple::<i32>()
        .one(db)
        .await?;
    Ok(row.is_some())
}

/// Which of these grids have ended. The others stay until commit.
pub async fn ended_of<C: ConnectionTrait>(db: &C, grids: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
    let mut out = Vec::new();
    for part in grids.chunks(500) {
        let rows: Vec<(Uuid, Option<String>)> = grid::Entity::find()
            .select_only()
            .columns([grid::Column::Id, grid::Column::Until])
            .filter(grid::Column::Id.is_in(part.iter().copied()))
            .order_by_asc(grid::Column::Id)
            .lock_shared()
            .into_tuple()
            .all(db)
            .await?;
        out.extend(
            rows.into_iter()
                .filter(|(_, until)| until.is_some())
                .map(|(id, _)| id),
        );
    }
    Ok(out)
}

/// Villages of some grids.
pub async fn villages_of<C: ConnectionTrait>(db: &C, grids: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
    if grids.is_empty() {
        return Ok(Vec::new());
    }
    grid::Entity::find()
        .select_only()
        .column(grid::Column::Village)
        .distinct()
        .filter(grid::Column::Id.is_in(grids.iter().copied()))
        .into_tuple()
        .all(db)
        .await
}

/// Everybody who is placed in a grid, also who has departed since.
pub async fn people<C: ConnectionTrait>(db: &C, grid: Uuid) -> Result<BTreeSet<Uuid>, DbErr> {
    let ids = resident::Entity::find()
        .select_only()
        .column(resident::Column::Id)
        .filter(resident::Column::Grid.eq(grid))
        .into_tuple::<Uuid>()
        .all(db)
        .await?;
    Ok(ids.into_iter().collect())
}
