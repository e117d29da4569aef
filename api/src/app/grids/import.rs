//! Grids from a list by address ranges (网格划分): one row is one range of one grid.
//!
//! Towns must exist; a village that a row names and nobody knows is made under its town, without code. A grid
//! is taken whole or not at all: half its ranges would send people into nobody's grid. Grids that the list does
//! not name stay as they are.

mod plan;

use self::plan::Plan;
use super::write::taken;
use crate::app::Error;
use crate::store::db::Db;
use crate::store::divisions::{self, Division};
use crate::store::grids;
use domain::Instant;
use domain::code::Level;
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A row as it was read from the file; nothing is parsed yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GridRow {
    /// The row as the spreadsheet counts.
    pub row: u32,
    pub code: String,
    /// 网格名称, where the list has one; else empty.
    pub name: String,
    pub town: String,
    pub village: String,
    /// 自然村或路; several may stand in one cell.
    pub natural_village: String,
    /// 门牌起, or the whole range as one text (1-60号, 61号以上, 全部) with an empty `to`.
    pub from: String,
    pub to: String,
}

/// What a row does, or why it does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    New,
    Same,
    Changed,
    /// `why` is a stable code; `fields` are the members of [`GridRow`] to correct.
    Refused {
        why: &'static str,
        fields: &'static [&'static str],
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowResult {
    pub row: u32,
    pub verdict: Verdict,
    pub grid: Option<Uuid>,
}

/// What became of the rows, in their order; the counts are of grids and villages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub rows: Vec<RowResult>,
    pub new: u32,
    pub changed: u32,
    pub same: u32,
    /// Left as they were, or not made: at least one of their rows is refused.
    pub refused: u32,
    pub villages_made: u32,
}

impl Imported {
    fn add(&mut self, other: Imported) {
        self.rows.extend(other.rows);
        self.new += other.new;
        self.changed += other.changed;
        self.same += other.same;
        self.refused += other.refused;
        self.villages_made += other.villages_made;
    }
}

/// What [`import_rows`] would do now.
pub async fn check_rows(db: &Db, rows: &[GridRow], now: Instant) -> Result<Imported, Error> {
    let conn = db.read();
    let mut done = Imported::default();
    for (town, part) in by_town(conn, rows, &mut done).await? {
        done.add(plan(conn, &town, &part, now).await?.report());
    }
    done.rows.sort_by_key(|row| row.row);
    Ok(done)
}

/// Draws grids as the rows say. The same rows twice change nothing. One transaction a town.
pub async fn import_rows(db: &Db, rows: &[GridRow], now: Instant) -> Result<Imported, Error> {
    let mut done = Imported::default();
    for (town, part) in by_town(db.read(), rows, &mut done).await? {
        let (town, part) = (&town, &part);
        let step = db
            .write(|txn| async move {
                let txn = &*txn;
                // The town first, then its villages in the order of their ids: names and ranges are judged under
                // these locks.
                let town = divisions::lock(txn, town.id).await?.ok_or(Error::NotFound)?;
                for village in divisions::children(txn, town.id).await? {
                    divisions::lock(txn, village.id).await?;
                }
                let plan = plan(txn, &town, part, now).await?;
                divisions::insert(txn, &plan.villages).await?;
                grids::insert(txn, &plan.made()).await.map_err(taken)?;
                for (grid, ranges) in plan.changed() {
                    grids::update(txn, grid, ranges).await.map_err(taken)?;
                }
                Ok::<_, Error>(plan.report())
            })
            .await?;
        done.add(step);
    }
    done.rows.sort_by_key(|row| row.row);
    Ok(done)
}

/// The rows of each town; those that name no town are refused at once.
async fn by_town<'a, C: ConnectionTrait>(
    db: &C,
    rows: &'a [GridRow],
    done: &mut Imported,
) -> Result<Vec<(Division, Vec<&'a GridRow>)>, Error> {
    use crate::app::divisions::names::{Meant, find};
    let all = divisions::tree(db).await?;
    let towns: Vec<&Division> = all
        .iter()
        .filter(|d| d.level == Level::Town && d.is_current())
        .collect();
    let counties: Vec<&str> = all
        .iter()
        .filter(|d| d.level == Level::County)
        .map(|d| d.name.as_str())
        .collect();
    let mut parts: Vec<(Division, Vec<&GridRow>)> = Vec::new();
    for row in rows {
        let why = match find(&row.town, &towns, &counties) {
            Meant::One(town) => {
                match parts.iter_mut().find(|(t, _)| t.id == town.id) {
                    Some((_, part)) => part.push(row),
                    None => parts.push((town.clone(), vec![row])),
                }
                continue;
            }
            Meant::Several(_) => "town_ambiguous",
            Meant::Nothing => "town_unknown",
        };
        done.rows.push(RowResult {
            row: row.row,
            verdict: Verdict::Refused {
                why,
                fields: &["town"],
            },
            grid: None,
        });
    }
    // A grid lies in one village: a code that stands in rows of two towns is refused in all of them.
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut twice: BTreeSet<String> = BTreeSet::new();
    for (_, part) in &parts {
        let codes: BTreeSet<String> = part.iter().filter_map(|row| plan::code(row)).collect();
        twice.extend(codes.intersection(&seen).cloned());
        seen.extend(codes);
    }
    for (_, part) in &mut parts {
        part.retain(|row| {
            let refused = plan::code(row).is_some_and(|code| twice.contains(&code));
            if refused {
                done.rows.push(RowResult {
                    row: row.row,
                    verdict: plan::TWO_VILLAGES,
                    grid: None,
                });
            }
            !refused
        });
    }
    done.refused += twice.len() as u32;
    Ok(parts)
}

async fn plan<'a, C: ConnectionTrait>(
    db: &C,
    town: &Division,
    rows: &[&'a GridRow],
    now: Instant,
) -> Result<Plan<'a>, Error> {
    let villages = divisions::children(db, town.id).await?;
    let ids: Vec<Uuid> = villages.iter().map(|v| v.id).collect();
    let codes: Vec<String> = rows.iter().filter_map(|row| plan::code(row)).collect();
    let mut there = grids::of_villages(db, &ids).await?;
    // Codes are unique in the county: a grid of another town with one of these codes is in the way.
    for grid in grids::by_codes(db, &codes).await? {
        if !ids.contains(&grid.village) {
            there.push(grid);
        }
    }
    Ok(plan::make(town, villages, there, rows, now))
}
