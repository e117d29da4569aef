//! The file comes back with what became of each row behind its last column.

use super::{CHANGES, born, number};
use calamine::{Data, Reader, Xlsx, open_workbook_auto_from_rs};
use serde_json::Value;
use std::io::Cursor;
use tests::clerk::{Clerk, Handed, worker};
use tests::client::Answer;
use tests::county::County;
use tests::database::Database;

tests::on_both!(a_file_comes_back_with_its_verdicts);

/// A name, and what stands where.
type Sheet = (String, Vec<((u32, u32), String)>);

/// A workbook's sheets, each cell by its row and column from 1 and 0.
fn cells(bytes: &[u8]) -> Vec<Sheet> {
    let mut book = open_workbook_auto_from_rs(Cursor::new(bytes.to_vec())).unwrap();
    let names = book.sheet_names();
    let one = |name: String| {
        let range = book.worksheet_range(&name).unwrap();
        let (row, column) = range.start().unwrap_or_default();
        let all = range.used_cells().filter(|(_, _, cell)| **cell != Data::Empty);
        let all = all.map(|(r, c, cell)| ((row + r as u32 + 1, column + c as u32), cell.to_string()));
        (name, all.collect())
    };
    names.into_iter().map(one).collect()
}

async fn file(clerk: &Clerk, id: &str) -> Answer {
    clerk.get(&format!("/api/v1/lists/{id}/file")).await
}

async fn a_file_comes_back_with_its_verdicts(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let bureau = Clerk::new((*county.console("区划管理员").await).clone());
    // A table that begins in D5 with an empty column in it, and one whose cells carry apostrophes.
    for (name, kind) in [("lists-in-4.xlsx", "population"), ("lists-in-2.xlsx", "disabled")] {
        let path = format!("{}/fixtures/stories/{name}", env!("CARGO_MANIFEST_DIR"));
        let content = std::fs::read(path).unwrap();
        let list = Handed {
            source: "残联",
            kind,
            division: county.place("鹤山市"),
            month: "2026-10",
            name,
            content: content.clone(),
        };
        let id = bureau.upload(&list).await;
        assert_eq!(file(&bureau, &id).await.code(), "409 dry_run_needed");
        bureau.dry_run(&id).await;
        let tried = file(&bureau, &id).await;
        let committed = async || {
            bureau.commit(&id).await;
            file(&bureau, &id).await
        };
        for (answer, label, verdict) in [
            (tried, "试算结果", "planned"),
            (committed().await, "处理结果", "verdict"),
        ] {
            assert_eq!(answer.status, 200);
            let disposition = answer.header("content-disposition").unwrap();
            assert!(disposition.contains(".xlsx"), "{disposition}");
            let rows = bureau.rows(&id, None).await;
            check(&content, &answer.bytes, label, verdict, &rows);
        }
    }
    people_who_are_not_named(&county).await;
    runner.stop().await;
}

fn check(given: &[u8], back: &[u8], label: &str, verdict: &str, rows: &[Value]) {
    let (given, back) = (cells(given), cells(back));
    for (place, (name, before)) in given.iter().enumerate() {
        let (same, after) = &back[place];
        assert_eq!(name, same);
        for cell in before {
            assert!(after.contains(cell), "{cell:?} is as the clerk typed it");
        }
        let width = before.iter().map(|((_, column), _)| column + 1).max().unwrap();
        let added: Vec<_> = after.iter().filter(|((_, column), _)| *column >= width).collect();
        let header = added.iter().find(|(_, text)| text == label).unwrap();
        let first = rows.iter().map(|row| row["row"].as_u64().unwrap()).min().unwrap();
        assert_eq!(header.0, (first as u32 - 1, width), "over the first row");
        for row in rows {
            let at = (row["row"].as_u64().unwrap() as u32, width);
            let said = added.iter().find(|(place, _)| *place == at);
            assert!(said.is_some_and(|(_, text)| !text.is_empty()), "{row}");
            let why = added.iter().find(|(place, _)| *place == (at.0, width + 1));
            let reason = &row[format!("{verdict}_reason").replace("verdict_", "")];
            assert_eq!(
                why.map(|(_, text)| text.as_str()),
                reason.as_str().filter(|r| !r.is_empty())
            );
        }
        assert_eq!(
            added.iter().filter(|((_, column), _)| *column == width).count(),
            rows.len() + 1
        );
    }
}

/// A text file comes back as a workbook too, with a sheet of those who are missing.
async fn people_who_are_not_named(county: &County) {
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let list = |month, people: &[usize]| {
        let line = |n: &usize| {
            let (name, number, born) = (["何一新", "何二喜"][*n], number(*n), born(*n));
            format!("{name},{number},{born},100,沙坪街道良围村旧围村{}号\n", n + 1)
        };
        let lines: String = people.iter().map(line).collect();
        Handed {
            source: "民政",
            kind: "old_age_allowance",
            division: county.place("鹤山市"),
            month,
            name: "名册.csv",
            content: format!("姓名,身份证号,出生日期,发放标准,现住址\n{lines}").into_bytes(),
        }
    };
    clerk.hand_in(&list("2026-10", &[0, 1]), CHANGES).await;
    let id = clerk.hand_in(&list("2026-11", &[0]), CHANGES).await;
    let back = file(&clerk, &id).await;
    let mut book = Xlsx::new(Cursor::new(back.bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["名单1", "名单中没有的人"]);
    let missing = book.worksheet_range("名单中没有的人").unwrap();
    let row: Vec<String> = missing
        .rows()
        .nth(1)
        .unwrap()
        .iter()
        .map(Data::to_string)
        .collect();
    assert_eq!(row[..2], ["何二喜".to_owned(), number(1)]);
    assert_eq!(row[4], "名单中没有");
    // Another department's file does not exist.
    let other = Clerk::new((*county.console("残联").await).clone());
    assert_eq!(file(&other, &id).await.code(), "404 not_found");
}
