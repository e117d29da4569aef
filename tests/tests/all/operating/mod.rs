//! What a county does to keep the program running: look after it, back it up, bring it back, change its keys.

mod backups;
mod by_hand;
mod doctor;
mod fixtures;
mod full;
mod keys;
mod metrics;
mod retention;

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tests::client::Client;
use tests::county::phone_at;
use tests::database::Database;
use tests::phone::Phone;
use tests::process;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Exit code, and what was printed and complained of.
fn run(database: &Database, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = process::run(database, arguments);
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A command that must succeed; answers what it printed.
fn done(database: &Database, arguments: &[&str]) -> String {
    let (exit, printed, said) = run(database, arguments);
    assert_eq!(exit, Some(0), "{arguments:?}: {printed}{said}");
    printed
}

/// One line of what `doctor --json` says.
fn check(database: &Database, name: &str) -> Value {
    let (_, printed, said) = run(database, &["doctor", "--json"]);
    let page: Value = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{said}"));
    let checks = page["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["check"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {page}")).clone()
}

/// Phones that edit and sync as fast as they can, until they are told to stop.
struct Storm {
    acknowledged: Arc<Mutex<BTreeSet<Uuid>>>,
    stop: Arc<AtomicBool>,
    phones: Vec<JoinHandle<Phone>>,
}

impl Storm {
    async fn begin(client: &Client, workers: &[&str]) -> Storm {
        let (acknowledged, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let mut phones = Vec::new();
        for worker in workers {
            let mut phone = phone_at(client, worker).await;
            phone.sync().await;
            phones.push(tokio::spawn(edits(
                phone,
                Arc::clone(&acknowledged),
                stop.clone(),
            )));
        }
        let storm = Storm {
            acknowledged,
            stop,
            phones,
        };
        storm.more(10).await;
        storm
    }

    fn acknowledged(&self) -> BTreeSet<Uuid> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Waits until so many more edits were acknowledged.
    async fn more(&self, count: usize) {
        let target = self.acknowledged().len() + count;
        while self.acknowledged().len() < target {
            assert!(
                self.phones.iter().all(|phone| !phone.is_finished()),
                "a phone gave up"
            );
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    /// Answers the phones once they have nothing unsent.
    async fn end(self) -> Vec<Phone> {
        self.stop.store(true, Ordering::SeqCst);
        let mut phones = Vec::new();
        for phone in self.phones {
            phones.push(phone.await.unwrap());
        }
        phones
    }
}

async fn edits(mut phone: Phone, acknowledged: Arc<Mutex<BTreeSet<Uuid>>>, stop: Arc<AtomicBool>) -> Phone {
    let held: Vec<Uuid> = phone.records().map(|(resident, _)| resident).collect();
    let mut n = 0;
    while !stop.load(Ordering::SeqCst) {
        let mut made = Vec::new();
        for resident in &held {
            n += 1;
            let edit = phone.edit(*resident).set("phone", format!("139{n:08}"));
            made.push(edit.visit("home", "met", "一切如常").done());
        }
        phone.sync().await;
        acknowledged.lock().unwrap().extend(made);
    }
    phone
}
