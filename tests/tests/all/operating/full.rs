//! A full disk: nothing is half done, nobody is read without a trace, phones keep what they have, and all goes on when
//! there is space again.

use api::app::trail;
use api::store::audit;
use entity::{edit, held, inbox_item, list, visit};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tests::clerk::{Clerk, Handed};
use tests::client::Client;
use tests::county::{County, console_at, phone_at};
use tests::database::Database;
use tests::phone::Phone;
use tests::small_disk::{SmallDisk, SmallTablespace};
use uuid::Uuid;

/// A text that does not pack, unlike any before: it takes the room that its letters say.
fn long(letters: usize) -> String {
    static STATE: AtomicU64 = AtomicU64::new(1);
    let letter = || {
        let step = |n: u64| n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let state = STATE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| Some(step(n)));
        let of = (state.unwrap_or_default() >> 33) % 0x5000;
        char::from_u32(0x4e00 + of as u32).unwrap()
    };
    (0..letters).map(|_| letter()).collect()
}

/// Rows of the list that fills what is left.
fn big_list(rows: usize) -> Vec<u8> {
    let mut text = "姓名,身份证号,残疾类别,残疾等级,备注\n".to_owned();
    for n in 0..rows {
        let name = ["何一新", "陈二妹", "李三喜", "黄四海"][n % 4];
        text.push_str(&format!("{name},{n:018},肢体,二级,{}\n", long(200)));
    }
    text.into_bytes()
}

