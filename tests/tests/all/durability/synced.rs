//! What is answered has reached the disk before, as the system's calls show.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use std::collections::{BTreeMap, BTreeSet};
use tests::county::{County, phone_at};
use tests::database::Database;
use tests::durable::DurableServer;
use tests::process::Served;
use tests::strace::{self, Strace};

const CALLS: &str = "fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_waits_for_the_disk_sqlite() {
    an_answer_waits_for_the_disk("sqlite", Database::sqlite().await, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_waits_for_the_disk_postgres() {
    let server = DurableServer::start();
    let database = Database::migrated_on(server.url.clone()).await;
    let db = database.open().await;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let show = Statement::from_string(DbBackend::Postgres, format!("SHOW {setting}"));
        let row = db.read().query_one_raw(show).await.unwrap().unwrap();
        let value: String = row.try_get_by_index(0).unwrap();
        assert_eq!(value, "on", "{setting} in a session as the program opens it");
    }
    an_answer_waits_for_the_disk("postgres", database, Some(&server)).await;
}

async fn an_answer_waits_for_the_disk(name: &str, database: Database, server: Option<&DurableServer>) {
    let county = County::start(database).await;
    county.account("梁少芳").await;
    let resident = county.a_resident("黄秋菊").made().await;
    let database = county.end().await;
    let served = Served::start(&database, &[]);
    let mut phone = phone_at(&served.client, "梁少芳").await;
    phone.sync().await;

    let mut processes = vec![served.id()];
    processes.extend(server.map(DurableServer::processes).unwrap_or_default());
    let watched = match Strace::attach(&processes, CALLS) {
        Ok(watched) => watched,
        Err(why) => return strace::skipped(&format!("an_answer_waits_for_the_disk_{name}"), &why),
    };
    let edits = ["13900078411", "13900078412", "13900078413"]
        .map(|number| phone.edit(resident).set("phone", number).done());
    phone.exchange().await.unwrap();
    let trace = watched.end();
    assert!(edits.iter().all(|edit| phone.outcome(*edit) == "merged"));

    // What others of the database's processes write is not what this answer waits for.
    let backstage: BTreeSet<u32> = processes[1..].iter().copied().filter(|id| !serves(*id)).collect();
    let journal = match server {
        Some(_) => "/pg_wal/",
        None => "heshan.db-wal",
    };
    let judged = judge(&trace, journal, &backstage);
    assert_eq!(judged, Ok(()), "{trace}");
    let without = trace.lines().filter(|line| !line.contains("sync"));
    let without: Vec<&str> = without.collect();
    assert!(
        judge(&without.join("\n"), journal, &backstage).is_err(),
        "the same without syncing is found out"
    );
}

/// Whether a process of the database works for a client.
fn serves(id: u32) -> bool {
    let title = std::fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
    title.starts_with("postgres: heshan ")
}

/// What one process wrote to the journal since the request.
#[derive(Default)]
struct Wrote {
    bytes: u64,
    /// Not all of it has been synced.
    waits: bool,
    /// A sync of the journal is under way.
    syncing: bool,
}

/// Between the request's first byte and the answer's first byte the journal was written, and synced after the last
/// write of whoever wrote most: that is the edits' transaction. Others commit beside it, whom this answer tells nothing
/// of.
fn judge(trace: &str, journal: &str, backstage: &BTreeSet<u32>) -> Result<(), String> {
    let mut asked = false;
    let mut all: BTreeMap<u32, Wrote> = BTreeMap::new();
    for line in trace.lines() {
        let (process, call) = line.split_once(' ').unwrap_or((line, ""));
        let Ok(process) = process.parse::<u32>() else {
            continue;
        };
        let call = call.trim_start();
        // Its call may have begun before: then the end of it does not say of which connection.
        if call.contains("\"POST /api/v1/sync HTTP") {
            asked = true;
        } else if call.contains("\"HTTP/1.1 200") && call.contains("<TCP:") && asked {
            return match all.values().max_by_key(|wrote| wrote.bytes) {
                Some(most) if most.waits => Err(format!("answered before the disk had it: {line}")),
                Some(most) if most.bytes > 0 => Ok(()),
                _ => Err("answered without writing".into()),
            };
        } else if !asked || backstage.contains(&process) {
            // Not ours to judge.
        } else if call.starts_with("pwrite64(") || call.starts_with("write(") {
            if call.split(',').next().is_some_and(|file| file.contains(journal)) {
                let wrote = all.entry(process).or_default();
                wrote.bytes += length(call);
                wrote.waits = true;
            }
        } else if call.starts_with("fsync(") || call.starts_with("fdatasync(") {
            let wrote = all.entry(process).or_default();
            let ours = call.contains(journal);
            if call.contains("<unfinished") {
                wrote.syncing = ours;
            } else if ours && call.ends_with("= 0") {
                wrote.waits = false;
            }
        } else if call.starts_with("<... fsync resumed") || call.starts_with("<... fdatasync resumed") {
            let wrote = all.entry(process).or_default();
            if std::mem::take(&mut wrote.syncing) && call.ends_with("= 0") {
                wrote.waits = false;
            }
        }
    }
    Err("there is no answer".into())
}

/// How many bytes a call is told to write: it stands before the place, where there is one, and both behind the bytes.
fn length(call: &str) -> u64 {
    let arguments = call.split(" <unfinished").next().unwrap_or(call);
    let arguments = arguments
        .rsplit_once(") = ")
        .map_or(arguments, |(before, _)| before);
    let place = usize::from(call.starts_with("pwrite64("));
    let length = arguments.rsplit(", ").nth(place);
    length.and_then(|n| n.trim_end().parse().ok()).unwrap_or(1)
}
