//! Phones that come back late, and phones that never do.

use super::{loaded, number, undropped};
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use tests::phone::Phone;
use uuid::Uuid;

on_both!(a_phone_returns_after_ninety_days, whose_data_was_on_a_lost_phone);

const DAY: i64 = 24 * 3600 * 1000;

async fn a_phone_returns_after_ninety_days(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let signed_in = county.sign_in("梁少芳", Some("phone-of-the-worker")).await;
    let client = county
        .client
        .with_token(signed_in["access_token"].as_str().unwrap());
    let mut phone = Phone::new(client, 1);
    phone.sync().await;
    let edits = [
        phone.edit(resident).set("phone", "13900078442").done(),
        phone.edit(resident).visit("home", "met", "一切如常").done(),
    ];
    let admin = county.console("区划管理员").await;
    let (from, to) = (county.account("梁少芳").await, county.account("冯国强").await);
    let path = format!("/api/v1/grids/{}/worker", county.place("良围一格"));
    admin.post(&path, &json!({ "from": from, "to": to })).await.ok();
    county.program.clock.advance(90 * DAY);

    // Its token opens nothing any more; its secret opens one door.
    let refused = phone.send_raw(&json!({ "catalogue": 1, "edits": [] })).await;
    assert_eq!(refused.status, 401);
    let device = &signed_in["device"];
    let id = device["id"].as_str().unwrap();
    let door = county.client.with_device(id, device["secret"].as_str().unwrap());
    let sent: Vec<Value> = edits.iter().map(|edit| phone.made(*edit).body.clone()).collect();
    let answer = door
        .post("/api/v1/sync", &json!({ "catalogue": 1, "edits": sent }))
        .await
        .ok();
    let outcomes: Vec<&str> = answer["receipts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["held", "held"]);
    assert_eq!(answer["items"][0]["kind"], "drop_everything");
    let admin = county.console("区划管理员").await;
    assert_eq!(undropped(&admin).await, [("梁少芳".to_owned(), 1)]);
    door.post(
        "/api/v1/sync",
        &json!({ "catalogue": 1, "edits": [], "dropped_everything": true }),
    )
    .await
    .ok();
    assert!(undropped(&admin).await.is_empty());

    // The cadre of the village applies what was handed in, in its author's name.
    let cadre = county.console("陆桂英").await;
    let page = cadre.get("/api/v1/inbox?reason=held_edit").await.ok();
    let items = page["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2);
    for item in items {
        assert_eq!(
            (&item["content"]["by"], &item["content"]["reason"]),
            (&json!("梁少芳"), &json!("handed_in"))
        );
        cadre.decide(&item, "apply", json!({})).await.ok();
    }
    let (new, _) = loaded(&county, "冯国强").await;
    assert_eq!(new.shows(resident, "phone"), "13900078442");
    assert_eq!(new.record(resident)["visits"][0]["by"], "梁少芳");
    // Sent once more, it hears what became of it.
    let answer = door
        .post("/api/v1/sync", &json!({ "catalogue": 1, "edits": sent }))
        .await
        .ok();
    assert_eq!(
        (
            &answer["receipts"][0]["outcome"],
            &answer["receipts"][0]["repeat"]
        ),
        (&json!("merged"), &json!(true))
    );
    tests::verify(&county).await;
}

async fn whose_data_was_on_a_lost_phone(database: Database) {
    let county = County::start(database).await;
    let qiuju = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let moved = county.a_resident("陆润生").made().await;
    let gone = county.a_resident("温好彩").made().await;
    let (mut phone, device) = loaded(&county, "梁少芳").await;
    let cadre = county.console("陆桂英").await;
    let body = json!({ "id": Uuid::now_v7(), "residents": [gone], "to": county.place("良围二格") });
    cadre.post("/api/v1/moves", &body).await.ok();
    phone.sync().await;
    let before = phone.edit(qiuju).set("phone", "13900078442").done();
    phone.sync().await;
    county.program.clock.advance(DAY);
    let lost_at = county.program.clock.now();
    county.program.clock.advance(DAY);
    let admin = county.console("区划管理员").await;
    let body = json!({ "id": Uuid::now_v7(), "residents": [moved], "to": county.place("良围二格") });
    admin.post("/api/v1/moves", &body).await.ok();
    // Whoever found it goes on with it.
    let session = county.sign_in("梁少芳", None).await;
    drop(session);
    let report = |query: String| {
        let path = format!("/api/v1/devices/{device}/report{query}");
        let admin = &admin;
        async move { admin.get(&path).await.ok() }
    };
    let names = |report: &Value| -> Vec<(String, bool, bool)> {
        let records = report["records"].as_array().unwrap().iter();
        let mut all: Vec<_> = records
            .map(|r| {
                (
                    r["name"].as_str().unwrap().to_owned(),
                    r["to"].is_string(),
                    r["dropped"].is_string(),
                )
            })
            .collect();
        all.sort();
        all
    };
    let at = format!("?at={lost_at}");
    let shown = report(at.clone()).await;
    assert_eq!(
        names(&shown),
        [
            ("陆润生".to_owned(), true, false),
            ("黄秋菊".to_owned(), false, false)
        ],
        "who had left it before is not on it"
    );
    assert_eq!(shown["arrived"], json!([]));
    assert_eq!(names(&report(String::new()).await).len(), 2);

    // What comes from it afterwards is told.
    let signed_in = county.sign_in("梁少芳", None).await;
    drop(signed_in);
    let installations = admin
        .get(&format!(
            "/api/v1/devices?account={}",
            county.account("梁少芳").await
        ))
        .await
        .ok();
    assert_eq!(installations.as_array().unwrap().len(), 1);
    admin
        .send("POST", &format!("/api/v1/devices/{device}/end"), None)
        .await
        .ok();
    let shown = report(at).await;
    assert_eq!(shown["state"], "ended");
    assert_eq!(
        names(&shown).iter().filter(|(_, to, _)| *to).count(),
        2,
        "all of it is to be dropped"
    );
    let since = Value::from(before.to_string());
    assert!(!shown["arrived"].to_string().contains(since.as_str().unwrap()));
    let early = report("?at=2020-01-01T00:00:00Z".into()).await;
    assert_eq!(
        (
            early["records"].as_array().unwrap().len(),
            early["arrived"].as_array().unwrap().len()
        ),
        (0, 1)
    );
    assert_eq!(early["arrived"][0]["edit"], since);
    // Reading it is in the trail.
    let auditor = county.console("审计员").await;
    let trail = auditor.get("/api/v1/audit?action=report_device").await.ok();
    let rows = trail["items"].as_array().unwrap();
    assert!(
        rows.len() >= 3 && rows.iter().any(|row| number(&row["count"]) == 2),
        "{trail}"
    );
    for query in ["?at=yesterday", "?limit=0", "?after=x"] {
        let path = format!("/api/v1/devices/{device}/report{query}");
        assert_eq!(admin.get(&path).await.code(), "400 invalid_parameter", "{query}");
    }
}
