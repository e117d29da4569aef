//! The frame around every operation.

use tests::app::TestApp;
use tests::database::Database;

async fn lives_and_is_ready(database: Database) {
    let app = TestApp::start(database).await;
    for path in ["/health/live", "/health/ready"] {
        let answer = app.get(path).await;
        assert_eq!(answer.ok()["status"], "ok", "{path}");
        assert!(
            answer.header("x-request-id").is_some(),
            "{path} has no request id"
        );
    }
    assert_eq!(app.get("/nowhere").await.code(), "404 not_found");
}

/// The page of the operations is whole in itself, and its policy lets a browser turn to nobody else.
async fn the_documentation_asks_nothing_from_outside(database: Database) {
    let app = TestApp::start(database).await;
    let answer = app.get("/docs").await;
    assert_eq!(answer.status, 200);
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains("connect-src 'self';"), "{policy}");
    for source in policy.split([';', ' ']).map(str::trim) {
        let outside =
            source.contains("//") || source.contains('*') || source == "https:" || source == "http:";
        assert!(!outside, "{source} lets the page turn elsewhere");
    }
    let page = answer.text();
    for tag in page.split('<').filter(|tag| {
        ["script", "link", "img", "iframe", "base"]
            .iter()
            .any(|name| tag.starts_with(name))
    }) {
        let head = tag.split('>').next().unwrap_or_default();
        for said in ["src=", "href="] {
            let target = head.split(said).nth(1).unwrap_or_default();
            assert!(
                !target.trim_start_matches(['"', '\'']).starts_with("//") && !target.contains("://"),
                "{head}"
            );
        }
    }
}

tests::on_both!(lives_and_is_ready, the_documentation_asks_nothing_from_outside);
