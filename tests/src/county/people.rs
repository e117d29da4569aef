//! Who works in the county of the stories.

use super::County;
use api::actor::Grant;
use api::app::accounts::{self, NewAccount, Planted};
use domain::catalogue::Role;
use uuid::Uuid;

/// Everybody's.
pub const PASSWORD: &str = "旧围村口的老榕树-12";

pub(super) struct Person {
    pub name: &'static str,
    pub phone: &'static str,
    role: Role,
    /// Grids of a worker, the village of a cadre, the town of an officer, categories of a department.
    at: &'static [&'static str],
}

const PEOPLE: &[Person] = &[
    person("梁少芳", "13900070101", Role::Worker, &["良围一格"]),
    person("冯国强", "13900070102", Role::Worker, &["良围二格"]),
    person("任国华", "13900070103", Role::Worker, &["仙溪一格"]),
    person("吕小燕", "13900070104", Role::Worker, &["良围一格"]),
    person("温志健", "13900070105", Role::Worker, &["良围二格"]),
    person("施玉兰", "13900070106", Role::Worker, &["仙溪一格"]),
    person("陆桂英", "13900070201", Role::Cadre, &["良围村"]),
    person("何伟民", "13900070202", Role::Cadre, &["良围村"]),
    person("任仲文", "13900070203", Role::Cadre, &["仙溪村"]),
    person("谭志成", "13900070301", Role::TownOfficer, &["沙坪街道"]),
    person("残联", "13900070401", Role::Department, &["disabled"]),
    person(
        "民政",
        "13900070402",
        Role::Department,
        &["low_income", "low_income_edge", "destitute", "old_age_allowance"],
    ),
    person("区划管理员", "13900070501", Role::BureauAdmin, &[]),
    person("审计员", "13900070601", Role::Auditor, &[]),
];

const fn person(name: &'static str, phone: &'static str, role: Role, at: &'static [&'static str]) -> Person {
    Person {
        name,
        phone,
        role,
        at,
    }
}

#[track_caller]
pub(super) fn called(name: &str) -> &'static Person {
    PEOPLE
        .iter()
        .find(|person| person.name == name)
        .unwrap_or_else(|| panic!("nobody is called {name}"))
}

/// Somebody for each role, by the role's name.
pub const IN_ROLE: &[(&str, &str)] = &[
    ("worker", "梁少芳"),
    ("cadre", "陆桂英"),
    ("town_officer", "谭志成"),
    ("department", "残联"),
    ("bureau_admin", "区划管理员"),
    ("auditor", "审计员"),
];

pub(super) async fn plant(county: &County, person: &Person) -> Uuid {
    let nowhere = Grant {
        role: person.role,
        division: None,
        grid: None,
        category: None,
        department: None,
    };
    let grants = match person.role {
        Role::Worker => each(person, |grid| Grant {
            grid: Some(county.place(grid)),
            ..nowhere.clone()
        }),
        Role::Cadre | Role::TownOfficer => each(person, |division| Grant {
            division: Some(county.place(division)),
            ..nowhere.clone()
        }),
        Role::Department => each(person, |category| Grant {
            category: Some(category.to_owned()),
            department: Some(person.name.to_owned()),
            ..nowhere.clone()
        }),
        Role::BureauAdmin | Role::Auditor => vec![nowhere],
    };
    let planted = Planted {
        new: NewAccount {
            name: person.name,
            phone: person.phone,
            home: None,
        },
        password: Some(PASSWORD),
        grants,
    };
    let program = &county.program;
    accounts::plant(&program.db, &program.keys, &planted, county.now())
        .await
        .unwrap()
        .0
}

fn each(person: &Person, grant: impl Fn(&str) -> Grant) -> Vec<Grant> {
    person.at.iter().map(|place| grant(place)).collect()
}
