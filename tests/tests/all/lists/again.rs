//! The same person twice in one file, and a person whom the village has taken off while the list goes on.

use super::{CHANGES, born, number};
use serde_json::json;
use std::fmt::Write;
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    one_person_twice_in_one_file,
    what_the_village_ended_an_unchanged_list_does_not_begin_again
);

fn file(lines: &[(usize, &str, &str)]) -> Vec<u8> {
    let mut text = "姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n".to_owned();
    for (n, phone, grade) in lines {
        let (number, born) = (number(*n), born(*n));
        let names = ["何一新", "何二喜", "何三妹", "何四海"];
        let place = format!("沙坪街道良围村旧围村{}号", n + 1);
        writeln!(text, "{},{number},{born},{phone},肢体,{grade},{place}", names[*n]).unwrap();
    }
    text.into_bytes()
}

fn handed(county: &County, month: &'static str, lines: &[(usize, &str, &str)]) -> Handed<'static> {
    Handed::disabled(county, month, file(lines))
}

async fn one_person_twice_in_one_file(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let cadre = county.console("陆桂英").await;
    let lines = [
        (0, "13900071001", "二级"),
        (1, "13900071002", "二级"),
        (0, "13900071001", "二级"),
        (1, "13900071003", "二级"),
        (2, "13900071004", "二级"),
    ];
    let id = clerk.hand_in(&handed(&county, "2026-10", &lines), CHANGES).await;
    let list = clerk.list(&id).await;
    assert_eq!(counts(&list["verdicts"]), "ambiguous 2, new 3");
    assert_eq!(list["planned"], list["verdicts"]);
    let rows = clerk.rows(&id, None).await;
    assert_eq!(
        rows[0]["resident"], rows[2]["resident"],
        "equal rows share a verdict"
    );
    for place in [1, 3] {
        assert_eq!(rows[place]["reason"], "同一个人在本文件中出现多次且内容不同");
        assert!(rows[place]["resident"].is_null(), "neither is written");
    }
    let waiting = async || {
        let page = cadre.get("/api/v1/inbox?reason=list_row_ambiguous").await.ok();
        let items = page["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| {
                (
                    item["content"]["code"].clone(),
                    item["content"]["residents"].clone(),
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        waiting().await,
        [
            (json!("twice_in_file"), json!([])),
            (json!("twice_in_file"), json!([]))
        ]
    );

    // Of a person who is on the roster by now the item says who is meant, and the record stays as it is.
    let lines = [
        (0, "13900071001", "二级"),
        (1, "13900071002", "二级"),
        (2, "13900071005", "二级"),
        (2, "13900071006", "二级"),
    ];
    let id = clerk.hand_in(&handed(&county, "2026-11", &lines), CHANGES).await;
    assert_eq!(
        counts(&clerk.list(&id).await["verdicts"]),
        "ambiguous 2, new 1, same 1"
    );
    let person: Uuid = rows[4]["resident"].as_str().unwrap().parse().unwrap();
    let seen = cadre.get(&format!("/api/v1/residents/{person}")).await.ok();
    assert_eq!(seen["fields"]["phone"], "13900071004");
    let items = waiting().await;
    assert_eq!(items.len(), 4);
    assert!(
        items[2..].iter().all(|(_, who)| *who == json!([person])),
        "{items:?}"
    );
    runner.stop().await;
}

async fn what_the_village_ended_an_unchanged_list_does_not_begin_again(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let cadre = county.console("陆桂英").await;
    let lines = [(0, "13900071001", "二级"), (1, "13900071002", "二级")];
    let id = clerk.hand_in(&handed(&county, "2026-08", &lines), CHANGES).await;
    let person = clerk.rows(&id, None).await[0]["resident"]
        .as_str()
        .unwrap()
        .to_owned();
    let seen = async || cadre.get(&format!("/api/v1/residents/{person}")).await.ok();
    let on = async || {
        let seen = seen().await;
        let lines = seen["enrolments"].as_array().unwrap().clone();
        let open: Vec<_> = lines.iter().filter(|l| l["until"].is_null()).collect();
        (
            open.len(),
            seen["fields"]["disabled.status"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    assert_eq!(on().await, (1, "active".to_owned()));
    let now = seen().await;
    let edit = json!({
        "id": Uuid::now_v7(), "base": now["version"],
        "fields": { "disabled.status": { "was": "active", "now": "ended" } },
    });
    cadre
        .post(&format!("/api/v1/residents/{person}/edits"), &edit)
        .await
        .ok();
    assert_eq!(on().await, (0, "ended".to_owned()));

    // The same row, and a row that differs in something else: the status is what it was.
    for (month, phone) in [("2026-09", "13900071001"), ("2026-10", "13900071009")] {
        let lines = [(0, phone, "二级"), (1, "13900071002", "二级")];
        let id = clerk.hand_in(&handed(&county, month, &lines), CHANGES).await;
        let row = &clerk.rows(&id, None).await[0];
        let verdict = if month == "2026-09" { "same" } else { "changed" };
        assert_eq!(row["verdict"], verdict, "{row}");
        assert_eq!(on().await, (0, "ended".to_owned()));
    }
    runner.stop().await;
}
