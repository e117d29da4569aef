//! kill -9 while phones send edits as fast as they can: what was acknowledged is there once, the rest wholly or not.
//!
//! Six phones each make a few edits, send them in one request, and make the next ones once they have the receipts.
//! The program is killed at random moments. While it is dead the database is looked at: everything acknowledged
//! must be there already, and each request in flight must be there with all its edits or with none. Started again,
//! the program must say `repeat: true` of exactly the edits that were there.

use super::ledger::*;
use std::collections::BTreeSet;
use std::time::Duration;
use tests::client::Client;
use tests::county::phone_at;
use tests::database::Database;
use tests::dice::Dice;
use tests::durable::DurableServer;
use tests::phone::{Phone, Trouble};
use tests::process::Served;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

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

async fn storm(database: Database, mut server: Option<DurableServer>, rounds: &[Dies]) {
    let mut dice = Dice::fresh();
    let database = filled(database).await;
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
    everybody_agrees(all, &served.client).await;
    assert_eq!(served.stop(), Some(0));
    every_edit_is_there_once(&before, &look(&database).await, &ledger.lock().unwrap());
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
                ledger.lock().unwrap().sends(n, edits);
            }
            match phone.exchange_into_the_dark().await {
                Ok(answer) => ledger.lock().unwrap().acknowledge(n, &answer),
                // The database is away for a moment; the program is not.
                Err(Trouble::Unable) => {
                    ledger.lock().unwrap().nobody_knows(n);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(Trouble::Unreachable) => {
                    ledger.lock().unwrap().waiting.insert(n);
                    line.wait_for(|(newer, _)| *newer != start).await.unwrap();
                    ledger.lock().unwrap().waiting.remove(&n);
                }
            }
        }
    })
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
