//! The whole path over HTTP, on the files that departments hand in: lists in, people in grids, two phones of which one
//! is offline, a cadre's decisions, and a department's roster opened and checked.

use api::jobs::{Runner, Timing};
use api::lists::ListKind;
use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::time::Duration;
use tests::app::TestApp;
use tests::client::Client;
use tests::console::Console;
use tests::database::Database;
use tests::phone::Phone;
use uuid::Uuid;

tests::on_both!(lists_become_a_roster);

const PASSWORD: &str = "旧围村口的老榕树-12";

struct County {
    app: TestApp,
    admin: Client,
    division: String,
}

impl County {
    /// An empty county with its first administrator and its divisions.
    async fn founded(database: Database) -> County {
        let app = TestApp::start(database).await;
        let bureau = api::actor::Grant {
            role: domain::catalogue::Role::BureauAdmin,
            division: None,
            grid: None,
            category: None,
            department: None,
        };
        let planted = api::app::accounts::Planted {
            new: api::app::accounts::NewAccount {
                name: "区划管理员",
                phone: "13900070501",
                home: None,
            },
            password: Some(PASSWORD),
            grants: vec![bureau],
        };
        let program = &app.program;
        api::app::accounts::plant(&program.db, &program.keys, &planted, program.clock.now())
            .await
            .unwrap();
        let admin = sign_in(&app.client, "13900070501", PASSWORD, None).await;
        let divisions = (
            "application/octet-stream",
            api::app::divisions::import::HESHAN.as_bytes().to_vec(),
        );
        admin
            .send_bytes("POST", "/api/v1/divisions/import", Some(divisions))
            .await
            .ok();
        let all = admin.get("/api/v1/divisions").await.ok();
        let division = text(&all[0]["id"]).to_owned();
        County { app, admin, division }
    }

