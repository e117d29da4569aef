//! What phones know of a storm of edits, and what the database must hold of it afterwards.

use entity::{device, edit, feed, held, resident, visit};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::client::Client;
use tests::county::{County, phone_at};
use tests::database::Database;
use tests::dice::Dice;
use tests::phone::Phone;
use uuid::Uuid;

pub const WORKERS: [(&str, &str); 6] = [
    ("梁少芳", "良围一格"),
    ("吕小燕", "良围一格"),
    ("冯国强", "良围二格"),
    ("温志健", "良围二格"),
    ("任国华", "仙溪一格"),
    ("施玉兰", "仙溪一格"),
];
pub const RESIDENTS: [&str; 3] = ["黄秋菊", "陆润生", "温好彩"];

/// What the phones know, seen from outside.
#[derive(Default)]
pub struct Ledger {
    pub acknowledged: BTreeSet<Uuid>,
    /// The request that each phone waits for: its edits, and whether they hold a visit.
    pub in_flight: BTreeMap<usize, Vec<(Uuid, bool)>>,
    /// What the next receipt of an edit must say: that it was there, or that it is new.
    pub expected: BTreeMap<Uuid, bool>,
    /// Phones that wait for the program's next start.
    pub waiting: BTreeSet<usize>,
    pub made: usize,
    pub visits: BTreeSet<Uuid>,
}

pub type Shared = Arc<Mutex<Ledger>>;

/// The database with the workers and residents of a storm.
pub async fn filled(database: Database) -> Database {
    let county = County::start(database).await;
    for (worker, _) in WORKERS {
        county.account(worker).await;
    }
    for grid in ["良围一格", "良围二格", "仙溪一格"] {
        for name in RESIDENTS {
            county
                .a_resident(name)
                .in_grid(grid)
                .phone("13900078400")
                .made()
                .await;
        }
    }
    county.end().await
}

pub fn acknowledged(ledger: &Shared) -> usize {
    ledger.lock().unwrap().acknowledged.len()
}

/// Waits for a condition that other tasks bring about.
pub async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    waited.expect("the storm does not go on");
}

/// Its id, and whether it holds a visit.
pub fn an_edit(phone: &mut Phone, resident: Uuid, dice: &mut Dice) -> (Uuid, bool) {
    let edit = phone.edit(resident);
    let text = format!("第{}次", dice.roll(1_000_000));
    match dice.roll(4) {
        0 => (
            edit.set("phone", format!("139000{:05}", dice.roll(100_000)))
                .done(),
            false,
        ),
        1 => (edit.set("remarks", text).done(), false),
        2 => (edit.visit("home", "met", &text).done(), true),
        _ => (
            edit.add("needs", &["送餐"])
                .set("phone_other", format!("139001{:05}", dice.roll(100_000)))
                .visit("phone", "met", &text)
                .done(),
            true,
        ),
    }
}

impl Ledger {
    /// A phone has made edits and sends them.
    pub fn sends(&mut self, phone: usize, edits: Vec<(Uuid, bool)>) {
        self.made += edits.len();
        let visits = edits.iter().filter(|(_, visit)| *visit);
        self.visits.extend(visits.map(|(id, _)| *id));
        self.in_flight.insert(phone, edits);
    }

    /// A request failed at a database that went away: it may have been committed before, so what was not there after
    /// an earlier crash may be there by now.
    pub fn nobody_knows(&mut self, phone: usize) {
        for (id, _) in &self.in_flight[&phone] {
            if self.expected.get(id) == Some(&false) {
                self.expected.remove(id);
            }
        }
    }

    pub fn acknowledge(&mut self, phone: usize, answer: &serde_json::Value) {
        let sent = self.in_flight.remove(&phone).unwrap_or_default();
        let receipts = answer["receipts"].as_array().unwrap();
        assert_eq!(receipts.len(), sent.len(), "{answer}");
        for (receipt, (id, _)) in receipts.iter().zip(sent) {
            assert_eq!(receipt["edit"], id.to_string());
            assert_ne!(receipt["outcome"], "held", "{receipt}");
            let repeat = receipt["repeat"] == true;
            if let Some(there) = self.expected.remove(&id) {
                assert_eq!(repeat, there, "whether it was there already: {receipt}");
            }
            assert!(self.acknowledged.insert(id), "two receipts for one request");
        }
    }
}

