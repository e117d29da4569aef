//! Rows without a valid number are linked by everything else that they say, or ask a person; what is decided is shown
//! field by field.

mod later;

use super::CHANGES;
use entity::job;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;

tests::on_both!(
    twins_one_of_whom_has_no_number,
    what_evidence_links_and_what_it_asks,
    two_rows_that_want_one_person_both_wait,
    a_known_number_under_a_name_written_by_ear
);

const REGISTER: &str = "姓名,身份证号,性别,出生日期,镇街,村居,住址,联系电话\n";
const DISABLED: &str = "姓名,身份证号,性别,出生日期,残疾类别,残疾等级,现住址,联系电话\n";

/// A number of this birth date: `n` is its place among those born on the day, odd for men.
fn number(born: &str, n: usize) -> String {
    let digits = format!("440784{}{n:03}", born.replace('-', ""));
    let check = domain::id_number::check(digits.as_bytes());
    format!("{digits}{}", char::from(check))
}

struct World {
    county: County,
    runner: api::jobs::Runner,
    police: Clerk,
    clerk: Clerk,
    cadre: Console,
}

impl World {
    async fn start(database: Database, register: &str) -> World {
        let county = County::start(database).await;
        let runner = worker(&county.program).await;
        let world = World {
            police: Clerk::new((*county.console("区划管理员").await).clone()),
            clerk: Clerk::new((*county.console("残联").await).clone()),
            cadre: county.console("陆桂英").await,
            county,
            runner,
        };
        let file = world.file("公安", "population", "2026-10", format!("{REGISTER}{register}"));
        world.police.hand_in(&file, CHANGES).await;
        world
    }

    fn file(
        &self,
        source: &'static str,
        kind: &'static str,
        month: &'static str,
        text: String,
    ) -> Handed<'static> {
        Handed {
            source,
            kind,
            division: self.county.place("鹤山市"),
            month,
            name: "list.csv",
            content: text.into_bytes(),
        }
    }

    /// Hands a list of disabled people in: what its dry run said came true.
    async fn disabled(&self, month: &'static str, rows: &str) -> Vec<Value> {
        let file = self.file("残联", "disabled", month, format!("{DISABLED}{rows}"));
        let id = self.clerk.hand_in(&file, CHANGES).await;
        let list = self.clerk.list(&id).await;
        assert_eq!(list["planned"], list["verdicts"], "{month}");
        self.clerk.rows(&id, None).await
    }

    async fn waiting(&self) -> Vec<Value> {
        let page = self
            .cadre
            .get("/api/v1/inbox?reason=list_row_ambiguous")
            .await
            .ok();
        page["items"].as_array().unwrap().clone()
    }

    /// Waits until nobody looks at rows that wait any more.
    async fn quiet(&self) {
        let waits = job::Entity::find()
            .filter(job::Column::Kind.eq("link_again"))
            .filter(job::Column::FinishedAt.is_null());
        let db = self.county.program.db.read();
        while waits.clone().count(db).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn number(&self, row: &Value) -> Value {
        let id = row["resident"]
            .as_str()
            .unwrap_or_else(|| panic!("not linked: {row}"));
        let seen = self.cadre.get(&format!("/api/v1/residents/{id}")).await.ok();
        seen["fields"]["id_number"].clone()
    }
}

fn verdicts(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["verdict"].as_str().unwrap()).collect()
}

