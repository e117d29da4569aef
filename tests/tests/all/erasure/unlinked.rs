//! Rows of lists that were never linked to the person who is erased, and name them by number.

use super::{BORN, NUMBER, admin, erase, handed, listed, searched};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(rows_that_nobody_could_link_go_too);

async fn rows_that_nobody_could_link_go_too(database: Database) {
    let county = County::start(database).await;
    let resident = listed(&county).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let head = "姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n";
    let rows = format!(
        "{head}温妹,{NUMBER},{BORN},13900078412,肢体,二级,沙坪街道良围村旧围村3号\n\
         陆润生,440784194803022111,1948-03-02,13900078413,肢体,二级,沙坪街道良围村旧围村5号\n"
    );
    let later = Handed {
        content: rows.into_bytes(),
        ..handed(&county, "2026-11", "13900078411")
    };
    let asked = clerk.hand_in(&later, true).await;
    let waits = clerk.rows(&asked, Some("ambiguous")).await;
    assert_eq!(
        (waits.len(), &waits[0]["resident"]),
        (1, &Value::Null),
        "another name"
    );
    // One that nobody has committed yet.
    let read = clerk.upload(&handed(&county, "2026-12", "13900078411")).await;

    let present = erase(&admin(&county).await, resident).await;
    assert_eq!(present["list_rows"], json!(3));
    let (_, said) = searched(&county, resident);
    assert!(said.contains("遗留 0 处"), "{said}");
    let left = clerk.rows(&asked, None).await;
    assert_eq!(left.len(), 1, "the other person's row stays: {left:?}");
    assert!(clerk.rows(&read, None).await.is_empty());
    let cadre = county.console("陆桂英").await;
    let page = cadre.get("/api/v1/inbox?reason=list_row_ambiguous").await.ok();
    assert_eq!(page["items"], json!([]));
    for list in [&asked, &read] {
        let file = clerk.get(&format!("/api/v1/lists/{list}/file")).await;
        assert!(
            file.status >= 400,
            "the file as it was handed in names the person"
        );
    }
    runner.stop().await;
    tests::verify(&county).await;
}
