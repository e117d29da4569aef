//! Streamed files: formats, filters, what the trail says of one that broke off, and whose permission ends in the middle.

use super::{Act, CATEGORY, act, filled, trail};
use crate::clients::{bureau, made};
use api::app::rosters::{self, Export, Format, Started, Wanted, run};
use api::app::sign_in;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use tests::client::{Answer, Client};
use tests::county::County;
use tests::database::Database;

tests::on_both!(
    files_of_every_format,
    a_file_that_breaks_off_is_told_of,
    a_program_whose_permission_ends_gets_no_more
);

async fn asks(who: &Client, more: Value) -> Answer {
    let mut wanted = json!({ "category": CATEGORY, "format": "ndjson", "purpose": "核对" });
    for (name, value) in more.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    who.post("/api/v1/rosters/export", &wanted).await
}

fn objects(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let lines: Vec<Value> = answer
        .text()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let (head, tail) = (&lines[0], lines.last().unwrap());
    assert!(
        head["export"]["request"].is_string() && head["export"]["by"].is_string(),
        "{head}"
    );
    assert_eq!(tail["end"]["rows"], lines.len() - 2);
    lines[1..lines.len() - 1].to_vec()
}

async fn files_of_every_format(database: Database) {
    let county = &County::start(database).await;
    let mut ids = Vec::new();
    for (n, name) in ["吴彩凤", "宋惠贞", "任仪志"].into_iter().enumerate() {
        let id = county
            .a_resident(name)
            .number(["440784194610132621", "440784194105020805", "440784194609011881"][n])
            .made()
            .await;
        act(county, id, Act::Join).await;
        act(county, id, Act::Birth(n as u8 + 1)).await;
        act(county, id, Act::Amount(72_000 + n as i64)).await;
        ids.push(id.to_string());
    }
    let admin = bureau(county).await;
    let rows = objects(&asks(&admin, json!({})).await);
    let named = |rows: &[Value]| -> Vec<String> {
        rows.iter()
            .map(|r| r["fields"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(named(&rows), ["吴彩凤", "宋惠贞", "任仪志"]);
    assert_eq!(rows[1]["fields"]["low_income.amount"], 72_001);
    assert_eq!(rows[1]["resident"], ids[1]);
    // Ages at a day: born on 1, 2 and 3 January 1950.
    for (more, expected) in [
        (json!({ "age_from": 76, "age_on": "2026-01-02" }), 2),
        (json!({ "age_to": 75, "age_on": "2026-01-02" }), 1),
        (json!({ "age_band": "70s" }), 3),
        (json!({ "age_band": "80s" }), 0),
        (json!({ "status": "active" }), 3),
        (json!({ "status": "ended" }), 0),
        (json!({ "village_status": "disputed" }), 0),
        (
            json!({ "village_status": "confirmed", "division": county.place("沙坪街道") }),
            3,
        ),
        (json!({ "division": county.place("仙溪村") }), 0),
    ] {
        assert_eq!(
            objects(&asks(&admin, more.clone()).await).len(),
            expected,
            "{more}"
        );
    }
    for (more, expected) in [
        (json!({ "age_band": "elders" }), "422 age_band_unknown"),
        (json!({ "age_from": 9, "age_to": 8 }), "422 age_malformed"),
        (
            json!({ "age_from": 9, "age_on": "tomorrow" }),
            "422 date_malformed",
        ),
        (json!({ "category": "rich" }), "404 not_found"),
        (json!({ "status": "吴彩凤" }), "422 status_unknown"),
    ] {
        assert_eq!(asks(&admin, more.clone()).await.code(), expected, "{more}");
    }
    let department = county.console("民政").await;
    let masked = objects(&asks(&department, json!({})).await);
    assert_eq!(masked[0]["fields"]["name"], "吴**");
    assert!(masked[0]["fields"]["birth_date"].is_null());
    let day = json!({ "age_from": 76, "age_on": "2026-01-02" });
    assert_eq!(asks(&department, day).await.code(), "422 age_on_not_granted");
    // The mark is the last line of a CSV where it is wanted, as wide as every other.
    let csv = asks(&admin, json!({ "format": "csv", "watermark": true }))
        .await
        .text();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5);
    let commas = |line: &str| line.matches(',').count();
    assert!(lines.iter().all(|line| commas(line) == commas(lines[0])), "{csv}");
    assert!(
        lines[4].starts_with("导出说明,导出人：区划管理员"),
        "{}",
        lines[4]
    );
    assert!(lines[1].ends_with(&ids[0]));
    let plain = asks(&admin, json!({ "format": "csv" })).await.text();
    assert_eq!(plain.lines().count(), 4);
}

async fn streamed(county: &County, who: &Client, wanted: &Wanted) -> Export {
    let program = &county.program;
    // The client's own token, so that what ends the client ends this.
    let token = who.get("/api/v1/lists").await;
    assert_eq!(token.status, 200);
    let actor = sign_in::recognise(program, who.token()).await.unwrap();
    match rosters::export(program, &actor, wanted).await.unwrap() {
        Started::Streamed(export) => export,
        Started::InBackground(_) => panic!("it is small"),
    }
}

/// The trail's newest export once it has ended.
async fn ended(county: &County) -> (String, i64) {
    loop {
        let row = trail(county, "export_roster").await.pop().unwrap();
        if row.outcome != "begun" {
            return (row.outcome, row.count.unwrap());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn a_file_that_breaks_off_is_told_of(database: Database) {
    let county = &County::start(database).await;
    filled(county, 2_200).await;
    let own = made(
        county,
        json!({ "categories": [CATEGORY, "low_income_edge"], "rows_per_day": 2_000 }),
    )
    .await;
    let client = own.signed_in().await;
    let wanted = Wanted::all("low_income_edge", Format::Csv, "2026年12月低保复核");
    let all = rows_of(county, "low_income_edge").await;
    assert!((520..=750).contains(&all), "{all}");
    // Cut after the first part: neither nothing nor everything was handed out, and the rest of the quota is given back.
    let mut export = streamed(county, &client, &wanted).await;
    assert_eq!(export.planned, all as u64);
    let (head, first) = (
        export.bytes.next().await.unwrap(),
        export.bytes.next().await.unwrap(),
    );
    assert!(head.unwrap().starts_with("\u{FEFF}镇街".as_bytes()));
    let lines = String::from_utf8(first.unwrap()).unwrap().lines().count() as i64;
    drop(export);
    assert_eq!(ended(county).await, ("broken_off".into(), lines));
    assert!(lines > 0 && lines < all);
    // The program is killed in the middle: what begins next finds it, with at least as many rows as had left.
    let mut export = streamed(county, &client, &wanted).await;
    export.bytes.next().await.unwrap().unwrap();
    export.bytes.next().await.unwrap().unwrap();
    std::mem::forget(export);
    let row = trail(county, "export_roster").await.pop().unwrap();
    assert_eq!((row.outcome.as_str(), row.count), ("begun", Some(all)));
    let now = county.program.clock.now().millis() + 60_000;
    run::close_silent(&county.program, None).await.unwrap();
    assert_eq!(
        trail(county, "export_roster").await.pop().unwrap().outcome,
        "begun"
    );
    run::close_silent(&county.program, Some(now)).await.unwrap();
    let (outcome, count) = ended(county).await;
    assert_eq!(outcome, "broken_off");
    assert!(count >= lines && count <= all, "{count}");
    // Read to its end it is done, with all rows; the quota of the day allows no more.
    let whole = asks(
        &client,
        json!({ "category": "low_income_edge", "purpose": "再核对" }),
    )
    .await;
    let (outcome, count) = match whole.status {
        200 => ended(county).await,
        // The killed one had taken its rows for good.
        429 => ("quota".into(), all),
        other => panic!("{other}"),
    };
    assert!(outcome == "done" || outcome == "quota", "{outcome}");
    assert_eq!(count, all);
    let over = asks(
        &client,
        json!({ "category": "low_income_edge", "purpose": "再核对" }),
    )
    .await;
    assert_eq!(over.code(), "429 row_quota");
    assert!(over.header("retry-after").unwrap().parse::<u64>().unwrap() <= 24 * 3600);
    // No row of the trail names anybody; each says what for.
    for row in trail(county, "export_roster").await {
        assert!(row.detail.unwrap().contains("purpose="));
    }
}

async fn rows_of(county: &County, category: &str) -> i64 {
    let admin = bureau(county).await;
    let wanted = json!({ "category": category, "format": "csv", "purpose": "数一数" });
    let csv = admin.post("/api/v1/rosters/export", &wanted).await.text();
    csv.lines().count() as i64 - 1
}

async fn a_program_whose_permission_ends_gets_no_more(database: Database) {
    let county = &County::start(database).await;
    filled(county, 2_200).await;
    let admin = bureau(county).await;
    let category = "low_income_edge";
    let changes = [
        json!({ "active": false }),
        json!({ "operations": ["hand_in"] }),
        json!({ "categories": [CATEGORY] }),
        json!({ "divisions": [county.place("仙溪村")] }),
    ];
    for change in changes {
        let own = made(county, json!({ "categories": [CATEGORY, category] })).await;
        let client = own.signed_in().await;
        let mut export = streamed(county, &client, &Wanted::all(category, Format::Ndjson, "核对")).await;
        export.bytes.next().await.unwrap().unwrap();
        let path = format!("/api/v1/clients/{}", own.id);
        admin.send("PATCH", &path, Some(&change)).await.ok();
        let mut handed = 0;
        let broken = loop {
            match export.bytes.next().await {
                Some(Ok(bytes)) => handed += bytes.iter().filter(|b| **b == b'\n').count(),
                Some(Err(error)) => break Some(error),
                None => break None,
            }
        };
        // What had been made by then is handed out, and nothing behind it.
        let broken = broken.map(|error| error.to_string()).unwrap_or_default();
        let why = ["client_ended", "operation_not_granted", "permission_changed"];
        assert!(why.contains(&broken.as_str()), "{change}: {broken}");
        assert_eq!(handed, 500, "{change}");
        assert_eq!(ended(county).await, ("failed".into(), 500));
    }
}
