//! Fields that a worker may not write, and fields that no phone may even hear of.

use super::bench::Bench;
use domain::catalogue::{Catalogue, Field, Role, Sensitivity};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::county::County;
use tests::database::Database;

tests::on_both!(fields_that_are_not_the_workers);

const CADRE: &[Role] = &[Role::Cadre];

/// The built-in catalogue and three fields more: one for cadres, one hidden, one hidden that workers may fill.
fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::built_in();
    let text = catalogue
        .fields
        .iter()
        .find(|f| f.key == "caretaker_name")
        .unwrap();
    let row = |key: &'static str, order: u16, sensitivity: Sensitivity| Field {
        key,
        order,
        sensitivity,
        writers: CADRE,
        deciders: CADRE,
        ..text.clone()
    };
    let workers_may = Field {
        writers: &[Role::Worker, Role::Cadre],
        ..row("told_in_confidence", 9_003, Sensitivity::Hidden)
    };
    let added = [
        row("cadres_word", 9_001, Sensitivity::Personal),
        row("secret", 9_002, Sensitivity::Hidden),
        workers_may,
    ];
    catalogue.fields.extend(added);
    catalogue
}

async fn fields_that_are_not_the_workers(database: Database) {
    let county = County::on(TestApp::start_under(database, catalogue()).await).await;
    let mut bench = Bench::on(county).await;
    let cadre = bench.county.console("陆桂英").await;
    let path = format!("/api/v1/residents/{}", bench.mine);
    let fields = ["cadres_word", "secret", "told_in_confidence"];
    let written: Value = fields
        .iter()
        .map(|key| {
            (
                key.to_string(),
                json!({ "was": null, "now": format!("暗语 {key}") }),
            )
        })
        .collect();
    let version = cadre.get(&path).await.ok()["version"].clone();
    let edit = json!({ "id": uuid::Uuid::now_v7(), "base": version, "fields": written });
    let done = cadre.post(&format!("{path}/edits"), &edit).await.ok();
    assert_eq!(done["receipt"]["outcome"], "merged", "{done}");

    let cases = [
        (
            r#""fields":{"cadres_word":{"was":null,"now":"我说"}}"#,
            "held fields_held not_yours_to_write",
        ),
        (
            r#""fields":{"secret":{"was":null,"now":"我说"}}"#,
            "held fields_held not_yours_to_write",
        ),
        (
            r#""fields":{"secret":{"was":null,"now":7},"phone":{"was":null,"now":"x"}}"#,
            "held fields_held not_a_phone not_yours_to_write",
        ),
        (
            r#""fields":{"secret":{"add":["我说"]}}"#,
            "held fields_held not_yours_to_write",
        ),
        (
            r#""fields":{"told_in_confidence":{"was":null,"now":"我说"}}"#,
            "proposed",
        ),
        (
            r#""fields":{"told_in_confidence":{"was":null,"now":7}}"#,
            "held fields_held wrong_type",
        ),
        (r#""confirm":["secret","told_in_confidence"]"#, "merged"),
        (r#""confirm":["cadres_word"]"#, "merged"),
    ];
    for (rest, expected) in cases {
        let raw = bench.edit(rest);
        let answer = bench.sync(rest, std::slice::from_ref(&raw), 1).await;
        let receipt = &answer["receipts"][0];
        assert_eq!(bench.told(receipt).await, expected, "{rest}");
        bench.kept(rest, &raw, receipt).await;
        let text = answer["items"].to_string();
        assert!(text.contains("暗语 cadres_word"), "{rest}: {text}");
        assert!(!text.contains("暗语 secret"), "{rest}: {text}");
        assert!(!text.contains("told_in_confidence"), "{rest}: {text}");
        bench.goes_on(rest, 0).await;
    }
    // Whatever was sent, only the cadre's words were ever written; and the proposal waits for a cadre.
    let history = cadre.get(&format!("{path}/history")).await.ok().to_string();
    for key in fields {
        let written = format!(r#""from":null,"key":"{key}","to":"暗语 {key}""#);
        assert!(history.contains(&written), "{history}");
        assert_eq!(
            history.matches(&format!(r#""key":"{key}""#)).count(),
            1,
            "{history}"
        );
    }
    let waiting = cadre.waiting(bench.mine).await;
    assert!(
        waiting.contains(&"proposal told_in_confidence".to_owned()),
        "{waiting:?}"
    );
    let shown = cadre.get(&path).await.ok().to_string();
    assert!(
        !shown.contains("我说") && !shown.contains("暗语 secret"),
        "{shown}"
    );
}
