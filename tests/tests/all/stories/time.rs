//! Clocks: nodes whose clocks are wrong date, sign and lease by the database's all the same.

use api::app::doctor;
use api::store::jobs::{self, NewJob};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{edit, feed_entry};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::app::TestApp;
use tests::clerk::{Clerk, Handed, worker};
use tests::client::Client;
use tests::county::{County, console_at, phone_at, sign_in_at};
use tests::database::Database;
use tests::phone::Phone;
use uuid::Uuid;

const MINUTE: i64 = 60_000;
/// What tests on a busy machine may take between two looks at a clock.
const ABOUT: i64 = 20_000;

/// time-1: the clock of a node is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_of_a_node_is_wrong() {
    let one = County::start(Database::postgres().await).await;
    let resident = one.a_resident("黄秋菊").phone("13900078441").made().await;
    for name in ["梁少芳", "吕小燕", "陆桂英"] {
        one.account(name).await;
    }
    let two = one.start_beside().await;
    let mut a = phone_at(&one.client, "梁少芳").await;
    let mut b = phone_at(&two.client, "吕小燕").await;

    // Wrong when the node is measured, as at a start; then set back by 25 minutes while requests are under way.
    two.program.clock.misset(10 * MINUTE);
    two.program.measure_clock().await.unwrap();
    tokens_hold_everywhere(&one, &two).await;
    leases_are_the_databases(&one, &two).await;
    let ready = two.get("/health/ready").await;
    assert_eq!((ready.status, &ready.ok()["status"]), (200, &json!("ok")));
    about(ready.ok()["clock_ahead_ms"].as_i64().unwrap(), 10 * MINUTE);
    assert_eq!(one.get("/health/ready").await.ok(), json!({ "status": "ok" }));
    let said = doctor_says(&two).await;
    assert!(said.contains("本机时钟比数据库快"), "{said}");
    assert_eq!(doctor_says(&one).await, "与数据库时钟一致");

    for (round, misset) in [10, -15, 15, 0].into_iter().enumerate() {
        let setting = async {
            tokio::task::yield_now().await;
            two.program.clock.misset(misset * MINUTE);
        };
        tokio::join!(
            works(&mut a, resident, round),
            works(&mut b, resident, round),
            setting
        );
        // Each turns to the other node.
        let (to_a, to_b) = if round % 2 == 0 {
            (&two.client, &one.client)
        } else {
            (&one.client, &two.client)
        };
        a.moved_to(to_a);
        b.moved_to(to_b);
        tokens_hold_everywhere(&one, &two).await;
        leases_are_the_databases(&one, &two).await;
    }
    two.program.clock.misset(-15 * MINUTE);
    let behind = two.get("/health/ready").await.ok();
    about(behind["clock_ahead_ms"].as_i64().unwrap(), -15 * MINUTE);
    let said = doctor_says(&two).await;
    assert!(said.contains("本机时钟比数据库慢"), "{said}");
    months_are_the_lists_own(&one, &two).await;

    // Two who did not see each other, and a decision at the node whose clock is wrong.
    a.sync().await;
    b.sync().await;
    for (phone, number) in [(&mut a, "13900078442"), (&mut b, "13900078443")] {
        phone.edit(resident).set("phone", number).done();
    }
    a.sync().await;
    b.sync().await;
    let cadre = console_at(&two.client, "陆桂英").await;
    let conflicts = cadre.items(resident).await;
    let item = conflicts.iter().find(|item| item["key"] == "phone").unwrap();
    cadre
        .decide(item, "choose", json!({ "value": "13900078443" }))
        .await
        .ok();
    for phone in [&mut a, &mut b] {
        phone.sync().await;
        assert_eq!(phone.shows(resident, "phone"), "13900078443");
        assert_eq!(phone.conflict(resident, "phone"), [""; 0]);
    }
    assert_eq!(a.record(resident)["version"], b.record(resident)["version"]);
    rows_are_dated_by_the_database(&one).await;
}

/// What `doctor` says of a node's clock.
async fn doctor_says(node: &TestApp) -> String {
    let ahead = node.program.measure_clock().await.unwrap();
    let now = node.program.clock.now().millis();
    let check = doctor::clock(&node.program.db, ahead, now).await.unwrap();
    about(check.figures["ahead_ms"].as_i64().unwrap(), ahead);
    check.said
}

/// A list handed in and committed at the wrong node is dated by the database, and which of two months is the later one
/// no clock says: both nodes ask the same of the older one.
async fn months_are_the_lists_own(one: &County, two: &TestApp) {
    let (runner, now) = (worker(&two.program).await, database_now(one).await);
    one.account("残联").await;
    let handed = |month, number| {
        Handed::disabled(
            one,
            month,
            format!("姓名,身份证号,残疾类别,残疾等级\n何一新,{number},肢体,二级\n"),
        )
    };
    let [at_one, at_two] = [&one.client, &two.client].map(async |client| {
        let console = console_at(client, "残联").await;
        Clerk::new((*console).clone())
    });
    let (at_one, at_two) = (at_one.await, at_two.await);
    let id = at_two
        .hand_in(&handed("2026-10", "440784195106184849"), true)
        .await;
    let committed = at_one.list(&id).await["committed_at"].as_str().map(str::to_owned);
    let committed = domain::Instant::parse(&committed.unwrap()).unwrap().millis();
    about(committed, now);
    let older = at_two.upload(&handed("2026-09", "440784195106184849")).await;
    at_two.dry_run(&older).await;
    let [asked, same] = [&at_two, &at_one].map(|clerk| clerk.try_commit(&older, ""));
    let (asked, same) = (asked.await, same.await);
    assert_eq!(asked.code(), "409 needs_confirmation");
    assert_eq!(asked.json()["present"]["later_month"], "2026-10");
    assert_eq!(asked.json(), same.json());
    runner.stop().await;
}

