//! Too much for a phone, too much from a phone, and a thousand phones at once.

use api::app::tokens::{self, Access};
use api::store::{devices, sessions};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::time::Duration;
use tests::app::TestApp;
use tests::client::Client;
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use tests::phone::Phone;
use uuid::Uuid;

on_both!(
    too_many_grids_for_a_phone,
    who_asks_too_often_waits,
    a_refused_sign_in_leaves_a_trace,
    a_thousand_phones_come_back_at_once
);

/// storage-2: a worker gets more grids than a phone holds.
async fn too_many_grids_for_a_phone(database: Database) {
    let settings = [("HESHAN_PHONE_RECORDS", "5"), ("HESHAN_PHONE_RECORDS_SOFT", "3")];
    let county = County::on(TestApp::start_with(database, &settings).await).await;
    let mut people = Vec::new();
    for (grid, count) in [("良围一格", 3), ("良围二格", 2), ("仙溪一格", 4)] {
        for n in 0..count {
            people.push(county.a_resident(&format!("黎阿{n}")).in_grid(grid).made().await);
        }
    }
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    let edits: Vec<Uuid> = people[..3]
        .iter()
        .map(|id| phone.edit(*id).set("phone", "13900078411").done())
        .collect();
    let admin = county.console("区划管理员").await;
    let account = county.account("梁少芳").await;
    let path = format!("/api/v1/accounts/{account}/grants");
    let give = |grid: &str, records: Option<i64>| json!({ "role": "worker", "grid": county.place(grid), "records": records });
    // Up to the bound nobody asks; above it the figure must be named.
    admin.post(&path, &give("良围二格", None)).await.ok();
    let refused = admin.post(&path, &give("仙溪一格", None)).await;
    assert_eq!(refused.code(), "409 over_budget");
    assert_eq!(
        (
            &refused.json()["present"]["records"],
            &refused.json()["present"]["hard_records"]
        ),
        (&json!(9), &json!(5))
    );
    assert_eq!(
        admin.post(&path, &give("仙溪一格", Some(8))).await.code(),
        "409 over_budget"
    );
    let given = admin.post(&path, &give("仙溪一格", Some(9))).await.ok();

    // What it had to say is taken first; it keeps what it has, gets whole grids while they fit, and hears of the rest once.
    phone.sync().await;
    assert!(edits.iter().all(|edit| phone.outcome(*edit) == "merged"));
    assert!(people[..5].iter().all(|id| phone.holds(*id)) && people[5..].iter().all(|id| !phone.holds(*id)));
    let left = |phone: &Phone| -> Vec<Value> {
        let notices = phone.heard("notice").into_iter();
        notices
            .filter(|n| n["code"] == "grids_left_out")
            .map(|n| n["grids"].clone())
            .collect()
    };
    assert_eq!(left(&phone), [json!([county.place("仙溪一格")])]);
    phone.sync().await;
    assert_eq!(left(&phone).len(), 1);
    // This one phone may carry more.
    let phones = admin.get("/api/v1/phones").await.ok();
    let device = phones["items"][0]["id"].as_str().unwrap().to_owned();
    let budget = format!("/api/v1/devices/{device}/budget");
    admin
        .send("PUT", &budget, Some(&json!({ "records": 9 })))
        .await
        .ok();
    assert_eq!(
        admin
            .send("PUT", &budget, Some(&json!({ "records": 0 })))
            .await
            .code(),
        "422 budget_malformed"
    );
    phone.sync().await;
    assert!(people.iter().all(|id| phone.holds(*id)));
    assert_eq!(left(&phone)[1], json!([]));
    // The mistake is taken back: only what it really held is dropped.
    let grant = given["id"].as_str().unwrap();
    admin
        .send("DELETE", &format!("/api/v1/grants/{grant}"), None)
        .await
        .ok();
    phone.sync().await;
    assert_eq!(phone.heard("drop").len(), 4);
    assert!(people[..5].iter().all(|id| phone.holds(*id)));
}

async fn who_asks_too_often_waits(database: Database) {
    let settings = [("HESHAN_RATE_DEVICE", "5"), ("HESHAN_RATE_ACCOUNT", "8")];
    let county = County::on(TestApp::start_with(database, &settings).await).await;
    let (one, two) = (county.phone("梁少芳").await, county.phone("梁少芳").await);
    let other = county.phone("吕小燕").await;
    let idle = json!({ "catalogue": 1, "edits": [] });
    let codes = async |phone: &Phone, times: usize| {
        let mut codes = Vec::new();
        for _ in 0..times {
            let answer = phone.send_raw(&idle).await;
            if answer.status == 429 {
                let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!((1..=60).contains(&seconds), "{seconds}");
            }
            codes.push(answer.code());
        }
        codes.dedup();
        codes
    };
    assert_eq!(codes(&one, 6).await, ["200", "429 rate_device"]);
    assert_eq!(
        codes(&two, 4).await,
        ["200", "429 rate_account"],
        "the worker's other phone"
    );
    assert_eq!(codes(&other, 5).await, ["200"], "nobody else feels it");
}

