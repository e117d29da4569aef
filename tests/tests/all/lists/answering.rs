//! Rows that nobody could link are answered by a person: the same one, another one, or nobody.

use super::CHANGES;
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    a_waiting_row_is_answered,
    an_answer_counts_for_the_same_row_of_every_month,
    who_is_elsewhere_is_not_shown_and_not_chosen
);

/// The story's people: a number whose check character is wrong, and nobody's number.
const NUMBER: &str = "440784194610132621";
const WRONG: &str = "440784194610132620";

pub struct Low<'a> {
    pub name: &'a str,
    pub number: &'a str,
    pub amount: &'a str,
    pub place: &'a str,
}

pub fn low<'a>(name: &'a str, number: &'a str, amount: &'a str, place: &'a str) -> Low<'a> {
    Low {
        name,
        number,
        amount,
        place,
    }
}

pub fn handed(county: &County, month: &'static str, rows: &[Low<'_>]) -> Handed<'static> {
    let mut text = "姓名,身份证号,救助类别,保障金额,现住址\n".to_owned();
    for row in rows {
        text.push_str(&format!(
            "{},{},低保,{},沙坪街道{}\n",
            row.name, row.number, row.amount, row.place
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

async fn waiting(cadre: &Console) -> Vec<Value> {
    let page = cadre.get("/api/v1/inbox?reason=list_row_ambiguous").await.ok();
    page["items"].as_array().unwrap().clone()
}

fn of<'a>(items: &'a [Value], name: &str) -> &'a Value {
    let found = items.iter().find(|i| i["content"]["values"]["name"] == name);
    found.unwrap_or_else(|| panic!("{name} does not wait: {items:?}"))
}

async fn seen(cadre: &Console, who: &Value) -> Value {
    let path = format!("/api/v1/residents/{}", who.as_str().unwrap());
    cadre.get(&path).await.ok()
}

/// Story matching-3.
async fn a_waiting_row_is_answered(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let cadre = county.console("陆桂英").await;
    let known = county
        .a_resident("吴彩凤")
        .number(NUMBER)
        .in_grid("良围二格")
        .made()
        .await;
    let house = "良围村旧围村150号";
    let november = [
        low("吴彩凤", WRONG, "845", house),
        low("吴彩芬", "", "845", house),
    ];
    let id = clerk
        .hand_in(&handed(&county, "2026-11", &november), CHANGES)
        .await;
    assert_eq!(counts(&clerk.list(&id).await["verdicts"]), "ambiguous 2");

    let items = waiting(&cadre).await;
    let first = of(&items, "吴彩凤");
    let candidates = first["content"]["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 1, "{first}");
    assert_eq!(candidates[0]["id"], known.to_string());
    assert_eq!(candidates[0]["id_number"], NUMBER);
    assert_eq!(candidates[0]["why"], json!(["姓名相同"]));
    for (choice, more, code) in [
        ("same", json!({}), "422 candidate_required"),
        (
            "same",
            json!({ "value": Uuid::now_v7() }),
            "422 unknown_candidate",
        ),
        ("new", json!({}), "409 changed_meanwhile"),
        ("approve", json!({}), "422 unfit_choice"),
        ("discard", json!({}), "422 reason_required"),
    ] {
        assert_eq!(cadre.decide(first, choice, more).await.code(), code, "{choice}");
    }
    let decision = Uuid::now_v7();
    let more = json!({ "value": known });
    let done = cadre.decide_as(decision, first, "same", more.clone()).await.ok();
    assert_eq!(done["repeat"], false);
    let again = cadre.decide_as(decision, first, "same", more).await.ok();
    assert_eq!(again["repeat"], true, "the same decision counts once");
    let second = of(&items, "吴彩芬");
    assert_eq!(second["content"]["candidates"], json!([]));
    cadre.decide(second, "new", json!({})).await.ok();
    assert_eq!(waiting(&cadre).await, [json!(null); 0]);

    let rows = clerk.rows(&id, None).await;
    assert_eq!(rows[0]["resident"], known.to_string());
    let person = seen(&cadre, &rows[0]["resident"]).await;
    assert_eq!(
        person["fields"]["id_number"], NUMBER,
        "the row's wrong number is no edit"
    );
    let line = &person["enrolments"][0];
    assert_eq!(
        (&line["category"], &line["since"], &line["source"]),
        (&json!("low_income"), &json!("2026-11"), &json!("民政"))
    );
    assert_eq!(person["fields"]["low_income.amount"], 84500);
    let handed_in = rows[0]["handed_in"].to_string();
    assert!(handed_in.contains(WRONG), "kept as handed in: {handed_in}");
    let other = seen(&cadre, &rows[1]["resident"]).await;
    assert_eq!(other["fields"]["name"], "吴彩芬");
    assert_eq!(other["grid"], county.place("良围二格").to_string());
    assert_eq!(other["enrolments"].as_array().unwrap().len(), 1);
    for row in &rows {
        assert_eq!(row["verdict"], "new", "{row}");
        assert_eq!(row["decision"]["by"], "陆桂英");
        assert!(
            row["decision"]["at"].is_string() && row["reason"].as_str().unwrap().contains("已由人工确认")
        );
    }
    let list = clerk.list(&id).await;
    assert_eq!(counts(&list["verdicts"]), "new 2");

    // December has both rows right: the source has learnt the second one's number.
    let number = "440784195203071228";
    let check = domain::id_number::check(&number.as_bytes()[..17]);
    let number = format!("{}{}", &number[..17], char::from(check));
    let december = [
        low("吴彩凤", NUMBER, "845", house),
        low("吴彩芬", &number, "845", house),
    ];
    let next = clerk
        .hand_in(&handed(&county, "2026-12", &december), CHANGES)
        .await;
    let rows = clerk.rows(&next, None).await;
    assert_eq!(counts(&clerk.list(&next).await["verdicts"]), "same 2", "{rows:?}");
    assert_eq!(rows[1]["resident"], other["resident"]);
    let other = seen(&cadre, &rows[1]["resident"]).await;
    assert_eq!(other["fields"]["id_number"], number.as_str());
    assert_eq!(
        other["enrolments"].as_array().unwrap().len(),
        1,
        "no second enrolment"
    );
    assert_eq!(
        counts(&clerk.list(&id).await["verdicts"]),
        "new 2",
        "November stays as it was"
    );
    runner.stop().await;
}

/// Twins of the row in other months are answered with it, older ones as history; later files do not ask again.
async fn an_answer_counts_for_the_same_row_of_every_month(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let cadre = county.console("陆桂英").await;
    let house = "良围村旧围村150号";
    let known = county
        .a_resident("吴彩凤")
        .number(NUMBER)
        .in_grid("良围二格")
        .made()
        .await;
    let row = |amount| [low("吴彩凤", WRONG, amount, house)];
    let october = clerk
        .hand_in(&handed(&county, "2026-10", &row("800")), CHANGES)
        .await;
    let november = clerk
        .hand_in(&handed(&county, "2026-11", &row("845")), CHANGES)
        .await;
    let items = waiting(&cadre).await;
    assert_eq!(items.len(), 2);
    let first = items.iter().find(|i| i["content"]["month"] == "2026-10").unwrap();
    assert_eq!(
        first["content"]["later_month"], "2026-11",
        "a newer month has come"
    );
    let old = &clerk.rows(&october, None).await[0];
    assert!(
        old["reason"].as_str().unwrap().contains("较晚月份（2026-11）"),
        "{old}"
    );
    cadre.decide(first, "same", json!({ "value": known })).await.ok();

    assert_eq!(waiting(&cadre).await, [json!(null); 0], "one answer, both rows");
    let (old, new) = (
        &clerk.rows(&october, None).await[0],
        &clerk.rows(&november, None).await[0],
    );
    // It was the older month in which the person came in.
    assert_eq!(
        (&old["verdict"], &new["verdict"]),
        (&json!("new"), &json!("same"))
    );
    assert_eq!(
        (&old["resident"], &new["resident"]),
        (&json!(known), &json!(known))
    );
    let person = seen(&cadre, &json!(known)).await;
    assert_eq!(person["enrolments"].as_array().unwrap().len(), 1);
    assert_eq!(
        person["enrolments"][0]["since"], "2026-10",
        "the older month says since when"
    );
    assert_eq!(
        person["fields"]["low_income.amount"], 84500,
        "the newer one says how much"
    );

    let december = clerk
        .hand_in(&handed(&county, "2026-12", &row("900")), CHANGES)
        .await;
    let row = &clerk.rows(&december, None).await[0];
    assert_eq!(
        (&row["verdict"], &row["resident"]),
        (&json!("changed"), &json!(known)),
        "{row}"
    );
    assert_eq!(waiting(&cadre).await, [json!(null); 0], "not asked again");
    runner.stop().await;
}

async fn who_is_elsewhere_is_not_shown_and_not_chosen(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let known = county
        .a_resident("吴彩凤")
        .number(NUMBER)
        .in_grid("仙溪一格")
        .made()
        .await;
    let rows = [low("吴彩凤", WRONG, "845", "良围村旧围村3号")];
    let id = clerk.hand_in(&handed(&county, "2026-11", &rows), CHANGES).await;
    let cadre = county.console("陆桂英").await;
    assert_eq!(
        waiting(&cadre).await,
        [json!(null); 0],
        "a village decides about its own people"
    );
    let officer = county.console("谭志成").await;
    let items = waiting(&officer).await;
    let item = of(&items, "吴彩凤");
    assert_eq!(item["level"], "town");
    assert_eq!(item["content"]["candidates"][0]["id"], known.to_string());
    let more = json!({ "reason": "查无此人，已退回部门" });
    officer.decide(item, "discard", more).await.ok();
    let row = &clerk.rows(&id, None).await[0];
    assert_eq!(row["verdict"], "ambiguous");
    assert_eq!(
        (&row["decision"]["choice"], &row["decision"]["reason"]),
        (&json!("discard"), &json!("查无此人，已退回部门"))
    );
    runner.stop().await;
}
