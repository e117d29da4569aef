//! What people say of a list's columns: shown with samples, corrected, asked, remembered, forgotten.

use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(
    columns_are_corrected_once_and_remembered,
    corrections_that_cannot_be,
    what_cannot_be_known_is_asked,
    nobody_is_guessed,
    people_who_come_again_are_marked,
);

const HEADER: &str = "姓名,身份证号,残疾类别,残疾等级,编码,备用栏";

fn list<'a>(county: &County, month: &'a str, content: &str) -> Handed<'a> {
    Handed {
        source: "残联",
        kind: "disabled",
        division: county.place("鹤山市"),
        month,
        name: "残疾人名单.csv",
        content: content.as_bytes().to_vec(),
    }
}

fn column<'v>(list: &'v Value, header: &str) -> &'v Value {
    let all = list["columns"].as_array().unwrap().iter();
    let all = all.chain(list["unread"].as_array().unwrap());
    let mut found = all.filter(|c| c["header"] == header);
    found.next().unwrap_or(&Value::Null)
}

async fn columns_are_corrected_once_and_remembered(database: Database) {
    let county = County::start(database).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let runner = worker(&county.program).await;
    let rows = "黄秋菊,440784194802262463,肢体,三级,H1,甲\n麦锦棠,440784195106184849,听力,二级,H2,乙\n";
    let id = clerk
        .upload(&list(&county, "2026-10", &format!("{HEADER}\n{rows}")))
        .await;
    let read = clerk.list(&id).await;
    let number = column(&read, "身份证号");
    assert_eq!(
        (&number["key"], &number["sure"]),
        (&json!("id_number"), &json!("certain"))
    );
    assert_eq!(
        number["samples"],
        json!(["440784194802262463", "440784195106184849"])
    );
    assert_eq!(number["column"], 1);
    assert!(number["why"].as_str().unwrap().chars().any(|c| c > '\u{4E00}'));
    let unread = column(&read, "备用栏");
    assert_eq!(
        (&unread["samples"], &unread["filled"]),
        (&json!(["甲", "乙"]), &json!(2))
    );
    assert_eq!(read["applied"], Value::Null);
    let page = clerk.get("/api/v1/lists").await.ok();
    assert_eq!(column(&page["items"][0], "身份证号")["samples"], json!([]));

    clerk.dry_run(&id).await;
    let said = json!({ "columns": [
        { "sheet": 0, "header": "编码", "key": "household_number" },
        { "sheet": 0, "header": "残疾等级" },
    ] });
    let path = format!("/api/v1/lists/{id}/columns");
    for _ in 0..2 {
        let read = clerk.send("PUT", &path, Some(&said)).await.ok();
        assert_eq!(read["id"], id.as_str());
        assert_eq!(read["planned_at"], Value::Null);
        assert_eq!(column(&read, "编码")["key"], "household_number");
        assert_eq!(column(&read, "残疾等级")["key"], Value::Null);
    }
    let rows_now = clerk.rows(&id, None).await;
    assert_eq!(rows_now.len(), 2);
    for (row, number) in rows_now.iter().zip(["H1", "H2"]) {
        assert_eq!(row["values"]["household_number"], number);
        assert_eq!(row["values"]["grade"], Value::Null);
        assert_eq!(row["planned"], Value::Null);
    }
    clerk.dry_run(&id).await;
    let committed = clerk.commit(&id).await;
    assert_eq!(committed["state"], "committed");
    assert_eq!(
        clerk.send("PUT", &path, Some(&said)).await.code(),
        "409 already_committed"
    );
    let file = clerk.get(&format!("/api/v1/lists/{id}/file")).await;
    assert_eq!(file.status, 200);

    // The next month's file has the same headers; the month after has others.
    let next = format!("{HEADER}\n{}", rows.replace("H1", "H9"));
    let next = clerk.upload(&list(&county, "2026-11", &next)).await;
    let read = clerk.list(&next).await;
    assert_eq!(
        (&read["applied"]["month"], &read["applied"]["list"]),
        (&json!("2026-10"), &json!(id))
    );
    assert_eq!(
        clerk.rows(&next, None).await[0]["values"]["household_number"],
        "H9"
    );
    let other = format!("{HEADER},新列\n{rows}");
    let other = clerk.upload(&list(&county, "2026-12", &other)).await;
    assert_eq!(clerk.list(&other).await["applied"], Value::Null);

    let all = clerk.get("/api/v1/list-mappings").await.ok();
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(all[0]["headers"][4], "编码");
    assert_eq!(
        all[0]["columns"][1],
        json!({ "header": "编码", "place": 4, "key": "household_number" })
    );
    let forget = format!("/api/v1/list-mappings/{}", all[0]["id"].as_str().unwrap());
    let stranger = county.console("民政").await;
    assert_eq!(stranger.get("/api/v1/list-mappings").await.ok(), json!([]));
    assert_eq!(
        stranger.send("DELETE", &forget, None).await.code(),
        "404 not_found"
    );
    assert_eq!(
        stranger.send("PUT", &path, Some(&said)).await.code(),
        "404 not_found"
    );
    assert_eq!(clerk.send("DELETE", &forget, None).await.status, 204);
    assert_eq!(clerk.send("DELETE", &forget, None).await.code(), "404 not_found");
    let last = format!("{HEADER}\n{}", rows.replace("H1", "H8"));
    let last = clerk.upload(&list(&county, "2027-01", &last)).await;
    assert_eq!(clerk.list(&last).await["applied"], Value::Null);
    drop(runner);
}

