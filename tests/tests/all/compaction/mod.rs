//! History that ends: a record whose document has grown too long goes on with a fresh one, and nobody loses anything.

use api::app::compaction::{self, Done};
use api::app::devices::write_contacts;
use api::jobs::{Handlers, JobKind, Runner, Timing, compact};
use api::store::epochs::Candidate;
use api::store::jobs;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value, json};
use std::time::Duration;
use tests::county::County;
use tests::database::Database;
use tests::full_phone::{FullPhone, note};
use tests::phone::Phone;
use tests::verify;
use uuid::Uuid;

tests::on_both!(
    a_long_history_ends_at_night,
    nobody_is_left_behind,
    at_the_hard_limit_nobody_is_waited_for,
    a_full_client_over_the_old_document
);

/// As many edits as make a document long: a note that is written anew each time.
const MANY: usize = 13;

fn story(n: usize) -> String {
    ["平安", "外出", "住院", "探亲"][n % 4].repeat(450)
}

/// The phone writes the whole note anew, `count` times.
async fn grow(phone: &mut Phone, resident: Uuid, count: usize) {
    for n in 0..count {
        let edit = phone.edit(resident).set("remarks", story(n)).done();
        phone.sync().await;
        assert_eq!(phone.outcome(edit), "merged");
    }
}

async fn epoch(county: &County, resident: Uuid) -> (i32, i32) {
    let db = county.program.db.read();
    let row = entity::resident::Entity::find_by_id(resident)
        .one(db)
        .await
        .unwrap()
        .unwrap();
    (row.epoch, row.n)
}

/// The last change was so many hours ago, and what phones were heard of is written.
async fn left_alone(county: &County, hours: i64) {
    write_contacts(&county.program.db, &county.program.contacts)
        .await
        .unwrap();
    let ago = hours * 3600 * 1000;
    let sql = format!("UPDATE resident SET changed_at = changed_at - {ago}");
    county.program.db.schema().execute_unprepared(&sql).await.unwrap();
}

async fn renew(county: &County, resident: Uuid) -> Done {
    let candidate = Candidate { resident, old: false };
    compaction::renew(&county.program, candidate).await.unwrap()
}

/// What a phone shows of a record, without its version.
fn shown(phone: &Phone, resident: Uuid) -> Value {
    let mut record = phone.record(resident).clone();
    record["version"] = Value::Null;
    record
}

