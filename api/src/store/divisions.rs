//! Division rows: county, towns and villages, with the names they go and went by.

use super::{Fault, grids};
use domain::code::Level;
use domain::place::{self, Gazetteer};
use entity::{division, grid, resident};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What another name is to its division.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameKind {
    /// In use beside the name.
    Variant,
    /// The name of an earlier time, or of what was merged into this division.
    Former,
    /// A code of an earlier time: codes change with every merger.
    FormerCode,
}

/// A name beside the present one, with the dates `YYYY-MM-DD` between which it was valid, where known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherName {
    pub name: String,
    pub kind: NameKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// One county, town or village.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    pub id: Uuid,
    pub code: Option<String>,
    pub name: String,
    pub level: Level,
    pub parent: Option<Uuid>,
    pub names: Vec<OtherName>,
    /// `YYYY-MM-DD`; `None` is since ever.
    pub since: Option<String>,
    /// The first day on which it is no more.
    pub until: Option<String>,
}

impl Division {
    pub fn is_current(&self) -> bool {
        self.until.is_none()
    }

    /// Every name that people may write for it, the present one first.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        let others = self.names.iter().filter(|n| n.kind != NameKind::FormerCode);
        std::iter::once(self.name.as_str()).chain(others.map(|n| n.name.as_str()))
    }
}

fn read(row: division::Model) -> Result<Division, Fault> {
    Ok(Division {
        level: Level::parse(&row.level).ok_or(Fault::Damaged("division level"))?,
        names: serde_json::from_str(&row.names).map_err(|_| Fault::Damaged("division names"))?,
        id: row.id,
        code: row.code,
        name: row.name,
        parent: row.parent,
        since: row.since,
        until: row.until,
    })
}

fn row_of(d: &Division) -> division::ActiveModel {
    division::ActiveModel {
        id: Set(d.id),
        code: Set(d.code.clone()),
        name: Set(d.name.clone()),
        level: Set(d.level.name().into()),
        parent: Set(d.parent),
        names: Set(serde_json::to_string(&d.names).expect("names are plain text")),
        since: Set(d.since.clone()),
        until: Set(d.until.clone()),
    }
}

/// All divisions, ended ones too: some two hundred in a county, so that nobody reads them one by one.
/// Towns stand under their county and villages under their town, each group by code, then by name.
pub async fn tree<C: ConnectionTrait>(db: &C) -> Result<Vec<Division>, Fault> {
    let rows = division::Entity::find().all(db).await?;
    let mut all: Vec<Division> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    // Codes first: a village without one was made from a grids list and stands at the end of its town.
    all.sort_by(|a, b| {
        let key = |d: &Division| (d.code.is_none(), d.code.clone(), d.name.clone(), d.id);
        key(a).cmp(&key(b))
    });
    let mut out = Vec::with_capacity(all.len());
    push_under(None, &all, &mut out);
    Ok(out)
}

