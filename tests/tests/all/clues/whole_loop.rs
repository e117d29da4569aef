//! List → clue → task → visit → verdict.

use super::{clues, hand_in, night, number, told, worker};
use serde_json::{Value, json};
use tests::clerk::Clerk;
use tests::console::Console;
use tests::county::County;
use tests::database::Database;

tests::on_both!(
    a_visit_closes_the_loop,
    a_cadre_answers_alone,
    an_open_task_goes_with_the_person,
    a_death_that_is_taken_back
);

const BORN: &str = "1940-05-06";

/// A list of the allowance with these people.
pub(super) fn allowance(people: &[(&str, usize)]) -> String {
    let line = |(name, n): &(&str, usize)| {
        format!(
            "{name},{},{BORN},100,沙坪街道良围村旧围村{n}号\n",
            number(BORN, *n)
        )
    };
    let lines: String = people.iter().map(line).collect();
    format!("姓名,身份证号,出生日期,月发放标准,现住址\n{lines}")
}

pub(super) fn deaths(people: &[(&str, usize)]) -> String {
    let line = |(name, n): &(&str, usize)| format!("{name},{},2026-03-10\n", number(BORN, *n));
    let lines: String = people.iter().map(line).collect();
    format!("姓名,身份证号,死亡日期\n{lines}")
}

/// Months from the one after March 2026 to the present one.
pub(super) fn months_since_march(county: &County) -> i32 {
    let today = county.program.clock.now().date();
    (i32::from(today.year()) - 2026) * 12 + i32::from(today.month()) - 3
}

pub(super) async fn items(cadre: &Console) -> Vec<Value> {
    let page = cadre.get("/api/v1/inbox?reason=clue").await.ok();
    page["items"].as_array().unwrap().clone()
}

async fn a_visit_closes_the_loop(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let (department, cadre) = (county.console("民政").await, county.console("陆桂英").await);
    let worker_account = county.account("梁少芳").await;
    let mut phone = county.phone("梁少芳").await;

    let list = hand_in(
        &county,
        "old_age_allowance",
        "2026-10",
        &allowance(&[("何一新", 1), ("何二喜", 2)]),
    )
    .await;
    hand_in(&county, "deaths", "2026-11", &deaths(&[("何一新", 1)])).await;
    let found = clues(&department, "&rule=deceased_on_elder").await;
    assert_eq!(told(&found), ["deceased_on_elder 何一新 open"]);
    let clue = &found[0];
    // From April on a hundred yuan each; both rows with their months.
    let months = months_since_march(&county);
    assert_eq!(
        (&clue["months"], &clue["fen"]),
        (&json!(months), &json!(months * 10_000))
    );
    let rows = clue["rows"].as_array().unwrap();
    let kinds: Vec<&str> = rows.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["deaths", "old_age_allowance"]);
    assert_eq!(rows[0]["cells"]["死亡日期"], "2026-03-10");

    // The cadre sends the worker of the grid; nothing else happens to anybody.
    let item = items(&cadre).await.remove(0);
    assert_eq!(item["content"]["says"], clue["says"]);
    let more = json!({ "value": worker_account, "reason": "请上门核实" });
    cadre.decide(&item, "send", more).await.ok();
    assert!(items(&cadre).await.is_empty());
    phone.sync().await;
    let task = phone.heard("task")[0].clone();
    assert_eq!(
        (&task["state"], &task["note"]),
        (&json!("open"), &json!("请上门核实"))
    );
    assert_eq!(task["resident"], clue["resident"]);

    // The rules run again meanwhile, and nobody is asked twice.
    night(&county.program).await;
    phone.sync().await;
    assert_eq!((phone.heard("task").len(), items(&cadre).await.len()), (1, 0));

    let resident = clue["resident"].as_str().unwrap().parse().unwrap();
    let visit = json!({
        "means": "neighbour", "outcome": "not_at_home", "at": "2026-11-28T01:00:00Z", "text": "邻居说三月已去世",
        "task": { "id": task["task"], "finding": "confirmed" },
    });
    phone.edit(resident).part("visit", visit).done();
    phone.sync().await;
    assert_eq!(phone.heard("task").last().unwrap()["state"], "done");
    let seen = department
        .get(&format!("/api/v1/clues/{}", clue["id"].as_str().unwrap()))
        .await
        .ok();
    let states: Vec<&str> = seen["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["open", "sent", "confirmed"]);
    let last = &seen["history"][2];
    assert_eq!(
        (&last["by"], &last["reason"]),
        (&json!("梁少芳"), &json!("邻居说三月已去世"))
    );

    // The department's row says so, and his allowance is as it was.
    let clerk = Clerk::new((*department).clone());
    let rows = clerk.rows(&list, Some("contradicted")).await;
    assert_eq!(rows.len(), 1);
    let reason = rows[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("现场核实与名单不符"), "{reason}");
    let person = cadre.get(&format!("/api/v1/residents/{resident}")).await.ok();
    assert_eq!(person["fields"]["old_age_allowance.status"], "active");

    // The department acts: its next list does not name him, and the clue closes.
    hand_in(
        &county,
        "old_age_allowance",
        "2026-11",
        &allowance(&[("何二喜", 2)]),
    )
    .await;
    let found = clues(&department, "&rule=deceased_on_elder").await;
    assert_eq!(told(&found), ["deceased_on_elder 何一新 closed"]);
    assert_eq!(found[0]["id"], clue["id"]);

    // He is named again: the same clue opens again.
    hand_in(
        &county,
        "old_age_allowance",
        "2026-12",
        &allowance(&[("何一新", 1), ("何二喜", 2)]),
    )
    .await;
    let found = clues(&department, "&rule=deceased_on_elder").await;
    assert_eq!(told(&found), ["deceased_on_elder 何一新 open"]);
    assert_eq!((&found[0]["id"], found.len()), (&clue["id"], 1));
    assert_eq!(items(&cadre).await.len(), 1);
    runner.stop().await;
    tests::verify::agrees(&county.program).await;
}