async fn corrections_that_cannot_be(database: Database) {
    let county = County::start(database).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let content = format!("{HEADER},备用栏\n黄秋菊,440784194802262463,肢体,三级,H1,甲,乙\n");
    let id = clerk.upload(&list(&county, "2026-10", &content)).await;
    let before = (clerk.list(&id).await, clerk.rows(&id, None).await);
    let column =
        |header: &str, key: &str| json!({ "columns": [{ "sheet": 0, "header": header, "key": key }] });
    let answer = |code: &str| json!({ "answers": [{ "code": code, "answer": "none" }] });
    let cases = [
        (json!({}), "422 nothing_said"),
        (column("没有的列", "name"), "422 column_unknown"),
        (
            json!({ "columns": [{ "sheet": 7, "header": "编码" }] }),
            "422 column_unknown",
        ),
        (column("备用栏", "address"), "422 column_ambiguous"),
        (column("编码", "shoe_size"), "422 key_unknown"),
        (column("编码", "house_from"), "422 key_unknown"),
        (column("编码", "other"), "422 key_unknown"),
        (answer("sex_codes"), "422 question_unknown"),
        (answer("shoe_size"), "422 question_unknown"),
        // Nothing is left that names anybody.
        (
            json!({ "columns": [{ "sheet": 0, "header": "姓名" }, { "sheet": 0, "header": "身份证号" }] }),
            "422 no_rows",
        ),
        (json!({ "columns": "all" }), "400 invalid_fields"),
    ];
    for (said, expected) in cases {
        let answer = clerk
            .send("PUT", &format!("/api/v1/lists/{id}/columns"), Some(&said))
            .await;
        assert_eq!(answer.code(), expected, "{said}");
    }
    assert_eq!((clerk.list(&id).await, clerk.rows(&id, None).await), before);
    assert_eq!(clerk.get("/api/v1/list-mappings").await.ok(), json!([]));
}

