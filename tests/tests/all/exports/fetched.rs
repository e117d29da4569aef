//! Files made in the background: progress, ranges, checksum, expiry, removal, and what the trail says of downloads.

use super::{filled, trail};
use crate::clients::{bureau, made};
use api::jobs::{Handlers, Runner, Timing, export_roster};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Cursor;
use std::time::Duration;
use tests::client::{Answer, Client};
use tests::county::County;
use tests::database::Database;

tests::on_both!(a_file_is_made_and_fetched_in_parts);

async fn worker(county: &County) -> Runner {
    let timing = Timing {
        poll: Duration::from_millis(20),
        wait: Duration::from_millis(1),
        attempts: 2,
        ..Timing::default()
    };
    let handlers = export_roster::with(Handlers::new(), &county.program);
    Runner::start(county.program.db.clone(), handlers, 1, timing)
        .await
        .unwrap()
}

async fn begun(who: &Client, format: &str) -> String {
    let wanted =
        json!({ "category": "low_income_edge", "format": format, "purpose": "年度核对", "as": "job" });
    let answer = who.post("/api/v1/rosters/export", &wanted).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn settled(who: &Client, id: &str) -> Value {
    loop {
        let view = who.get(&format!("/api/v1/exports/{id}")).await.ok();
        if ["done", "failed"].contains(&view["state"].as_str().unwrap()) {
            return view;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

async fn fetch(who: &Client, id: &str, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![];
    for (name, value) in headers {
        all.push((*name, value.as_bytes()));
    }
    who.send_under("GET", &format!("/api/v1/exports/{id}/file"), &all, Vec::new())
        .await
}

async fn a_file_is_made_and_fetched_in_parts(database: Database) {
    let county = &County::start(database).await;
    filled(county, 2_600).await;
    let own = made(county, json!({ "categories": ["low_income_edge"] })).await;
    let client = own.signed_in().await;
    let waiting = begun(&client, "csv").await;
    assert_eq!(fetch(&client, &waiting, &[]).await.code(), "409 not_ready");
    let gone = begun(&client, "csv").await;
    client
        .send("DELETE", &format!("/api/v1/exports/{gone}"), None)
        .await
        .ok();
    let runner = worker(county).await;
    let view = settled(&client, &waiting).await;
    assert_eq!(view["state"], "done", "{view}");
    assert_eq!(fetch(&client, &gone, &[]).await.status, 404);
    let rows = view["rows"].as_i64().unwrap();
    assert!(
        rows > 500 && view["progress"] == rows && view["total"] == rows,
        "{view}"
    );
    assert!(view["expires_at"].is_string() && view["cursor"].is_string());
    // Whole: size and checksum as told, the mark at its end.
    let whole = fetch(&client, &waiting, &[]).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.bytes.len() as u64, view["size"].as_u64().unwrap());
    let sum: String = Sha256::digest(&whole.bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(view["sha256"], sum);
    let tag = whole.header("etag").unwrap().to_owned();
    assert_eq!(tag, format!("\"{sum}\""));
    assert_eq!(whole.text().lines().count() as i64, rows + 2);
    assert!(whole.text().lines().last().unwrap().starts_with("导出说明,"));
    let downloads = trail(county, "download_export").await;
    assert_eq!(downloads.len(), 1);
    assert_eq!(
        (downloads[0].outcome.as_str(), downloads[0].count),
        ("done", Some(rows))
    );
    // Three parts are one download, done with the last of them.
    let (size, third) = (whole.bytes.len(), whole.bytes.len() / 3);
    let spans = [(0, third), (third, 2 * third), (2 * third, size)];
    let mut parts = Vec::new();
    for (n, (from, to)) in spans.into_iter().enumerate() {
        let range = format!("bytes={from}-{}", to - 1);
        let part = fetch(&client, &waiting, &[("range", &range), ("if-range", &tag)]).await;
        assert_eq!(part.status, 206);
        assert_eq!(
            part.header("content-range").unwrap(),
            format!("bytes {from}-{}/{size}", to - 1)
        );
        parts.extend(part.bytes);
        let downloads = trail(county, "download_export").await;
        assert_eq!(downloads.len(), 2, "part {n}");
        let expected = if n == 2 { "done" } else { "begun" };
        assert_eq!(downloads[1].outcome, expected, "part {n}");
    }
    assert!(parts == whole.bytes);
    let beyond = fetch(&client, &waiting, &[("range", &format!("bytes={size}-"))]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range").unwrap(), format!("bytes */{size}"));
    let other = fetch(
        &client,
        &waiting,
        &[("range", "bytes=0-1"), ("if-range", "\"x\"")],
    )
    .await;
    assert_eq!((other.status, other.bytes.len()), (200, size));
    // A part that was never followed by the rest stays open, and is marked broken off with what it was worth.
    fetch(&client, &waiting, &[("range", &format!("bytes=0-{}", size / 2))]).await;
    let now = county.program.clock.now().millis() + 60_000;
    api::app::rosters::run::close_silent(&county.program, Some(now))
        .await
        .unwrap();
    let last = trail(county, "download_export").await.pop().unwrap();
    assert_eq!(last.outcome, "broken_off");
    assert!(
        (rows / 3..rows).contains(&last.count.unwrap()),
        "{:?}",
        last.count
    );
    // A workbook is the same rows, every cell text, the mark on its last sheet and among its properties.
    let book = settled(&client, &begun(&client, "xlsx").await).await;
    let file = fetch(&client, book["id"].as_str().unwrap(), &[]).await;
    let mut open = calamine::Xlsx::new(Cursor::new(file.bytes)).unwrap();
    use calamine::Reader;
    assert_eq!(open.sheet_names(), ["底册", "导出说明"]);
    assert_eq!(open.worksheet_range("底册").unwrap().height() as i64, rows + 1);
    let said = open.worksheet_range("导出说明").unwrap();
    let said: Vec<String> = said.rows().map(|r| r[0].to_string()).collect();
    assert!(said.contains(&"请求号".to_owned()), "{said:?}");
    // Another's export does not exist; the list has the own ones only.
    let admin = bureau(county).await;
    assert_eq!(admin.get(&format!("/api/v1/exports/{waiting}")).await.status, 404);
    assert_eq!(
        client.get("/api/v1/exports").await.ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // What was made for one permission is not handed out under another.
    let path = format!("/api/v1/clients/{}", own.id);
    let narrower = json!({ "divisions": [county.place("仙溪村")] });
    admin.send("PATCH", &path, Some(&narrower)).await.ok();
    assert_eq!(
        fetch(&client, &waiting, &[]).await.code(),
        "403 permission_changed"
    );
    let again = settled(&client, &begun(&client, "csv").await).await;
    assert!(
        again["rows"].as_i64().is_some_and(|fewer| fewer < rows),
        "{again}"
    );
    runner.stop().await;
}
