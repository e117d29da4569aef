//! restore-1 and restore-2: nobody made a backup, and cursors of another life.

use api::app::sync::cursor::{self, Cursor};
use api::app::{backup, doctor};
use entity::edit;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::app::TestApp;
use tests::county::{County, console_at, sign_in_at};
use tests::database::Database;
use tests::on_both;
use tests::phone::Phone;
use uuid::Uuid;

on_both!(cursors_from_another_life);

const DAY: i64 = 24 * 3600 * 1000;

/// A worker's phone on storage that has a name: it signs in again where its token has ended.
async fn phone(county: &County, worker: &str, installation: &str) -> Phone {
    let signed_in = county.sign_in(worker, Some(installation)).await;
    let client = county
        .client
        .with_token(signed_in["access_token"].as_str().unwrap());
    Phone::new(client, 1)
}

async fn again(app: &TestApp, phone: &mut Phone, worker: &str, installation: &str) {
    let signed_in = sign_in_at(&app.client, worker, Some(installation)).await;
    phone.signed_in(app.client.with_token(signed_in["access_token"].as_str().unwrap()));
}

/// restore-1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_made_a_backup_for_forty_days() {
    let settings = [("HESHAN_METRICS_TOKEN", "a-token-of-the-bureaus-prometheus")];
    let county = County::on(TestApp::start_with(Database::sqlite().await, &settings).await).await;
    let resident = county.a_resident("黄秋菊").phone("13900078400").made().await;
    county.account("区划管理员").await;
    let mut a = phone(&county, "梁少芳", "phone-of-liang").await;
    let mut b = phone(&county, "吕小燕", "phone-of-lyu").await;
    for phone in [&mut a, &mut b] {
        phone.sync().await;
        phone.edit(resident).visit("home", "met", "九月").done();
        phone.sync().await;
    }
    let db = &county.program.db;
    let begun = backup::begin(db).await.unwrap();
    let newest = county.backed_up().await;
    backup::note(db, "file", &begun, None, None, None).await.unwrap();

    // From the first failed night on it is said.
    for day in 0..40 {
        county.program.clock.advance(DAY);
        let begun = backup::begin(db).await.unwrap();
        backup::note(db, "file", &begun, None, None, Some("password"))
            .await
            .unwrap();
        if day == 0 {
            let now = county.program.clock.now().millis();
            let check = doctor::backups(db, now).await.unwrap();
            assert_ne!(check.level.name(), "fine", "{}", check.said);
            let metrics = county
                .client
                .with_token(settings[0].1)
                .get("/metrics")
                .await
                .text();
            assert!(metrics.contains("heshan_backup_failures 1\n"), "{metrics}");
        }
        if day % 10 == 0 {
            for (phone, worker, installation) in [
                (&mut a, "梁少芳", "phone-of-liang"),
                (&mut b, "吕小燕", "phone-of-lyu"),
            ] {
                again(&county, phone, worker, installation).await;
                phone
                    .edit(resident)
                    .visit("home", "met", &format!("第{day}天"))
                    .done();
                let standing = phone.exchange().await.unwrap()["standing"].clone();
                assert_eq!(standing["safe"], 1, "as it was in September: {standing}");
                assert!(standing["safe_at"].is_string());
            }
        }
    }

    // The disk dies. One phone has kept everything, the other had no room: it only knows how far it had counted.
    let app = TestApp::restored(newest).await;
    app.program.clock.advance(40 * DAY);
    again(&app, &mut a, "梁少芳", "phone-of-liang").await;
    a.send_again();
    a.sync().await;
    again(&app, &mut b, "吕小燕", "phone-of-lyu").await;
    let said = json!({
        "catalogue": 1, "edits": [], "cursor": b.cursor(), "made": b.made_so_far(), "unsent": 0,
    });
    let answer = b.send_raw(&said).await.ok();
    assert_eq!((&answer["standing"]["through"], b.made_so_far()), (&json!(1), 5));
    let rows = edit::Entity::find().all(app.program.db.read()).await.unwrap();
    let of_a = rows
        .iter()
        .filter(|row| row.seq.is_some() && row.received_at > 0)
        .count();
    assert_eq!(
        of_a,
        5 + 1,
        "all of the one once, of the other what was in the backup"
    );
    api::app::devices::write_contacts(&app.program.db, &app.program.contacts)
        .await
        .unwrap();
    let admin = console_at(&app.client, "区划管理员").await;
    let gap = admin.get("/api/v1/restored").await.ok();
    let missing: Vec<(&Value, &Value, &Value)> = gap["phones"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phone| (&phone["worker"], &phone["missing"], &phone["unsent"]))
        .collect();
    assert_eq!(
        missing,
        [(&json!("吕小燕"), &json!([{ "from": 2, "to": 5 }]), &json!(0))]
    );
    tests::verify(&app).await;
}

/// restore-2.
async fn cursors_from_another_life(database: Database) {
    let county = County::start(database).await;
    for n in 0..7 {
        county.a_resident(&format!("黎阿{n}")).made().await;
    }
    let signed_in = county.sign_in("梁少芳", Some("phone-of-liang")).await;
    let client = county
        .client
        .with_token(signed_in["access_token"].as_str().unwrap());
    let device: Uuid = signed_in["device"]["id"].as_str().unwrap().parse().unwrap();
    let phone = Phone::new(client, 1);
    let keys = &county.program.keys;
    let ask = |cursor: &str| {
        let request = json!({ "catalogue": 1, "edits": [], "cursor": cursor, "limit": 3 });
        let phone = &phone;
        async move { phone.send_raw(&request).await.ok() }
    };
    let residents = |answer: &Value| -> Vec<String> {
        let records = answer["items"].as_array().unwrap().iter();
        records
            .map(|item| item["resident"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let incarnation = api::store::meta::incarnation(county.program.db.read())
        .await
        .unwrap();
    let grid = county.place("良围一格");
    let cursor = |incarnation, n| {
        let read = Cursor {
            incarnation,
            device: 0,
            grids: BTreeMap::from([(grid, n)]),
            ..Cursor::default()
        };
        cursor::write(keys, device, &read)
    };
    for (name, mut cursor, pages) in [
        // It is asked first what it has.
        ("of the life before", cursor(Uuid::now_v7(), 5), 4),
        ("of another county", "another-county".to_owned(), 3),
        ("ahead of the feed", cursor(incarnation, 900), 3),
    ] {
        let (mut all, mut requests) = (Vec::new(), 0);
        loop {
            let answer = ask(&cursor).await;
            all.extend(residents(&answer));
            cursor = answer["cursor"].as_str().unwrap().to_owned();
            requests += 1;
            if answer["more"] == false {
                break;
            }
        }
        all.sort();
        all.dedup();
        assert_eq!((all.len(), requests), (7, pages), "{name}: its pages and no more");
        for _ in 0..2 {
            let idle = ask(&cursor).await;
            assert_eq!(idle["items"], json!([]), "{name}");
            cursor = idle["cursor"].as_str().unwrap().to_owned();
        }
    }
    // An answer that is lost three times is given three times.
    let lost = cursor(incarnation, 4);
    let first = residents(&ask(&lost).await);
    assert_eq!(first.len(), 3);
    for _ in 0..2 {
        assert_eq!(residents(&ask(&lost).await), first);
    }
}
