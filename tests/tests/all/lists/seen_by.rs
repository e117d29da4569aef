//! What two departments see of people who are on both their rosters: each its own and nothing of the other's, in
//! lists, single reads, filters, counts and files.

use super::{CHANGES, born, number};
use calamine::{Data, Reader, Xlsx};
use entity::audit;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Cursor;
use tests::clerk::{Clerk, Handed, worker};
use tests::client::Client;
use tests::county::County;
use tests::database::Database;

tests::on_both!(each_department_sees_its_own, a_roster_goes_back_as_a_file);

const NAMES: [&str; 4] = ["梁一新", "冯二喜", "何三妹", "任四海"];
/// What each person's address begins with: a spreadsheet would calculate two of them.
const PLACES: [&str; 4] = [
    "沙坪街道良围村旧围村",
    "@良围村旧围村",
    "-良围村旧围村",
    "沙坪街道良围村旧围村",
];

/// The first three are on 残联's list, the last three on 民政's, whose third has been stopped since.
struct World {
    county: County,
    runner: api::jobs::Runner,
    residents: Vec<String>,
}

impl World {
    async fn start(database: Database) -> World {
        let county = County::start(database).await;
        let mut world = World {
            runner: worker(&county.program).await,
            residents: Vec::new(),
            county,
        };
        let a = world.clerk("残联").await;
        let b = world.clerk("民政").await;
        let disabled = world.list(
            "残联",
            "disabled",
            "2026-10",
            &[(0, "二级"), (1, "二级"), (2, "一级")],
        );
        let first = a.hand_in(&disabled, CHANGES).await;
        let low = [(1, "845"), (2, "845"), (3, "845")];
        let id = b
            .hand_in(&world.list("民政", "low_income", "2026-10", &low), CHANGES)
            .await;
        let resident = |row: &Value| row["resident"].as_str().unwrap().to_owned();
        world.residents = a.rows(&first, None).await.iter().map(resident).collect();
        world.residents.push(resident(&b.rows(&id, None).await[2]));
        let low = [(1, "845"), (2, "停发"), (3, "845")];
        b.hand_in(&world.list("民政", "low_income", "2026-11", &low), CHANGES)
            .await;
        world
    }

    async fn clerk(&self, name: &str) -> Clerk {
        Clerk::new((*self.county.console(name).await).clone())
    }

    fn list<'a>(&self, source: &'a str, kind: &'a str, month: &'a str, all: &[(usize, &str)]) -> Handed<'a> {
        let own = if kind == "disabled" {
            "残疾类别,残疾等级"
        } else {
            "救助类别,保障金额,状态"
        };
        let mut text = format!("姓名,身份证号,出生日期,联系电话,现住址,{own}\n");
        for (n, value) in all {
            let cells = match (kind, *value) {
                ("disabled", grade) => format!("肢体,{grade}"),
                (_, "停发") => "低保,845,停发".to_owned(),
                (_, amount) => format!("低保,{amount},正常"),
            };
            let (name, id, born, place) = (NAMES[*n], number(*n), born(*n), PLACES[*n]);
            writeln!(
                text,
                "{name},{id},{born},1390007100{n},{place}{}号,{cells}",
                n + 1
            )
            .unwrap();
        }
        Handed {
            source,
            kind,
            division: self.county.place("鹤山市"),
            month,
            name: "list.csv",
            content: text.into_bytes(),
        }
    }
}

/// Which of the four a page names; the count of the same filter must agree.
async fn listed(world: &World, who: &Client, filter: &str) -> Vec<usize> {
    let page = who.get(&format!("/api/v1/residents?{filter}")).await.ok();
    let place = |item: &Value| {
        world
            .residents
            .iter()
            .position(|r| item["resident"] == r.as_str())
            .unwrap()
    };
    let mut all: Vec<usize> = page["residents"].as_array().unwrap().iter().map(place).collect();
    all.sort();
    let looks_up = ["name=", "phone=", "id_number=", "q="]
        .iter()
        .any(|f| filter.contains(f));
    if !looks_up {
        let count = who.get(&format!("/api/v1/residents/count?{filter}")).await.ok();
        assert_eq!(count["count"], all.len(), "{filter}");
    }
    all
}

