//! Files that no clerk should hand in, over HTTP: one error shape, and nothing half stored.

use entity::{file_chunk, job, list, list_row, stored_file};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use tests::client::{Answer, Client};
use tests::county::County;
use tests::database::Database;
use zip::write::{SimpleFileOptions, ZipWriter};

tests::on_both!(
    files_that_are_no_list,
    lists_that_are_not_what_they_are_said_to_be,
    one_list_twice_at_once,
);

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/lists/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

/// What a list is said to be where a case says nothing else.
const SAID: [(&str, &str); 5] = [
    ("kind", "disabled"),
    ("source", "残联"),
    ("division", "COUNTY"),
    ("month", "2026-10"),
    ("name", "名单.csv"),
];

/// A query with some of its parts said otherwise; an empty one is left out.
fn query(county: &County, otherwise: &[(&str, &str)]) -> String {
    let mut parts = Vec::new();
    for (name, usual) in SAID {
        let said = otherwise.iter().find(|(other, _)| *other == name);
        let said = said.map_or(usual, |(_, said)| *said);
        let said = said.replace("COUNTY", &county.place("鹤山市").to_string());
        if !said.is_empty() {
            let encoded: String = said.bytes().map(|b| format!("%{b:02X}")).collect();
            parts.push(format!("{name}={encoded}"));
        }
    }
    format!("/api/v1/lists?{}", parts.join("&"))
}

async fn hand_in(client: &Client, path: &str, bytes: Vec<u8>) -> Answer {
    let body = Some(("application/octet-stream", bytes));
    let answer = client.send_bytes("POST", path, body).await;
    if answer.status >= 400 {
        let body = answer.json();
        let message = body["message"].as_str().unwrap();
        assert!(message.chars().any(|c| c > '\u{4E00}'), "{message}");
        assert!(body["code"].is_string() && body["fields"].is_array(), "{body}");
        assert!(answer.status < 500, "{body}");
    }
    answer
}

/// Rows of everything that a hand-in may leave behind: lists, their rows, files, chunks, jobs.
async fn stored(county: &County) -> [u64; 5] {
    let db = county.program.db.read();
    [
        list::Entity::find().count(db).await.unwrap(),
        list_row::Entity::find().count(db).await.unwrap(),
        stored_file::Entity::find().count(db).await.unwrap(),
        file_chunk::Entity::find().count(db).await.unwrap(),
        job::Entity::find().count(db).await.unwrap(),
    ]
}

