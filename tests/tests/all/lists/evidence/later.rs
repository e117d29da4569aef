//! Rows that are linked once more is known, and how little is done for many rows that say the same.

use super::{CHANGES, DISABLED, REGISTER, World, counts, number, people, verdicts};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use tests::database::Database;

tests::on_both!(
    a_row_that_waits_is_linked_when_a_register_comes,
    many_rows_that_say_the_same
);

async fn a_row_that_waits_is_linked_when_a_register_comes(database: Database) {
    let (register, numbers) = people();
    let lines: Vec<&str> = register.lines().collect();
    let world = World::start(database, &format!("{}\n", lines[0])).await;
    let rows = "任仪志,,女,1962-11-23,视力,一级,沙坪街道良围村旧围村21号,13900071101\n";
    let file = world.file("残联", "disabled", "2026-10", format!("{DISABLED}{rows}"));
    let id = world.clerk.hand_in(&file, CHANGES).await;
    assert_eq!(counts(&world.clerk.list(&id).await["verdicts"]), "ambiguous 1");
    assert_eq!(world.waiting().await[0]["content"]["candidates"], json!([]));

    let file = world.file("公安", "population", "2026-11", format!("{REGISTER}{register}"));
    let later = world.police.hand_in(&file, CHANGES).await;
    world.quiet().await;
    let row = &world.clerk.rows(&id, None).await[0];
    assert_eq!(row["verdict"], "new", "{row}");
    assert_eq!(world.number(row).await, numbers[1].as_str());
    assert!(
        row["reason"]
            .as_str()
            .unwrap()
            .starts_with("后来的名单或确认使此行得以关联"),
        "{row}"
    );
    assert_eq!(row["linked_by"]["basis"], "evidence");
    assert_eq!(
        world.waiting().await,
        [json!(null); 0],
        "nobody is asked any more"
    );
    // The register cannot be taken back without the row.
    let undone = world
        .police
        .post(&format!("/api/v1/lists/{later}/undo"), &Value::Null)
        .await;
    assert_eq!(undone.code(), "409 built_upon");
    assert_eq!(undone.json()["present"]["reasons"], json!({ "linked": 1 }));
    tests::verify::agrees(&world.county.program).await;
    world.runner.stop().await;
}

/// However many people have one name, and however many rows say no more than that: each is answered, and none is linked.
async fn many_rows_that_say_the_same(database: Database) {
    let mut register = String::new();
    for n in 0..120 {
        let born = format!("1960-01-{:02}", n % 28 + 1);
        let number = number(&born, 100 + n);
        writeln!(
            register,
            "陈伟明,{number},,{born},沙坪街道,良围村,沙坪街道良围村旧围村{}号,",
            n % 90 + 1
        )
        .unwrap();
    }
    let world = World::start(database, &register).await;
    let mut lines = String::new();
    for n in 0..600 {
        writeln!(lines, "陈伟明,440784********{n:04},,,肢体,二级,沙坪街道良围村,").unwrap();
    }
    writeln!(lines, ",,,,肢体,二级,沙坪街道良围村,").unwrap();
    let rows = world.disabled("2026-10", &lines).await;
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for verdict in verdicts(&rows) {
        *shown.entry(verdict).or_default() += 1;
    }
    assert_eq!(shown.get("ambiguous"), Some(&600), "{shown:?}");
    assert_eq!(rows.iter().filter(|row| !row["resident"].is_null()).count(), 0);
    assert!(counts(&json!(shown)).contains("ambiguous 600"));
    world.runner.stop().await;
}
