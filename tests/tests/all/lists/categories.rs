//! Combined files, whose category is a column: a change of category is an end and a start in one month.

use super::{CHANGES, born, number};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(
    a_change_of_category_is_an_end_and_a_start,
    months_that_come_late_write_history_only_and_deaths_ask
);

const NAMES: [&str; 5] = ["何一新", "何二喜", "何三妹", "何四海", "何五娣"];

fn handed(county: &County, month: &'static str, rows: &[(usize, &str, &str)]) -> Handed<'static> {
    let mut text = "姓名,身份证号,出生日期,救助类别,保障金额,现住址\n".to_owned();
    for (n, category, amount) in rows {
        text.push_str(&format!(
            "{},{},{},{category},{amount},沙坪街道良围村旧围村{}号\n",
            NAMES[*n],
            number(*n),
            born(*n),
            n + 1
        ));
    }
    Handed {
        source: "民政",
        kind: "low_income",
        division: county.place("鹤山市"),
        month,
        name: "list.csv",
        content: text.into_bytes(),
    }
}

async fn a_change_of_category_is_an_end_and_a_start(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let cadre = county.console("陆桂英").await;
    let october = [
        (0, "低保", "845"),
        (1, "低保", "845"),
        (2, "特困", "1352"),
        (3, "低保边缘", "0"),
        (4, "低保", "845"),
    ];
    let id = clerk
        .hand_in(&handed(&county, "2026-10", &october), CHANGES)
        .await;
    let who: Vec<Value> = clerk
        .rows(&id, None)
        .await
        .iter()
        .map(|r| r["resident"].clone())
        .collect();
    // One goes from 低保 to 特困, one from 低保边缘 to 低保, one has both from now on, one is gone.
    let november = [
        (0, "特困", "1352"),
        (1, "低保", "845"),
        (2, "特困", "1352"),
        (3, "低保", "845"),
        (2, "低保", "100"),
    ];
    let next = clerk.upload(&handed(&county, "2026-11", &november)).await;
    let tried = clerk.dry_run(&next).await;
    assert_eq!(counts(&tried["planned"]), "changed 2, missing 1, new 1, same 2");
    let figures = clerk.try_commit(&next, "").await;
    assert_eq!(figures.code(), "409 needs_confirmation");
    let present = figures.json()["present"].clone();
    assert_eq!((&present["missing"], &present["changed"]), (&json!(1), &json!(2)));
    clerk
        .done(&clerk.try_commit(&next, "?missing=1&changed=2").await.ok())
        .await;
    assert_eq!(clerk.list(&next).await["verdicts"], tried["planned"]);
    let rows = clerk.rows(&next, None).await;
    assert_eq!(rows[0]["reason"], "类别由低保变为特困，自 2026-11 起");
    assert_eq!(rows[3]["reason"], "类别由低保边缘变为低保，自 2026-11 起");

    let lines = async |who: &Value| {
        let path = format!("/api/v1/residents/{}", who.as_str().unwrap());
        let seen = cadre.get(&path).await.ok();
        let lines = seen["enrolments"].as_array().unwrap().clone();
        let said = |l: &Value| {
            format!(
                "{} {}-{}",
                l["category"].as_str().unwrap(),
                l["since"].as_str().unwrap(),
                l["until"].as_str().unwrap_or_default()
            )
        };
        let mut said: Vec<String> = lines.iter().map(said).collect();
        said.sort();
        (said.join(", "), seen)
    };
    let (said, seen) = lines(&who[0]).await;
    assert_eq!(said, "destitute 2026-11-, low_income 2026-10-2026-11");
    assert_eq!(seen["fields"]["low_income.status"], "ended");
    assert_eq!(seen["fields"]["destitute.status"], "active");
    assert_eq!(lines(&who[2]).await.0, "destitute 2026-10-, low_income 2026-11-");
    assert_eq!(
        lines(&who[3]).await.0,
        "low_income 2026-11-, low_income_edge 2026-10-2026-11"
    );
    for (n, expected) in [
        (0, &[][..]),
        (3, &[][..]),
        (4, &["list_row_missing low_income.status"][..]),
    ] {
        let id = who[n].as_str().unwrap().parse().unwrap();
        assert_eq!(cadre.waiting(id).await, expected, "{n}");
    }
    // The same again: nothing changes, and who is missing is asked about in the same item.
    let again = Handed {
        month: "2026-12",
        ..handed(&county, "2026-12", &november)
    };
    let id = clerk.hand_in(&again, CHANGES).await;
    assert_eq!(counts(&clerk.list(&id).await["verdicts"]), "missing 1, same 5");
    let waits: uuid::Uuid = who[4].as_str().unwrap().parse().unwrap();
    assert_eq!(cadre.items(waits).await.len(), 1);
    runner.stop().await;
}

async fn months_that_come_late_write_history_only_and_deaths_ask(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let bureau = Clerk::new((*county.console("区划管理员").await).clone());
    let low = Clerk::new((*county.console("民政").await).clone());
    let cadre = county.console("陆桂英").await;
    let people = |n: &[usize], place: &str| {
        let line = |n: &usize| format!("{},{},{place}{}号\n", NAMES[*n], number(*n), n + 1);
        let lines: String = n.iter().map(line).collect();
        format!("姓名,身份证号,现住址\n{lines}")
    };
    let of = |source: &'static str, kind: &'static str, month: &'static str, text: String| Handed {
        source,
        kind,
        division: county.place("鹤山市"),
        month,
        name: "list.csv",
        content: text.into_bytes(),
    };
    let place = "沙坪街道良围村旧围村";
    bureau
        .hand_in(
            &of("公安", "population", "2026-11", people(&[0, 1, 2], place)),
            CHANGES,
        )
        .await;
    // October's register comes late: kept, and looked up by nobody.
    let late = of(
        "公安",
        "population",
        "2026-10",
        people(&[0, 3, 4], "沙坪街道良围村旧围村1"),
    );
    let id = bureau.upload(&late).await;
    bureau.dry_run(&id).await;
    let answer = bureau.try_commit(&id, "").await;
    assert_eq!(answer.code(), "409 needs_confirmation");
    assert_eq!(answer.json()["present"]["later_month"], "2026-11");
    bureau
        .done(&bureau.try_commit(&id, "?later_month=2026-11").await.ok())
        .await;
    assert_eq!(counts(&bureau.list(&id).await["verdicts"]), "same 3");
    assert_eq!(register(&county).await, 3, "the register is November's");

    // A death that is handed in late is no less true: a cadre is asked.
    let id = low
        .hand_in(
            &handed(&county, "2026-11", &[(0, "低保", "845"), (1, "低保", "845")]),
            CHANGES,
        )
        .await;
    let rows = low.rows(&id, None).await;
    let deaths = |n: usize, day: &str| format!("姓名,身份证号,死亡日期\n{},{},{day}\n", NAMES[n], number(n));
    bureau
        .hand_in(&of("卫健", "deaths", "2026-11", deaths(0, "2026-11-02")), CHANGES)
        .await;
    let id = bureau
        .upload(&of("卫健", "deaths", "2026-10", deaths(1, "2026-10-20")))
        .await;
    bureau.dry_run(&id).await;
    assert_eq!(bureau.try_commit(&id, "").await.code(), "409 needs_confirmation");
    bureau
        .done(&bureau.try_commit(&id, "?later_month=2026-11").await.ok())
        .await;
    assert_eq!(counts(&bureau.list(&id).await["verdicts"]), "changed 1");
    let who = rows[1]["resident"].as_str().unwrap().parse().unwrap();
    assert_eq!(cadre.waiting(who).await, ["departure life_status"]);

    // An older drawing of the grids draws nothing.
    let grids =
        |to: &str| format!("网格编号,镇街,村居,自然村,门牌起,门牌止\nLW01,沙坪街道,良围村,旧围村,1,{to}\n");
    bureau
        .hand_in(&of("政数局", "grids", "2026-11", grids("99")), CHANGES)
        .await;
    let id = bureau
        .hand_in(&of("政数局", "grids", "2026-10", grids("50")), CHANGES)
        .await;
    assert_eq!(counts(&bureau.list(&id).await["verdicts"]), "same 1");
    let shown = bureau
        .get(&format!("/api/v1/grids/{}", county.place("良围一格")))
        .await
        .ok();
    assert_eq!(shown["ranges"][0]["to"], 99, "{shown}");
    runner.stop().await;
}

async fn register(county: &County) -> u64 {
    api::store::register::count(county.program.db.read())
        .await
        .unwrap()
}