/// Story matching-1, as far as lists go.
async fn twins_one_of_whom_has_no_number(database: Database) {
    let (tang, liang) = ("440784198803200510", "440784198803200772");
    let house = "沙坪街道良围村旧围村12号";
    let born = "1988-03-20";
    let phone = "13900078461";
    let register = format!(
        "何伟棠,{tang},男,{born},沙坪街道,良围村,{house},{phone}\n何伟梁,{liang},男,{born},沙坪街道,良围村,{house},{phone}\n"
    );
    let world = World::start(database, &register).await;
    let row = |name: &str, number: &str| format!("{name},{number},男,{born},肢体,二级,{house},{phone}\n");
    let list = [row("何伟棠", tang), row("何伟梁", ""), row("何伟樑", liang)].concat();
    let rows = world.disabled("2026-10", &list).await;
    assert_eq!(verdicts(&rows), ["new", "ambiguous", "new"], "{rows:?}");
    assert_eq!(world.number(&rows[0]).await, tang);
    assert_eq!(world.number(&rows[2]).await, liang);

    let items = world.waiting().await;
    assert_eq!(items.len(), 1);
    let content = &items[0]["content"];
    let candidates = content["candidates"].as_array().unwrap();
    let names: Vec<&str> = candidates.iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["何伟梁", "何伟棠"], "{content}");
    assert_eq!(content["evidence"]["code"], "twins", "{content}");
    let says = |candidate: &Value, field: &str| {
        let lines = candidate["evidence"].as_array().unwrap();
        let line = lines.iter().find(|line| line["field"] == field).unwrap();
        line["says"].as_str().unwrap().to_owned()
    };
    for candidate in candidates {
        assert_eq!(says(candidate, "出生日期"), "相同");
        assert_eq!(says(candidate, "住址"), "同一门牌");
        assert_eq!(says(candidate, "电话"), "相同");
    }
    assert!(says(&candidates[0], "姓名").starts_with("相同"));
    assert_eq!(says(&candidates[1], "姓名"), "一字之差，读音不同");

    // A person's answer is not asked for again next month.
    let chosen = json!({ "value": candidates[0]["id"] });
    world.cadre.decide(&items[0], "same", chosen).await.ok();
    let rows = world.disabled("2026-11", &list).await;
    assert_eq!(verdicts(&rows), ["same", "same", "same"], "{rows:?}");
    assert_eq!(world.number(&rows[1]).await, liang);
    assert_eq!(rows[1]["linked_by"]["basis"], "person");
    assert_eq!(world.waiting().await, [json!(null); 0]);
    world.runner.stop().await;
}

/// Three people of the register and one who is nobody there.
fn people() -> (String, [String; 3]) {
    let born = ["1951-04-06", "1962-11-23", "1973-08-15"];
    let numbers = [number(born[0], 12), number(born[1], 34), number(born[2], 57)];
    let names = ["源荔枝", "任仪志", "温好彩"];
    let mut text = String::new();
    for n in 0..3 {
        let sex = if n == 2 { "男" } else { "女" };
        writeln!(
            text,
            "{},{},{sex},{},沙坪街道,良围村,沙坪街道良围村旧围村{}号,1390007110{n}",
            names[n],
            numbers[n],
            born[n],
            n + 20
        )
        .unwrap();
    }
    (text, numbers)
}

async fn what_evidence_links_and_what_it_asks(database: Database) {
    let (register, numbers) = people();
    let world = World::start(database, &register).await;
    // One digit is wrong; a mask; no number, nothing of the home, and somebody whom nobody knows.
    let mut slip = numbers[0].clone();
    slip.replace_range(16..17, if &numbers[0][16..17] == "3" { "4" } else { "3" });
    let masked = format!("{}********{}", &numbers[1][..6], &numbers[1][14..]);
    let lines = [
        format!("源荔枝,{slip},女,,肢体,二级,沙坪街道良围村旧围村20号,\n"),
        format!("任仪志,{masked},女,1962-11-23,视力,一级,,13900071101\n"),
        "温好彩,,男,1973-08-15,听力,三级,沙坪街道良围村,\n".to_owned(),
        "司徒远山,,男,1931-02-03,肢体,二级,沙坪街道良围村旧围村77号,\n".to_owned(),
    ];
    let rows = world.disabled("2026-10", &lines.concat()).await;
    assert_eq!(
        verdicts(&rows),
        ["new", "new", "ambiguous", "ambiguous"],
        "{rows:?}"
    );
    assert_eq!(world.number(&rows[0]).await, numbers[0].as_str());
    assert_eq!(world.number(&rows[1]).await, numbers[1].as_str());

    // By what it was linked is said on the row, in words and without any value.
    let by = &rows[1]["linked_by"];
    assert_eq!(by["basis"], "evidence", "{by}");
    let fields: Vec<String> = by["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            format!(
                "{} {} {}",
                f["field"].as_str().unwrap(),
                f["says"].as_str().unwrap(),
                f["strength"].as_str().unwrap()
            )
        })
        .collect();
    assert!(
        fields.contains(&"出生日期 相同 很有力地支持".to_owned()),
        "{fields:?}"
    );
    assert!(
        fields.contains(&"电话 相同 很有力地支持".to_owned()),
        "{fields:?}"
    );
    assert!(fields.iter().any(|f| f.starts_with("姓名 相同")), "{fields:?}");
    assert!(!by.to_string().contains(&numbers[1]) && !by.to_string().contains("13900071101"));
    assert!(
        rows[1]["reason"].as_str().unwrap().contains("没有有效的身份证号"),
        "{}",
        rows[1]
    );
    let first = rows[0]["linked_by"]["fields"].to_string();
    assert!(first.contains("差一处"), "{first}");
    assert!(rows[2]["linked_by"].is_null() && rows[3]["linked_by"].is_null());

    // Name and birth date alone are for a person to say; of a stranger nobody is shown.
    let items = world.waiting().await;
    let of = |name: &str| {
        let found = items.iter().find(|i| i["content"]["values"]["name"] == name);
        found.unwrap()["content"].clone()
    };
    let known = of("温好彩");
    assert_eq!(known["candidates"].as_array().unwrap().len(), 1, "{known}");
    assert_eq!(known["candidates"][0]["name"], "温好彩");
    assert_eq!(known["evidence"]["code"], "likely");
    assert_eq!(of("司徒远山")["candidates"], json!([]));

    // The next month says the same of the same people, in whatever order.
    let mut turned = lines.clone();
    turned.reverse();
    let again = world.disabled("2026-11", &turned.concat()).await;
    assert_eq!(
        verdicts(&again),
        ["ambiguous", "ambiguous", "same", "same"],
        "{again:?}"
    );
    assert_eq!(again[2]["resident"], rows[1]["resident"]);
    assert_eq!(again[3]["resident"], rows[0]["resident"]);
    assert_eq!(
        world.waiting().await.len(),
        2,
        "what was asked is not asked again"
    );
    tests::verify::agrees(&world.county.program).await;
    world.runner.stop().await;
}

