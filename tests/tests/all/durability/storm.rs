//! kill -9 while phones send edits as fast as they can: what was acknowledged is there once, the rest wholly or not.
//!
//! Six phones each make a few edits, send them in one request, and make the next ones once they have the receipts.
//! The program is killed at random moments. While it is dead the database is looked at: everything acknowledged
//! must be there already, and each request in flight must be there with all its edits or with none. Started again,
//! the program must say `repeat: true` of exactly the edits that were there.

use entity::{device, edit, feed, held, resident, visit};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::client::Client;
use tests::county::{County, phone_at};
use tests::database::Database;
use tests::dice::Dice;
use tests::durable::DurableServer;
use tests::phone::{Phone, Trouble};
use tests::process::Served;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

const WORKERS: [(&str, &str); 6] = [
    ("梁少芳", "良围一格"),
    ("吕小燕", "良围一格"),
    ("冯国强", "良围二格"),
    ("温志健", "良围二格"),
    ("任国华", "仙溪一格"),
    ("施玉兰", "仙溪一格"),
];
const RESIDENTS: [&str; 3] = ["黄秋菊", "陆润生", "温好彩"];

/// What dies in a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dies {
    Program,
    /// The database's processes, and the program a moment later.
    Both,
    /// The database's processes alone: the program works on once they are back.
    Database,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_a_storm_of_edits_sqlite() {
    let rounds = [Dies::Program; 5];
    storm(Database::sqlite().await, None, &rounds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_a_storm_of_edits_postgres() {
    let server = DurableServer::start();
    let database = Database::migrated_on(server.url.clone()).await;
    let rounds = [
        Dies::Program,
        Dies::Both,
        Dies::Database,
        Dies::Program,
        Dies::Program,
    ];
    storm(database, Some(server), &rounds).await;
}

/// Where the program is: which start of it, and its address while it runs.
type Line = (usize, Option<Client>);

/// What the phones know, seen from outside.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeSet<Uuid>,
    /// The request that each phone waits for: its edits, and whether they hold a visit.
    in_flight: BTreeMap<usize, Vec<(Uuid, bool)>>,
    /// What the next receipt of an edit must say: that it was there, or that it is new.
    expected: BTreeMap<Uuid, bool>,
    /// Phones that wait for the program's next start.
    waiting: BTreeSet<usize>,
    made: usize,
    visits: BTreeSet<Uuid>,
}

type Shared = Arc<Mutex<Ledger>>;

async fn storm(database: Database, mut server: Option<DurableServer>, rounds: &[Dies]) {
    let mut dice = Dice::fresh();
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
    let database = county.end().await;
    let before = look(&database).await;

    let mut served = Served::start(&database, &[]);
    let (line, follow) = watch::channel::<Line>((0, Some(served.client.clone())));
    let ledger = Shared::default();
    let mut phones = Vec::new();
    for (n, (worker, _)) in WORKERS.iter().enumerate() {
        let mut phone = phone_at(&served.client, worker).await;
        phone.sync().await;
        let dice = Dice::seeded(dice.roll(1 << 30) as u64);
        phones.push(work(n, phone, dice, follow.clone(), ledger.clone()));
    }
    for (round, dies) in rounds.iter().enumerate() {
        let target = acknowledged(&ledger) + 10 + dice.roll(40);
        until(|| acknowledged(&ledger) >= target).await;
        // Not a wait for anything: the blow falls wherever it falls.
        tokio::time::sleep(Duration::from_micros(dice.roll(20_000) as u64)).await;
        if *dies != Dies::Program {
            server.as_mut().expect("a server of its own").crash();
        }
        if *dies == Dies::Database {
            server.as_mut().unwrap().restart();
            continue;
        }
        served.kill();
        until(|| ledger.lock().unwrap().waiting.len() == WORKERS.len()).await;
        if *dies == Dies::Both {
            server.as_mut().unwrap().restart();
        }
        note_what_is_there(&database, &ledger).await;
        served = Served::start(&database, &[]);
        line.send((round + 1, Some(served.client.clone()))).unwrap();
    }
    let target = acknowledged(&ledger) + 20;
    until(|| acknowledged(&ledger) >= target).await;
    line.send((usize::MAX, None)).unwrap();
    let mut all = Vec::new();
    for phone in phones {
        all.push(phone.await.unwrap());
    }
    everybody_agrees(all, &served).await;
    assert_eq!(served.stop(), Some(0));
    every_edit_is_there_once(&before, &look(&database).await, &ledger.lock().unwrap());
}

fn acknowledged(ledger: &Shared) -> usize {
    ledger.lock().unwrap().acknowledged.len()
}

/// Waits for a condition that other tasks bring about.
async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    waited.expect("the storm does not go on");
}