async fn what_cannot_be_known_is_asked(database: Database) {
    let county = County::start(database).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    // Header, rows, the question, whether it is about identity, an answer, key and value afterwards.
    let cases = [
        (
            "姓名,身份证号,身份证号,残疾类别",
            "黄秋菊,440784194802262463,440784195106184849,肢体\n麦锦棠,440784194802262463,440784195106184849,肢体",
            ("which_id_number", true),
            "2",
            ("id_number", "440784195106184849"),
        ),
        (
            "姓名,姓名,身份证号,残疾类别",
            "黄秋菊,麦锦棠,440784194802262463,肢体",
            ("which_name", true),
            "1",
            ("name", "麦锦棠"),
        ),
        (
            "姓名,残联内部码,残疾类别,住址",
            "黄秋菊,440784194802262463,肢体,沙坪\n麦锦棠,440784195106184849,听力,古劳",
            ("unnamed_id_number", true),
            "1",
            ("id_number", "440784194802262463"),
        ),
        (
            "姓名,性别,残疾类别,住址",
            "黄秋菊,0,肢体,沙坪\n麦锦棠,1,听力,古劳",
            ("sex_codes", false),
            "zero_woman",
            ("sex", "女"),
        ),
        (
            "姓名,年龄,残疾类别,住址",
            "黄秋菊,79,肢体,沙坪\n麦锦棠,80,听力,古劳",
            ("age_without_birth_date", false),
            "nominal",
            ("birth_date", "1948"),
        ),
        (
            "姓名,身份证号,残疾类别,起始时间",
            "黄秋菊,440784194802262463,肢体,3月\n麦锦棠,440784195106184849,听力,11月",
            ("month_without_year", false),
            "2025",
            ("since", "2025-03"),
        ),
    ];
    for (n, (header, rows, (code, identity), answer, (key, value))) in cases.into_iter().enumerate() {
        let month = format!("2026-{:02}", n + 1);
        let content = format!("{header}\n{rows}\n");
        let id = clerk.upload(&list(&county, &month, &content)).await;
        let read = clerk.list(&id).await;
        let asked = &read["questions"][0];
        assert_eq!(
            (&asked["code"], &asked["identity"]),
            (&json!(code), &json!(identity)),
            "{read}"
        );
        assert_eq!(read["questions"].as_array().unwrap().len(), 1, "{code}");
        assert!(asked["text"].as_str().unwrap().chars().any(|c| c > '\u{4E00}'));
        let refused = clerk.try_commit(&id, "").await.code() == "409 questions_open";
        if identity {
            assert!(refused, "{code}");
            let shown = clerk.rows(&id, None).await;
            assert!(
                code == "which_name" || shown.iter().all(|row| row["values"]["id_number"] == Value::Null)
            );
        }
        let path = format!("/api/v1/lists/{id}/columns");
        let said = |answer: &str| json!({ "answers": [{ "code": code, "answer": answer }] });
        if identity {
            assert_eq!(
                clerk.send("PUT", &path, Some(&said("99"))).await.code(),
                "422 answer_unknown"
            );
            let read = clerk.send("PUT", &path, Some(&said(answer))).await.ok();
            assert_eq!(read["questions"], json!([]), "{code}");
            assert_eq!(clerk.rows(&id, None).await[0]["values"][key], value, "{code}");
            // The answer is known next time.
            let next = clerk.upload(&list(&county, "2027-01", &content)).await;
            assert_eq!(clerk.list(&next).await["questions"], json!([]));
            assert_eq!(clerk.rows(&next, None).await[0]["values"][key], value, "{code}");
        } else {
            assert!(asked["answers"].as_array().unwrap().len() > 1);
        }
    }
}

async fn nobody_is_guessed(database: Database) {
    let county = County::start(database).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let header = "姓名,性别,年龄,残疾类别,起始时间,住址";
    let rows = "黄秋菊,0,79,肢体,3月,沙坪\n麦锦棠,1,80,听力,11月5日,古劳";
    let id = clerk
        .upload(&list(&county, "2026-10", &format!("{header}\n{rows}")))
        .await;
    let path = format!("/api/v1/lists/{id}/columns");
    // Key, its value in the first row once answered.
    for (code, answer, key, value) in [
        ("sex_codes", "zero_woman", "sex", json!("女")),
        ("sex_codes", "zero_man", "sex", json!("男")),
        ("sex_codes", "none", "sex", Value::Null),
        ("age_without_birth_date", "full", "birth_date", Value::Null),
        ("age_without_birth_date", "nominal", "birth_date", json!("1948")),
        ("month_without_year", "2025", "since", json!("2025-03")),
        ("month_without_year", "none", "since", Value::Null),
    ] {
        let said = json!({ "answers": [{ "sheet": 0, "code": code, "answer": answer }] });
        clerk.send("PUT", &path, Some(&said)).await.ok();
        assert_eq!(
            clerk.rows(&id, None).await[0]["values"][key],
            value,
            "{code} {answer}"
        );
    }
}

async fn people_who_come_again_are_marked(database: Database) {
    let county = County::start(database).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let mut content = String::from("姓名,身份证号,残疾类别,残疾等级,住址\n");
    for n in 0..1200 {
        content.push_str(&format!("某某,,肢体,三级,沙坪{n}号\n"));
    }
    content.push_str("黄秋菊,440784194802262463,肢体,三级,沙坪\n麦锦棠,440784195106184849,听力,二级,古劳\n");
    content.push_str("黄秋菊,440784194802262463,肢体,三级,沙坪\n麦锦棠,440784195106184849,听力,一级,古劳\n");
    let id = clerk.upload(&list(&county, "2026-10", &content)).await;
    let rows = clerk.rows(&id, None).await;
    assert_eq!(rows.len(), 1204);
    let twice: Vec<i64> = rows
        .iter()
        .filter(|row| row["faults"].to_string().contains("twice_in_file"))
        .map(|row| row["row"].as_i64().unwrap())
        .collect();
    assert_eq!(twice, [1203, 1205]);
}
