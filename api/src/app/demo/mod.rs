//! A county of invented people to look at: divisions, grids, accounts of every role, residents, open items.
//!
//! Demo accounts exist only in a database that `demo` made; it refuses a database that holds anybody.

pub mod people;
pub mod residents;

use crate::actor::Grant;
use crate::app::Error;
use crate::app::accounts::{NewAccount, Planted, plant};
use crate::app::divisions::import;
use crate::app::grids::import::{GridRow, import_rows};
use crate::program::Program;
use crate::store::{divisions, grids, meta};
use domain::catalogue::Role;
use domain::code::Level;
use people::Dice;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The one password of all demo accounts.
pub const PASSWORD: &str = "heshan-yanshi-2026";
const NATURAL: [&str; 4] = ["旧围村", "新屋村", "后尾村", "榕园村"];
/// Grids of the demo county; the first five towns have four, the others three.
const GRIDS: usize = 35;

/// An account to try things with.
pub struct DemoAccount {
    pub role: Role,
    pub name: String,
    pub phone: String,
    pub place: String,
}

/// Fills an empty database; answers `None` when it holds a demo county already.
///
/// # Errors
/// `Conflict` `not_empty` when the database holds something that is no demo.
pub async fn fill(program: &Program, size: usize) -> Result<Option<Vec<DemoAccount>>, Error> {
    if meta::get(program.db.read(), "demo").await?.is_some() {
        return Ok(None);
    }
    if !divisions::tree(program.db.read()).await?.is_empty() {
        return Err(Error::conflict(
            "not_empty",
            "数据库中已有数据，演示数据只能写入空数据库",
        ));
    }
    let now = program.clock.now();
    import::csv(&program.db, import::HESHAN, now).await?;
    let tree = divisions::tree(program.db.read()).await?;
    let towns: Vec<_> = tree
        .iter()
        .filter(|d| d.level == Level::Town)
        .take(10)
        .cloned()
        .collect();
    let mut rows = Vec::new();
    for n in 0..GRIDS {
        let (town, natural) = (&towns[n % 10], NATURAL[n / 10]);
        rows.push(GridRow {
            row: n as u32 + 2,
            code: format!("G{:05}", n + 1),
            name: format!("示范村{}", natural),
            town: town.name.clone(),
            village: "示范村".into(),
            natural_village: natural.into(),
            from: "1".into(),
            to: "9999".into(),
        });
    }
    import_rows(&program.db, &rows, now).await?;
    let tree = divisions::tree(program.db.read()).await?;
    let names: BTreeMap<Uuid, String> = tree.iter().map(|d| (d.id, d.name.clone())).collect();
    let parents: BTreeMap<Uuid, Uuid> = tree.iter().filter_map(|d| Some((d.id, d.parent?))).collect();
    let mut all = grids::all(program.db.read()).await?;
    all.sort_by(|a, b| a.code.cmp(&b.code));
    let accounts = accounts(program, &all, &names, &parents).await?;
    let mut dice = Dice::new(784_001);
    let places: Vec<residents::Place> = all
        .iter()
        .map(|g| {
            let town = parents
                .get(&g.village)
                .and_then(|t| names.get(t))
                .cloned()
                .unwrap_or_default();
            let natural = g
                .ranges
                .first()
                .map(|r| r.natural_village.clone())
                .unwrap_or_default();
            residents::Place {
                grid: g.id,
                village: g.village,
                text: format!("鹤山市{town}{}{natural}", names[&g.village]),
            }
        })
        .collect();
    residents::fill(program, &mut dice, &places, size).await?;
    meta::put_new(program.db.schema(), "demo", "1").await?;
    Ok(Some(accounts))
}

/// The demo's accounts, as they are printed at every start.
pub fn printed() -> Vec<(Role, String)> {
    let mut all = vec![
        (Role::BureauAdmin, number(1)),
        (Role::TownOfficer, number(2)),
        (Role::Cadre, number(3)),
        (Role::Cadre, number(4)),
        (Role::Department, number(5)),
        (Role::Department, number(6)),
        (Role::Auditor, number(7)),
    ];
    all.extend((0..20).map(|n| (Role::Worker, number(101 + n))));
    all
}

fn number(n: usize) -> String {
    format!("1380000{n:04}")
}

async fn accounts(
    program: &Program,
    all: &[grids::Grid],
    names: &BTreeMap<Uuid, String>,
    parents: &BTreeMap<Uuid, Uuid>,
) -> Result<Vec<DemoAccount>, Error> {
    let village = all[0].village;
    let town = parents.get(&village).copied().unwrap_or(village);
    let none = Grant {
        role: Role::Auditor,
        division: None,
        grid: None,
        category: None,
        department: None,
    };
    let category = |department: &str, category: &str| Grant {
        role: Role::Department,
        category: Some(category.into()),
        department: Some(department.into()),
        ..none.clone()
    };
    let mut wanted: Vec<(&str, Vec<Grant>)> = vec![
        (
            "管理员",
            vec![Grant {
                role: Role::BureauAdmin,
                ..none.clone()
            }],
        ),
        (
            "谭志成",
            vec![Grant {
                role: Role::TownOfficer,
                division: Some(town),
                ..none.clone()
            }],
        ),
        (
            "陆桂英",
            vec![Grant {
                role: Role::Cadre,
                division: Some(village),
                ..none.clone()
            }],
        ),
        (
            "何伟民",
            vec![Grant {
                role: Role::Cadre,
                division: Some(village),
                ..none.clone()
            }],
        ),
        (
            "民政接口",
            vec![
                category("民政", "low_income"),
                category("民政", "old_age_allowance"),
            ],
        ),
        ("残联接口", vec![category("残联", "disabled")]),
        ("审计员", vec![none.clone()]),
    ];
    let workers: Vec<String> = (0..20).map(|n| format!("网格员{:02}", n + 1)).collect();
    for (n, name) in workers.iter().enumerate() {
        let worker = |grid: &grids::Grid| Grant {
            role: Role::Worker,
            grid: Some(grid.id),
            ..none.clone()
        };
        // The first two share a grid, so that their edits can meet; the others have two grids each, and the last
        // one shares them with the third.
        let own = match n {
            0 | 1 => vec![worker(&all[0])],
            n => {
                let own = all.iter().skip(1 + (n - 2) * 2 % (GRIDS - 1));
                own.take(2).map(worker).collect()
            }
        };
        wanted.push((name, own));
    }
    let mut out = Vec::new();
    for ((role, phone), (name, grants)) in printed().into_iter().zip(wanted) {
        let place = grants.first().and_then(|g| {
            let grid = g
                .grid
                .and_then(|id| all.iter().find(|a| a.id == id))
                .map(|a| a.code.clone());
            grid.or_else(|| g.division.and_then(|d| names.get(&d).cloned()))
                .or_else(|| g.category.clone())
        });
        if grants.is_empty() {
            continue;
        }
        let new = NewAccount {
            name,
            phone: &phone,
            home: None,
        };
        let planted = Planted {
            new,
            password: Some(PASSWORD),
            grants,
        };
        plant(&program.db, &program.keys, &planted, program.clock.now()).await?;
        out.push(DemoAccount {
            role,
            name: name.to_owned(),
            phone,
            place: place.unwrap_or_default(),
        });
    }
    Ok(out)
}