async fn works(phone: &mut Phone, resident: Uuid, round: usize) {
    for turn in 0..4 {
        phone.sync().await;
        phone
            .edit(resident)
            .set("phone_other", format!("1390007{round}{turn}00"))
            .visit("home", "met", "一切如常")
            .done();
        phone.sync().await;
    }
}

/// A token of the wrong node opens the other one, and ends there when it says; a pair is renewed anywhere.
async fn tokens_hold_everywhere(one: &TestApp, two: &TestApp) {
    let now = database_now(one).await;
    let signed_in = sign_in_at(&two.client, "陆桂英", None).await;
    let token = text(&signed_in["access_token"]);
    assert_eq!(me(&one.client, token).await, "200");
    let claims = claims(token);
    let [begins, ends] = ["iat", "exp"].map(|claim| claims[claim].as_i64().unwrap());
    assert_eq!(ends - begins, 15 * 60);
    about(ends * 1000, now + 15 * MINUTE);

    let mut refresh = signed_in["refresh_token"].clone();
    for node in [one, two, one] {
        let renewed = node
            .client
            .post("/api/v1/sessions/refresh", &json!({ "refresh_token": refresh }))
            .await
            .ok();
        for opens in [one, two] {
            assert_eq!(me(&opens.client, text(&renewed["access_token"])).await, "200");
        }
        refresh = renewed["refresh_token"].clone();
    }

    // When fifteen minutes and the leeway have gone by, it is too old for either.
    for node in [one, two] {
        node.program.clock.advance(16 * MINUTE + ABOUT);
        assert_eq!(me(&node.client, token).await, "401 token_expired");
        node.program.clock.advance(-16 * MINUTE - ABOUT);
    }
}

async fn me(client: &Client, token: &str) -> String {
    client.with_token(token).get("/api/v1/me").await.code()
}

/// What one node has leased, the other does not take for left behind.
async fn leases_are_the_databases(one: &TestApp, two: &TestApp) {
    let kinds = ["of_this_test"];
    let new = NewJob {
        id: Uuid::now_v7(),
        kind: kinds[0],
        subject: None,
        total: 1,
        created_by: Uuid::nil(),
    };
    let new = &new;
    let [first, second] = [Uuid::now_v7(), Uuid::now_v7()];
    let db = |node: &TestApp| node.program.db.clone();
    db(one)
        .write(|txn| async move { jobs::insert(&*txn, new).await })
        .await
        .unwrap();
    for (node, other, owner) in [(two, one, first), (one, two, second)] {
        let taken = jobs::claim(db(node).schema(), &kinds, owner, 60_000)
            .await
            .unwrap();
        assert_eq!(taken.map(|job| job.id), Some(new.id));
        let again = jobs::claim(db(other).schema(), &kinds, Uuid::now_v7(), 60_000).await;
        assert!(again.unwrap().is_none(), "the lease runs");
        assert!(jobs::renew(db(node).schema(), new.id, owner, -1).await.unwrap());
    }
    let ended = jobs::claim(db(two).schema(), &kinds, first, 60_000)
        .await
        .unwrap();
    assert_eq!(ended.map(|job| job.attempts), Some(3));
    assert!(
        jobs::finish(db(two).schema(), new.id, first, jobs::Ended::Done)
            .await
            .unwrap()
    );
}

/// Edits stand in the order of their numbers and are dated alike by all nodes; feeds have every number once.
async fn rows_are_dated_by_the_database(node: &TestApp) {
    let (db, now) = (node.program.db.read(), database_now(node).await);
    let edits = edit::Entity::find().all(db).await.unwrap();
    let mut by_resident: BTreeMap<Uuid, BTreeMap<i32, i64>> = BTreeMap::new();
    for edit in edits {
        assert!(edit.received_at <= now + 1_000 && edit.received_at > now - 5 * MINUTE);
        let numbers = by_resident.entry(edit.resident).or_default();
        assert!(
            numbers.insert(edit.n, edit.received_at).is_none(),
            "numbered twice"
        );
    }
    for numbers in by_resident.values() {
        let order: Vec<i32> = numbers.keys().copied().collect();
        assert_eq!(order, (1..=order.len() as i32).collect::<Vec<_>>());
    }
    let mut seen = BTreeSet::new();
    for entry in feed_entry::Entity::find().all(db).await.unwrap() {
        assert!(seen.insert((entry.feed, entry.n)), "two entries with one number");
    }
}

async fn database_now(node: &TestApp) -> i64 {
    api::store::clock::now(node.program.db.read()).await.unwrap()
}

/// What a token says.
fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[track_caller]
fn about(found: i64, expected: i64) {
    assert!((found - expected).abs() < ABOUT, "{found}, not about {expected}");
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
