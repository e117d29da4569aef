//! Who is missing from a complete list, what must be named before it is committed, and months that come late.

use super::{CHANGES, born, number};
use serde_json::{Value, json};
use std::fmt::Write;
use std::ops::Range;
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    whoever_a_complete_list_does_not_name_is_asked_about,
    figures_are_named_before_much_is_missing_or_changed,
    an_older_month_is_history,
    a_list_of_one_category_says_nothing_of_another
);

/// The first fifteen live in 良围村, the others in 仙溪村.
fn line(n: usize, phone: usize) -> String {
    let place = if n < 15 {
        format!("良围村旧围村{}号", n + 1)
    } else {
        format!("仙溪村新屋村{}号", n + 1)
    };
    let name = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"][n % 10];
    format!(
        "何{name}{},{},{},139000{phone:05},肢体,二级,沙坪街道{place}\n",
        if n < 10 { "新" } else { "来" },
        number(n),
        born(n)
    )
}

const HEAD: &str = "姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n";

fn people(all: impl IntoIterator<Item = usize>) -> String {
    all.into_iter().fold(HEAD.to_owned(), |mut text, n| {
        text.push_str(&line(n, n));
        text
    })
}

struct World {
    county: County,
    clerk: Clerk,
    cadre: Console,
    runner: api::jobs::Runner,
    /// By number.
    residents: Vec<String>,
}

impl World {
    /// Twenty people are on the list of October.
    async fn start(database: Database) -> World {
        let county = County::start(database).await;
        let mut world = World {
            runner: worker(&county.program).await,
            clerk: Clerk::new((*county.console("残联").await).clone()),
            cadre: county.console("陆桂英").await,
            residents: Vec::new(),
            county,
        };
        let id = world
            .clerk
            .hand_in(&world.list("鹤山市", "2026-10", people(0..20)), !CHANGES)
            .await;
        let rows = world.clerk.rows(&id, None).await;
        let resident = |row: &Value| row["resident"].as_str().unwrap().to_owned();
        world.residents = rows.iter().map(resident).collect();
        world
    }

