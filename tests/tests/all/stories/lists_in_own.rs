//! Stories lists-in that need more than their file handed in: a person twice in one file, two villages of one name,
//! Unicode text without its mark, words that look like formulas pulled back.

use super::lists_in::{content, handed, row};
use api::lists::{ListKind, read};
use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(
    the_same_person_twice_in_one_file,
    two_villages_of_one_name,
    unicode_text_without_its_mark,
    words_that_look_like_formulas_go_out_as_words
);

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

/// Story lists-in-3, without the two bytes that say which encoding it is.
async fn unicode_text_without_its_mark(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("区划管理员").await).clone());
    let with = handed(&county, "population", "2026-10", "lists-in-3.csv");
    let without = Handed {
        month: "2026-11",
        content: with.content[2..].to_vec(),
        ..with.clone()
    };
    assert_eq!(with.content[..2], [0xFF, 0xFE]);
    let id = clerk.upload(&with).await;
    clerk.commit(&id).await;
    let next = clerk.upload(&without).await;
    let tried = clerk.dry_run(&next).await;
    assert_eq!(
        (&tried["rows"], counts(&tried["planned"])),
        (&json!(6), "same 6".to_owned())
    );
    clerk.commit(&next).await;
    let values = async |id: &str| -> Vec<Value> {
        let rows = clerk.rows(id, None).await;
        rows.iter().map(|row| row["values"].clone()).collect()
    };
    let (first, second) = (values(&id).await, values(&next).await);
    assert_eq!(first, second, "the same is read");
    let names: String = second.iter().map(|v| v["name"].as_str().unwrap()).collect();
    assert!(names.contains('\u{20BB7}'), "{names}");
    let again = clerk.try_upload(&without).await.ok();
    assert_eq!((&again["id"], &again["repeat"]), (&json!(next), &json!(true)));
    runner.stop().await;
}

/// Story lists-in-8, the way out: what looks like a formula is a word in every file that is pulled.
async fn words_that_look_like_formulas_go_out_as_words(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let cadre = county.console("陆桂英").await;
    let read_in = read(ListKind::Population, "lists-in-8.csv", &content("lists-in-8.csv")).unwrap();
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    let mut file = "姓名,身份证号码,家庭住址,发放标准\n".to_owned();
    for row in &read_in.rows {
        let number = row.values["id_number"].clone();
        file.push_str(&format!(
            "{},{number},{},80\n",
            row.values["name"], row.values["address"]
        ));
        words.extend(row.values.get(".remarks").map(|said| (number, said.clone())));
    }
    let list = Handed {
        content: file.into_bytes(),
        name: "list.csv",
        ..handed(&county, "old_age_allowance", "2026-11", "lists-in-8.csv")
    };
    let id = clerk.hand_in(&list, true).await;
    for row in clerk.rows(&id, None).await {
        let number = row["values"]["id_number"].as_str().unwrap();
        let Some(said) = words.get(number) else { continue };
        let path = format!("/api/v1/residents/{}", row["resident"].as_str().unwrap());
        let seen = cadre.get(&path).await.ok();
        let edit = json!({
            "id": uuid::Uuid::now_v7(), "base": seen["version"],
            "fields": { "remarks": { "was": null, "now": said } },
        });
        cadre.post(&format!("{path}/edits"), &edit).await.ok();
    }
    let told: BTreeSet<String> = words.into_values().collect();
    assert!(told.len() >= 5 && told.contains("=1+1"), "{told:?}");

    let export = async |format: &str| {
        let wanted = json!({ "category": "old_age_allowance", "format": format, "purpose": "核对" });
        county
            .console("区划管理员")
            .await
            .post("/api/v1/rosters/export", &wanted)
            .await
    };
    let mut book = Xlsx::new(Cursor::new(export("xlsx").await.bytes)).unwrap();
    let sheet = book.worksheet_range("底册").unwrap();
    let header: Vec<String> = sheet.rows().next().unwrap().iter().map(Data::to_string).collect();
    let at = header.iter().position(|h| h == "备注").unwrap();
    let cells: Vec<&Data> = sheet.rows().skip(1).map(|row| &row[at]).collect();
    assert!(
        cells
            .iter()
            .all(|cell| matches!(cell, Data::String(_) | Data::Empty)),
        "{cells:?}"
    );
    let shown = |cell: &&Data| Some(cell.to_string()).filter(|text| !text.is_empty());
    assert_eq!(cells.iter().filter_map(shown).collect::<BTreeSet<_>>(), told);
    assert!(
        book.worksheet_formula("底册")
            .unwrap()
            .used_cells()
            .all(|(_, _, f)| f.is_empty())
    );

    let csv = export("csv").await;
    for cell in csv.text().split(['\n', ',']).map(|cell| cell.trim_matches('"')) {
        assert!(
            !cell.starts_with(['+', '-', '@']) && (!cell.starts_with('=') || cell.starts_with("=\"\"")),
            "{cell}"
        );
    }
    let back = read(ListKind::OldAgeAllowance, "底册.csv", &csv.bytes).unwrap();
    let said = back
        .rows
        .iter()
        .filter_map(|row| row.values.get(".remarks").cloned());
    assert_eq!(said.collect::<BTreeSet<_>>(), told);
    runner.stop().await;
}
