//! inbox-2: somebody who was thought dead opens the door.

use super::{loaded, read, told};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;
use tests::on_both;

on_both!(the_dead_man_opens_the_door);

const NUMBER: &str = "440784194412301156";

fn list(county: &County, month: &'static str, says: &str) -> Handed<'static> {
    let text = format!(
        "姓名,身份证号,出生日期,联系电话,现住址,救助类别,保障金额,状态\n\
         陆润生,{NUMBER},1944-12-30,13900078441,沙坪街道良围村旧围村3号,低保,845,{says}\n"
    );
    Handed {
        source: "民政",
        kind: "low_income",
        division: county.place("鹤山市"),
        month,
        name: "list.csv",
        content: text.into_bytes(),
    }
}

async fn the_dead_man_opens_the_door(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let id = clerk.hand_in(&list(&county, "2026-10", "正常"), true).await;
    let who = clerk.rows(&id, None).await[0]["resident"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let mut a = loaded(&county, "梁少芳").await;
    let mut b = loaded(&county, "吕小燕").await;
    let cadre = county.console("陆桂英").await;
    let open = a.edit(who).set("name", "陆润笙").done();
    a.sync().await;
    b.sync().await;

    // 1. Reported dead, approved, and ended by the department's December list.
    let died = a.edit(who).report("died").done();
    a.sync().await;
    let item = cadre.item(who, "departure").await;
    cadre
        .decide(&item, "approve", json!({ "reason": "家属告知" }))
        .await
        .ok();
    let december = clerk.hand_in(&list(&county, "2026-12", "停发"), true).await;
    let rows = clerk.rows(&december, None).await;
    assert_eq!(rows[0]["verdict"], "changed", "{rows:?}");
    a.sync().await;
    assert_eq!(told(&a, "drop", who), ["departed"]);

    // 2. The other phone was there meanwhile: what it says is kept, and shows who and when.
    let visit = b.edit(who).visit("home", "met", "本人在家").done();
    let seen = b.edit(who).confirm(&["phone"]).done();
    b.sync().await;
    for edit in [visit, seen] {
        assert_eq!(b.receipt(edit).unwrap()["problem"]["code"], "resident_departed");
    }
    assert!(
        read(&cadre, who).await["visits"]
            .as_array()
            .is_none_or(Vec::is_empty),
        "nor is it counted"
    );
    let held = cadre.get("/api/v1/inbox?reason=held_edit").await.ok();
    let held: Vec<Value> = held["items"].as_array().unwrap().clone();
    assert_eq!(held.len(), 2);
    assert!(
        held.iter().all(|item| item["content"]["by"] == "吕小燕"),
        "{held:?}"
    );

    // 3. The cadre takes the decision back, by one of the same rank.
    let now = read(&cadre, who).await;
    let edit = json!({
        "id": uuid::Uuid::now_v7(), "base": now["version"],
        "fields": { "life_status": { "was": "died", "now": "living" } },
    });
    cadre
        .post(&format!("/api/v1/residents/{who}/edits"), &edit)
        .await
        .ok();
    for item in &held {
        cadre.decide(item, "apply", json!({})).await.ok();
    }
    let now = read(&cadre, who).await;
    assert_eq!(
        (&now["state"], &now["fields"]["life_status"]),
        (&json!("present"), &json!("living"))
    );
    assert_eq!(now["visits"][0]["visit"], visit.to_string());
    let history = cadre.get(&format!("/api/v1/residents/{who}/history")).await.ok();
    let steps = history["steps"].as_array().unwrap().iter();
    let lives: Vec<(&Value, &Value)> = steps
        .flat_map(|step| step["changes"].as_array().unwrap())
        .filter(|change| change["key"] == "life_status")
        .map(|change| (&change["from"], &change["to"]))
        .collect();
    let (none, dead, living) = (Value::Null, json!("died"), json!("living"));
    assert_eq!(lives, [(&none, &dead), (&dead, &living)]);
    for phone in [&mut a, &mut b] {
        phone.sync().await;
        assert!(phone.holds(who));
        assert!(told(phone, "notice", who).contains(&"resident_arrived".to_owned()));
    }
    assert_eq!(b.outcome(visit), "merged");
    // What waited before waits still; the report is decided.
    let item = cadre.item(who, "proposal").await;
    assert_eq!(item["content"]["sides"][0]["edit"], open.to_string());
    let decided = cadre
        .get(&format!("/api/v1/inbox?resident={who}&state=decided"))
        .await
        .ok();
    let sides = &decided["items"][0]["content"]["sides"];
    assert_eq!(sides[0]["edit"], died.to_string());

    // The department ended the enrolment and it stays ended; its row says that the village knows otherwise.
    assert_eq!(now["enrolments"][0]["until"], "2026-12");
    assert_eq!(now["fields"]["low_income.status"], "ended");
    let rows = clerk.rows(&december, Some("contradicted")).await;
    assert_eq!(rows.len(), 1);
    assert!(
        rows[0]["reason"].as_str().unwrap().contains("此人仍在"),
        "{rows:?}"
    );
    assert!(
        clerk.rows(&id, Some("contradicted")).await.is_empty(),
        "the month before said nothing of it"
    );
    runner.stop().await;
    tests::verify(&county).await;
}