/// One phone's work until the line ends; it answers the phone with nothing unsent.
fn work(
    n: usize,
    mut phone: Phone,
    mut dice: Dice,
    mut line: watch::Receiver<Line>,
    ledger: Shared,
) -> JoinHandle<Phone> {
    tokio::spawn(async move {
        let held: Vec<Uuid> = phone.records().map(|(resident, _)| resident).collect();
        loop {
            let (start, client) = line.borrow_and_update().clone();
            if let Some(client) = &client {
                phone.moved_to(client);
            } else if phone.unsent().is_empty() {
                return phone;
            }
            if phone.unsent().is_empty() {
                let edits: Vec<(Uuid, bool)> = (0..2 + dice.roll(5))
                    .map(|_| an_edit(&mut phone, held[dice.roll(held.len())], &mut dice))
                    .collect();
                let mut ledger = ledger.lock().unwrap();
                ledger.made += edits.len();
                ledger
                    .visits
                    .extend(edits.iter().filter(|(_, visit)| *visit).map(|(id, _)| *id));
                ledger.in_flight.insert(n, edits);
            }
            match phone.exchange_into_the_dark().await {
                Ok(answer) => ledger.lock().unwrap().acknowledge(n, &answer),
                // The database is away for a moment; the program is not.
                Err(Trouble::Unable) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(Trouble::Unreachable) => {
                    ledger.lock().unwrap().waiting.insert(n);
                    line.wait_for(|(newer, _)| *newer != start).await.unwrap();
                    ledger.lock().unwrap().waiting.remove(&n);
                }
            }
        }
    })
}

/// Its id, and whether it holds a visit.
fn an_edit(phone: &mut Phone, resident: Uuid, dice: &mut Dice) -> (Uuid, bool) {
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
    fn acknowledge(&mut self, phone: usize, answer: &serde_json::Value) {
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
struct Found {
    edits: Vec<edit::Model>,
    visits: BTreeSet<Uuid>,
    residents: Vec<resident::Model>,
    devices: Vec<device::Model>,
    feeds: Vec<feed::Model>,
    held: usize,
}

async fn look(database: &Database) -> Found {
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

/// The program is dead: all that it acknowledged is there, and of each request in flight all or nothing.
async fn note_what_is_there(database: &Database, ledger: &Shared) {
    let found = look(database).await;
    let there: BTreeSet<Uuid> = found.edits.iter().map(|edit| edit.id).collect();
    let mut ledger = ledger.lock().unwrap();
    let lost: Vec<&Uuid> = ledger.acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
    for edits in ledger.in_flight.clone().values() {
        let first = there.contains(&edits[0].0);
        for (id, visit) in edits {
            assert_eq!(there.contains(id), first, "half a request");
            assert_eq!(found.visits.contains(id), first && *visit, "half an edit");
            ledger.expected.insert(*id, first);
        }
    }
}

/// All phones of a grid show the same, which is what a phone is told that knows nothing yet.
async fn everybody_agrees(mut phones: Vec<Phone>, served: &Served) {
    for _ in 0..2 {
        for phone in &mut phones {
            phone.sync().await;
        }
    }
    for (phone, (worker, grid)) in phones.iter().zip(WORKERS) {
        let mut new = phone_at(&served.client, worker).await;
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

fn every_edit_is_there_once(before: &Found, after: &Found, ledger: &Ledger) {
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