/// A workbook whose sheet is this XML.
fn workbook(sheet: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let rels = |kind: &str, target: &str| {
        format!(
            r#"<Relationships><Relationship Id="rId1" Type="x/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    let book =
        r#"<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let parts = [
        (
            "_rels/.rels",
            rels("officeDocument", "xl/workbook.xml").into_bytes(),
        ),
        ("xl/workbook.xml", book.as_bytes().to_vec()),
        (
            "xl/_rels/workbook.xml.rels",
            rels("worksheet", "worksheets/sheet1.xml").into_bytes(),
        ),
        ("xl/worksheets/sheet1.xml", sheet.to_vec()),
    ];
    for (name, bytes) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

async fn files_that_are_no_list(database: Database) {
    let county = County::start(database).await;
    let department = county.console("残联").await;
    let good = fixture("残联-持证残疾人名单.xlsx");
    let bomb = workbook(format!("<worksheet><sheetData>{}", " ".repeat(100 << 20)).as_bytes());
    let zeros = workbook(&vec![0; 100 << 20]);
    let mut password = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    password.resize(1024, 0);
    password.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    let half = good[..good.len() / 2].to_vec();
    let mut hole = good.clone();
    let middle = hole.len() / 2;
    hole[middle..middle + 2_000].fill(0);
    let jpeg = b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01".repeat(40);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", Vec::new(), "422 empty_file"),
        ("blanks", b" \r\n\t\r\n".to_vec(), "422 empty_file"),
        ("a picture", jpeg, "422 not_a_list"),
        (
            "a program",
            b"\x7fELF\x02\x01\x01\0".repeat(100),
            "422 not_a_list",
        ),
        (
            "a page of the web",
            b"<html><body>404</body></html>".to_vec(),
            "422 no_table",
        ),
        ("a sentence", "请查收附件".as_bytes().to_vec(), "422 no_table"),
        ("half a workbook", half, "422 file_damaged"),
        ("a workbook with a hole", hole, "422 file_damaged"),
        ("a locked workbook", password, "422 password_protected"),
        ("a bomb of blanks", bomb, "422 too_large"),
        ("a bomb of zeros", zeros, "422 too_large"),
        ("2 MB of one line", vec![b'x'; 2 << 20], "422 no_table"),
        ("a megabyte of zeros", vec![0; 1 << 20], "422 empty_file"),
        ("more than is taken", vec![b'x'; 257 << 20], "413 too_large"),
        (
            "a header alone",
            "姓名,身份证号\r\n".as_bytes().to_vec(),
            "422 no_rows",
        ),
    ];
    let before = stored(&county).await;
    let mut wrong = Vec::new();
    for (what, bytes, expected) in cases {
        let answer = hand_in(&department, &query(&county, &[]), bytes).await;
        if answer.code() != expected {
            wrong.push(format!("{what}: {} instead of {expected}", answer.text()));
        }
        assert_eq!(stored(&county).await, before, "{what}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The bytes say what a file is, not its name.
    let minzheng = county.console("民政").await;
    let said = [("kind", "low_income"), ("source", "民政"), ("name", "低保.xlsx")];
    let xls = fixture("民政-低保低边特困花名册.xls");
    hand_in(&minzheng, &query(&county, &said), xls).await.ok();
    hand_in(&department, &query(&county, &[("name", "名单.jpg")]), good)
        .await
        .ok();
}

/// What, who hands it in, the file, what is said otherwise, and the answer.
type Case<'a> = (&'a str, &'a str, &'a [u8], Vec<(&'a str, &'a str)>, &'a str);

async fn lists_that_are_not_what_they_are_said_to_be(database: Database) {
    let county = County::start(database).await;
    let disabled = fixture("残联-持证残疾人名单.xlsx");
    let low_income = fixture("民政-低保低边特困花名册.xls");
    let deaths = fixture("卫健-死亡登记.csv");
    let lines = "名\n单.csv";
    let long = "长".repeat(2_000);
    let cases: Vec<Case<'_>> = vec![
        (
            "a deaths file as the disabled",
            "残联",
            &deaths,
            vec![],
            "422 wrong_kind",
        ),
        (
            "a low-income file as the disabled",
            "残联",
            &low_income,
            vec![],
            "422 wrong_kind",
        ),
        (
            "the disabled as deaths",
            "区划管理员",
            &disabled,
            vec![("kind", "deaths")],
            "422 wrong_kind",
        ),
        (
            "the disabled as grids",
            "区划管理员",
            &disabled,
            vec![("kind", "grids")],
            "422 wrong_kind",
        ),
        (
            "a kind that is none",
            "残联",
            &disabled,
            vec![("kind", "pets")],
            "400 invalid_parameter",
        ),
        (
            "no kind",
            "残联",
            &disabled,
            vec![("kind", "")],
            "400 invalid_parameter",
        ),
        (
            "no month",
            "残联",
            &disabled,
            vec![("month", "")],
            "400 invalid_parameter",
        ),
        (
            "month 13",
            "残联",
            &disabled,
            vec![("month", "2026-13")],
            "422 month_malformed",
        ),
        (
            "month 0",
            "残联",
            &disabled,
            vec![("month", "2026-00")],
            "422 month_malformed",
        ),
        (
            "a day",
            "残联",
            &disabled,
            vec![("month", "2026-10-01")],
            "422 month_malformed",
        ),
        (
            "another writing",
            "残联",
            &disabled,
            vec![("month", "2026年10月")],
            "422 month_malformed",
        ),
        (
            "a month with NUL",
            "残联",
            &disabled,
            vec![("month", "2026-10\0")],
            "400 invalid_parameter",
        ),
        (
            "a division that is none",
            "残联",
            &disabled,
            vec![("division", "440784")],
            "400 invalid_parameter",
        ),
        (
            "an unknown division",
            "残联",
            &disabled,
            vec![("division", "01930000-0000-7000-8000-000000000001")],
            "422 division_unknown",
        ),
        (
            "another department",
            "残联",
            &disabled,
            vec![("source", "民政")],
            "403 other_source",
        ),
        (
            "a department by another name",
            "残联",
            &disabled,
            vec![("source", "残联办")],
            "403 other_source",
        ),
        (
            "a department with NUL",
            "残联",
            &disabled,
            vec![("source", "民\0政")],
            "400 invalid_parameter",
        ),
        (
            "an endless department",
            "残联",
            &disabled,
            vec![("source", &long)],
            "422 source_malformed",
        ),
        (
            "a department of blanks",
            "残联",
            &disabled,
            vec![("source", " \t")],
            "422 source_malformed",
        ),
        (
            "categories of another department",
            "残联",
            &low_income,
            vec![("kind", "low_income")],
            "403 other_category",
        ),
        (
            "the disabled of another department",
            "民政",
            &disabled,
            vec![("source", "民政")],
            "403 other_category",
        ),
        ("a worker", "梁少芳", &disabled, vec![], "403 role_required"),
        ("a cadre", "陆桂英", &disabled, vec![], "403 role_required"),
        ("a town officer", "谭志成", &disabled, vec![], "403 role_required"),
        ("an auditor", "审计员", &disabled, vec![], "403 role_required"),
    ];
    let before = stored(&county).await;
    let mut wrong = Vec::new();
    for (what, name, bytes, otherwise, expected) in cases {
        let console = county.console(name).await;
        let answer = hand_in(&console, &query(&county, &otherwise), bytes.to_vec()).await;
        if answer.code() != expected {
            wrong.push(format!("{what}: {} instead of {expected}", answer.text()));
        }
        assert_eq!(stored(&county).await, before, "{what}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let department = county.console("残联").await;
    for name in [lines, &long, "../../etc/passwd", "名单"] {
        let month = format!("2025-{:02}", 1 + name.len() % 12);
        let said = [("name", name), ("month", month.as_str())];
        hand_in(&department, &query(&county, &said), disabled.clone())
            .await
            .ok();
    }
}

async fn one_list_twice_at_once(database: Database) {
    let county = County::start(database).await;
    let department = county.console("残联").await;
    let path = query(&county, &[]);
    let file = "姓名,身份证号,残疾类别,残疾等级\r\n黄秋菊,440784194802262463,肢体,三级\r\n";
    let send = || hand_in(&department, &path, file.as_bytes().to_vec());
    let (a, b, c) = tokio::join!(send(), send(), send());
    let uploads: Vec<Value> = [a, b, c].iter().map(Answer::ok).collect();
    let ids: BTreeSet<&str> = uploads.iter().map(|u| u["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1, "{uploads:?}");
    assert_eq!(
        uploads.iter().filter(|u| u["repeat"] == false).count(),
        1,
        "{uploads:?}"
    );
    assert_eq!(stored(&county).await, [1, 1, 1, 1, 0]);

    let commit = format!("/api/v1/lists/{}/commit", uploads[0]["id"].as_str().unwrap());
    let other = county.console("民政").await;
    assert_eq!(other.send("POST", &commit, None).await.code(), "404 not_found");
    let admin = county.console("区划管理员").await;
    let (a, b, c) = tokio::join!(
        department.send("POST", &commit, None),
        admin.send("POST", &commit, None),
        department.send("POST", &commit, None),
    );
    let commits: Vec<Value> = [a, b, c].iter().map(Answer::ok).collect();
    let jobs: BTreeSet<&str> = commits.iter().map(|c| c["job"].as_str().unwrap()).collect();
    assert_eq!(jobs.len(), 1, "{commits:?}");
    assert_eq!(
        commits.iter().filter(|c| c["repeat"] == false).count(),
        1,
        "{commits:?}"
    );
    assert_eq!(stored(&county).await, [1, 1, 1, 1, 1]);
}
