//! The stories lists-in, over HTTP: each file is read, tried, committed and handed in again; then what is its own.

use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(
    every_story_file_goes_its_way,
    a_workbook_without_a_table_is_no_list,
    a_column_that_is_empty_this_month
);

pub fn content(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/stories/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

pub fn handed(
    county: &County,
    kind: &'static str,
    month: &'static str,
    name: &'static str,
) -> Handed<'static> {
    let source = match kind {
        "disabled" => "残联",
        "population" => "公安",
        _ => "民政",
    };
    Handed {
        source,
        kind,
        division: county.place("鹤山市"),
        month,
        name,
        content: content(name),
    }
}

/// File, kind, rows, verdicts of the commit.
const FILES: &[(&str, &str, u64, &str)] = &[
    ("lists-in-1.xlsx", "old_age_allowance", 8, "new 8"),
    ("lists-in-2.xlsx", "disabled", 9, "ambiguous 1, new 8"),
    ("lists-in-3.csv", "population", 6, "new 6"),
    ("lists-in-4.xlsx", "population", 8, "ambiguous 1, new 7"),
    ("lists-in-5a.xlsx", "disabled", 9, "ambiguous 1, new 8"),
    ("lists-in-6.xlsx", "population", 8, "invalid 2, new 6"),
    ("lists-in-7.xlsx", "population", 10, "new 10"),
    ("lists-in-8.csv", "population", 7, "new 7"),
    ("lists-in-9.xlsx", "low_income", 10, "ambiguous 4, new 6"),
    ("lists-in-10a.csv", "disabled", 4, "new 4"),
    ("lists-in-11.csv", "population", 6, "new 6"),
];

async fn every_story_file_goes_its_way(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let bureau = Clerk::new((*county.console("区划管理员").await).clone());
    // Each story is of a month of its own, so that no register or list is compared with another story's.
    let months = [
        "2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09",
        "2025-10", "2025-11",
    ];
    for ((name, kind, rows, expected), month) in FILES.iter().copied().zip(months) {
        let list = handed(&county, kind, month, name);
        let id = bureau.upload(&list).await;
        let list_of = bureau.dry_run(&id).await;
        assert_eq!(list_of["rows"], rows, "{name}");
        let planned = counts(&list_of["planned"]);
        let done = county_commit(&bureau, &id).await;
        let mut verdicts = done["verdicts"].clone();
        verdicts.as_object_mut().unwrap().remove("missing");
        assert_eq!(counts(&verdicts), expected, "{name}: {planned}");
        let sum: i64 = verdicts
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_i64().unwrap())
            .sum();
        assert_eq!(sum, rows as i64, "{name}: every row has a verdict");
        let all: Vec<Value> = in_file(bureau.rows(&id, None).await);
        assert!(all.iter().all(|row| row["verdict"].is_string()), "{name}");
        own_lines(name, &done, &all);

        // The same file again is the same list: nothing changes, and no item opens.
        let before = open_items(&bureau).await;
        let again = bureau.try_upload(&list).await.ok();
        assert_eq!(
            (&again["id"], &again["repeat"]),
            (&json!(id), &json!(true)),
            "{name}"
        );
        assert_eq!(bureau.try_commit(&id, "").await.ok()["repeat"], true, "{name}");
        assert_eq!(bureau.list(&id).await["verdicts"], done["verdicts"], "{name}");
        assert_eq!(open_items(&bureau).await, before, "{name}");
    }
    runner.stop().await;
}

/// Commits, naming the figures where that is asked for.
async fn county_commit(clerk: &Clerk, id: &str) -> Value {
    let answer = clerk.try_commit(id, "").await;
    let answer = match answer.status {
        409 => {
            let present = answer.json()["present"].clone();
            let named = |name: &str| present[name].as_i64().map(|n| format!("{name}={n}"));
            let more: Vec<String> = ["missing", "changed"].into_iter().filter_map(named).collect();
            clerk.try_commit(id, &format!("?{}", more.join("&"))).await
        }
        _ => answer,
    };
    clerk.done(&answer.ok()).await;
    clerk.list(id).await
}

fn in_file(rows: Vec<Value>) -> Vec<Value> {
    rows.into_iter().filter(|row| row["row"].is_number()).collect()
}

async fn open_items(who: &Clerk) -> usize {
    let page = who.get("/api/v1/inbox?limit=200").await.ok();
    page["items"].as_array().unwrap().len()
}

pub fn row(rows: &[Value], number: u64) -> &Value {
    rows.iter().find(|r| r["row"] == number).unwrap()
}

