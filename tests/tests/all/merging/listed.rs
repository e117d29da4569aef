//! Rows of lists are about whom somebody has become.

use super::{merge, part, read};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    a_list_that_names_the_absorbed_is_about_the_survivor,
    a_list_that_names_both_is_taken_back_whole
);

const NUMBER: &str = "440784195106184849";
const OTHER: &str = "440784194001010012";

fn list(county: &County, month: &'static str, grade: &str) -> Handed<'static> {
    rows(county, month, &[(NUMBER, "1951-06-18", grade)])
}

fn rows(county: &County, month: &'static str, people: &[(&str, &str, &str)]) -> Handed<'static> {
    let mut text = "姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n".to_owned();
    for (number, born, grade) in people {
        let row = format!("黎阿妹,{number},{born},13900078411,肢体,{grade},沙坪街道良围村旧围村3号\n");
        text.push_str(&row);
    }
    Handed::disabled(county, month, text)
}

async fn a_list_that_names_the_absorbed_is_about_the_survivor(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let cadre = county.console("陆桂英").await;
    let one = county.a_resident("黎亚妹").in_grid("良围二格").made().await;
    let october = clerk.hand_in(&list(&county, "2026-10", "二级"), true).await;
    let row = |rows: &[Value]| rows[0]["resident"].as_str().unwrap().parse::<Uuid>().unwrap();
    let other = row(&clerk.rows(&october, None).await);
    merge(&cadre, one, other).await;
    assert_eq!(row(&clerk.rows(&october, None).await), one);
    // The enrolment went over; the number was only offered, and finds the person all the same.
    assert_eq!(read(&cadre, one).await["fields"]["disabled.grade"], "二级");
    let november = clerk.hand_in(&list(&county, "2026-11", "一级"), true).await;
    let rows = clerk.rows(&november, None).await;
    assert_eq!(
        (row(&rows), &rows[0]["verdict"]),
        (one, &json!("changed")),
        "{rows:?}"
    );
    let rows = clerk.rows(&november, Some("missing")).await;
    assert!(rows.is_empty(), "{rows:?}");
    let now = read(&cadre, one).await;
    assert_eq!(now["fields"]["disabled.grade"], "一级");
    // The merge was built upon the first list.
    let undone = clerk
        .post(&format!("/api/v1/lists/{october}/undo"), &Value::Null)
        .await;
    assert_eq!(undone.status, 409, "{}", undone.text());

    part(&cadre, one, other).await;
    assert_eq!(row(&clerk.rows(&october, None).await), other);
    let (now, back) = (read(&cadre, one).await, read(&cadre, other).await);
    assert_eq!(now["enrolments"], json!([]));
    assert!(now["fields"]["disabled.grade"].is_null(), "{now}");
    assert_eq!(back["enrolments"][0]["category"], "disabled");
    assert_eq!(
        back["fields"]["disabled.grade"], "一级",
        "with what the department said since"
    );
    runner.stop().await;
    tests::verify(&county).await;
}

/// Both numbers of the file are one resident's, who goes back to what was before the first of the two rows.
async fn a_list_that_names_both_is_taken_back_whole(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let cadre = county.console("陆桂英").await;
    let person = |number: &str| county.a_resident("黎阿妹").in_grid("良围二格").number(number);
    let (one, other) = (person(NUMBER).made().await, person(OTHER).made().await);
    merge(&cadre, one, other).await;
    let before = read(&cadre, one).await;
    for grades in [["一级", "二级"], ["二级", "一级"], ["二级", "二级"]] {
        let people = [
            (NUMBER, "1951-06-18", grades[0]),
            (OTHER, "1940-01-01", grades[1]),
        ];
        let id = clerk.hand_in(&rows(&county, "2026-10", &people), true).await;
        let rows = clerk.rows(&id, None).await;
        assert!(
            rows.iter().all(|row| row["resident"] == one.to_string()),
            "{rows:?}"
        );
        let path = format!("/api/v1/lists/{id}/undo");
        clerk.done(&clerk.post(&path, &Value::Null).await.ok()).await;
        let now = read(&cadre, one).await;
        for member in ["fields", "enrolments", "conflicts"] {
            assert_eq!(now[member], before[member], "{grades:?}: {member}");
        }
    }
    runner.stop().await;
    tests::verify(&county).await;
}