async fn a_cadre_answers_alone(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let (department, cadre) = (county.console("民政").await, county.console("陆桂英").await);
    let people = [("何一新", 1), ("何二喜", 2), ("何三妹", 3)];
    hand_in(&county, "old_age_allowance", "2026-10", &allowance(&people)).await;
    hand_in(&county, "deaths", "2026-11", &deaths(&people)).await;
    let of = |items: &[Value], name: &str| {
        let found = items.iter().find(|i| i["content"]["person"]["name"] == name);
        found.unwrap().clone()
    };
    let all = items(&cadre).await;
    assert_eq!(all.len(), 3);
    let refused = cadre.decide(&of(&all, "何一新"), "refute", json!({})).await;
    assert_eq!(
        (refused.status, refused.code()),
        (422, "422 reason_required".into())
    );
    let unfit = cadre.decide(&of(&all, "何一新"), "approve", json!({})).await;
    assert_eq!(unfit.status, 422);
    cadre
        .decide(&of(&all, "何一新"), "refute", json!({ "reason": "本人健在" }))
        .await
        .ok();
    cadre.decide(&of(&all, "何二喜"), "confirm", json!({})).await.ok();
    cadre
        .decide(&of(&all, "何三妹"), "close", json!({ "reason": "已报停" }))
        .await
        .ok();
    let expected = [
        "deceased_on_elder 何一新 refuted",
        "deceased_on_elder 何三妹 closed",
        "deceased_on_elder 何二喜 confirmed",
    ];
    assert_eq!(told(&clues(&department, "").await), expected);
    night(&county.program).await;
    assert_eq!(
        told(&clues(&department, "").await),
        expected,
        "nothing opens by itself"
    );

    // The department closes what it acted on, and decides nothing else.
    let confirmed = clues(&department, "&state=confirmed").await.remove(0);
    let path = format!("/api/v1/clues/{}/state", confirmed["id"].as_str().unwrap());
    let change = |state: &str, n: i64| json!({ "state": state, "n": n, "reason": "已停发并追回" });
    let n = confirmed["n"].as_i64().unwrap();
    let refuse = department.post(&path, &change("refuted", n)).await;
    assert_eq!(refuse.code(), "403 only_closing");
    let stale = department.post(&path, &change("closed", n - 1)).await;
    assert_eq!(stale.code(), "409 changed_meanwhile");
    let closed = department.post(&path, &change("closed", n)).await.ok();
    assert_eq!(closed["state"], "closed");
    let again = department.post(&path, &change("closed", n + 1)).await;
    assert_eq!(again.code(), "409 unfit_state");
    // The village was wrong about one: it opens again, and is asked again.
    let refuted = clues(&cadre, "&state=refuted").await.remove(0);
    let path = format!("/api/v1/clues/{}/state", refuted["id"].as_str().unwrap());
    cadre
        .post(&path, &change("open", refuted["n"].as_i64().unwrap()))
        .await
        .ok();
    assert_eq!(items(&cadre).await.len(), 1);
    runner.stop().await;
    tests::verify::agrees(&county.program).await;
}

