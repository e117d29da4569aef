//! What stands before a measurement begins: a county with divisions and accounts, empty or with one full town.

use crate::Fault;
use api::actor::Grant;
use api::app::accounts::{NewAccount, Planted, plant};
use api::app::demo::people::{Dice, person};
use api::app::demo::residents::{self, Place as Houses};
use api::app::divisions::import;
use api::app::grids::import::{GridRow, import_rows};
use api::program::Program;
use api::store::{divisions, grids};
use domain::catalogue::Role;
use std::fmt::Write;
use uuid::Uuid;

/// Everybody's.
pub const PASSWORD: &str = "heshan-yali-2026";
pub const ADMIN: &str = "13800009001";
pub const WORKER: &str = "13800009002";
/// Works in the same grid.
pub const OTHER_WORKER: &str = "13800009003";
pub const CADRE: &str = "13800009004";
pub const OFFICER: &str = "13800009005";

/// Workers who come back from the field at once, each in a grid of their own.
pub const STORM: usize = 20;

pub fn storm_worker(n: usize) -> String {
    format!("138000091{n:02}")
}

const TOWN: &str = "古劳镇";
const NATURAL: [&str; 6] = ["旧围村", "新屋村", "后尾村", "榕园村", "上街村", "桥头村"];
/// The seed of the residents, and of the people whom a list brings.
const SEEDS: (u64, u64) = (784_001, 784_002);

/// How full the town is.
#[derive(Clone, Copy)]
pub struct Size {
    /// Residents of a grid.
    pub grid: usize,
    /// Grids of a full village; at most six.
    pub village: usize,
    /// Grids of the town.
    pub grids: usize,
    /// Rows of the list that commits while phones sync.
    pub list: usize,
}

impl Size {
    /// A grid of 500, a village of 3,000, a town of 20,000, a list of 5,000.
    pub const FULL: Size = Size {
        grid: 500,
        village: 6,
        grids: 40,
        list: 5_000,
    };
    /// A village with two grids of 500, and the list of a county of 100,000.
    pub const CROWD: Size = Size {
        grid: 500,
        village: 2,
        grids: 2,
        list: 39_000,
    };
    /// Enough to see that everything works.
    pub const TINY: Size = Size {
        grid: 60,
        village: 2,
        grids: 3,
        list: 40,
    };

    pub fn residents(self) -> usize {
        self.grid * self.grids
    }
}

/// Divisions and the bureau's administrator, nobody else.
pub async fn bare(program: &Program) -> Result<(), Fault> {
    import::csv(&program.db, import::HESHAN, program.clock.now()).await?;
    account(program, ADMIN, Role::BureauAdmin, None, None).await
}

/// One town full of residents, with who works there.
pub async fn town(program: &Program, size: Size) -> Result<(), Fault> {
    bare(program).await?;
    let rows: Vec<GridRow> = (0..size.grids)
        .map(|n| GridRow {
            row: n as u32 + 2,
            code: format!("B{:05}", n + 1),
            name: format!("压测{}格", n + 1),
            town: TOWN.into(),
            village: village(size, n),
            natural_village: NATURAL[n % size.village].into(),
            from: "1".into(),
            to: "9999".into(),
        })
        .collect();
    import_rows(&program.db, &rows, program.clock.now()).await?;
    let mut all = grids::all(program.db.read()).await?;
    all.sort_by(|a, b| a.code.cmp(&b.code));
    let houses: Vec<Houses> = all
        .iter()
        .enumerate()
        .map(|(n, grid)| Houses {
            grid: grid.id,
            village: grid.village,
            text: houses(size, n),
        })
        .collect();
    residents::fill(program, &mut Dice::new(SEEDS.0), &houses, size.residents()).await?;
    let first = all.first().ok_or("a town has grids")?;
    let tree = divisions::tree(program.db.read()).await?;
    let above = tree.iter().find(|d| d.id == first.village).and_then(|d| d.parent);
    for worker in [WORKER, OTHER_WORKER] {
        account(program, worker, Role::Worker, None, Some(first.id)).await?;
    }
    for (n, grid) in all.iter().take(STORM).enumerate() {
        account(program, &storm_worker(n), Role::Worker, None, Some(grid.id)).await?;
    }
    account(program, CADRE, Role::Cadre, Some(first.village), None).await?;
    account(program, OFFICER, Role::TownOfficer, above, None).await
}

/// A list of people of the town whom nobody knows yet: each row makes a record, which is the most that a row can
/// ask for.
pub fn list(size: Size) -> Vec<u8> {
    let mut out = String::from(
        "序号,镇（街）,村（居）,姓名,性别,身份证号,出生日期,家庭住址,联系电话,津贴标准（元/月）\n",
    );
    let mut dice = Dice::new(SEEDS.1);
    for n in 0..size.list {
        let someone = person(&mut dice, size.residents() + n);
        let at = n % size.grids;
        let _ = writeln!(
            out,
            "{},{TOWN},{},{},{},{},{},{}{}号,{},100",
            n + 1,
            village(size, at),
            someone.name,
            someone.sex,
            someone.id_number,
            someone.birth_date,
            houses(size, at),
            1 + dice.roll(180),
            someone.phone,
        );
    }
    out.into_bytes()
}

fn village(size: Size, grid: usize) -> String {
    let number = ["一", "二", "三", "四", "五", "六", "七", "八", "九"][grid / size.village];
    format!("压测{number}村")
}

fn houses(size: Size, grid: usize) -> String {
    format!(
        "鹤山市{TOWN}{}{}",
        village(size, grid),
        NATURAL[grid % size.village]
    )
}

async fn account(
    program: &Program,
    phone: &str,
    role: Role,
    division: Option<Uuid>,
    grid: Option<Uuid>,
) -> Result<(), Fault> {
    let grant = Grant {
        role,
        division,
        grid,
        category: None,
        department: None,
    };
    let planted = Planted {
        new: NewAccount {
            name: "压测账号",
            phone,
            home: None,
        },
        password: Some(PASSWORD),
        grants: vec![grant],
    };
    plant(&program.db, &program.keys, &planted, program.clock.now()).await?;
    Ok(())
}
