//! What a phone, its cadre and the bureau know of how far it is in sync and what of it is safe.

use api::app::backup;
use serde_json::{Value, json};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::on_both;

on_both!(what_is_safe_is_said, everybody_sees_the_same_of_a_phone);

async fn backed_up(county: &County, failed: Option<&'static str>) {
    let db = &county.program.db;
    let begun = backup::begin(db).await.unwrap();
    backup::note(db, "command", &begun, None, None, failed)
        .await
        .unwrap();
}

async fn what_is_safe_is_said(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").made().await;
    let mut phone = county.phone("梁少芳").await;
    let mut said = async |edits: usize| {
        for n in 0..edits {
            phone.edit(resident).set("phone", format!("1390007840{n}")).done();
        }
        phone.exchange().await.unwrap()["standing"].clone()
    };
    let none = json!({ "received": 3, "through": 3, "safe": null });
    assert_eq!(said(3).await, none, "nobody ever made a backup");
    backed_up(&county, Some("password")).await;
    assert_eq!(said(0).await, none, "one that failed is none");
    backed_up(&county, None).await;
    let standing = said(2).await;
    assert_eq!((&standing["through"], &standing["safe"]), (&json!(5), &json!(3)));
    let first = standing["safe_at"].as_str().unwrap().to_owned();
    backed_up(&county, Some("disk")).await;
    assert_eq!(
        said(0).await["safe_at"],
        first.as_str(),
        "since then nothing is safe"
    );
    backed_up(&county, None).await;
    let standing = said(0).await;
    assert_eq!(standing["safe"], 5);
    assert!(standing["safe_at"].as_str().unwrap() > first.as_str());
}

async fn listed(county: &County, who: &Console, query: &str) -> Vec<Value> {
    let program = &county.program;
    api::app::devices::write_contacts(&program.db, &program.contacts)
        .await
        .unwrap();
    let page = who.get(&format!("/api/v1/phones{query}")).await.ok();
    page["items"].as_array().unwrap().clone()
}

async fn everybody_sees_the_same_of_a_phone(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").made().await;
    let [admin, cadre, officer, other] = [
        county.console("区划管理员").await,
        county.console("陆桂英").await,
        county.console("谭志成").await,
        county.console("任仲文").await,
    ];
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    let far = county.phone("任国华").await;
    far.send_raw(&json!({ "catalogue": 1, "edits": [] })).await.ok();
    // It numbered seven, sent the second and the fifth, and has two in hand.
    let all: Vec<_> = (0..7)
        .map(|_| phone.edit(resident).visit("home", "met", "一切如常").done())
        .collect();
    phone.send(&[all[1], all[4]]).await;
    let told = json!({
        "catalogue": 1, "app": "1.4.0", "edits": [], "cursor": phone.cursor(), "unsent": 2, "made": 7,
        "storage_free": 48_000_000,
    });
    phone.send_raw(&told).await.ok();
    let seen = listed(&county, &admin, &format!("?grid={}", county.place("良围一格"))).await;
    assert_eq!(seen.len(), 1);
    for who in [&cadre, &officer] {
        let own: Vec<Value> = listed(&county, who, "").await;
        let own: Vec<&Value> = own.iter().filter(|p| p["worker"] == "梁少芳").collect();
        assert_eq!(own, [&seen[0]]);
    }
    let shown = &seen[0];
    assert_eq!(
        shown["missing"],
        json!([{ "from": 1, "to": 1 }, { "from": 3, "to": 4 }, { "from": 6, "to": 7 }])
    );
    for (member, expected) in [
        ("received", json!(2)),
        ("through", json!(0)),
        ("unsent", json!(2)),
        ("app", json!("1.4.0")),
        ("catalogue", json!(1)),
        ("storage_free", json!(48_000_000)),
        ("records", json!(1)),
        ("undropped", json!(0)),
        ("state", json!("active")),
        ("grids", json!([county.place("良围一格")])),
    ] {
        assert_eq!(shown[member], expected, "{member}: {shown}");
    }
    assert!(shown["in_sync_at"].is_string() && shown["last_contact_at"].is_string());
    // Another village's cadre sees only the own phones; pages go on where they ended.
    let own = listed(&county, &other, "").await;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["worker"], "任国华");
    assert!(
        listed(&county, &other, &format!("?village={}", county.place("良围村")))
            .await
            .is_empty()
    );
    let page = admin.get("/api/v1/phones?limit=1").await.ok();
    let next = format!("/api/v1/phones?limit=1&after={}", page["next"].as_str().unwrap());
    let second = admin.get(&next).await.ok();
    assert_ne!(page["items"][0]["id"], second["items"][0]["id"]);
    // All has come: nothing is missing.
    phone.sync().await;
    let seen = listed(&county, &cadre, &format!("?grid={}", county.place("良围一格"))).await;
    assert_eq!(
        (&seen[0]["missing"], &seen[0]["through"]),
        (&json!([]), &json!(7))
    );
}
