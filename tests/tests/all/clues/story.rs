//! inbox-3: the rules run on two nodes, one of which is killed; a birth date is corrected; a visit refutes, and a later
//! list opens again.

use super::{bureau, handed, number};
use entity::{clue, job, visit_task};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use std::time::Duration;
use tests::county::County;
use tests::database::Database;
use tests::process::Served;

const HER: &str = "440784193911053228";
/// People of eighty and more who are not on the allowance, she among them.
const PEOPLE: usize = 240;

fn person(name: &str, number: &str, born: &str, n: usize) -> String {
    format!("{name},{number},{born},沙坪街道良围村旧围村{n}号\n")
}

fn register(her_birth_date: &str) -> String {
    let others = (1..PEOPLE).map(|n| {
        let name = format!("何{}{}", spelled(n / 16), spelled(n % 16));
        person(&name, &number("1940-05-06", n), "1940-05-06", n % 90 + 1)
    });
    let all: String = others.collect();
    format!(
        "姓名,身份证号,出生日期,现住址\n{}{}{all}",
        paid(),
        person("郭金娣", HER, her_birth_date, 9)
    )
}

fn spelled(n: usize) -> char {
    let words: Vec<char> = "金木水火土日月山石田禾米竹花草林".chars().collect();
    words[n % words.len()]
}

/// Somebody who has the allowance.
fn paid() -> String {
    person("温好彩", &number("1939-01-02", 1), "1939-01-02", 7)
}

fn allowance(lines: &str) -> String {
    format!("姓名,身份证号,出生日期,现住址\n{}{lines}", paid())
}

/// Two nodes beside the one that the test talks to.
struct Nodes {
    running: Vec<(Served, tempfile::TempDir)>,
}

impl Nodes {
    fn start(&mut self, database: &Database) {
        let folder = database.another_folder();
        let environment = [
            ("HESHAN_DATA", folder.path().to_str().unwrap()),
            ("HESHAN_JOB_LEASE", "2"),
        ];
        let served = Served::start(database, &environment);
        self.running.push((served, folder));
    }
}