/// What lies in the database.
pub struct Found {
    pub edits: Vec<edit::Model>,
    pub visits: BTreeSet<Uuid>,
    pub residents: Vec<resident::Model>,
    pub devices: Vec<device::Model>,
    pub feeds: Vec<feed::Model>,
    pub held: usize,
}

pub async fn look(database: &Database) -> Found {
    // The embedded one is looked at as a copy: what a crash left behind is for the program to mend.
    let copy = (!database.is_postgres()).then(|| database.copied());
    let db = copy.as_ref().unwrap_or(database).open().await;
    match db.backend() {
        DbBackend::Postgres => let_transactions_end(&db).await,
        _ => assert_eq!(text(&db, "PRAGMA integrity_check").await, "ok"),
    }
    let read = db.read();
    let visits = visit::Entity::find().all(read).await.unwrap();
    Found {
        edits: edit::Entity::find().all(read).await.unwrap(),
        visits: visits.into_iter().map(|visit| visit.id).collect(),
        residents: resident::Entity::find().all(read).await.unwrap(),
        devices: device::Entity::find().all(read).await.unwrap(),
        feeds: feed::Entity::find().all(read).await.unwrap(),
        held: held::Entity::find().all(read).await.unwrap().len(),
    }
}

/// A server goes on with a statement whose client is dead, and commits if that was what it was told.
async fn let_transactions_end(db: &api::store::db::Db) {
    let others = "SELECT CAST(count(*) AS TEXT) FROM pg_stat_activity WHERE datname = current_database() \
        AND backend_type = 'client backend' AND application_name <> 'looks' AND pid <> pg_backend_pid()";
    while text(db, others).await != "0" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn text(db: &api::store::db::Db, sql: &str) -> String {
    let row = db.read().query_one_raw(Statement::from_string(db.backend(), sql));
    row.await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// All phones of a grid show the same, which is what a phone is told that knows nothing yet.
pub async fn everybody_agrees(mut phones: Vec<Phone>, client: &Client) {
    for _ in 0..2 {
        for phone in &mut phones {
            phone.sync().await;
        }
    }
    for (phone, (worker, grid)) in phones.iter().zip(WORKERS) {
        let mut new = phone_at(client, worker).await;
        new.sync().await;
        let records = |phone: &Phone| -> Vec<_> {
            let all = phone.records().map(|(_, record)| record.clone());
            all.map(|mut record| {
                // The number under which this phone holds it.
                record.as_object_mut().unwrap().remove("holding");
                record
            })
            .collect()
        };
        assert_eq!(records(&new).len(), RESIDENTS.len(), "{grid}");
        assert_eq!(records(phone), records(&new), "{worker}");
    }
}

pub fn every_edit_is_there_once(before: &Found, after: &Found, ledger: &Ledger) {
    assert_eq!(
        ledger.acknowledged.len(),
        ledger.made,
        "every edit has its receipt"
    );
    assert!(ledger.expected.is_empty());
    let old: BTreeSet<Uuid> = before.edits.iter().map(|edit| edit.id).collect();
    let new: BTreeSet<Uuid> = after.edits.iter().map(|edit| edit.id).collect();
    let new: BTreeSet<Uuid> = new.difference(&old).copied().collect();
    assert_eq!(new, ledger.acknowledged, "edit rows are what was acknowledged");
    assert_eq!(after.visits, ledger.visits, "a visit is there with its edit");
    assert_eq!(after.held, 0);
    for row in &after.residents {
        let of = after.edits.iter().filter(|edit| edit.resident == row.id);
        let mut numbers: Vec<i32> = of.map(|edit| edit.n).collect();
        numbers.sort_unstable();
        assert_eq!(
            numbers,
            (1..=row.n).collect::<Vec<_>>(),
            "edits in a row, each once"
        );
    }
    let received: i64 = after.devices.iter().map(|device| device.received).sum();
    assert_eq!(received, ledger.made as i64, "counted once each");
    assert!(
        after
            .devices
            .iter()
            .all(|device| device.received == device.through)
    );
    let behind = |feed: &&feed::Model| after.feeds.iter().any(|f| f.id == feed.id && f.next < feed.next);
    assert_eq!(before.feeds.iter().filter(behind).count(), 0, "a feed went back");
}
