//! Several nodes on one PostgreSQL while phones work: a node is killed, the way to the database is cut, the primary dies
//! and its synchronous standby takes its place. Nothing acknowledged is lost, nothing counts twice, no feed has a gap.
//!
//! A phone sends to whichever node it meets, and the same again to another one when it gets no answer: so one edit may
//! reach two nodes, and be there already when the second one is asked. That the clock of a node may be ten minutes off
//! is shown by `stories::time`.

use super::ledger::*;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tests::client::Client;
use tests::county::phone_at;
use tests::database::Database;
use tests::dice::Dice;
use tests::durable::{DurableServer, host};
use tests::phone::Phone;
use tests::process::Served;
use tests::relay::Relay;
use tests::standby::Standby;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Addresses of the nodes that run; none left when the storm is over.
type Nodes = Arc<Mutex<Vec<Client>>>;

struct Node {
    served: Served,
    folder: TempDir,
}

/// Two nodes behind one relay to a server of the test's own, and phones at work.
struct Storm {
    server: DurableServer,
    relay: Relay,
    database: Database,
    before: Found,
    running: Vec<Node>,
    nodes: Nodes,
    ledger: Shared,
    phones: Vec<JoinHandle<Phone>>,
    dice: Dice,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_killed() {
    let mut storm = Storm::begin().await;
    for _ in 0..4 {
        storm.goes_on().await;
        let dies = storm.dice.roll(2);
        let Node { served, folder } = storm.running.remove(dies);
        storm.nodes.lock().unwrap().remove(dies);
        served.kill();
        storm.goes_on().await;
        storm.start(folder);
    }
    storm.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_to_the_database_is_cut() {
    let mut storm = Storm::begin().await;
    let address = address(&storm.server.url);
    for _ in 0..4 {
        storm.goes_on().await;
        storm.relay.turn(None);
        tokio::time::sleep(Duration::from_millis(storm.dice.roll(400) as u64)).await;
        storm.relay.turn(Some(address));
    }
    storm.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_the_place_of_the_primary() {
    let mut storm = Storm::begin().await;
    let standby = Standby::of(&storm.server).await;
    storm.goes_on().await;
    storm.server.crash();
    standby.promote().await;
    storm.relay.turn(Some(standby.address));
    storm.goes_on().await;
    storm.end().await;
}

fn address(url: &str) -> SocketAddr {
    host(url).parse().unwrap()
}

impl Storm {
    async fn begin() -> Storm {
        let server = DurableServer::start();
        let relay = Relay::to(address(&server.url)).await;
        let behind = server.url.replace(&host(&server.url), &relay.address.to_string());
        let database = filled(Database::migrated_on(behind).await).await;
        let before = look(&database).await;
        let mut storm = Storm {
            server,
            relay,
            before,
            running: Vec::new(),
            nodes: Nodes::default(),
            ledger: Shared::default(),
            phones: Vec::new(),
            dice: Dice::fresh(),
            database,
        };
        for _ in 0..2 {
            storm.start(storm.database.another_folder());
        }
        for (n, (worker, _)) in WORKERS.iter().enumerate() {
            let mut phone = phone_at(&storm.running[n % 2].served.client, worker).await;
            phone.sync().await;
            let dice = Dice::seeded(storm.dice.roll(1 << 30) as u64);
            let (nodes, ledger) = (storm.nodes.clone(), storm.ledger.clone());
            storm.phones.push(work(n, phone, dice, nodes, ledger));
        }
        storm
    }

    fn start(&mut self, folder: TempDir) {
        let data = folder.path().to_str().unwrap();
        let served = Served::start(&self.database, &[("HESHAN_DATA", data)]);
        self.nodes.lock().unwrap().push(served.client.clone());
        self.running.push(Node { served, folder });
    }

    /// Until some more edits have their receipts.
    async fn goes_on(&mut self) {
        let target = acknowledged(&self.ledger) + 10 + self.dice.roll(40);
        until(|| acknowledged(&self.ledger) >= target).await;
    }

    async fn end(mut self) {
        self.goes_on().await;
        self.nodes.lock().unwrap().clear();
        let mut phones = Vec::new();
        for phone in self.phones {
            phones.push(phone.await.unwrap());
        }
        let first = self.running[0].served.client.clone();
        for phone in &mut phones {
            phone.moved_to(&first);
        }
        everybody_agrees(phones, &first).await;
        for node in self.running {
            assert_eq!(node.served.stop(), Some(0));
        }
        every_edit_is_there_once(
            &self.before,
            &look(&self.database).await,
            &self.ledger.lock().unwrap(),
        );
    }
}

/// One phone's work until there is no node; it answers the phone with nothing unsent.
fn work(n: usize, mut phone: Phone, mut dice: Dice, nodes: Nodes, ledger: Shared) -> JoinHandle<Phone> {
    tokio::spawn(async move {
        let residents: Vec<Uuid> = phone.records().map(|(resident, _)| resident).collect();
        loop {
            let node = {
                let nodes = nodes.lock().unwrap();
                (!nodes.is_empty()).then(|| nodes[dice.roll(nodes.len())].clone())
            };
            match node {
                Some(node) => phone.moved_to(&node),
                None if phone.unsent().is_empty() => return phone,
                None => {}
            }
            if phone.unsent().is_empty() {
                let edits: Vec<(Uuid, bool)> = (0..2 + dice.roll(5))
                    .map(|_| an_edit(&mut phone, residents[dice.roll(residents.len())], &mut dice))
                    .collect();
                ledger.lock().unwrap().sends(n, edits);
            }
            match phone.exchange_into_the_dark().await {
                Ok(answer) => ledger.lock().unwrap().acknowledge(n, &answer),
                // No node there, or none that reaches its database: the same again, perhaps to another one.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    })
}
