//! When phones were last heard of, and what it costs them: nothing.

use api::app::Error;
use api::app::devices::write_contacts;
use domain::Instant;
use serde_json::{Value, json};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    a_pull_is_noted_and_written_by_the_way,
    who_may_only_hand_in_is_heard_of,
    a_later_contact_stays
);

/// The worker's only registration, as the bureau's list shows it.
async fn shown(county: &County, admin: &Console) -> Value {
    let account = county.account("梁少芳").await;
    let mut all = admin
        .get(&format!("/api/v1/devices?account={account}"))
        .await
        .ok();
    assert_eq!(all.as_array().unwrap().len(), 1);
    all[0].take()
}

async fn written(county: &County) {
    write_contacts(&county.program.db, &county.program.contacts)
        .await
        .unwrap();
}

async fn a_pull_is_noted_and_written_by_the_way(database: Database) {
    let county = County::start(database).await;
    let admin = county.console("区划管理员").await;
    county.a_resident("黄秋菊").made().await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    let device = shown(&county, &admin).await;
    assert_eq!(
        (device.get("last_contact_at"), device.get("catalogue")),
        (None, None)
    );

    written(&county).await;
    let device = shown(&county, &admin).await;
    let first = device["last_contact_at"].as_str().unwrap().to_owned();
    assert_eq!((&device["catalogue"], device.get("app")), (&json!(1), None));

    // An idle pull needs no write: it is answered while somebody else writes.
    county.program.clock.advance(1000);
    let db = &county.program.db;
    let (phone, program) = (&phone, &county.program);
    let idle = json!({ "catalogue": 1, "app": "1.4.0", "edits": [], "cursor": phone.cursor() });
    let idle = &idle;
    db.write(|_writing| async move {
        let answer = phone.send_raw(idle).await.ok();
        assert_eq!(answer["items"], json!([]), "it was idle");
        let strange = json!({ "catalogue": 0, "app": "黎阿妹的手机", "edits": [], "cursor": phone.cursor() });
        phone.send_raw(&strange).await.ok();
        phone.send_raw(idle).await.ok();
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
    assert_eq!(shown(&county, &admin).await["last_contact_at"], first.as_str());
    let before = program.clock.now();
    written(&county).await;
    let device = shown(&county, &admin).await;
    let second = device["last_contact_at"].as_str().unwrap();
    assert!(first.as_str() < second && Instant::parse(second).unwrap() <= before);
    assert_eq!(
        (&device["catalogue"], &device["app"]),
        (&json!(1), &json!("1.4.0"))
    );

    // What is no version is none, and what was known stays.
    let strange = json!({ "catalogue": 0, "app": "黎阿妹的手机", "edits": [] });
    phone.send_raw(&strange).await.ok();
    written(&county).await;
    let device = shown(&county, &admin).await;
    assert_eq!(
        (&device["catalogue"], &device["app"]),
        (&json!(1), &json!("1.4.0"))
    );
}

async fn who_may_only_hand_in_is_heard_of(database: Database) {
    let county = County::start(database).await;
    let admin = county.console("区划管理员").await;
    let signed_in = county.sign_in("梁少芳", Some("phone-of-the-worker")).await;
    let device = &signed_in["device"];
    let id = device["id"].as_str().unwrap();
    admin
        .send("POST", &format!("/api/v1/devices/{id}/end"), None)
        .await
        .ok();
    let secret = device["secret"].as_str().unwrap();
    let door = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = door
        .post(format!("{}/api/v1/sync", county.client.base()))
        .header("authorization", format!("Device {id}.{secret}"))
        .json(&json!({ "catalogue": 1, "edits": [] }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    written(&county).await;
    let shown = shown(&county, &admin).await;
    assert_eq!(
        (&shown["state"], shown["last_contact_at"].is_string()),
        (&json!("ended"), true)
    );
}

/// Two nodes hear one phone; the one that heard it earlier writes later.
async fn a_later_contact_stays(database: Database) {
    use api::store::devices::{Contact, contacts};
    let county = County::start(database).await;
    let admin = county.console("区划管理员").await;
    let signed_in = county.sign_in("梁少芳", Some("phone-of-the-worker")).await;
    let device: Uuid = signed_in["device"]["id"].as_str().unwrap().parse().unwrap();
    let now = county.program.clock.now().millis();
    for (at, app) in [(now, "2.0"), (now - 5000, "1.0")] {
        let contact = Contact {
            at,
            app: Some(app.into()),
            ..Contact::default()
        };
        contacts(county.program.db.schema(), &[(device, contact)])
            .await
            .unwrap();
    }
    let shown = shown(&county, &admin).await;
    let expected = Instant::from_millis(now).to_string();
    assert_eq!(
        (&shown["last_contact_at"], &shown["app"]),
        (&json!(expected), &json!("2.0"))
    );
}
