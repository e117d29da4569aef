//! Lists on their way in: all there at once or not at all, whatever breaks off.

use api::app::lists::{self, NewList, Reach};
use api::app::tidy;
use api::lists::ListKind;
use entity::{file_chunk, list, list_row, stored_file};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, PaginatorTrait};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tests::clerk::{Clerk, Handed};
use tests::county::County;
use tests::database::Database;
use tokio::io::{AsyncRead, ReadBuf};
use uuid::Uuid;

tests::on_both!(
    what_breaks_off_leaves_nothing,
    a_list_in_reading_is_no_list,
    a_correction_that_broke_off_keeps_the_file,
);

const HEADER: &str = "姓名,身份证号,残疾类别,残疾等级\n";

fn new(county: &County) -> NewList {
    NewList {
        source: "残联".into(),
        kind: ListKind::Disabled,
        division: county.place("鹤山市"),
        month: "2026-10".into(),
        name: "名单.csv".into(),
        complete: true,
    }
}

/// A line that breaks off behind some bytes.
struct BreaksOff(Vec<u8>);

impl AsyncRead for BreaksOff {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let n = self.0.len().min(into.remaining());
        let part: Vec<u8> = self.0.drain(..n).collect();
        into.put_slice(&part);
        Poll::Ready(Ok(()))
    }
}

async fn stored(county: &County) -> [u64; 4] {
    let db = county.program.db.read();
    [
        list::Entity::find().count(db).await.unwrap(),
        list_row::Entity::find().count(db).await.unwrap(),
        stored_file::Entity::find().count(db).await.unwrap(),
        file_chunk::Entity::find().count(db).await.unwrap(),
    ]
}

async fn what_breaks_off_leaves_nothing(database: Database) {
    let county = County::start(database).await;
    let (program, now) = (&county.program, county.program.clock.now());
    let rows = "黄秋菊,440784194802262463,肢体,三级\n".repeat(30_000);
    for length in [0, 10, 70_000, 1_200_000] {
        let line = BreaksOff(format!("{HEADER}{rows}").into_bytes()[..length].to_vec());
        let by = Uuid::now_v7();
        let done = lists::upload(program, &Reach::All, by, new(&county), line, now).await;
        assert_eq!(done.unwrap_err().to_string(), "upload_broken_off", "{length}");
        assert_eq!(stored(&county).await, [0; 4], "{length}");
    }
}

fn handed<'a>(county: &County, month: &'a str) -> Handed<'a> {
    Handed {
        source: "残联",
        kind: "disabled",
        division: county.place("鹤山市"),
        month,
        name: "名单.csv",
        content: format!(
            "{HEADER}黄秋菊,440784194802262463,肢体,三级\n麦锦棠,440784195106184849,听力,二级\n"
        )
        .into_bytes(),
    }
}

/// As if the program had been killed while it read the list.
async fn in_reading(county: &County, id: &str) {
    let row = list::ActiveModel {
        id: Set(id.parse().unwrap()),
        state: Set("reading".into()),
        ..Default::default()
    };
    row.update(county.program.db.schema()).await.unwrap();
}

async fn tidied(county: &County, hours: i64) {
    let now = county.program.clock.now().millis() + hours * 3600 * 1000;
    let terms = &tidy::Terms::default();
    for what in tidy::What::ALL {
        while tidy::step(county.program.db.schema(), what, terms, now)
            .await
            .unwrap()
            > 0
        {}
    }
}

async fn a_list_in_reading_is_no_list(database: Database) {
    let county = County::start(database).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let id = clerk.upload(&handed(&county, "2026-10")).await;
    in_reading(&county, &id).await;
    let path = format!("/api/v1/lists/{id}");
    for (method, rest) in [
        ("GET", ""),
        ("GET", "/rows"),
        ("GET", "/file"),
        ("POST", "/dry-run"),
        ("POST", "/commit"),
    ] {
        let answer = clerk.send(method, &format!("{path}{rest}"), None).await;
        assert_eq!(answer.code(), "404 not_found", "{method} {rest}");
    }
    assert_eq!(
        clerk.get("/api/v1/lists").await.ok()["items"],
        serde_json::json!([])
    );
    // It is no earlier one of the same content.
    let again = clerk.try_upload(&handed(&county, "2026-10")).await.ok();
    assert_eq!(again["repeat"], false);
    tidied(&county, 0).await;
    assert_eq!(stored(&county).await[..2], [2, 4]);
    tidied(&county, 2).await;
    assert_eq!(stored(&county).await[..2], [1, 2]);
    tidied(&county, 50).await;
    assert_eq!(stored(&county).await, [1, 2, 1, 1]);
    let again = clerk.list(again["id"].as_str().unwrap()).await;
    assert_eq!(again["rows"], 2);
}

async fn a_correction_that_broke_off_keeps_the_file(database: Database) {
    let county = County::start(database).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let id = clerk.upload(&handed(&county, "2026-10")).await;
    let db = county.program.db.schema();
    let row = list::Entity::find().one(db).await.unwrap().unwrap();
    let other = list::Model {
        id: Uuid::now_v7(),
        state: "reading".into(),
        ..row
    };
    list::ActiveModel::from(other).insert(db).await.unwrap();
    tidied(&county, 50).await;
    assert_eq!(stored(&county).await, [1, 2, 1, 1]);
    let said = serde_json::json!({ "columns": [{ "sheet": 0, "header": "残疾等级" }] });
    let path = format!("/api/v1/lists/{id}/columns");
    assert_eq!(clerk.send("PUT", &path, Some(&said)).await.status, 200);
    assert_eq!(stored(&county).await, [1, 2, 1, 1]);
}
