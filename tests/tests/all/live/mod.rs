//! `GET /api/v1/sync/live`: pokes and nothing else, to those who may hear them.

mod hostile;

use api::live::Timing;
use serde_json::{Value, json};
use std::time::Duration;
use tests::app::TestApp;
use tests::client::Client;
use tests::county::{County, phone_at, sign_in_at};
use tests::database::Database;
use tests::live::Listener;
use tests::on_both;
use tests::phone::Phone;
use uuid::Uuid;

on_both!(
    what_moves_is_told_to_who_may_pull_it,
    a_lost_word_is_told_at_the_next_connection,
    what_is_granted_is_followed,
    a_connection_ends_with_its_token,
    a_device_has_one_connection_and_an_account_eight
);

/// Looks at tokens often, so that a test need not wait.
pub fn hurry(app: &TestApp) {
    app.program.live.rehearse(Timing {
        check: Duration::from_millis(50),
        ..Timing::default()
    });
}

/// A worker's client on storage of its own, and the registration.
pub async fn worker(county: &County, name: &str) -> (Client, Uuid) {
    let installation = Uuid::now_v7().simple().to_string();
    let signed_in = county.sign_in(name, Some(&installation)).await;
    let client = county
        .client
        .with_token(signed_in["access_token"].as_str().unwrap());
    (
        client,
        signed_in["device"]["id"].as_str().unwrap().parse().unwrap(),
    )
}

fn fed(poke: &Value) -> Vec<Uuid> {
    assert_eq!(poke["kind"], "poke");
    assert_eq!(poke.as_object().unwrap().len(), 2, "a poke says no more: {poke}");
    let feeds = poke["feeds"].as_object().unwrap();
    assert!(feeds.values().all(Value::is_i64), "{poke}");
    feeds.keys().map(|id| id.parse().unwrap()).collect()
}

async fn what_moves_is_told_to_who_may_pull_it(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let mut phone = county.phone("吕小燕").await;
    phone.sync().await;
    let mut same_grid = Listener::open(&worker(&county, "梁少芳").await.0, None).await;
    let mut other_grid = Listener::open(&worker(&county, "冯国强").await.0, None).await;

    phone.edit(resident).set("phone", "13900078442").done();
    phone.sync().await;
    assert_eq!(fed(&same_grid.hears().await), [county.place("良围一格")]);

    // What comes while a word is under way is one word.
    for number in 0..10 {
        phone
            .edit(resident)
            .set("phone", format!("1390007855{number}"))
            .done();
        phone.exchange().await;
    }
    let mut words = 0;
    let newest = newest(&county, county.place("良围一格")).await;
    loop {
        let poke = same_grid.hears().await;
        words += 1;
        if poke["feeds"][county.place("良围一格").to_string()] == newest {
            break;
        }
    }
    assert!(words <= 10, "{words}");
    same_grid.hears_nothing().await;
    other_grid.hears_nothing().await;
}

async fn newest(app: &TestApp, feed: Uuid) -> i64 {
    api::store::feeds::newest(app.program.db.read(), &[feed])
        .await
        .unwrap()[&feed]
}

async fn a_lost_word_is_told_at_the_next_connection(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let (client, _) = worker(&county, "梁少芳").await;
    let mut a = Phone::new(client.clone(), 1);
    a.sync().await;
    // In sync there is nothing to say.
    let mut listener = Listener::open(&client, a.cursor()).await;
    listener.hears_nothing().await;
    drop(listener);

    let mut b = county.phone("吕小燕").await;
    b.sync().await;
    b.edit(resident).set("phone", "13900078442").done();
    b.sync().await;
    let mut listener = Listener::open(&client, a.cursor()).await;
    assert_eq!(fed(&listener.hears().await), [county.place("良围一格")]);
    // A cursor that means a reload has read nothing.
    let mut listener = Listener::open(&client, Some("no cursor of ours")).await;
    assert!(fed(&listener.hears().await).contains(&county.place("良围一格")));
}

async fn what_is_granted_is_followed(database: Database) {
    let county = County::start(database).await;
    hurry(&county);
    let admin = county.console("区划管理员").await;
    let (client, device) = worker(&county, "梁少芳").await;
    let mut listener = Listener::open(&client, None).await;
    let account = county.account("梁少芳").await;
    let grant = json!({ "role": "worker", "grid": county.place("良围二格") });
    let given = admin
        .post(&format!("/api/v1/accounts/{account}/grants"), &grant)
        .await
        .ok();
    // The device's own feed has the notice.
    assert_eq!(fed(&listener.hears().await), [device]);
    // From the next look on its new grid's too.
    let resident = county.a_resident("温好彩").in_grid("良围二格").made().await;
    let mut other = county.phone("冯国强").await;
    other.sync().await;
    other.edit(resident).set("phone", "13900078444").done();
    other.sync().await;
    loop {
        if fed(&listener.hears().await) == [county.place("良围二格")] {
            break;
        }
    }

    listener.listens().await;

    let grant = given["id"].as_str().unwrap();
    admin
        .send("DELETE", &format!("/api/v1/grants/{grant}"), None)
        .await
        .ok();
    tokio::time::sleep(Duration::from_millis(300)).await;
    other.edit(resident).set("phone", "13900078445").done();
    other.sync().await;
    listener.hears_nothing().await;
}