    fn list(&self, division: &str, month: &'static str, content: String) -> Handed<'static> {
        Handed {
            source: "残联",
            kind: "disabled",
            division: self.county.place(division),
            month,
            name: "list.csv",
            content: content.into_bytes(),
        }
    }

    fn resident(&self, n: usize) -> Uuid {
        self.residents[n].parse().unwrap()
    }

    /// Which of the twenty a list's rows say are missing.
    async fn missing(&self, id: &str) -> Vec<usize> {
        let rows = self.clerk.rows(id, Some("missing")).await;
        let place = |row: &Value| {
            assert!(row["sheet"].is_null() && row["row"].is_null(), "{row}");
            let at = self.residents.iter().position(|r| row["resident"] == r.as_str());
            assert_eq!(
                row["values"]["id_number"],
                number(at.unwrap()),
                "what was said before"
            );
            at.unwrap()
        };
        let mut all: Vec<usize> = rows.iter().map(place).collect();
        all.sort();
        all
    }

    async fn open_enrolments(&self, n: usize) -> usize {
        let path = format!("/api/v1/residents/{}", self.residents[n]);
        let seen = self.county.console("谭志成").await.get(&path).await.ok();
        let lines = seen["enrolments"].as_array().unwrap();
        lines.iter().filter(|line| line["until"].is_null()).count()
    }
}

fn without(all: Range<usize>, gone: &[usize]) -> Vec<usize> {
    all.filter(|n| !gone.contains(n)).collect()
}

async fn whoever_a_complete_list_does_not_name_is_asked_about(database: Database) {
    let world = World::start(database).await;
    let (clerk, cadre) = (&world.clerk, &world.cadre);
    // Only inside the division: the people of 仙溪村 are no part of this list. Who is meant by a row that waits is
    // not missing either: the fifth one's number has lost its digits, and nothing of the home speaks for who it is.
    let mut content = people(without(0..15, &[3, 4]));
    let lost = line(4, 99)
        .replace(&number(4), "4.40784E+17")
        .replace("旧围村5号", "");
    content.push_str(&lost);
    let november = world.list("良围村", "2026-11", content);
    let id = clerk.upload(&november).await;
    let tried = clerk.dry_run(&id).await;
    assert_eq!(counts(&tried["planned"]), "ambiguous 1, missing 1, same 13");
    assert_eq!(world.missing(&id).await, [3]);
    assert_eq!(
        cadre.waiting(world.resident(3)).await,
        [""; 0],
        "a dry run asks nobody"
    );

    clerk.commit(&id).await;
    assert_eq!(world.missing(&id).await, [3]);
    assert_eq!(
        cadre.waiting(world.resident(3)).await,
        ["list_row_missing disabled.status"]
    );
    let item = cadre.item(world.resident(3), "list_row_missing").await;
    assert_eq!(item["content"]["sides"][0]["month"], "2026-11");
    for n in [3, 4, 16] {
        assert_eq!(world.open_enrolments(n).await, 1, "silence ends nothing");
    }
    assert_eq!(cadre.waiting(world.resident(16)).await, [""; 0]);

    // Named again, the question is withdrawn.
    let december = world.list("良围村", "2026-12", people(0..15));
    clerk.hand_in(&december, !CHANGES).await;
    assert_eq!(cadre.waiting(world.resident(3)).await, [""; 0]);

    // The village decides: one has left the roster, the other has not.
    let january = world.list("良围村", "2027-01", people(without(0..15, &[5, 6])));
    let id = clerk.hand_in(&january, CHANGES).await;
    assert_eq!(world.missing(&id).await, [5, 6]);
    let item = cadre.item(world.resident(5), "list_row_missing").await;
    cadre.decide(&item, "approve", json!({})).await.ok();
    assert_eq!(world.open_enrolments(5).await, 0);
    let item = cadre.item(world.resident(6), "list_row_missing").await;
    assert_eq!(
        cadre.decide(&item, "reject", json!({})).await.code(),
        "422 reason_required"
    );
    let reason = json!({ "reason": "本人在家，证件有效" });
    cadre.decide(&item, "reject", reason).await.ok();
    assert_eq!(world.open_enrolments(6).await, 1);
    // Both statuses are kept: the source's, and what the village says.
    for (n, expected) in [(5, ("active", "ended")), (6, ("active", "confirmed"))] {
        let rows = api::store::enrolments::of_residents(world.county.program.db.read(), &[world.resident(n)])
            .await
            .unwrap();
        let said = (rows[0].source_status.as_str(), rows[0].village_status.as_str());
        assert_eq!(said, expected);
    }

    // A list that does not claim to name everybody misses nobody; nor does whoever is off the roster go missing.
    let part = world.list("良围村", "2027-02", people(0..2));
    let path = format!(
        "/api/v1/lists?kind=disabled&source=残联&division={}&month=2027-02&name=part.csv&complete=false",
        part.division
    );
    let body = ("application/octet-stream", part.content.clone());
    let uploaded = clerk.send_bytes("POST", &path, Some(body)).await.ok();
    let id = uploaded["id"].as_str().unwrap();
    let tried = clerk.dry_run(id).await;
    assert_eq!(
        (&tried["complete"], counts(&tried["planned"])),
        (&json!(false), "same 2".to_owned())
    );
    clerk.commit(id).await;
    let march = world.list("良围村", "2027-03", people(without(0..15, &[5])));
    let id = clerk.hand_in(&march, !CHANGES).await;
    assert_eq!(world.missing(&id).await, [0; 0]);
    world.runner.stop().await;
}

async fn figures_are_named_before_much_is_missing_or_changed(database: Database) {
    let world = World::start(database).await;
    let clerk = &world.clerk;
    // Two of twenty are 10 %, three are more; six changed of twenty are 30 %, seven are more.
    for (month, gone, changed, expected) in [
        ("2026-11", 2, 6, json!(null)),
        ("2026-12", 3, 0, json!({ "known": 20, "missing": 3 })),
        ("2027-01", 0, 7, json!({ "known": 20, "changed": 7 })),
        (
            "2027-02",
            4,
            9,
            json!({ "known": 20, "missing": 4, "changed": 9 }),
        ),
    ] {
        let mut text = HEAD.to_owned();
        for n in gone..20 {
            // The last months' phone is changed to another one each month.
            let changes = n >= 20 - changed;
            let base = world_phone(n, month);
            write!(text, "{}", line(n, if changes { base + 500 } else { base })).unwrap();
        }
        let id = clerk.upload(&world.list("鹤山市", month, text)).await;
        assert_eq!(clerk.try_commit(&id, "").await.code(), "409 dry_run_needed");
        let tried = clerk.dry_run(&id).await;
        let planned = |verdict: &str| tried["planned"][verdict].as_i64().unwrap_or_default();
        assert_eq!(planned("missing"), gone as i64, "{month}");
        let answer = clerk.try_commit(&id, "").await;
        if expected.is_null() {
            clerk.done(&answer.ok()).await;
            continue;
        }
        assert_eq!(answer.code(), "409 needs_confirmation", "{month}");
        let present = answer.json()["present"].clone();
        for (name, figure) in expected.as_object().unwrap() {
            assert_eq!(&present[name], figure, "{month} {present}");
        }
        let wrong = clerk.try_commit(&id, "?missing=1&changed=1").await;
        assert_eq!(wrong.code(), "409 needs_confirmation");
        assert_eq!(clerk.list(&id).await["state"], "uploaded");
        let more: Vec<String> = ["missing", "changed"]
            .iter()
            .filter_map(|name| Some(format!("{name}={}", expected.get(name)?)))
            .collect();
        let answer = clerk.try_commit(&id, &format!("?{}", more.join("&"))).await;
        clerk.done(&answer.ok()).await;
        assert_eq!(clerk.list(&id).await["verdicts"], tried["planned"]);
    }
    world.runner.stop().await;
}

/// The phone that a person had in the list before this month's.
fn world_phone(n: usize, month: &str) -> usize {
    let changed_before = match month {
        "2026-11" => 0,
        "2026-12" | "2027-01" => usize::from(n >= 14) * 500,
        _ => usize::from(n >= 14) * 500 + usize::from(n >= 13) * 500,
    };
    n + changed_before
}

async fn an_older_month_is_history(database: Database) {
    let world = World::start(database).await;
    let clerk = &world.clerk;
    let mut content = HEAD.to_owned();
    (2..20).for_each(|n| content.push_str(&line(n, n + 700)));
    content.push_str(&line(25, 25));
    let september = world.list("良围村", "2026-09", content);
    let id = clerk.upload(&september).await;
    let before = state(&world).await;
    let tried = clerk.dry_run(&id).await;
    assert_eq!(counts(&tried["planned"]), "same 19");
    let answer = clerk.try_commit(&id, "").await;
    assert_eq!(answer.code(), "409 needs_confirmation");
    assert_eq!(answer.json()["present"]["later_month"], "2026-10");
    let answer = clerk.try_commit(&id, "?later_month=2026-11").await;
    assert_eq!(answer.code(), "409 needs_confirmation");
    let answer = clerk.try_commit(&id, "?later_month=2026-10").await;
    clerk.done(&answer.ok()).await;
    let list = clerk.list(&id).await;
    assert_eq!(
        (list["state"].as_str(), counts(&list["verdicts"])),
        (Some("committed"), "same 19".to_owned())
    );
    assert_eq!(state(&world).await, before, "nothing but history is written");
    let rows = clerk.rows(&id, None).await;
    assert_eq!(rows[0]["resident"], world.residents[2].as_str());
    assert!(
        rows[18]["resident"].is_null(),
        "whoever is no resident is none now"
    );

    // November is compared with October, not with what was handed in last.
    let november = world.list("鹤山市", "2026-11", people(0..20));
    let id = clerk.hand_in(&november, !CHANGES).await;
    assert_eq!(counts(&clerk.list(&id).await["verdicts"]), "same 20");
    world.runner.stop().await;
}

/// Counts of everything that a list may write.
async fn state(world: &World) -> [u64; 4] {
    use entity::{edit, enrolment, inbox_item, resident};
    use sea_orm::{EntityTrait, PaginatorTrait};
    let db = world.county.program.db.read();
    [
        resident::Entity::find().count(db).await.unwrap(),
        enrolment::Entity::find().count(db).await.unwrap(),
        edit::Entity::find().count(db).await.unwrap(),
        inbox_item::Entity::find().count(db).await.unwrap(),
    ]
}

async fn a_list_of_one_category_says_nothing_of_another(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let file = |all: &[(usize, &str)]| {
        let mut text = "姓名,身份证号,救助类别,保障金额,现住址\n".to_owned();
        for (n, category) in all {
            let name = ["何一新", "何二喜", "何三妹", "何四海"][*n];
            writeln!(
                text,
                "{name},{},{category},845,沙坪街道良围村旧围村{}号",
                number(*n),
                n + 1
            )
            .unwrap();
        }
        text.into_bytes()
    };
    let all = [(0, "低保"), (1, "低保"), (2, "特困"), (3, "特困")];
    // A part of the list, as if 低保 were handed in alone; then one in which both are named and two people are not.
    for (month, people, expected) in [
        ("2026-10", &all[..], "new 4"),
        ("2026-11", &all[..2], "same 2"),
        ("2026-12", &all[1..3], "missing 2, same 2"),
    ] {
        let list = Handed {
            source: "民政",
            kind: "low_income",
            division: county.place("鹤山市"),
            month,
            name: "list.csv",
            content: file(people),
        };
        let id = clerk.hand_in(&list, CHANGES).await;
        assert_eq!(counts(&clerk.list(&id).await["verdicts"]), expected, "{month}");
    }
    runner.stop().await;
}
