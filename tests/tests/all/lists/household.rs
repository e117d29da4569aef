//! Households that stand in one row: each of their people has a verdict and a place on the roster of its own.

use super::{CHANGES, number};
use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use std::io::Cursor;
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(everybody_of_a_household_in_one_row_is_enrolled);

fn handed(county: &County, month: &'static str, text: &str) -> Handed<'static> {
    let mut text = text.to_owned();
    for n in (0..10).rev() {
        text = text.replace(&format!("@{n}"), &number(n));
    }
    Handed {
        source: "民政",
        kind: "low_income",
        division: county.place("鹤山市"),
        month,
        name: "低保家庭.csv",
        content: text.into_bytes(),
    }
}

/// Who is said to be what: name, member, verdict.
fn said(rows: &[Value], stage: &str) -> Vec<String> {
    let one = |row: &Value| {
        format!(
            "{}{} {}",
            row["values"]["name"].as_str().unwrap_or("?"),
            row["member"]
                .as_i64()
                .map(|n| format!("({n})"))
                .unwrap_or_default(),
            row[stage].as_str().unwrap_or("-")
        )
    };
    rows.iter().map(one).collect()
}

async fn everybody_of_a_household_in_one_row_is_enrolled(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let october = "户主姓名,身份证号,成员1,关系1,身份证号1,成员2,关系2,身份证号2,保障人口,月保障金额,现住址
何一新,@0,何二喜,妻子,@1,何三妹,女儿,@2,3,845,沙坪街道良围村旧围村1号
何四海,@3,,,,,,,1,300,沙坪街道良围村旧围村2号
何五娣,@4,何六娣,女儿,@5,,,,1,300,沙坪街道良围村旧围村3号
";
    let id = clerk.upload(&handed(&county, "2026-10", october)).await;
    let shown = clerk.list(&id).await;
    assert_eq!(
        (shown["rows"].as_i64(), shown["persons"].as_i64()),
        (Some(3), Some(6))
    );
    let tried = clerk.dry_run(&id).await;
    assert_eq!(counts(&tried["planned"]), "ambiguous 1, new 5");
    clerk.commit(&id).await;
    assert_eq!(clerk.list(&id).await["verdicts"], tried["planned"]);
    let rows = clerk.rows(&id, None).await;
    let expected = [
        "何一新 new",
        "何四海 new",
        "何五娣 new",
        "何二喜(1) new",
        // One of the household draws the benefit, and the row does not say that it is she.
        "何六娣(1) ambiguous",
        "何三妹(2) new",
    ];
    assert_eq!(said(&rows, "verdict"), expected);
    assert!(rows.iter().all(|row| row["sheet"] == 0));
    assert_eq!(
        (&rows[3]["row"], &rows[5]["row"]),
        (&rows[0]["row"], &rows[0]["row"])
    );

    // Each is a person of the village with a place on the roster; the money is the household's.
    let cadre = county.console("陆桂英").await;
    let of = async |row: &Value| {
        let id = row["resident"].as_str().unwrap().to_owned();
        cadre.get(&format!("/api/v1/residents/{id}")).await.ok()
    };
    let (head, wife) = (of(&rows[0]).await, of(&rows[3]).await);
    assert_eq!(head["fields"]["low_income.amount"], 84_500);
    assert_eq!(wife["fields"]["low_income.amount"], Value::Null);
    assert_eq!(wife["fields"]["low_income.status"], "active");
    assert_eq!(wife["fields"]["address"], head["fields"]["address"]);
    assert_eq!(wife["enrolments"][0]["category"], "low_income");

    // The file comes back with a line for each of them.
    let back = clerk.get(&format!("/api/v1/lists/{id}/file")).await;
    let mut book = Xlsx::new(Cursor::new(back.bytes)).unwrap();
    let sheet = book.worksheet_range("名单1").unwrap();
    let cells =
        |n: usize| -> Vec<String> { sheet.rows().nth(n).unwrap().iter().map(Data::to_string).collect() };
    assert_eq!(cells(1)[11], "新增\n何二喜：新增\n何三妹：新增");
    assert_eq!(cells(2)[11], "新增");
    assert_eq!(cells(3)[11], "新增\n何六娣：待人工确认");

    // The village knows that she does.
    let page = cadre.get("/api/v1/inbox?reason=list_row_ambiguous").await.ok();
    let item = &page["items"][0];
    assert_eq!(
        (&item["content"]["row"], &item["content"]["member"]),
        (&json!(4), &json!(1))
    );
    cadre.decide(item, "new", json!({ "value": [] })).await.ok();
    let rows = clerk.rows(&id, None).await;
    assert_eq!(said(&rows, "verdict")[4], "何六娣(1) new");

    // A month later one daughter is no longer of the household; who was asked about once is not asked about again.
    let november = "户主姓名,身份证号,成员1,关系1,身份证号1,成员2,关系2,身份证号2,保障人口,月保障金额,现住址
何一新,@0,何二喜,妻子,@1,,,,2,845,沙坪街道良围村旧围村1号
何四海,@3,,,,,,,1,300,沙坪街道良围村旧围村2号
何五娣,@4,何六娣,女儿,@5,,,,1,300,沙坪街道良围村旧围村3号
";
    let next = clerk
        .hand_in(&handed(&county, "2026-11", november), CHANGES)
        .await;
    let rows = clerk.rows(&next, None).await;
    let verdicts = said(&rows, "verdict");
    assert_eq!(
        verdicts,
        [
            "何一新 same",
            "何四海 same",
            "何五娣 same",
            "何二喜(1) same",
            "何六娣(1) same",
            "何三妹 missing"
        ]
    );
    runner.stop().await;
}
