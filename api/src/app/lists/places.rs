//! The gazetteer as divisions and grids stand now.

use crate::app::Error;
use crate::store::divisions::{self, Division, NameKind};
use crate::store::grids;
use domain::code::Level;
use domain::place::{Gazetteer, GridRange, OtherName, Town, Village};
use sea_orm::ConnectionTrait;

/// Builds it from the rows: once a job, so that all its rows are read alike.
pub async fn gazetteer<C: ConnectionTrait>(db: &C) -> Result<Gazetteer, Error> {
    let all = divisions::tree(db).await?;
    let current = |level: Level| all.iter().filter(move |d| d.level == level && d.is_current());
    let mut above = vec!["广东省", "江门市"];
    above.extend(current(Level::County).map(|d| d.name.as_str()));
    let towns: Vec<Town> = current(Level::Town)
        .map(|d| Town {
            id: d.id.into(),
            name: d.name.clone(),
            others: others(d),
        })
        .collect();
    let villages: Vec<Village> = current(Level::Village)
        .filter_map(|d| {
            Some(Village {
                id: d.id.into(),
                town: d.parent?.into(),
                name: d.name.clone(),
                others: others(d),
            })
        })
        .collect();
    let mut ranges = Vec::new();
    for grid in grids::all(db).await? {
        for range in &grid.ranges {
            ranges.push(GridRange {
                grid: grid.id.into(),
                village: grid.village.into(),
                natural: range.natural_village.clone(),
                from: u32::try_from(range.from).unwrap_or_default(),
                to: u32::try_from(range.to).unwrap_or_default(),
            });
        }
    }
    Ok(Gazetteer::new(&above, &towns, &villages, &ranges))
}

fn others(division: &Division) -> Vec<OtherName> {
    division
        .names
        .iter()
        .filter(|n| n.kind != NameKind::FormerCode)
        .map(|n| OtherName {
            name: n.name.clone(),
            former: n.kind == NameKind::Former,
        })
        .collect()
}