    /// Hands a file in and waits until it is committed; answers the list.
    async fn hand_in(&self, by: &Client, source: &str, kind: ListKind, name: &str) -> Value {
        let path = format!("{}/fixtures/lists/{name}", env!("CARGO_MANIFEST_DIR"));
        let query = format!(
            "/api/v1/lists?kind={}&source={source}&division={}&month=2026-10&name={name}",
            kind.name(),
            self.division
        );
        let body = ("application/octet-stream", std::fs::read(path).unwrap());
        let list = by.send_bytes("POST", &query, Some(body)).await.ok();
        let path = format!("/api/v1/lists/{}", text(&list["id"]));
        assert!(
            !by.get(&path).await.ok()["columns"].as_array().unwrap().is_empty(),
            "{name}"
        );
        by.post(&format!("{path}/commit"), &json!({})).await.ok();
        loop {
            let list = by.get(&path).await.ok();
            match list["job"]["state"].as_str() {
                Some("done") => return list,
                Some("failed") => panic!("{name}: {list}"),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// An account made as the bureau makes it: with a one-time code, which its owner changes.
    async fn account(&self, name: &str, phone: &str, grants: &[Value]) {
        let new = json!({ "name": name, "phone": phone });
        let made = self.admin.post("/api/v1/accounts", &new).await.ok();
        for grant in grants {
            let path = format!("/api/v1/accounts/{}/grants", text(&made["account"]));
            self.admin.post(&path, grant).await.ok();
        }
        let code = text(&made["code"]);
        let first = sign_in(&self.app.client, phone, code, None).await;
        let change = json!({ "current_password": code, "new_password": PASSWORD });
        let changed = first.post("/api/v1/password", &change).await;
        assert!(changed.status < 300, "{}", changed.text());
    }

    async fn phone(&self, number: &str) -> Phone {
        let installation = Uuid::now_v7().simple().to_string();
        let client = sign_in(&self.app.client, number, PASSWORD, Some(&installation)).await;
        Phone::new(client, self.app.program.catalogue.version.into())
    }

    async fn console(&self, number: &str) -> Console {
        Console::new(sign_in(&self.app.client, number, PASSWORD, None).await)
    }

    /// The grid with the most people on the low-income lists, its village, and those people by id.
    async fn busiest_grid(&self) -> (Value, Vec<Uuid>) {
        let mut by_grid: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/v1/residents?category=low_income&limit=200{after}");
            let page = self.admin.get(&path).await.ok();
            for one in page["residents"].as_array().unwrap() {
                if let Some(grid) = one["grid"].as_str() {
                    let people = by_grid.entry(grid.to_owned()).or_default();
                    people.push(text(&one["resident"]).parse().unwrap());
                }
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        let (grid, mut people) = by_grid
            .into_iter()
            .max_by_key(|(_, people)| people.len())
            .unwrap();
        people.sort();
        (
            self.admin.get(&format!("/api/v1/grids/{grid}")).await.ok(),
            people,
        )
    }
}

async fn sign_in(client: &Client, phone: &str, password: &str, installation: Option<&str>) -> Client {
    let mut credentials = json!({ "phone": phone, "password": password });
    if let Some(installation) = installation {
        credentials["installation"] = installation.into();
    }
    let signed_in = client.post("/api/v1/sign-in", &credentials).await.ok();
    client.with_token(text(&signed_in["access_token"]))
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

async fn lists_become_a_roster(database: Database) {
    let county = County::founded(database).await;
    let program = &county.app.program;
    let timing = Timing {
        poll: Duration::from_millis(20),
        ..Timing::default()
    };
    let handlers = tests::clerk::handlers(program);
    let runner = Runner::start(program.db.clone(), handlers, 1, timing)
        .await
        .unwrap();

    // Lists in. Departments hand in their own; the bureau what has no account here.
    let department = |category: &str, name: &str| json!({ "role": "department", "category": category, "department": name });
    county
        .account("残联经办", "13900070401", &[department("disabled", "残联")])
        .await;
    let civil =
        ["low_income", "low_income_edge", "destitute", "old_age_allowance"].map(|c| department(c, "民政"));
    county.account("民政经办", "13900070402", &civil).await;
    let disabled = sign_in(&county.app.client, "13900070401", PASSWORD, None).await;
    let civil = sign_in(&county.app.client, "13900070402", PASSWORD, None).await;
    let bureau = &county.admin;
    let lists = [
        (bureau, "社工部", ListKind::Grids, "网格划分.csv"),
        (bureau, "公安", ListKind::Population, "公安-人口底册.xlsx"),
        (&disabled, "残联", ListKind::Disabled, "残联-持证残疾人名单.xlsx"),
        (&civil, "民政", ListKind::LowIncome, "民政-低保低边特困花名册.xls"),
        (
            &civil,
            "民政",
            ListKind::OldAgeAllowance,
            "民政-高龄津贴发放名册.csv",
        ),
        (bureau, "卫健", ListKind::Deaths, "卫健-死亡登记.csv"),
    ];
    for (by, source, kind, name) in lists {
        let list = county.hand_in(by, source, kind, name).await;
        let judged: i64 = list["verdicts"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_i64)
            .sum();
        assert_eq!(
            Some(judged),
            list["rows"].as_i64(),
            "{name}: every row has a verdict"
        );
    }
    runner.stop().await;

    // People stand in grids; a grid gets its two workers and its village a cadre.
    let (grid, people) = county.busiest_grid().await;
    let [contested, cleared, noted] = people[..3] else {
        panic!("a grid with so few people: {people:?}")
    };
    let worker = json!({ "role": "worker", "grid": grid["id"] });
    county
        .account("梁少芳", "13900070101", std::slice::from_ref(&worker))
        .await;
    county.account("冯国强", "13900070102", &[worker]).await;
    let cadre = json!({ "role": "cadre", "division": grid["village"] });
    county.account("陆桂英", "13900070201", &[cadre]).await;
    let (mut a, mut b) = (
        county.phone("13900070101").await,
        county.phone("13900070102").await,
    );
    a.sync().await;
    b.sync().await;
    let held: usize = a.records().count();
    assert!(
        held >= people.len() && a.records().eq(b.records()),
        "both carry the grid: {held}"
    );

    // A is offline while B works; both write the same phone, one clears what the other confirms, and both write a
    // person's first remarks.
    a.edit(contested).set("phone", "13900078412").done();
    a.edit(cleared)
        .clear("phone")
        .visit("home", "met", "号码是邻居的")
        .done();
    a.edit(noted).set("remarks", "左眼失明，右眼0.3").done();
    b.edit(contested)
        .set("phone", "13900078413")
        .visit("home", "met", "换了新号码")
        .done();
    b.edit(cleared).set("phone", "13900078414").done();
    b.edit(noted).set("remarks", "每周三透析").done();
    b.sync().await;
    a.sync().await;
    b.sync().await;
    let remarks = text(&b.shows(noted, "remarks")).to_owned();
    assert!(
        remarks.contains("左眼失明，右眼0.3") && remarks.contains("每周三透析"),
        "{remarks}"
    );
    let both = |phone: &Phone| {
        let mut values = phone.conflict(cleared, "phone");
        values.sort();
        values
    };
    assert_eq!(both(&a), ["13900078414", "null"]);
    assert_eq!(both(&a), both(&b));

    // The cadre sees what waits, with both sides, and decides; both phones follow.
    let console = county.console("13900070201").await;
    for (resident, more) in [
        (contested, json!({ "value": "13900078412" })),
        (cleared, json!({ "clear": true })),
    ] {
        let item = console.item(resident, "conflict").await;
        assert_eq!(item["content"]["sides"].as_array().unwrap().len(), 2);
        console.decide(&item, "choose", more).await.ok();
    }
    a.sync().await;
    b.sync().await;
    for phone in [&a, &b] {
        assert_eq!(phone.shows(contested, "phone"), "13900078412");
        assert_eq!(phone.shows(cleared, "phone"), Value::Null);
        assert_eq!(phone.conflict(cleared, "phone"), [""; 0]);
    }
    assert!(
        a.records().eq(b.records()),
        "both phones and the server show the same"
    );

    // The department pulls its roster back, and sees of it what it may see.
    let wanted = json!({ "category": "low_income", "format": "xlsx", "purpose": "月度核对" });
    let answer = civil.post("/api/v1/rosters/export", &wanted).await;
    assert_eq!(answer.status, 200);
    let mut book = Xlsx::new(Cursor::new(answer.bytes.to_vec())).unwrap();
    let sheet = book.worksheet_range("底册").unwrap();
    let mut rows = sheet.rows();
    let header: Vec<String> = rows.next().unwrap().iter().map(ToString::to_string).collect();
    let at = |label: &str| {
        header
            .iter()
            .position(|h| h == label)
            .unwrap_or_else(|| panic!("{label}: {header:?}"))
    };
    let rows: Vec<&[Data]> = rows.collect();
    let count = civil
        .get("/api/v1/residents/count?category=low_income&enrolment=active")
        .await
        .ok();
    assert_eq!(
        Some(rows.len() as u64),
        count["count"].as_u64(),
        "a row for everybody on it"
    );
    let masked = domain::mask::apply(domain::catalogue::Mask::Phone, "13900078412");
    let name = domain::mask::apply(domain::catalogue::Mask::Name, text(&a.shows(contested, "name")));
    let own = rows
        .iter()
        .filter(|row| row[at("联系电话")] == Data::String(masked.clone()));
    let own: Vec<_> = own
        .filter(|row| row[at("姓名")] == Data::String(name.clone()))
        .collect();
    assert_eq!(own.len(), 1, "the decided phone is in the roster, masked");
    assert_eq!(own[0][at("网格")], Data::String(text(&grid["name"]).to_owned()));
    assert!(
        rows.iter()
            .all(|row| matches!(&row[at("公民身份号码")], Data::String(number) if number.contains('*')))
    );
    assert!(header.iter().all(|label| !label.contains("残疾")), "{header:?}");
}