async fn each_department_sees_its_own(database: Database) {
    let world = World::start(database).await;
    let (a, b) = (world.clerk("残联").await, world.clerk("民政").await);
    let town = world.county.place("沙坪街道");
    let none: &[usize] = &[];
    for (filter, of_a, of_b) in [
        ("".to_owned(), &[0, 1, 2][..], &[1, 2, 3][..]),
        (format!("division={town}"), &[0, 1, 2], &[1, 2, 3]),
        ("category=disabled".to_owned(), &[0, 1, 2], none),
        // A category is who is on its roster now; who was is still in the department's own list.
        ("category=low_income".to_owned(), none, &[1, 3]),
        ("category=no_such".to_owned(), none, none),
        // 残联's of all three are open, 民政 has stopped one: neither is found by the other's status.
        ("enrolment=active".to_owned(), &[0, 1, 2], &[1, 3]),
        ("category=low_income&enrolment=active".to_owned(), none, &[1, 3]),
        ("category=disabled&enrolment=active".to_owned(), &[0, 1, 2], none),
        (format!("id_number={}", number(0)), &[0], none),
        (format!("id_number={}", number(1)), &[1], &[1]),
        (format!("id_number={}", number(3)), none, &[3]),
        (format!("name={}", NAMES[3]), none, &[3]),
        (format!("name={}", NAMES[2]), &[2], &[2]),
        ("phone=13900071003".to_owned(), none, &[3]),
        ("q=rsh".to_owned(), none, &[3]),
        ("q=hsm".to_owned(), &[2], &[2]),
        ("state=present".to_owned(), &[0, 1, 2], &[1, 2, 3]),
        ("state=reported".to_owned(), none, none),
    ] {
        assert_eq!(listed(&world, &a, &filter).await, of_a, "残联 {filter}");
        assert_eq!(listed(&world, &b, &filter).await, of_b, "民政 {filter}");
    }
    for (who, foreign, foreign_words, own) in [
        (&a, "low_income", ["低保", "84500", "民政"], "disabled"),
        (&b, "disabled", ["残疾", "肢体", "残联"], "low_income"),
    ] {
        for n in 0..4 {
            let answer = who
                .get(&format!("/api/v1/residents/{}", world.residents[n]))
                .await;
            let visible = if own == "disabled" { n < 3 } else { n > 0 };
            if !visible {
                assert_eq!(answer.code(), "404 not_found");
                let unknown = who
                    .get(&format!("/api/v1/residents/{}", uuid::Uuid::now_v7()))
                    .await;
                assert_eq!(
                    answer.bytes, unknown.bytes,
                    "foreign and missing are the same answer"
                );
                continue;
            }
            let shown = answer.ok();
            let text = shown.to_string();
            assert!(!text.contains(foreign), "{text}");
            // Ids may hold any digits by chance.
            let told = format!("{} {}", shown["fields"], shown["enrolments"]);
            for word in foreign_words {
                assert!(!told.contains(word), "{word} in {text}");
            }
            let lines = shown["enrolments"].as_array().unwrap();
            assert!(!lines.is_empty() && lines.iter().all(|line| line["category"] == own));
        }
        let export = json!({ "category": foreign, "format": "csv", "purpose": "核对" });
        assert_eq!(
            who.post("/api/v1/rosters/export", &export).await.code(),
            "404 not_found"
        );
        let export = json!({ "category": own, "format": "csv", "purpose": "核对" });
        let file = who.post("/api/v1/rosters/export", &export).await;
        assert_eq!(file.status, 200);
        let text = file.text();
        assert_eq!(
            text.lines().count(),
            if own == "disabled" { 4 } else { 3 },
            "{text}"
        );
        for word in foreign_words {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    lists_of_the_other(&world, &a, &b).await;
    world.runner.stop().await;
}

/// Lists of the other department do not exist, and a dry run is no way to ask who is on its roster.
async fn lists_of_the_other(world: &World, a: &Clerk, b: &Clerk) {
    let page = a.get("/api/v1/lists").await.ok();
    let sources: BTreeSet<&str> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["source"].as_str().unwrap())
        .collect();
    assert_eq!(sources, BTreeSet::from(["残联"]));
    let of_b = b.get("/api/v1/lists").await.ok();
    let foreign = of_b["items"][0]["id"].as_str().unwrap();
    for path in ["", "/rows"] {
        assert_eq!(
            a.get(&format!("/api/v1/lists/{foreign}{path}")).await.code(),
            "404 not_found"
        );
    }
    for path in ["dry-run", "commit"] {
        let answer = a
            .post(&format!("/api/v1/lists/{foreign}/{path}"), &Value::Null)
            .await;
        assert_eq!(answer.code(), "404 not_found");
    }
    let probe = world.list(
        "残联",
        "disabled",
        "2026-11",
        &[(0, "二级"), (1, "二级"), (2, "一级"), (3, "一级")],
    );
    let id = a.upload(&probe).await;
    a.dry_run(&id).await;
    let rows = a.rows(&id, None).await;
    assert_eq!(rows[0]["resident"], world.residents[0].as_str());
    assert_eq!(rows[3]["planned"], "new");
    assert!(
        rows[3]["resident"].is_null(),
        "that 民政 knows the person is 民政's affair"
    );
}

async fn a_roster_goes_back_as_a_file(database: Database) {
    let world = World::start(database).await;
    let (county, program) = (&world.county, &world.county.program);
    // 残联's new phone of the second person contradicts the worker's: the export says which field is disputed.
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    let second = world.residents[1].parse().unwrap();
    phone.edit(second).set("phone", "13900079999").done();
    phone.sync().await;
    let a = world.clerk("残联").await;
    let mut list = world.list(
        "残联",
        "disabled",
        "2026-11",
        &[(0, "二级"), (1, "二级"), (2, "一级")],
    );
    list.content = String::from_utf8(list.content)
        .unwrap()
        .replace("13900071001", "13900078888")
        .into_bytes();
    a.hand_in(&list, CHANGES).await;

    for (name, masked) in [("区划管理员", false), ("残联", true)] {
        let who = county.console(name).await;
        let wanted = |format: &str, purpose: &str| json!({ "category": "disabled", "format": format, "purpose": purpose });
        for purpose in ["", "  "] {
            let refused = who.post("/api/v1/rosters/export", &wanted("xlsx", purpose)).await;
            assert_eq!(refused.code(), "422 purpose_required");
        }
        let file = who
            .post("/api/v1/rosters/export", &wanted("xlsx", "年度核对"))
            .await;
        assert_eq!(file.status, 200);
        let told = audit::Entity::find()
            .filter(audit::Column::Action.eq("export_roster"))
            .order_by_desc(audit::Column::Id)
            .one(program.db.read())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (told.count, told.account),
            (Some(3), Some(county.account(name).await))
        );
        assert!(told.detail.unwrap().ends_with("purpose=年度核对"));

        let mut book = Xlsx::new(Cursor::new(file.bytes)).unwrap();
        let formulas = book.worksheet_formula("底册").unwrap();
        assert!(
            formulas.cells().all(|(_, _, f)| f.is_empty()),
            "nothing is calculated"
        );
        let sheet = book.worksheet_range("底册").unwrap();
        let rows: Vec<&[Data]> = sheet.rows().collect();
        let at = |label: &str| rows[0].iter().position(|c| *c == label);
        let column = |label: &str| -> Vec<String> {
            let at = at(label).unwrap_or_else(|| panic!("no column {label}"));
            let text = |row: &&[Data]| match &row[at] {
                Data::String(text) => text.clone(),
                Data::Empty => String::new(),
                other => panic!("{label} is no text: {other:?}"),
            };
            let mut cells: Vec<String> = rows[1..].iter().map(text).collect();
            cells.sort();
            cells
        };
        let full: Vec<String> = (0..3).map(number).collect();
        let numbers = column("公民身份号码");
        if masked {
            assert!(
                numbers.iter().all(|n| n.contains('*') && !full.contains(n)),
                "{numbers:?}"
            );
            assert!(column("姓名").iter().all(|n| n.contains('*')));
        } else {
            assert_eq!(numbers, full);
            let places = column("现住址");
            for start in ["@", "-"] {
                assert!(places.iter().any(|place| place.starts_with(start)), "{places:?}");
            }
        }
        assert_eq!(column("争议字段"), ["", "", "联系电话"]);
        assert!(at("保障金额").is_none(), "no column of another category");

        let csv = who
            .post("/api/v1/rosters/export", &wanted("csv", "年度核对"))
            .await;
        assert!(csv.bytes.starts_with("\u{FEFF}".as_bytes()));
        assert_eq!(csv.text().lines().count(), 4);
    }
    world.runner.stop().await;
}