async fn a_connection_ends_with_its_token(database: Database) {
    const MINUTE: i64 = 60_000;
    let county = County::start(database).await;
    hurry(&county);
    let admin = county.console("区划管理员").await;
    let installation = "phone-of-the-worker";
    let signed_in = county.sign_in("梁少芳", Some(installation)).await;
    let client = county
        .client
        .with_token(signed_in["access_token"].as_str().unwrap());
    let mut stays = Listener::open(&client, None).await;
    // A newer token of the same device takes the older one's place.
    county.program.clock.advance(14 * MINUTE);
    let renewed = json!({ "refresh_token": signed_in["refresh_token"], "installation": installation });
    let renewed = county
        .client
        .post("/api/v1/sessions/refresh", &renewed)
        .await
        .ok();
    stays
        .say(&json!({ "token": renewed["access_token"] }).to_string())
        .await;
    let (other, _) = worker(&county, "吕小燕").await;
    let mut listener = Listener::open(&other, None).await;
    county.program.clock.advance(3 * MINUTE);
    stays.hears_nothing().await;
    county.program.clock.advance(14 * MINUTE);
    assert_eq!(stays.ended().await, (4401, "token_expired".into()));
    assert_eq!(listener.ended().await, (4401, "token_expired".into()));

    // Another device's token does not take it over.
    let (client, device) = worker(&county, "梁少芳").await;
    let (foreign, _) = worker(&county, "吕小燕").await;
    let mut listener = Listener::open(&client, None).await;
    listener
        .say(&json!({ "token": foreign.token() }).to_string())
        .await;
    assert_eq!(listener.ended().await, (4401, "token_invalid".into()));

    let mut listener = Listener::open(&client, None).await;
    let ended = format!("/api/v1/devices/{device}/end");
    let admin = county.console("区划管理员").await.anonymous().with_token({
        drop(admin);
        sign_in_at(&county.client, "区划管理员", None).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    admin.send("POST", &ended, None).await.ok();
    assert_eq!(listener.ended().await, (4401, "session_ended".into()));

    // A program that stops says so.
    let mut listener = Listener::open(&foreign, None).await;
    county.program.live.close();
    assert_eq!(listener.ended().await, (1001, "stopping".into()));
}

async fn a_device_has_one_connection_and_an_account_eight(database: Database) {
    let county = County::start(database).await;
    let (client, _) = worker(&county, "梁少芳").await;
    let mut first = Listener::open(&client, None).await;
    let _second = Listener::open(&client, None).await;
    assert_eq!(first.ended().await, (4409, "replaced".into()));
    let mut others = Vec::new();
    for _ in 0..7 {
        others.push(Listener::open(&worker(&county, "梁少芳").await.0, None).await);
    }
    assert_eq!(county.program.live.count(), 8);
    let (ninth, _) = worker(&county, "梁少芳").await;
    let mut refused = Listener::connect(&ninth, None).await.unwrap();
    refused.say(&json!({ "token": ninth.token() }).to_string()).await;
    assert_eq!(refused.ended().await, (4429, "too_many_live".into()));
    Listener::open(&worker(&county, "吕小燕").await.0, None).await;
}

/// A write at one node is heard at the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_tell_each_other() {
    let one = County::start(Database::postgres().await).await;
    let resident = one.a_resident("黄秋菊").phone("13900078441").made().await;
    for name in ["梁少芳", "吕小燕"] {
        one.account(name).await;
    }
    let two = one.start_beside().await;
    let mut at_one = phone_at(&one.client, "吕小燕").await;
    at_one.sync().await;
    let installation = Uuid::now_v7().simple().to_string();
    let signed_in = sign_in_at(&two.client, "梁少芳", Some(&installation)).await;
    let client = two.client.with_token(signed_in["access_token"].as_str().unwrap());
    let mut at_two = Listener::open(&client, None).await;
    for number in ["13900078442", "13900078443"] {
        at_one.edit(resident).set("phone", number).done();
        at_one.sync().await;
        assert_eq!(fed(&at_two.hears().await), [one.place("良围一格")]);
    }
}