async fn a_long_history_ends_at_night(database: Database) {
    let county = County::start(database).await;
    let long = county.a_resident("黎阿妹").phone("13900078411").made().await;
    let short = county.a_resident("温好彩").made().await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    grow(&mut phone, long, MANY).await;
    let before = shown(&phone, long);
    left_alone(&county, 7).await;

    compact::keep(&county.program).await.unwrap();
    let handlers = compact::with(Handlers::new(), &county.program);
    let timing = Timing {
        poll: Duration::from_millis(10),
        ..Timing::default()
    };
    let runner = Runner::start(county.program.db.clone(), handlers, 1, timing)
        .await
        .unwrap();
    let id = jobs::standing(JobKind::Compact);
    let now = county.program.clock.now().millis();
    loop {
        let row = jobs::find(county.program.db.read(), id).await.unwrap().unwrap();
        assert_eq!(row.last_error, None);
        if row.state == "queued" && row.lease_until > now {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    runner.stop().await;
    assert_eq!(epoch(&county, long).await.0, 2);
    assert_eq!(epoch(&county, short).await.0, 1);

    // What the phone made meanwhile stands on the last version that it saw: nothing is asked.
    let edit = phone
        .edit(long)
        .set("phone", "13900078412")
        .set("remarks", "与女儿同住")
        .done();
    phone.sync().await;
    assert_eq!(phone.outcome(edit), "merged");
    assert_eq!(phone.shows(long, "remarks"), "与女儿同住");
    let mut other = county.phone("吕小燕").await;
    other.sync().await;
    assert_eq!(shown(&other, long), shown(&phone, long));
    assert_eq!(before["fields"]["name"], shown(&other, long)["fields"]["name"]);

    // The history goes back to the beginning.
    let cadre = county.console("陆桂英").await;
    let history = cadre.get(&format!("/api/v1/residents/{long}/history")).await.ok();
    let kinds: Vec<&str> = history["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "phone").count(), MANY + 1);
    assert_eq!(kinds.iter().filter(|kind| **kind == "epoch").count(), 1);
    verify::agrees(&county.program).await;
}

async fn nobody_is_left_behind(database: Database) {
    let county = County::start(database).await;
    let long = county.a_resident("黎阿妹").phone("13900078411").made().await;
    let (mut first, mut second) = (county.phone("梁少芳").await, county.phone("吕小燕").await);
    first.sync().await;
    second.sync().await;
    left_alone(&county, 0).await;
    grow(&mut first, long, MANY).await;
    // Who has just written is not disturbed; then the second phone is behind.
    assert_eq!(renew(&county, long).await, Done::Behind);
    left_alone(&county, 7).await;
    let sql = "UPDATE device SET last_contact_at = last_contact_at - 100000000";
    county.program.db.schema().execute_unprepared(sql).await.unwrap();
    assert_eq!(renew(&county, long).await, Done::Behind);
    second.sync().await;
    first.sync().await;
    left_alone(&county, 0).await;
    assert_eq!(renew(&county, long).await, Done::Renewed);
    assert_eq!(renew(&county, long).await, Done::Fine);
    first.sync().await;
    second.sync().await;
    assert_eq!(first.record(long), second.record(long));
    verify::agrees(&county.program).await;
}

async fn at_the_hard_limit_nobody_is_waited_for(database: Database) {
    let county = County::start(database).await;
    let long = county.a_resident("黎阿妹").phone("13900078411").made().await;
    let (mut first, mut second) = (county.phone("梁少芳").await, county.phone("吕小燕").await);
    first.sync().await;
    second.sync().await;
    let late = second
        .edit(long)
        .set("phone", "13900078413")
        .set("remarks", "去世")
        .done();
    grow(&mut first, long, 24).await;
    let edit = first.edit(long).set("phone", "13900078412").done();
    first.sync().await;
    assert_eq!(first.outcome(edit), "merged");
    assert!(
        epoch(&county, long).await.0 > 1,
        "the hard limit was passed without a new epoch"
    );
    // Whoever was behind is merged by what it had seen: three values are shown, none is lost.
    second.sync().await;
    assert_eq!(second.outcome(late), "conflict");
    assert_eq!(second.conflict(long, "phone").len(), 2);
    let cadre = county.console("陆桂英").await;
    let waiting = cadre.waiting(long).await;
    assert!(
        waiting.iter().any(|line| line.contains("note_beside")),
        "{waiting:?}"
    );
    verify::agrees(&county.program).await;
}

async fn a_full_client_over_the_old_document(database: Database) {
    let county = County::start(database).await;
    let long = county.a_resident("黎阿妹").phone("13900078411").made().await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    grow(&mut phone, long, MANY).await;
    let signed_in = county.sign_in("吕小燕", Some("full-client-of-hers")).await;
    let token = signed_in["access_token"].as_str().unwrap();
    let mut full = FullPhone::new(county.client.with_token(token));
    full.sync().await;
    left_alone(&county, 7).await;
    assert_eq!(renew(&county, long).await, Done::Renewed);

    // It had seen the last of the old document, and typed into it.
    let text = format!("{}，明日再访", story(MANY - 1));
    full.edit(long, |tx, fields, _| note(tx, fields, "remarks", &text));
    let answer = full.sync().await;
    let receipt = &answer["receipts"][0];
    assert_eq!(
        (&receipt["outcome"], &receipt["rebuild"]),
        (&json!("merged"), &json!(true)),
        "{receipt}"
    );
    phone.sync().await;
    assert_eq!(phone.shows(long, "remarks"), text);
    // It made that one document anew from the answer, and goes on.
    full.edit(long, |tx, fields, _| note(tx, fields, "remarks", "好转"));
    let answer = full.sync().await;
    let receipt = &answer["receipts"][0];
    assert_eq!(
        (&receipt["outcome"], receipt.get("rebuild")),
        (&json!("merged"), None),
        "{receipt}"
    );
    verify::agrees(&county.program).await;
}
