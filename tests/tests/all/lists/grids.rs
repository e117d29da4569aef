//! Lists that draw grids, beside lists of people.

use serde_json::Value;
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(grids_are_not_taken_back);

/// Whoever lives where the grids were drawn is placed by them: they are drawn anew, not taken back.
async fn grids_are_not_taken_back(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("区划管理员").await).clone());
    let list = Handed {
        source: "综治",
        kind: "grids",
        division: county.place("鹤山市"),
        month: "2026-10",
        name: "grids.csv",
        content: "镇街,村居,网格编号,网格名称,自然村\n沙坪街道,良围村,G901,良围九网格,新开村\n".into(),
    };
    let id = clerk.upload(&list).await;
    clerk.commit(&id).await;
    let refused = clerk
        .post(&format!("/api/v1/lists/{id}/undo"), &Value::Null)
        .await;
    assert_eq!(refused.code(), "422 cannot_be_undone");
    assert_eq!(clerk.list(&id).await["state"], "committed");
    runner.stop().await;
}
