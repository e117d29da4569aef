//! Two of the stories lists-in that need more than one list: a person twice in one file, two villages of one name.

use super::lists_in::{handed, row};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(the_same_person_twice_in_one_file, two_villages_of_one_name);

/// Story lists-in-9.
async fn the_same_person_twice_in_one_file(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let cadre = county.console("陆桂英").await;
    let list = handed(&county, "low_income", "2026-11", "lists-in-9.xlsx");
    let id = clerk.hand_in(&list, true).await;
    let rows = clerk.rows(&id, None).await;
    for n in [4, 5, 10, 11] {
        assert_eq!(row(&rows, n)["verdict"], "ambiguous", "{n}");
    }
    let (third, ninth) = (row(&rows, 3), row(&rows, 9));
    assert_eq!(third["resident"], ninth["resident"]);
    assert!(
        ninth["reason"].as_str().unwrap().ends_with("与第 3 行相同"),
        "{ninth}"
    );
    let people = clerk
        .get("/api/v1/residents/count?category=low_income")
        .await
        .ok();
    assert_eq!(people["count"], 5);

    // December's list names everybody once.
    let text = |keep: &dyn Fn(u64) -> bool| {
        let mut text = "姓名,性别,身份证号码,家庭住址,联系电话,月保障金额\n".to_owned();
        for row in rows.iter().filter(|r| keep(r["row"].as_u64().unwrap())) {
            let cells: Vec<&str> = ["name", "sex", "id_number", "address", "phone", "amount"]
                .iter()
                .map(|key| row["values"][*key].as_str().unwrap_or_default())
                .collect();
            text.push_str(&format!("{}\n", cells.join(",")));
        }
        text
    };
    let december = Handed {
        month: "2026-12",
        name: "december.csv",
        content: text(&|n| n < 9).into_bytes(),
        ..handed(&county, "low_income", "2026-12", "lists-in-9.xlsx")
    };
    let next = clerk.hand_in(&december, true).await;
    let verdicts = clerk.list(&next).await["verdicts"].clone();
    assert_eq!(
        counts(&verdicts),
        "new 2, same 5",
        "nobody is missing: {verdicts}"
    );
    let page = cadre.get("/api/v1/inbox?reason=list_row_ambiguous").await.ok();
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 4);
    for item in items {
        assert_eq!(item["content"]["later_month"], "2026-12", "{item}");
    }
    let waits = clerk.rows(&id, Some("ambiguous")).await;
    assert!(
        waits
            .iter()
            .all(|r| r["reason"].as_str().unwrap().contains("较晚月份（2026-12）"))
    );

    // Whoever decides about the old row now sees that the person has come in, and cannot make a second one.
    let old = items.iter().find(|i| i["content"]["row"] == 4).unwrap();
    let candidate = old["content"]["candidates"][0]["id"].clone();
    let refused = cadre.decide(old, "new", json!({ "value": [candidate] })).await;
    assert_eq!(refused.code(), "422 number_taken");
    cadre
        .decide(old, "same", json!({ "value": candidate }))
        .await
        .ok();
    let answered = clerk.rows(&id, None).await;
    let answered = row(&answered, 4);
    assert_eq!(
        (&answered["verdict"], &answered["resident"]),
        (&json!("new"), &candidate)
    );
    let seen = cadre
        .get(&format!("/api/v1/residents/{}", candidate.as_str().unwrap()))
        .await
        .ok();
    assert_eq!(seen["enrolments"].as_array().unwrap().len(), 1);
    assert_eq!(seen["enrolments"][0]["since"], "2026-11");
    runner.stop().await;
}

/// Story lists-in-12.
async fn two_villages_of_one_name(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let bureau = county.console("区划管理员").await;
    let made = async |code: &str, name: &str, above: uuid::Uuid| {
        let body = json!({ "code": code, "name": name, "parent": above });
        let made = bureau.post("/api/v1/divisions", &body).await.ok();
        made["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap()
    };
    let whole = county.place("鹤山市");
    let (gulao, shuanghe, zhishan) = (
        made("440784105", "古劳镇", whole).await,
        made("440784109", "双合镇", whole).await,
        made("440784107", "址山镇", whole).await,
    );
    let bridge = made("440784105201", "双桥村", gulao).await;
    let other = made("440784109201", "双桥都村", shuanghe).await;
    let clouds = made("440784107201", "云乡村", zhishan).await;
    for (id, former) in [(other, "双桥村"), (zhishan, "云乡镇")] {
        let body = json!({ "former": [{ "name": former, "until": "2019-01-01" }] });
        bureau
            .send("PATCH", &format!("/api/v1/divisions/{id}"), Some(&body))
            .await
            .ok();
    }
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let number = |n: usize| {
        let digits = format!("4407841950{:02}{:02}001", n / 28 + 1, n % 28 + 1);
        format!(
            "{digits}{}",
            char::from(domain::id_number::check(digits.as_bytes()))
        )
    };
    let names = ["何一新", "何二喜", "何三妹", "何四海"];
    let list = |division, rows: &[(usize, &str, &str)]| {
        let mut text = "姓名,身份证号,村居,救助类别,现住址\n".to_owned();
        for (n, village, address) in rows {
            text.push_str(&format!(
                "{},{},{village},低保,{address}\n",
                names[*n],
                number(*n)
            ));
        }
        Handed {
            source: "民政",
            kind: "low_income",
            division,
            month: "2026-11",
            name: "list.csv",
            content: text.into_bytes(),
        }
    };
    let seen = async |row: &Value| {
        let path = format!("/api/v1/residents/{}", row["resident"].as_str().unwrap());
        bureau.get(&path).await.ok()
    };
    let id = clerk.hand_in(&list(gulao, &[(0, "双桥村", "12号")]), true).await;
    let row = clerk.rows(&id, None).await.remove(0);
    assert_eq!(
        (&row["verdict"], &seen(&row).await["village"]),
        (&json!("new"), &json!(bridge)),
        "{row}"
    );
    let id = clerk
        .hand_in(&list(shuanghe, &[(1, "双桥村", "12号")]), true)
        .await;
    let row = clerk.rows(&id, None).await.remove(0);
    assert_eq!(
        (&row["verdict"], &seen(&row).await["village"]),
        (&json!("new"), &json!(other)),
        "{row}"
    );
    assert!(row["reason"].as_str().unwrap().contains("曾用名"), "{row}");
    let rows = [(2, "双桥村", "12号"), (3, "", "鹤山市云乡镇云乡村12号")];
    let id = clerk.hand_in(&list(whole, &rows), true).await;
    let rows = clerk.rows(&id, None).await;
    let rows: Vec<&Value> = rows.iter().filter(|r| r["row"].is_number()).collect();
    let waits = seen(rows[0]).await;
    assert!(waits["village"].is_null() && waits["grid"].is_null(), "{waits}");
    assert_eq!(
        waits["enrolments"].as_array().unwrap().len(),
        1,
        "enrolled, not lost"
    );
    let page = bureau.get("/api/v1/inbox?reason=unplaced").await.ok();
    let item = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["resident"] == rows[0]["resident"])
        .unwrap()
        .clone();
    assert_eq!(item["level"], "county");
    let mut candidates: Vec<&str> = item["content"]["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap())
        .collect();
    candidates.sort();
    let mut both = [bridge.to_string(), other.to_string()];
    both.sort();
    assert_eq!(candidates, both);
    assert_eq!(seen(rows[1]).await["village"], json!(clouds));
    runner.stop().await;
}
