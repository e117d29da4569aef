//! kill -9 in the middle of a list's commit: the job is taken up again and ends as if nothing had happened.

use api::actor::Grant;
use api::app::accounts::{self, NewAccount, Planted};
use api::app::divisions;
use domain::catalogue::Role;
use entity::{
    confirmation, document, edit, enrolment, facts, feed_entry, grid, inbox_item, job, list, list_row,
};
use entity::{lookup, placement, projection, resident, search_card};
use sea_orm::{DatabaseConnection, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tests::app::TestApp;
use tests::client::Client;
use tests::database::Database;
use tests::dice::Dice;
use tests::process::Served;
use tokio::sync::OnceCell;
use uuid::Uuid;

const PHONE: &str = "13900070501";
const PASSWORD: &str = "旧围村口的老榕树-12";
/// On a database with several nodes a dead one's work waits for the end of its lease; here there is just one.
const LEASE: &str = "2";

tests::on_both!(killed_in_a_commit);

async fn killed_in_a_commit(database: Database) {
    static UNDISTURBED: OnceCell<String> = OnceCell::const_new();
    let expected = UNDISTURBED.get_or_init(|| async {
        let database = county(Database::sqlite().await).await;
        let served = start(&database);
        let clerk = signed_in(&served).await;
        let job = hand_in(&clerk).await;
        progress_of(&clerk, job, i64::MAX).await;
        served.kill();
        what_there_is(&database).await
    });
    let expected = expected.await;
    let mut dice = Dice::fresh();
    let database = county(database).await;
    let mut served = start(&database);
    let clerk = signed_in(&served).await;
    let job = hand_in(&clerk).await;
    for past in [200, 400] {
        progress_of(&clerk.moved_to(&served.client), job, past).await;
        // Somewhere in the step that follows: not a wait for anything.
        tokio::time::sleep(Duration::from_micros(dice.roll(60_000) as u64)).await;
        let killed = Instant::now();
        served.kill();
        let row = job_row(&database, job).await;
        assert_eq!(
            row.state, "running",
            "it was killed in the middle: {}",
            row.progress
        );
        served = start(&database);
        let clerk = clerk.moved_to(&served.client);
        attempts_of(&clerk, job, row.attempts + 1).await;
        if database.is_postgres() {
            // The lease was renewed at most a third of it before the blow.
            assert!(
                killed.elapsed() > Duration::from_secs(1),
                "taken from a living owner"
            );
        }
    }
    let ended = progress_of(&clerk.moved_to(&served.client), job, i64::MAX).await;
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("done"), &json!(3)));
    assert_eq!(served.stop(), Some(0));
    let found = what_there_is(&database).await;
    assert!(found == *expected, "{}", difference(expected, &found));
}

/// Divisions, and an account of the bureau.
async fn county(database: Database) -> Database {
    let app = TestApp::start(database).await;
    let now = app.program.clock.now();
    divisions::import::csv(&app.program.db, divisions::import::HESHAN, now)
        .await
        .unwrap();
    let grant = Grant {
        role: Role::BureauAdmin,
        division: None,
        grid: None,
        category: None,
        department: None,
    };
    let planted = Planted {
        new: NewAccount {
            name: "区划管理员",
            phone: PHONE,
            home: None,
        },
        password: Some(PASSWORD),
        grants: vec![grant],
    };
    accounts::plant(&app.program.db, &app.program.keys, &planted, now)
        .await
        .unwrap();
    app.end().await
}

fn start(database: &Database) -> Served {
    Served::start(database, &[("HESHAN_JOB_LEASE", LEASE)])
}

async fn signed_in(served: &Served) -> Client {
    let credentials = json!({ "phone": PHONE, "password": PASSWORD });
    let answer = served.client.post("/api/v1/sign-in", &credentials).await.ok();
    served.client.with_token(answer["access_token"].as_str().unwrap())
}

/// Grids first, then the list whose commit is disturbed; answers its job.
async fn hand_in(clerk: &Client) -> Uuid {
    let grids = commit(clerk, "grids", "社工部", "网格划分.csv").await;
    assert_eq!(progress_of(clerk, grids, i64::MAX).await["state"], "done");
    commit(clerk, "disabled", "残联", "残联-持证残疾人名单.xlsx").await
}

async fn commit(clerk: &Client, kind: &str, source: &str, name: &str) -> Uuid {
    let path = format!("{}/fixtures/lists/{name}", env!("CARGO_MANIFEST_DIR"));
    let divisions = clerk.get("/api/v1/divisions").await.ok();
    let all = divisions.as_array().unwrap();
    let top = all.iter().find(|d| d["level"] == "county").unwrap();
    let division = top["id"].as_str().unwrap();
    let path_of =
        format!("/api/v1/lists?kind={kind}&source={source}&division={division}&month=2026-10&name={name}");
    let body = ("application/octet-stream", std::fs::read(path).unwrap());
    let uploaded = clerk.send_bytes("POST", &path_of, Some(body)).await.ok();
    let list = uploaded["id"].as_str().unwrap();
    let started = clerk
        .send("POST", &format!("/api/v1/lists/{list}/commit"), None)
        .await
        .ok();
    started["job"].as_str().unwrap().parse().unwrap()
}