async fn two_rows_that_want_one_person_both_wait(database: Database) {
    let (register, numbers) = people();
    let world = World::start(database, &register).await;
    let without = "源荔枝,,女,1951-04-06,肢体,{},沙坪街道良围村旧围村20号,13900071100\n";
    let numbered = format!(
        "任仪志,{},女,1962-11-23,肢体,二级,沙坪街道良围村旧围村21号,13900071101\n",
        numbers[1]
    );
    let lines = [
        without.replace("{}", "二级"),
        "任仪志,,女,1962-11-23,视力,一级,沙坪街道良围村旧围村21号,13900071101\n".to_owned(),
        numbered,
        without.replace("{}", "三级").replace("20号", "20号之一"),
    ];
    // Wherever they stand in the file.
    for (month, order) in [("2026-10", [0, 1, 2, 3]), ("2026-11", [2, 3, 1, 0])] {
        let text: String = order.iter().map(|n| lines[*n].as_str()).collect();
        let rows = world.disabled(month, &text).await;
        let of = |n: usize| rows[order.iter().position(|at| *at == n).unwrap()]["verdict"].clone();
        assert_eq!([of(0), of(1), of(3)], ["ambiguous"; 3], "{month}");
        assert_ne!(of(2), "ambiguous", "{month}");
    }
    world.quiet().await;
    let items = world.waiting().await;
    let codes: Vec<&Value> = items.iter().map(|i| &i["content"]["evidence"]["code"]).collect();
    assert_eq!(codes, ["several_rows"; 3], "{items:?}");
    assert!(
        items
            .iter()
            .all(|i| i["content"]["candidates"].as_array().unwrap().len() == 1)
    );
    world.runner.stop().await;
}

async fn a_known_number_under_a_name_written_by_ear(database: Database) {
    let (register, numbers) = people();
    let world = World::start(database, &register).await;
    let lines = [
        // 枝 and 芝 sound alike; 荔 is dropped; another name altogether.
        format!("源荔芝,{},女,,肢体,二级,沙坪街道良围村旧围村20号,\n", numbers[0]),
        format!("任志,{},女,,视力,一级,沙坪街道良围村旧围村21号,\n", numbers[1]),
        format!(
            "欧阳碧云,{},男,,听力,三级,沙坪街道良围村旧围村22号,\n",
            numbers[2]
        ),
    ];
    let rows = world.disabled("2026-10", &lines.concat()).await;
    assert_eq!(verdicts(&rows), ["new", "new", "ambiguous"], "{rows:?}");
    for n in 0..2 {
        assert_eq!(world.number(&rows[n]).await, numbers[n].as_str());
        assert_eq!(rows[n]["linked_by"]["basis"], "id_number");
    }
    let person = format!("/api/v1/residents/{}", rows[0]["resident"].as_str().unwrap());
    assert_eq!(
        world.cadre.get(&person).await.ok()["fields"]["name"],
        "源荔枝",
        "the register's"
    );
    let items = world.waiting().await;
    assert_eq!(items[0]["content"]["code"], "other_name");
    world.runner.stop().await;
}
