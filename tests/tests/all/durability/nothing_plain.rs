//! Nothing personal lies in the clear: not in the data folder, not in the database's files, not in any log.
//!
//! A demo county is served and used: phones load it and edit it, lists are handed in, rosters leave it, people
//! search, mistype, and send what cannot be read. Then every name, number, phone and whole address of anybody in
//! it is looked for. Names of places alone are no secret and not looked for: an address is place and number.

use api::app::demo;
use api::lists::{self, ListKind, Row};
use domain::catalogue::{Catalogue, Role};
use sea_orm::{ConnectionTrait, Database as Connection};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::client::{Answer, Client};
use tests::database::Database;
use tests::durable::DurableServer;
use tests::needles::Needles;
use tests::phone::Phone;
use tests::process::{self, Served};
use uuid::Uuid;

const SIZE: usize = 350;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_in_the_clear_sqlite() {
    nothing_personal_in_the_clear(Database::empty_sqlite(), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_in_the_clear_postgres() {
    let server = DurableServer::start();
    // Its log then holds every statement with every value.
    let db = Connection::connect(&server.url).await.unwrap();
    for sql in [
        "ALTER SYSTEM SET log_statement = 'all'",
        "SELECT pg_reload_conf()",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    let database = Database::empty_on(server.url.clone()).await;
    let migrated = process::run(&database, &["migrate"]);
    assert!(migrated.status.success(), "{migrated:?}");
    nothing_personal_in_the_clear(database, Some(server)).await;
}

async fn nothing_personal_in_the_clear(database: Database, server: Option<DurableServer>) {
    let made = process::run(&database, &["demo", "--size", &SIZE.to_string()]);
    assert!(made.status.success(), "{made:?}");
    let elsewhere = tempfile::tempdir().unwrap();
    // There is no such folder: what would write something beside the database, if only for a moment, fails.
    let nowhere = elsewhere.path().join("nowhere").display().to_string();
    let settings = [("HESHAN_LOG_LEVEL", "debug"), ("TMPDIR", nowhere.as_str())];
    let served = Served::start(&database, &settings);

    let mut texts = BTreeSet::from([demo::PASSWORD.to_owned()]);
    texts.extend(demo::printed().into_iter().map(|(_, phone)| phone));
    on_phones(&served.client, &mut texts).await;
    with_lists(&served.client, &mut texts).await;
    at_consoles(&served.client, &mut texts).await;
    let needles = Needles::new(texts);
    assert!(needles.count() > 4 * SIZE + 2_000, "{}", needles.count());

    // While it runs, so that the journal is there too.
    let (read, found) = needles.found_below(database.folder());
    assert_eq!(found, [""; 0], "in the data folder");
    assert!(database.is_postgres() || read > 1_000_000, "{read}");
    if let Some(server) = &server {
        let db = Connection::connect(&server.url).await.unwrap();
        db.execute_unprepared("CHECKPOINT").await.unwrap();
        let log = std::fs::read_to_string(server.files.join("server.log")).unwrap();
        assert!(log.contains("INSERT INTO \"edit\"") && log.contains("parameters: $1"));
        let (read, found) = needles.found_below(&server.files);
        assert_eq!(found, [""; 0], "in PostgreSQL's files and log");
        assert!(read > 10_000_000, "{read}");
    }
    let output = served.output();
    assert!(output.lines().count() > 50, "{output}");
    assert_eq!(needles.found_in(output.as_bytes()), BTreeSet::new(), "in the log");
    assert_eq!(served.stop(), Some(0));

    // The same scanner finds what is there, in whatever form it lies.
    let planted = database.folder().join("planted");
    for text in ["谭志成", "13800000101", demo::PASSWORD] {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (gb18030, _, _) = encoding_rs::GB18030.encode(text);
        for form in [text.as_bytes(), &utf16, &gb18030] {
            std::fs::write(&planted, [b"\x00\xff", form, b"\xfe"].concat()).unwrap();
            let (_, found) = needles.found_below(database.folder());
            assert_eq!(found, [format!("{}: {text}", planted.display())]);
        }
    }
}

/// Every worker's phone loads what it may carry; one of them edits, and reports somebody new.
async fn on_phones(client: &Client, texts: &mut BTreeSet<String>) {
    let workers = demo::printed()
        .into_iter()
        .filter(|(role, _)| *role == Role::Worker);
    let mut people = 0;
    for (n, (_, number)) in workers.enumerate() {
        let signed_in = sign_in(client, &number, Some(&format!("installation-of-worker-{n:02}"))).await;
        for token in ["access_token", "refresh_token"] {
            texts.insert(text(&signed_in[token]));
        }
        let token = text(&signed_in["access_token"]);
        let mut phone = Phone::new(client.with_token(token), Catalogue::built_in().version.into());
        phone.sync().await;
        for (_, record) in phone.records() {
            people += 1;
            for key in ["name", "id_number", "phone", "address"] {
                add(texts, key, record["fields"][key].as_str().unwrap_or_default());
            }
        }
        if n == 0 {
            edits(&mut phone, texts).await;
        }
    }
    assert!(
        people >= SIZE,
        "the phones together carry the whole county: {people}"
    );
}

async fn edits(phone: &mut Phone, texts: &mut BTreeSet<String>) {
    let (first, record) = phone.records().next().unwrap();
    let grid: Uuid = record["grid"].as_str().unwrap().parse().unwrap();
    let typed = [
        ("remarks", "与堂弟邝润棠同住"),
        ("phone", "13907843321"),
        ("address", "鹤山市古劳镇双桥村委会西便坊137号"),
    ];
    let mut edit = phone.edit(first);
    for (key, value) in typed {
        edit = edit.set(key, value);
    }
    edit.done();
    phone
        .edit(first)
        .visit("home", "met", "其女麦惠仪（13907843322）在场")
        .done();
    let new = phone.create(grid).set("name", "司徒锦棠");
    new.set("id_number", "440784193805126614")
        .set("phone", "13907843323")
        .person();
    // One that cannot be read, and is kept.
    phone.sync().await;
    let broken =
        json!({ "id": "源少珍", "seq": "13907843324", "fields": 7, "resident": "440784193805126614" });
    let answer = phone
        .send_raw(&json!({ "catalogue": 1, "edits": [broken] }))
        .await
        .ok();
    assert_eq!(answer["receipts"][0]["outcome"], "held");
    let cut = "{\"catalogue\":1,\"edits\":[{\"name\":\"源少珍\",\"phone\":\"13907843324\"";
    assert_eq!(phone.send_text(cut).await.status, 400);
    texts.extend(typed.map(|(_, value)| value.to_owned()));
    texts.extend(
        [
            "邝润棠",
            "麦惠仪",
            "13907843322",
            "司徒锦棠",
            "440784193805126614",
            "13907843323",
            "源少珍",
        ]
        .map(str::to_owned),
    );
    texts.insert("13907843324".into());
}

/// Lists of hundreds of people are handed in, a smaller one is committed.
async fn with_lists(client: &Client, texts: &mut BTreeSet<String>) {
    let bureau = signed_in(client, Role::BureauAdmin, 0).await;
    let divisions = bureau.get("/api/v1/divisions").await.ok();
    let all = divisions.as_array().unwrap();
    let county = text(&all.iter().find(|d| d["level"] == "county").unwrap()["id"]);
    let files = [
        (ListKind::Disabled, "lists/残联-持证残疾人名单.xlsx", false),
        (
            ListKind::OldAgeAllowance,
            "lists/民政-高龄津贴发放名册.csv",
            false,
        ),
        (ListKind::Disabled, "headers/残联-持证残疾人基础信息.xlsx", true),
        (ListKind::Deaths, "headers/死亡个案数据.csv", true),
    ];
    for (n, (kind, file, commit)) in files.into_iter().enumerate() {
        let bytes = std::fs::read(format!("{}/fixtures/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        for row in lists::read(kind, file, &bytes).unwrap().rows {
            add_row(texts, &row);
        }
        let path = format!(
            "/api/v1/lists?kind={}&source=残联&division={county}&month=2026-10&name=郭少贞-{n}.xlsx",
            kind.name()
        );
        let body = ("application/octet-stream", bytes);
        let list = text(&bureau.send_bytes("POST", &path, Some(body)).await.ok()["id"]);
        bureau.get(&format!("/api/v1/lists/{list}/rows")).await.ok();
        if commit {
            let started = bureau
                .send("POST", &format!("/api/v1/lists/{list}/commit"), None)
                .await;
            ended(&bureau, &text(&started.ok()["job"])).await;
        }
    }
    texts.insert("郭少贞".into());
    let picture = (
        "application/octet-stream",
        b"\xff\xd8\xff\xe0 \xe9\x83\xad\xe5\xb0\x91\xe8\xb4\x9e".to_vec(),
    );
    let path =
        format!("/api/v1/lists?kind=disabled&source=残联&division={county}&month=2026-10&name=郭少贞.csv");
    assert!(bureau.send_bytes("POST", &path, Some(picture)).await.status >= 400);
}

/// Waits for a job that another task runs.
async fn ended(bureau: &Client, job: &str) {
    loop {
        let shown = bureau.get(&format!("/api/v1/jobs/{job}")).await.ok();
        if shown.get("finished_at").is_some() {
            assert_eq!(shown["state"], "done", "{shown}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// Looking, searching, exporting, mistyping.
async fn at_consoles(client: &Client, texts: &mut BTreeSet<String>) {
    let cadre = signed_in(client, Role::Cadre, 0).await;
    let page = cadre.get("/api/v1/residents").await.ok();
    let name = text(&page["residents"][0]["fields"]["name"]);
    let one = text(&page["residents"][0]["resident"]);
    add(texts, "name", &name);
    for path in [
        format!("/api/v1/residents?name={name}"),
        format!("/api/v1/residents?q={name}"),
        "/api/v1/residents?id_number=440784193805126614&phone=13907843323".into(),
        format!("/api/v1/residents/{one}"),
        format!("/api/v1/residents/{one}/history"),
        "/api/v1/inbox".into(),
    ] {
        cadre.get(&path).await.ok();
    }
    let refused = [
        cadre.get(&format!("/api/v1/residents/{name}")).await,
        cadre.get(&format!("/api/v1/residents?limit={name}")).await,
        cadre.get(&format!("/api/v1/{name}/13907843323")).await,
        cadre.post("/api/v1/residents", &json!({ "name": name })).await,
        edited(
            &cadre,
            &one,
            json!({ "phone": { "was": null, "now": { "司徒锦棠": "13907843323" } } }),
        )
        .await,
    ];
    assert!(refused.iter().all(|answer| answer.status >= 400));

    for department in 0..2 {
        let department = signed_in(client, Role::Department, department).await;
        for (category, format) in [("low_income", "csv"), ("disabled", "xlsx")] {
            let wanted = json!({ "category": category, "format": format, "purpose": "核对" });
            department.post("/api/v1/rosters/export", &wanted).await;
        }
    }

    let bureau = signed_in(client, Role::BureauAdmin, 0).await;
    bureau.get("/api/v1/accounts").await.ok();
    for (name, phone) in [
        ("任庆彩", "13907843325"),
        ("任庆彩", "13800000101"),
        ("任庆彩", "1390784332"),
    ] {
        bureau
            .post(
                "/api/v1/accounts",
                &json!({ "name": name, "phone": phone, "任庆彩": phone }),
            )
            .await;
        bureau
            .post("/api/v1/accounts", &json!({ "name": name, "phone": phone }))
            .await;
    }
    texts.extend(["任庆彩", "13907843325", "谭志成", "陆桂英", "何伟民"].map(str::to_owned));
    for phone in ["13800000101", "13907843326", "139078433"] {
        let credentials = json!({ "phone": phone, "password": "旧围村口的石狮子-77" });
        let answer = client.post("/api/v1/sign-in", &credentials).await;
        assert!(answer.status >= 400);
    }
    texts.extend(["13907843326", "旧围村口的石狮子-77"].map(str::to_owned));
}

async fn edited(cadre: &Client, resident: &str, fields: Value) -> Answer {
    let edit = json!({ "id": Uuid::now_v7(), "catalogue": 1, "fields": fields });
    cadre
        .post(&format!("/api/v1/residents/{resident}/edits"), &edit)
        .await
}

async fn signed_in(client: &Client, role: Role, nth: usize) -> Client {
    let mut of_role = demo::printed().into_iter().filter(|(r, _)| *r == role);
    let (_, number) = of_role.nth(nth).unwrap();
    let answer = sign_in(client, &number, None).await;
    client.with_token(text(&answer["access_token"]))
}

async fn sign_in(client: &Client, phone: &str, installation: Option<&str>) -> Value {
    let mut credentials = json!({ "phone": phone, "password": demo::PASSWORD });
    if let Some(installation) = installation {
        credentials["installation"] = installation.into();
    }
    client.post("/api/v1/sign-in", &credentials).await.ok()
}

fn add_row(texts: &mut BTreeSet<String>, row: &Row) {
    let members = row.members.iter().flat_map(|member| &member.values);
    for (key, value) in row.values.iter().chain(members) {
        add(texts, key, value);
    }
}

/// Adds what tells who somebody is. An address without a number in it is a place.
fn add(texts: &mut BTreeSet<String>, key: &str, value: &str) {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let personal = match key {
        "name" => value.chars().count() >= 2,
        "phone" | "id_number" | "certificate_number" => digits >= 11,
        "address" => digits >= 1 && value.chars().count() >= 8,
        _ => false,
    };
    if personal {
        texts.insert(value.to_owned());
    }
}

#[track_caller]
fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}