fn push_under(parent: Option<Uuid>, all: &[Division], out: &mut Vec<Division>) {
    for division in all.iter().filter(|d| d.parent == parent) {
        out.push(division.clone());
        push_under(Some(division.id), all, out);
    }
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<Division>, Fault> {
    let row = division::Entity::find_by_id(id).one(db).await?;
    row.map(read).transpose()
}

/// A division locked until commit: names below it, and ranges in it, are judged under this lock.
pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<Division>, Fault> {
    let row = division::Entity::find_by_id(id).lock_exclusive().one(db).await?;
    row.map(read).transpose()
}

/// Those of `ids` that exist, in no order.
pub async fn some<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<Division>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = division::Entity::find()
        .filter(division::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    rows.into_iter().map(read).collect()
}

/// What stands directly under a division, ended ones too.
pub async fn children<C: ConnectionTrait>(db: &C, parent: Uuid) -> Result<Vec<Division>, Fault> {
    let rows = division::Entity::find()
        .filter(division::Column::Parent.eq(parent))
        .order_by_asc(division::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(read).collect()
}

/// The county, locked until commit; `None` in a database that has no divisions yet.
pub async fn lock_county<C: ConnectionTrait>(db: &C) -> Result<Option<Division>, Fault> {
    let row = division::Entity::find()
        .filter(division::Column::Level.eq(Level::County.name()))
        .filter(division::Column::Until.is_null())
        .lock_exclusive()
        .one(db)
        .await?;
    row.map(read).transpose()
}

/// The current division with this code.
pub async fn by_code<C: ConnectionTrait>(db: &C, code: &str) -> Result<Option<Division>, Fault> {
    let row = division::Entity::find()
        .filter(division::Column::Code.eq(code))
        .filter(division::Column::Until.is_null())
        .one(db)
        .await?;
    row.map(read).transpose()
}

pub async fn insert<C: ConnectionTrait>(db: &C, all: &[Division]) -> Result<(), DbErr> {
    for part in all.chunks(100) {
        division::Entity::insert_many(part.iter().map(row_of))
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

pub async fn update<C: ConnectionTrait>(db: &C, division: &Division) -> Result<(), DbErr> {
    let row = division::ActiveModel {
        id: sea_orm::ActiveValue::Unchanged(division.id),
        ..row_of(division)
    };
    division::Entity::update(row).exec(db).await?;
    Ok(())
}

/// What keeps a division from ending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InUse {
    /// Current divisions directly under it.
    pub divisions: u64,
    /// Current grids in it.
    pub grids: u64,
    /// Residents whose village it is, departed ones left out.
    pub residents: u64,
}

pub async fn in_use<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<InUse, DbErr> {
    Ok(InUse {
        divisions: division::Entity::find()
            .filter(division::Column::Parent.eq(id))
            .filter(division::Column::Until.is_null())
            .count(db)
            .await?,
        grids: grid::Entity::find()
            .filter(grid::Column::Village.eq(id))
            .filter(grid::Column::Until.is_null())
            .count(db)
            .await?,
        residents: resident::Entity::find()
            .filter(resident::Column::Village.eq(id))
            .filter(resident::Column::State.is_in(["reported", "present"]))
            .count(db)
            .await?,
    })
}

/// Ids of a division and of everything under it, ended ones too.
pub async fn below<C: ConnectionTrait>(db: &C, roots: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
    let mut all: Vec<Uuid> = roots.to_vec();
    let mut last = all.clone();
    while !last.is_empty() {
        last = division::Entity::find()
            .select_only()
            .column(division::Column::Id)
            .filter(division::Column::Parent.is_in(last))
            .into_tuple()
            .all(db)
            .await?;
        all.extend(&last);
    }
    Ok(all)
}

/// What stands over the county in an address. No rows of ours: nobody in them is ours to look after.
const ABOVE_COUNTY: [&str; 2] = ["广东省", "江门市"];

/// All places as they stand now, for reading addresses: current divisions with the names that they go and went by,
/// and the house numbers of current grids. Some four queries; read once for many addresses.
pub async fn gazetteer<C: ConnectionTrait>(db: &C) -> Result<Gazetteer, Fault> {
    let mut all = tree(db).await?;
    all.retain(Division::is_current);
    let mut above: Vec<&str> = ABOVE_COUNTY.to_vec();
    let (mut towns, mut villages) = (Vec::new(), Vec::new());
    for division in &all {
        let others = division.names.iter().filter(|n| n.kind != NameKind::FormerCode);
        let others = others.map(|n| place::OtherName {
            name: n.name.clone(),
            former: n.kind == NameKind::Former,
        });
        match (division.level, division.parent) {
            (Level::County, _) => above.extend(division.all_names()),
            (Level::Town, _) => towns.push(place::Town {
                id: division.id.into(),
                name: division.name.clone(),
                others: others.collect(),
            }),
            (Level::Village, Some(town)) => villages.push(place::Village {
                id: division.id.into(),
                town: town.into(),
                name: division.name.clone(),
                others: others.collect(),
            }),
            (Level::Village, None) => return Err(Fault::Damaged("village without a town")),
        }
    }
    let mut ranges = Vec::new();
    for grid in grids::all(db).await? {
        ranges.extend(grid.ranges.into_iter().map(|range| place::GridRange {
            grid: grid.id.into(),
            village: grid.village.into(),
            natural: range.natural_village,
            from: range.from.unsigned_abs(),
            to: range.to.unsigned_abs(),
        }));
    }
    Ok(Gazetteer::new(&above, &towns, &villages, &ranges))
}
