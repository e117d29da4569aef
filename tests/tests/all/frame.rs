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

tests::on_both!(lives_and_is_ready);