async fn until_quiet(county: &County) {
    loop {
        let waits = job::Entity::find()
            .filter(job::Column::FinishedAt.is_null())
            .filter(job::Column::Kind.is_not_in(["tidy", "compact", "run_all_rules"]));
        let running = job::Entity::find()
            .filter(job::Column::Kind.eq("run_all_rules"))
            .filter(job::Column::State.eq("running"));
        let db = county.program.db.read();
        if waits.count(db).await.unwrap() + running.count(db).await.unwrap() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// The nightly run is due now.
async fn night(county: &County) {
    use sea_orm::sea_query::Expr;
    let due = county.program.db.write(|txn| async move {
        job::Entity::update_many()
            .col_expr(job::Column::LeaseUntil, Expr::value(0))
            .filter(job::Column::Kind.eq("run_all_rules"))
            .filter(job::Column::State.eq("queued"))
            .exec(&*txn)
            .await
    });
    assert_eq!(due.await.unwrap().rows_affected, 1);
    let ran = || async {
        let row = job::Entity::find().filter(job::Column::Kind.eq("run_all_rules"));
        let row = row.one(county.program.db.read()).await.unwrap().unwrap();
        row.state == "queued" && row.lease_until > 0
    };
    while !ran().await {
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    until_quiet(county).await;
}

async fn hand_in(county: &County, kind: &str, month: &str, text: &str) {
    let clerk = bureau(county).await;
    clerk.hand_in(&handed(county, kind, month, text), true).await;
    until_quiet(county).await;
}

async fn hers(county: &County) -> Value {
    let department = county.console("民政").await;
    let mut all = super::clues(&department, "&rule=aged80_not_enrolled").await;
    all.retain(|clue| clue["person"]["name"] == "郭金娣");
    assert_eq!(all.len(), 1, "one clue, ever: {all:?}");
    all.remove(0)
}

fn states(clue: &Value) -> Vec<&str> {
    let steps = clue["history"].as_array().unwrap().iter();
    steps.map(|step| step["state"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_run_on_two_nodes() {
    let county = County::start(Database::postgres().await).await;
    let mut nodes = Nodes { running: Vec::new() };
    nodes.start(county.database());
    hand_in(
        &county,
        "deaths",
        "2026-10",
        &format!(
            "姓名,身份证号,死亡日期\n陆润生,{},2026-01-02\n",
            number("1941-01-02", 2)
        ),
    )
    .await;
    hand_in(&county, "old_age_allowance", "2026-10", &allowance("")).await;
    let clerk = bureau(&county).await;
    clerk
        .hand_in(
            &handed(&county, "population", "2026-10", &register("1939-11-06")),
            true,
        )
        .await;

    // The first node is at work on it when the second begins and the first dies.
    let some = || async {
        clue::Entity::find()
            .count(county.program.db.read())
            .await
            .unwrap()
    };
    while some().await == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    nodes.start(county.database());
    nodes.running.remove(0).0.kill();
    until_quiet(&county).await;
    nodes.start(county.database());
    night(&county).await;
    let db = county.program.db.read();
    let open = clue::Entity::find().filter(clue::Column::Rule.eq("aged80_not_enrolled"));
    assert_eq!(open.count(db).await.unwrap(), PEOPLE as u64);
    let cadre = county.console("陆桂英").await;
    let asked = entity::inbox_item::Entity::find().filter(entity::inbox_item::Column::Reason.eq("clue"));
    assert_eq!(asked.clone().count(db).await.unwrap(), PEOPLE as u64);

    // She is sent a worker, who hears who it is, since she is on no phone.
    let clue = hers(&county).await;
    let item = cadre.get("/api/v1/inbox?reason=clue&limit=200").await.ok();
    let mut found: Vec<Value> = item["items"].as_array().unwrap().clone();
    if let Some(next) = item["next"].as_str() {
        let more = cadre
            .get(&format!("/api/v1/inbox?reason=clue&limit=200&after={next}"))
            .await
            .ok();
        found.extend(more["items"].as_array().unwrap().iter().cloned());
    }
    let item = found.iter().find(|i| i["content"]["clue"] == clue["id"]).unwrap();
    let mut phone = county.phone("梁少芳").await;
    let to = json!({ "value": county.account("梁少芳").await });
    cadre.decide(item, "send", to).await.ok();
    phone.sync().await;
    let task = phone.heard("task")[0].clone();
    assert_eq!(
        (&task["person"]["name"], &task["resident"]),
        (&json!("郭金娣"), &Value::Null)
    );

    // Her birth date is corrected by a day: the same clue shows it, and nobody is asked anew.
    hand_in(&county, "population", "2026-11", &register("1939-11-05")).await;
    night(&county).await;
    let corrected = hers(&county).await;
    assert_eq!(
        (&corrected["id"], &corrected["state"]),
        (&clue["id"], &json!("sent"))
    );
    assert_eq!(clue["person"]["birth_date"], "1939-11-06");
    assert_eq!(corrected["person"]["birth_date"], "1939-11-05");
    assert_eq!(visit_task::Entity::find().count(db).await.unwrap(), 1);
    assert_eq!(asked.clone().count(db).await.unwrap(), PEOPLE as u64);

    // The worker finds her daughter, reports her, and what she is told refutes the clue.
    let visit = json!({
        "means": "home", "outcome": "met", "at": "2026-11-28T01:00:00Z", "text": "在佛山领取",
        "task": { "id": task["task"], "finding": "refuted" },
    });
    phone
        .create(county.place("良围一格"))
        .set("name", "郭金娣")
        .set("id_number", HER)
        .part("visit", visit)
        .done();
    phone.sync().await;
    let refuted = hers(&county).await;
    assert_eq!(states(&refuted), ["open", "sent", "refuted"]);
    assert_eq!(refuted["history"][2]["reason"], "在佛山领取");

    // The third night, with the same inputs.
    night(&county).await;
    assert_eq!(hers(&county).await["n"], refuted["n"]);

    // In January she is on the list, in February she is not: what was refuted has changed.
    let line = person("郭金娣", HER, "1939-11-05", 9);
    hand_in(&county, "old_age_allowance", "2027-01", &allowance(&line)).await;
    assert_eq!(hers(&county).await["state"], "refuted");
    hand_in(&county, "old_age_allowance", "2027-02", &allowance("")).await;
    let again = hers(&county).await;
    assert_eq!(states(&again), ["open", "sent", "refuted", "open"]);
    assert_eq!(again["id"], clue["id"]);
    for (node, _) in nodes.running {
        assert_eq!(node.stop(), Some(0));
    }
    tests::verify::agrees(&county.program).await;
}