/// What a story says of its own file.
fn own_lines(name: &str, list: &Value, rows: &[Value]) {
    let value = |row: &Value, key: &str| row["values"][key].as_str().unwrap_or_default().to_owned();
    let in_number = |row: &Value| {
        let number = value(row, "id_number");
        format!("{}-{}-{}", &number[6..10], &number[10..12], &number[12..14])
    };
    match name {
        "lists-in-1.xlsx" => {
            for row in rows {
                assert_eq!(value(row, "birth_date"), in_number(row), "{row}");
            }
        }
        "lists-in-2.xlsx" => {
            for row in rows {
                let number = value(row, "id_number");
                assert!(number.is_empty() || number.len() == 18, "{row}");
                assert!(value(row, "phone").chars().all(|c| c.is_ascii_digit()), "{row}");
            }
            assert_eq!(row(rows, 8)["verdict"], "ambiguous");
        }
        "lists-in-3.csv" => {
            let names: String = rows.iter().map(|row| value(row, "name")).collect();
            assert!(names.contains('𠮷') && !names.contains('\u{FFFD}'), "{names}");
        }
        "lists-in-4.xlsx" => assert_eq!(row(rows, 9)["verdict"], "ambiguous"),
        "lists-in-5a.xlsx" => {
            assert_eq!(list["sheets"], json!(["沙坪街道", "雅瑶镇"]));
            let waits = rows.iter().find(|r| r["verdict"] == "ambiguous").unwrap();
            assert_eq!((&waits["sheet"], &waits["row"]), (&json!(1), &json!(3)));
        }
        "lists-in-6.xlsx" => {
            assert!(
                row(rows, 7)["reason"]
                    .as_str()
                    .unwrap()
                    .contains("没有计算结果的公式")
            );
            assert!(row(rows, 8)["reason"].as_str().unwrap().contains("错误值"));
            assert_eq!(value(row(rows, 9), "birth_date"), "", "the number gives it");
            assert_eq!(row(rows, 9)["verdict"], "new");
        }
        "lists-in-7.xlsx" => {
            for n in 2..=5 {
                assert_eq!(value(row(rows, n), "name"), "阿依古丽·买买提");
                assert_eq!(value(row(rows, n), "id_number"), value(row(rows, 2), "id_number"));
            }
            for row in rows {
                for text in row["values"].as_object().unwrap().values() {
                    let text = text.as_str().unwrap();
                    assert_eq!(text, domain::text::clean(text), "no blanks of any kind around it");
                }
            }
            let handed_in: String = rows.iter().map(|r| r["handed_in"].to_string()).collect();
            for words in ["独居", "曾用名温好彩"] {
                assert!(handed_in.contains(words), "{words}");
            }
        }
        "lists-in-8.csv" => {
            let remarks: String = rows.iter().map(|r| r["handed_in"].to_string()).collect();
            for words in ["=1+1", "+1 待核实", "@村口小卖部", "=HYPERLINK", "-独居-"] {
                assert!(remarks.contains(words), "{words} stands as typed: {remarks}");
            }
        }
        "lists-in-11.csv" => {
            let born: Vec<String> = rows.iter().map(|row| value(row, "birth_date")).collect();
            let expected = [
                "1952-03-07",
                "1988-07-01",
                "1991-04-14",
                "1945-09-05",
                "1989-04-16",
                "1936-02-29",
            ];
            assert_eq!(born, expected);
        }
        _ => {}
    }
}

/// Story lists-in-5, the second file.
async fn a_workbook_without_a_table_is_no_list(database: Database) {
    let county = County::start(database).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let refused = clerk
        .try_upload(&handed(&county, "disabled", "2026-11", "lists-in-5b.xlsx"))
        .await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.json()["message"].as_str().unwrap().contains('表'),
        "{}",
        refused.text()
    );
    assert_eq!(clerk.get("/api/v1/lists").await.ok()["items"], json!([]));
}

/// Story lists-in-10.
async fn a_column_that_is_empty_this_month(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let cadre = county.console("陆桂英").await;
    let october = clerk
        .hand_in(&handed(&county, "disabled", "2026-10", "lists-in-10a.csv"), true)
        .await;
    let rows = clerk.rows(&october, None).await;
    let first: uuid::Uuid = rows[0]["resident"].as_str().unwrap().parse().unwrap();
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    phone.edit(first).set("phone", "13900079999").done();
    phone.sync().await;
    let id = clerk
        .upload(&handed(&county, "disabled", "2026-11", "lists-in-10b.csv"))
        .await;
    let tried = clerk.dry_run(&id).await;
    assert_eq!(counts(&tried["planned"]), "same 4");
    let notes = tried["notes"].to_string();
    assert!(
        notes.contains("“联系电话”一列全部为空，2026-10 的名单中有 4 行填写"),
        "{notes}"
    );
    clerk.commit(&id).await;
    assert_eq!(counts(&clerk.list(&id).await["verdicts"]), "same 4");
    phone.sync().await;
    for (n, row) in rows.iter().enumerate() {
        let who = row["resident"].as_str().unwrap();
        let seen = cadre.get(&format!("/api/v1/residents/{who}")).await.ok();
        let expected = if n == 0 {
            "13900079999"
        } else {
            row["values"]["phone"].as_str().unwrap()
        };
        assert_eq!(seen["fields"]["phone"], expected);
        assert!(seen["fields"]["address"].is_string());
        assert_eq!(cadre.waiting(who.parse().unwrap()).await, [""; 0]);
    }
    assert_eq!(phone.shows(first, "phone"), "13900079999");
    runner.stop().await;
}