async fn an_open_task_goes_with_the_person(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let cadre = county.console("陆桂英").await;
    let (mut before, mut after) = (county.phone("梁少芳").await, county.phone("冯国强").await);
    hand_in(
        &county,
        "old_age_allowance",
        "2026-10",
        &allowance(&[("何一新", 1)]),
    )
    .await;
    hand_in(&county, "deaths", "2026-11", &deaths(&[("何一新", 1)])).await;
    let item = items(&cadre).await.remove(0);
    let wrong = json!({ "value": county.account("任国华").await });
    assert_eq!(
        cadre.decide(&item, "send", wrong).await.code(),
        "422 worker_unknown"
    );
    cadre.decide(&item, "send", json!({})).await.ok();
    before.sync().await;
    let task = before.heard("task")[0].clone();
    let resident = task["resident"].as_str().unwrap();
    let way = json!({
        "id": uuid::Uuid::now_v7(), "from": county.place("良围一格"), "to": county.place("良围二格"),
    });
    cadre
        .post(&format!("/api/v1/residents/{resident}/moves"), &way)
        .await
        .ok();
    before.sync().await;
    after.sync().await;
    assert_eq!(before.heard("task").last().unwrap()["state"], "withdrawn");
    let taken = after.heard("task").last().unwrap().to_owned().clone();
    assert_eq!((&taken["task"], &taken["state"]), (&task["task"], &json!("open")));
    // A phone that the worker signs in on later hears of it too.
    let mut new = county.phone("冯国强").await;
    new.sync().await;
    assert_eq!(new.heard("task").len(), 1);
    // Somebody else's visit answers nothing; the one who was asked finds nothing out, and the village is asked again.
    let visit = json!({
        "means": "home", "outcome": "unreachable", "at": "2026-11-28T01:00:00Z", "text": null,
        "task": { "id": task["task"], "finding": "unclear" },
    });
    new.edit(resident.parse().unwrap()).part("visit", visit).done();
    new.sync().await;
    assert_eq!(items(&cadre).await.len(), 1);
    runner.stop().await;
    tests::verify::agrees(&county.program).await;
}

/// The rules' part of story inbox-2: a confirmed death that is taken back.
async fn a_death_that_is_taken_back(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let (department, cadre) = (county.console("民政").await, county.console("陆桂英").await);
    let mut phone = county.phone("梁少芳").await;
    let october = hand_in(
        &county,
        "old_age_allowance",
        "2026-10",
        &allowance(&[("陆润生", 1)]),
    )
    .await;
    let clerk = Clerk::new((*department).clone());
    let resident = clerk.rows(&october, None).await[0]["resident"].clone();
    let resident = resident.as_str().unwrap().parse().unwrap();
    phone.sync().await;
    phone.edit(resident).report("died").done();
    phone.sync().await;
    hand_in(&county, "deaths", "2026-11", &deaths(&[("陆润生", 1)])).await;
    let mut asked = items(&cadre).await;
    asked.retain(|item| item["content"]["rule"] == "deceased_on_elder");
    cadre.decide(&asked[0], "confirm", json!({})).await.ok();
    assert_eq!(clerk.rows(&october, None).await[0]["verdict"], "contradicted");
    // At night a rule about visits finds the same death.
    night(&county.program).await;
    let found = told(&clues(&department, "").await);
    assert_eq!(
        found,
        [
            "deceased_on_elder 陆润生 confirmed",
            "visit_contradicts_elder 陆润生 open"
        ]
    );

    // The department stops the allowance: both clues close. The village approves the death.
    let stopped = allowance(&[("陆润生", 1)])
        .replace("月发放标准,", "月发放标准,发放状态,")
        .replace(",100,", ",100,停发,");
    let december = hand_in(&county, "old_age_allowance", "2026-12", &stopped).await;
    assert_eq!(clerk.rows(&december, None).await[0]["verdict"], "changed");
    let found = told(&clues(&department, "").await);
    assert!(found.iter().all(|clue| clue.ends_with("closed")), "{found:?}");
    let departure = cadre.item(resident, "departure").await;
    let side = departure["content"]["sides"][0]["edit"].clone();
    cadre
        .decide(&departure, "approve", json!({ "edit": side }))
        .await
        .ok();

    // He lives. What was stopped stays so, and the department hears that it was wrong.
    let seen = cadre.get(&format!("/api/v1/residents/{resident}")).await.ok();
    let body = json!({
        "id": uuid::Uuid::now_v7(), "base": seen["version"],
        "fields": { "life_status": { "was": "died", "now": "living" } },
    });
    let path = format!("/api/v1/residents/{resident}/edits");
    cadre.post(&path, &body).await.ok();
    let row = clerk.rows(&december, None).await.remove(0);
    assert_eq!(row["verdict"], "contradicted");
    let seen = cadre.get(&format!("/api/v1/residents/{resident}")).await.ok();
    assert_eq!(seen["fields"]["old_age_allowance.status"], "ended");
    assert_eq!(seen["state"], "present");
    runner.stop().await;
    tests::verify::agrees(&county.program).await;
}