/// The job once it is past so many rows, or at its end.
async fn progress_of(clerk: &Client, job: Uuid, past: i64) -> Value {
    watch(clerk, job, |job| {
        job["progress"].as_i64().unwrap() >= past || job.get("finished_at").is_some()
    })
    .await
}

async fn attempts_of(clerk: &Client, job: Uuid, attempts: i32) -> Value {
    watch(clerk, job, |job| {
        job["attempts"].as_i64().unwrap() >= i64::from(attempts)
    })
    .await
}

async fn watch(clerk: &Client, job: Uuid, done: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let shown = clerk.get(&format!("/api/v1/jobs/{job}")).await.ok();
        if done(&shown) {
            return shown;
        }
        assert!(Instant::now() < until, "the job does not go on: {shown}");
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

async fn job_row(database: &Database, id: Uuid) -> job::Model {
    // The embedded one is looked at as a copy: what a crash left behind is for the program to mend.
    let copy = (!database.is_postgres()).then(|| database.copied());
    let db = copy.as_ref().unwrap_or(database).open().await;
    api::store::jobs::find(db.read(), id).await.unwrap().unwrap()
}

/// All that a commit leaves behind, without ids and instants: two runs must leave the same.
async fn what_there_is(database: &Database) -> String {
    let copy = (!database.is_postgres()).then(|| database.copied());
    let db = copy.as_ref().unwrap_or(database).open().await;
    let db = db.read();
    let mut lines = counts(db).await;

    let grids: BTreeMap<Uuid, String> = grid::Entity::find()
        .all(db)
        .await
        .unwrap()
        .into_iter()
        .map(|grid| (grid.id, grid.code))
        .collect();
    let code = |id: Option<Uuid>| id.map_or("-", |id| &grids[&id]);
    let lists: BTreeMap<Uuid, String> = list::Entity::find()
        .all(db)
        .await
        .unwrap()
        .into_iter()
        .map(|list| (list.id, format!("{} {}", list.kind, list.state)))
        .collect();
    let residents = resident::Entity::find().all(db).await.unwrap();
    let residents: BTreeMap<Uuid, resident::Model> = residents.into_iter().map(|r| (r.id, r)).collect();

    let mut rows = list_row::Entity::find().all(db).await.unwrap();
    rows.sort_by_key(|row| (lists[&row.list].clone(), row.sheet, row.row));
    let mut named: BTreeMap<Uuid, String> = BTreeMap::new();
    for row in rows {
        let place = format!("{} {}/{}", lists[&row.list], row.sheet, row.row);
        let (verdict, reason) = (row.verdict.unwrap_or_default(), row.reason.unwrap_or_default());
        let who = row.resident.map(|id| {
            let resident = &residents[&id];
            let first = named.entry(id).or_insert_with(|| place.clone());
            let (n, state, year) = (resident.n, &resident.state, resident.birth_year);
            format!("{first} n {n} {state} {} {year:?}", code(resident.grid))
        });
        lines.push(format!("row {place} {verdict} {reason} {who:?}"));
    }
    let person = |id: Uuid| named.get(&id).cloned().unwrap_or_else(|| "nobody's row".into());
    let mut others = Vec::new();
    for row in placement::Entity::find().all(db).await.unwrap() {
        let ended = row.until.is_some();
        others.push(format!(
            "placed {} {} {ended}",
            person(row.resident),
            code(Some(row.grid))
        ));
    }
    for row in enrolment::Entity::find().all(db).await.unwrap() {
        let who = person(row.resident);
        let (since, until, status) = (row.since, row.until, row.source_status);
        others.push(format!(
            "enrolled {who} {} {since} {until:?} {status}",
            row.category
        ));
    }
    for row in inbox_item::Entity::find().all(db).await.unwrap() {
        let who = row.resident.map(person);
        // A row's item is keyed by a digest under the database's own key.
        let key = row.list_row.map_or(row.key, |_| String::new());
        let (level, state) = (row.level, row.state);
        others.push(format!(
            "item {} {who:?} {key} {level} {:?} {state}",
            row.reason, row.list_row
        ));
    }
    for row in edit::Entity::find().all(db).await.unwrap() {
        let who = person(row.resident);
        others.push(format!("edit {who} {} {} {}", row.n, row.kind, row.outcome));
    }
    others.sort();
    lines.extend(others);
    lines.join("\n")
}

/// Of every table that a list writes: how many rows.
async fn counts(db: &DatabaseConnection) -> Vec<String> {
    let mut lines = Vec::new();
    macro_rules! count {
        ($($table:ident)+) => { $(
            let rows = $table::Entity::find().count(db).await.unwrap();
            lines.push(format!("{} {rows}", stringify!($table)));
        )+ };
    }
    count!(resident facts document projection search_card lookup placement enrolment edit confirmation);
    count!(inbox_item feed_entry list list_row job);
    lines
}

fn difference(expected: &str, found: &str) -> String {
    let lacks = |a: &str, b: &str, sign: &str| -> Vec<String> {
        let there: Vec<&str> = b.lines().collect();
        let lacking = a.lines().filter(|line| !there.contains(line));
        lacking.map(|line| format!("{sign} {line}")).collect()
    };
    [lacks(expected, found, "-"), lacks(found, expected, "+")]
        .concat()
        .join("\n")
}