/// Uses up the room that SQLite had taken for its log before, until nothing fits. A checkpoint that comes meanwhile makes
/// room in the log once more: full is what stays so.
async fn use_up(eater: &mut Phone, resident: Uuid) {
    let mut refused = 0;
    while refused < 5 {
        let edit = eater.edit(resident).visit("home", "met", &long(300)).done();
        let one = json!({ "catalogue": 1, "edits": [eater.made(edit).body] });
        let answer = eater.send_raw(&one).await;
        if answer.status == 200 {
            refused = 0;
            continue;
        }
        assert_eq!(answer.code(), "503 storage_full");
        refused += 1;
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

async fn audited(auditor: &Client, action: &str) -> usize {
    let (mut count, mut after) = (0, String::new());
    loop {
        let path = format!("/api/v1/audit?action={action}&limit=200{after}");
        let page = auditor.get(&path).await.ok();
        count += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else {
            return count;
        };
        after = format!("&after={next}");
    }
}

async fn until_taken_in(auditor: &Client, action: &str, count: usize) {
    for _ in 0..2000 {
        if audited(auditor, action).await == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!(
        "{} {action} in the trail, not {count}",
        audited(auditor, action).await
    );
}

/// storage-1, without its photo.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_is_full() {
    let county = County::start(Database::sqlite().await).await;
    let (carried, other) = (
        county.a_resident("黄秋菊").phone("13900078441").made().await,
        county.a_resident("陆润生").in_grid("良围二格").made().await,
    );
    for name in ["吕小燕", "梁少芳", "冯国强", "陆桂英", "残联", "审计员"] {
        county.account(name).await;
    }
    let division = county.place("鹤山市");
    let database = county.end().await;
    let Some(disk) = SmallDisk::start(&database, 96) else {
        return;
    };
    let client = &disk.served.client;
    let mut a = phone_at(client, "吕小燕").await;
    a.sync().await;
    let mut eater = phone_at(client, "梁少芳").await;
    eater.sync().await;
    // One that has nothing yet.
    let new = phone_at(client, "冯国强").await;
    let cadre = console_at(client, "陆桂英").await;
    let auditor = console_at(client, "审计员").await;
    let clerk = Clerk::new((*console_at(client, "残联").await).clone());
    cadre.get(&format!("/api/v1/residents/{carried}")).await.ok();
    let read_before = audited(&auditor, "read_resident").await;
    for n in 0..60 {
        let edit = a.edit(carried).set("phone", format!("139000784{n:02}"));
        edit.visit("home", "met", "一切如常").done();
    }
    let standing = a.send_raw(&json!({ "catalogue": 1, "edits": [] })).await.ok()["standing"].clone();

    disk.fill();
    use_up(&mut eater, carried).await;
    // The phone: refused as a whole, again and again.
    for _ in 0..3 {
        let answer = a.send_raw(&everything(&a)).await;
        assert_eq!(answer.code(), "503 storage_full");
        assert_eq!(
            answer.json()["message"],
            "存储空间不足，暂时无法写入，本次内容未保存"
        );
    }
    // The list.
    use_up(&mut eater, carried).await;
    let list = Handed {
        source: "残联",
        kind: "disabled",
        division,
        month: "2026-10",
        name: "list.csv",
        content: big_list(1500),
    };
    assert_eq!(clerk.try_upload(&list).await.code(), "503 storage_full");
    // Reads and pulls go on; a phone gets nobody whom it does not carry, and loses no place.
    let mut reads = 0;
    let says = || String::from_utf8(disk.run(&["doctor"]).stdout).unwrap();
    while reads < 500 {
        let read = cadre.get(&format!("/api/v1/residents/{carried}")).await.ok();
        assert_eq!(read["resident"], carried.to_string());
        reads += 1;
        if reads % 50 == 5 && says().contains("条查阅记录") {
            break;
        }
    }
    // By now not one row fits into the database.
    let export = json!({ "category": "disabled", "division": division, "format": "csv", "purpose": "核对" });
    assert_eq!(
        clerk.post("/api/v1/rosters/export", &export).await.code(),
        "503 storage_full"
    );
    let pull = a.send_raw(&json!({ "catalogue": 1, "edits": [] })).await.ok();
    assert_eq!(pull["standing"], standing, "nothing was taken");
    assert_eq!(residents(&pull), [carried.to_string()], "whom it carries already");
    let pull = new.send_raw(&json!({ "catalogue": 1, "edits": [] })).await.ok();
    assert_eq!(
        (residents(&pull).len(), &pull["more"]),
        (0, &json!(false)),
        "{pull}"
    );
    let cursor = pull["cursor"].clone();
    // A sign-in either leaves its trace or does not work.
    let signed_in = client
        .post(
            "/api/v1/sign-in",
            &json!({ "phone": "13900070101", "password": tests::county::PASSWORD }),
        )
        .await;
    assert!([200, 503].contains(&signed_in.status), "{}", signed_in.text());
    let doctor = says();
    assert!(
        doctor.contains("[故障] 磁盘：") && doctor.contains("剩余 0.0 KB"),
        "{doctor}"
    );
    assert!(doctor.contains("条查阅记录"), "{doctor}");

    disk.free();
    // Nothing is started again.
    a.sync().await;
    assert!(a.unsent().is_empty());
    eater.sync().await;
    assert_eq!(a.shows(carried, "phone"), "13900078459");
    let pull = new
        .send_raw(&json!({ "catalogue": 1, "edits": [], "cursor": cursor }))
        .await
        .ok();
    assert_eq!(residents(&pull), [other.to_string()]);
    let id = clerk.upload(&list).await;
    assert_eq!(
        clerk.list(&id).await["state"],
        "uploaded",
        "it is not there already"
    );
    assert_eq!(clerk.post("/api/v1/rosters/export", &export).await.status, 200);
    until_taken_in(&auditor, "read_resident", read_before + reads).await;
    let doctor = says();
    assert!(!doctor.contains("条查阅记录"), "{doctor}");
    let verified = disk.run(&["verify", "records"]);
    assert_eq!(verified.status.code(), Some(0));
    assert_eq!(disk.served.stop(), Some(0));
}

/// The same of PostgreSQL's data, as far as its server goes on: the disk of its own log must have room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_of_postgres_is_full() {
    let Some(disk) = SmallTablespace::start(64).await else {
        return;
    };
    let county = County::start(Database::in_tablespace(&disk.name).await).await;
    let program = &county.program;
    program.reserve.open(county.database().folder()).await.unwrap();
    let resident = county.a_resident("黄秋菊").made().await;
    let mut phone = county.phone("吕小燕").await;
    phone.sync().await;
    let cadre = county.console("陆桂英").await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    for _ in 0..60 {
        phone.edit(resident).visit("home", "met", &long(300)).done();
    }
    disk.fill();
    for _ in 0..2 {
        assert_eq!(
            phone.send_raw(&everything(&phone)).await.code(),
            "503 storage_full"
        );
        let list = Handed::disabled(&county, "2026-10", big_list(300));
        assert_eq!(clerk.try_upload(&list).await.code(), "503 storage_full");
    }
    let rows = edit::Entity::find().filter(edit::Column::Device.is_not_null());
    assert_eq!(rows.count(program.db.read()).await.unwrap(), 0);
    let pull = phone.send_raw(&json!({ "catalogue": 1, "edits": [] })).await.ok();
    assert_eq!(residents(&pull), [resident.to_string()]);
    for _ in 0..20 {
        cadre.get(&format!("/api/v1/residents/{resident}")).await.ok();
    }
    disk.free();
    phone.sync().await;
    trail::take_in(program).await.unwrap();
    let read = audit::Filter {
        action: Some("read_resident".into()),
        ..Default::default()
    };
    let trail = audit::page(program.db.read(), &read, None, 200).await.unwrap();
    assert_eq!(trail.len(), 20);
    tests::verify(&county).await;
    drop((phone, cadre, clerk, county));
    disk.end().await;
}

/// All that a phone has not sent yet, as a request of the test's own.
fn everything(phone: &Phone) -> Value {
    let edits = phone.unsent();
    let bodies: Vec<Value> = edits.iter().map(|id| phone.made(*id).body.clone()).collect();
    assert_eq!(bodies.len(), 60);
    json!({ "catalogue": 1, "edits": bodies })
}

fn residents(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().unwrap().iter();
    let records = items.filter(|item| item["kind"] == "record");
    records
        .map(|item| item["resident"].as_str().unwrap().to_owned())
        .collect()
}

/// The database itself says that it is full, at a moment of the test's choice: everywhere, whatever file systems allow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_half_done() {
    let county = County::start(Database::sqlite().await).await;
    let resident = county.a_resident("黄秋菊").made().await;
    let mut phone = county.phone("吕小燕").await;
    phone.sync().await;
    let db = &county.program.db;
    let count = async || {
        let db = db.read();
        [
            edit::Entity::find().count(db).await.unwrap(),
            visit::Entity::find().count(db).await.unwrap(),
            held::Entity::find().count(db).await.unwrap(),
            inbox_item::Entity::find().count(db).await.unwrap(),
            // One whose rows are going in is no list yet, for nobody, and is removed at night.
            list::Entity::find()
                .filter(list::Column::State.ne("reading"))
                .count(db)
                .await
                .unwrap(),
        ]
    };
    for _ in 0..60 {
        phone.edit(resident).visit("home", "met", &long(300)).done();
    }
    let (before, first) = (count().await, phone.unsent()[0]);
    // A few pages more each time: it breaks off somewhere else.
    let pages: i64 = {
        let row = db
            .schema()
            .query_one_raw(sea_orm::Statement::from_string(db.backend(), "PRAGMA page_count"));
        row.await.unwrap().unwrap().try_get_by_index(0).unwrap()
    };
    for more in [0, 1, 2, 3, 5, 8, 13] {
        let most = format!("PRAGMA max_page_count = {}", pages + more);
        db.schema().execute_unprepared(&most).await.unwrap();
        let answer = phone.send_raw(&everything(&phone)).await;
        assert_eq!(
            answer.code(),
            "503 storage_full",
            "{more} of {pages}: {}",
            answer.text()
        );
        assert_eq!(count().await, before, "{more} pages");
    }
    let most = "PRAGMA max_page_count = 4294967294";
    db.schema().execute_unprepared(most).await.unwrap();
    phone.sync().await;
    let after = count().await;
    let receipt = phone.receipt(first).unwrap();
    assert_eq!(
        after[..2],
        [before[0] + 60, before[1] + 60],
        "{after:?} {receipt}"
    );
    tests::verify(&county).await;
}
