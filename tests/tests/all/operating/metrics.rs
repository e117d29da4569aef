//! `/metrics`: nobody's unless configured, true of what was done, and without a word about people.

use tests::app::TestApp;
use tests::county::County;
use tests::database::Database;

tests::on_both!(figures_of_a_county_that_is_in_use);

const TOKEN: &str = "a-token-of-the-bureaus-prometheus";

/// The value behind a name with its labels.
fn value(text: &str, name: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| panic!("{name} is not in {text}"));
    line.parse().unwrap()
}

async fn figures_of_a_county_that_is_in_use(database: Database) {
    let app = TestApp::start_with(database, &[("HESHAN_METRICS_TOKEN", TOKEN)]).await;
    let county = County::on(app).await;
    let resident = county.a_resident("黎阿妹").phone("13900078441").made().await;
    let mut phones = [county.phone("吕小燕").await, county.phone("梁少芳").await];
    for phone in &mut phones {
        phone.sync().await;
    }
    for (phone, number) in phones.iter_mut().zip(["13900078442", "13900078443"]) {
        phone.edit(resident).set("phone", number).done();
    }
    for phone in &mut phones {
        phone.sync().await;
    }
    assert_eq!(county.get("/metrics").await.code(), "404 not_found");
    let answer = county.client.with_token(TOKEN).get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"));
    assert!(
        value(
            &text,
            "heshan_http_requests_total{operation=\"sync\",status=\"2xx\"}"
        ) >= 4.0
    );
    assert!(value(&text, "heshan_http_request_seconds_count{operation=\"sync\"}") >= 4.0);
    assert!(value(&text, "heshan_feed_lag_entries_count") >= 4.0);
    assert!(value(&text, "heshan_writer_wait_seconds_count") >= 2.0);
    assert_eq!(value(&text, "heshan_writer_queue"), 0.0);
    assert_eq!(value(&text, "heshan_inbox_items"), 1.0);
    assert_eq!(value(&text, "heshan_held_edits"), 0.0);
    assert_eq!(value(&text, "heshan_phones"), 2.0);
    assert_eq!(value(&text, "heshan_phones_silent"), 0.0);
    assert!(value(&text, "heshan_database_bytes") > 100_000.0);
    assert!(!text.contains("backup_age"), "there is none");
    for personal in [
        "黎阿妹",
        "13900078441",
        "13900078442",
        "吕小燕",
        &resident.to_string(),
    ] {
        assert!(!text.contains(personal), "{personal}");
    }
    // Asked again at once, it is the same answer: a scraper makes no work.
    county.get("/health/ready").await;
    assert_eq!(county.client.with_token(TOKEN).get("/metrics").await.text(), text);
}