async fn a_refused_sign_in_leaves_a_trace(database: Database) {
    let county = County::start(database).await;
    let account = county.account("梁少芳").await;
    let wrong = json!({ "phone": "13900070101", "password": "guess-after-guess" });
    let mut last = String::new();
    for _ in 0..7 {
        last = county.post("/api/v1/sign-in", &wrong).await.code();
    }
    assert_eq!(last, "429 too_many");
    let auditor = county.console("审计员").await;
    let trail = auditor
        .get(&format!("/api/v1/audit?action=sign_in&account={account}"))
        .await
        .ok();
    let rows = trail["items"].as_array().unwrap();
    let of = |outcome: &str| rows.iter().filter(|row| row["outcome"] == outcome).count();
    assert_eq!((of("failed"), of("too_many")), (5, 2), "{trail}");
}

/// A thousand registrations with a session each, as they are after an outage: signed in long ago.
async fn signed_in_before(county: &County, count: usize) -> Vec<Client> {
    let program = &county.program;
    let now = program.clock.now();
    let mut accounts = Vec::new();
    for name in ["梁少芳", "冯国强", "任国华", "吕小燕", "温志健", "施玉兰"] {
        accounts.push(county.account(name).await);
    }
    let rows: Vec<(Uuid, Uuid, Uuid)> = (0..count)
        .map(|n| (Uuid::now_v7(), Uuid::now_v7(), accounts[n % accounts.len()]))
        .collect();
    let rows = &rows;
    program
        .db
        .write(|txn| async move {
            for (device, session, account) in rows {
                let installation = device.simple().to_string();
                let new = devices::NewRow {
                    id: *device,
                    installation: &installation,
                    account: *account,
                    secret_hash: &[1; 32],
                    label: "",
                    now: now.millis(),
                };
                devices::insert(&*txn, &new).await?;
                let ends = now.millis() + tokens::IDLE;
                sessions::insert(&*txn, *session, *account, Some(*device), now.millis(), ends).await?;
            }
            Ok::<_, api::app::Error>(())
        })
        .await
        .unwrap();
    let token = |(_, session, account): &(Uuid, Uuid, Uuid)| {
        let of = Access {
            account: *account,
            session: *session,
        };
        county
            .client
            .with_token(tokens::access(&program.signing, of, now).unwrap())
    };
    rows.iter().map(token).collect()
}

/// All of them come within seconds, each with an edit: some are told to wait, nobody hears anything else, and in the end
/// everything has been taken once.
async fn a_thousand_phones_come_back_at_once(database: Database) {
    let settings = [("HESHAN_RATE_ACCOUNT", "150")];
    let county = County::on(TestApp::start_with(database, &settings).await).await;
    let resident = county.a_resident("黄秋菊").made().await;
    let clients = signed_in_before(&county, 1000).await;
    let storm = stream::iter(clients.into_iter().enumerate()).map(|(n, client)| async move {
        let edit = json!({
            "id": Uuid::now_v7(), "seq": 1, "made_at": "2026-11-25T01:00:00.000Z", "resident": resident, "catalogue": 1,
            "base": "unknown", "visit": { "means": "home", "outcome": "met", "at": "2026-11-25T01:00:00.000Z", "text": format!("第{n}次") },
        });
        let body = json!({ "catalogue": 1, "edits": [edit] });
        let mut waited = 0;
        loop {
            let answer = client.post("/api/v1/sync", &body).await;
            match answer.status {
                200 => {
                    assert_eq!(answer.json()["standing"]["received"], 1);
                    return waited;
                }
                429 => {
                    waited += 1;
                    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                    tokio::time::sleep(Duration::from_secs(seconds.min(10))).await;
                }
                _ => panic!("{}: {}", answer.status, answer.text()),
            }
        }
    });
    let waited: Vec<usize> = storm.buffer_unordered(1000).collect().await;
    assert_eq!(waited.len(), 1000);
    assert!(waited.iter().any(|n| *n > 0), "somebody was told to wait");
    let db = county.program.db.read();
    let through = api::store::backups::through(db).await.unwrap();
    assert_eq!(through.iter().map(|(_, through)| through).sum::<i64>(), 1000);
}
