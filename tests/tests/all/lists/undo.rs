//! A committed list is taken back as long as nothing was built on it: afterwards roster, exports, phones and open items
//! are what they were before the commit.

use super::{CHANGES, born, number};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    everything_is_as_before_the_commit,
    what_is_built_upon_stays,
    the_register_before_comes_back
);

const NAMES: [&str; 11] = [
    "何一新",
    "何二喜",
    "何三妹",
    "何四海",
    "何五娣",
    "何六合",
    "何七星",
    "何八宝",
    "何九如",
    "何十全",
    "何百福",
];

/// One row: who, phone, ethnicity, grade, status.
type Line = (usize, &'static str, &'static str, &'static str, &'static str);

fn handed(county: &County, month: &'static str, rows: &[Line]) -> Handed<'static> {
    let mut text = "姓名,身份证号,出生日期,联系电话,民族,残疾类别,残疾等级,证件状态,现住址\n".to_owned();
    for (n, phone, ethnicity, grade, status) in rows {
        // The eighth lives somewhere that nobody can place; the eleventh has lost the digits of the number.
        let place = if *n == 7 {
            "外地某处".to_owned()
        } else {
            format!("沙坪街道良围村旧围村{}号", n + 1)
        };
        let number = if *n == 10 {
            "4.40784E+17".to_owned()
        } else {
            number(*n)
        };
        text.push_str(&format!(
            "{},{number},{},{phone},{ethnicity},肢体,{grade},{status},{place}\n",
            NAMES[*n],
            born(*n),
        ));
    }
    Handed::disabled(county, month, text)
}

const SEPTEMBER: &[Line] = &[(9, "13900071009", "", "二级", "有效")];
const OCTOBER: &[Line] = &[
    (0, "13900071000", "", "二级", "有效"),
    (1, "13900071001", "", "二级", "有效"),
    (2, "13900071002", "汉", "二级", "有效"),
    (3, "13900071003", "", "二级", "有效"),
    (4, "13900071004", "", "二级", "有效"),
    (5, "", "", "二级", "有效"),
];
/// An edit, a conflict, what the list contradicts, an end, somebody missing, a filled field with an own one changed,
/// two new people of whom one is in no grid, somebody who was missing, a row that waits.
const NOVEMBER: &[Line] = &[
    (0, "13900072000", "", "二级", "有效"),
    (1, "13900072001", "", "二级", "有效"),
    (2, "13900071002", "瑶", "二级", "有效"),
    (3, "13900071003", "", "二级", "注销"),
    (5, "13900072005", "", "一级", "有效"),
    (6, "13900072006", "壮", "三级", "有效"),
    (7, "13900072007", "", "三级", "有效"),
    (9, "13900071009", "", "二级", "有效"),
    (10, "13900072010", "", "二级", "有效"),
];

struct World {
    county: County,
    clerk: Clerk,
    cadre: Console,
    runner: api::jobs::Runner,
    phone: tests::phone::Phone,
    people: Vec<Uuid>,
}

impl World {
    async fn start(database: Database) -> World {
        let county = County::start(database).await;
        let runner = worker(&county.program).await;
        let clerk = Clerk::new((*county.console("残联").await).clone());
        let cadre = county.console("陆桂英").await;
        let nine = clerk
            .hand_in(&handed(&county, "2026-09", SEPTEMBER), CHANGES)
            .await;
        let id = clerk.hand_in(&handed(&county, "2026-10", OCTOBER), CHANGES).await;
        let who = |row: &Value| row["resident"].as_str().unwrap().parse::<Uuid>().unwrap();
        let rows = clerk.rows(&id, None).await;
        let mut people: Vec<Uuid> = rows.iter().filter(|r| r["row"].is_number()).map(who).collect();
        people.push(who(&clerk.rows(&nine, None).await[0]));
        let mut phone = county.phone("梁少芳").await;
        phone.sync().await;
        phone.edit(people[1]).set("phone", "13900073001").done();
        phone.sync().await;
        let seen = cadre.get(&format!("/api/v1/residents/{}", people[2])).await.ok();
        let edit = json!({
            "id": Uuid::now_v7(), "base": seen["version"],
            "fields": { "ethnicity": { "was": "汉", "now": "壮" } },
        });
        cadre
            .post(&format!("/api/v1/residents/{}/edits", people[2]), &edit)
            .await
            .ok();
        phone.sync().await;
        World {
            county,
            clerk,
            cadre,
            runner,
            phone,
            people,
        }
    }

    async fn undo(&self, id: &str) -> tests::client::Answer {
        self.clerk
            .post(&format!("/api/v1/lists/{id}/undo"), &Value::Null)
            .await
    }

    /// What everybody sees: records, open items, the roster as a file.
    async fn seen(&mut self) -> Value {
        let officer = self.county.console("区划管理员").await;
        let mut out = json!({});
        let page = officer.get("/api/v1/residents?limit=200").await.ok();
        for item in page["residents"].as_array().unwrap() {
            let id = item["resident"].as_str().unwrap();
            let seen = officer.get(&format!("/api/v1/residents/{id}")).await.ok();
            let conflicts = seen["conflicts"].as_object().cloned().unwrap_or_default();
            let values = |all: &Value| {
                let mut said: Vec<String> = all
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|s| s["value"].to_string())
                    .collect();
                said.sort();
                said
            };
            let conflicts: Vec<_> = conflicts.iter().map(|(key, all)| (key, values(all))).collect();
            out[id] = json!([
                seen["fields"],
                seen["state"],
                seen["grid"],
                seen["enrolments"],
                conflicts
            ]);
        }
        let mut items: Vec<String> = Vec::new();
        for item in officer.get("/api/v1/inbox?limit=200").await.ok()["items"]
            .as_array()
            .unwrap()
        {
            let sides = item["content"]["sides"].as_array().cloned().unwrap_or_default();
            let sides: Vec<_> = sides.iter().map(|s| &s["value"]).collect();
            items.push(format!(
                "{} {} {} {} {}",
                item["reason"],
                item["key"],
                item["resident"],
                item["level"],
                json!(sides)
            ));
        }
        items.sort();
        out["items"] = json!(items);
        let wanted = json!({
            "category": "disabled", "division": self.county.place("鹤山市"), "format": "csv", "purpose": "核对",
        });
        let csv = self.clerk.post("/api/v1/rosters/export", &wanted).await;
        // What an export says of itself is not what it says of people.
        let text = csv.text();
        let mut lines: Vec<String> = text
            .lines()
            .filter(|l| l.contains('何'))
            .map(without_times)
            .collect();
        lines.sort();
        out["roster"] = json!(lines);
        self.phone.sync().await;
        let mut carried: Vec<Uuid> = self.phone.records().map(|(id, _)| id).collect();
        carried.sort();
        out["phone"] = json!(carried);
        let counted = self
            .clerk
            .get("/api/v1/residents/count?category=disabled")
            .await
            .ok();
        out["count"] = counted["count"].clone();
        out
    }
}

/// A line without cells that say when something was last changed.
fn without_times(line: &str) -> String {
    line.split(',')
        .filter(|cell| !cell.contains('T') || !cell.ends_with('Z'))
        .collect::<Vec<_>>()
        .join(",")
}

async fn everything_is_as_before_the_commit(database: Database) {
    let mut world = World::start(database).await;
    let before = world.seen().await;
    assert!(
        before["items"].to_string().contains("list_row_missing"),
        "{before}"
    );
    let list = handed(&world.county, "2026-11", NOVEMBER);
    let id = world.clerk.hand_in(&list, CHANGES).await;
    let verdicts = world.clerk.list(&id).await["verdicts"].clone();
    let after = world.seen().await;
    assert_ne!(before, after);
    assert_eq!(
        after["count"], 8,
        "six of October with one ended, September's, two new"
    );

    let started = world.undo(&id).await.ok();
    assert_eq!(started["repeat"], false);
    world.clerk.done(&started).await;
    let undone = world.clerk.list(&id).await;
    assert_eq!(
        (&undone["state"], &undone["verdicts"]),
        (&json!("undone"), &verdicts)
    );
    let now = world.seen().await;
    for (name, value) in before.as_object().unwrap() {
        assert_eq!(&now[name], value, "{name}");
    }
    assert_eq!(now, before);
    assert_eq!(
        world.undo(&id).await.ok()["repeat"],
        true,
        "asked again it is the same job"
    );
    assert_eq!(world.clerk.try_commit(&id, "").await.code(), "409 undone");
    tests::verify::agrees(&world.county.program).await;

    // The history shows both: what the list wrote, and that it was taken back.
    let path = format!("/api/v1/residents/{}/history", world.people[0]);
    let history = world.cadre.get(&path).await.ok().to_string();
    assert!(
        history.contains("13900072000") && history.contains("\"undo\""),
        "{history}"
    );

    // The same file is a new list, and comes to the same.
    let again = world.clerk.hand_in(&list, CHANGES).await;
    assert_ne!(again, id);
    assert_eq!(world.clerk.list(&again).await["verdicts"], verdicts);
    let then = world.seen().await;
    assert_eq!(then["count"], after["count"]);
    assert_eq!(
        then["items"].as_array().unwrap().len(),
        after["items"].as_array().unwrap().len()
    );
    world.runner.stop().await;
}

async fn what_is_built_upon_stays(database: Database) {
    let mut world = World::start(database).await;
    let list = handed(&world.county, "2026-11", NOVEMBER);
    let id = world.clerk.hand_in(&list, CHANGES).await;
    let new: Uuid = world.clerk.rows(&id, None).await[5]["resident"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    // A later list first.
    let december = world
        .clerk
        .hand_in(&handed(&world.county, "2026-12", &NOVEMBER[..3]), CHANGES)
        .await;
    let refused = world.undo(&id).await;
    assert_eq!(refused.code(), "409 built_upon");
    assert_eq!(refused.json()["present"]["reasons"], json!({ "later_list": 1 }));
    let started = world.undo(&december).await.ok();
    world.clerk.done(&started).await;

    // What a worker wrote since on something else does not matter; of what the list wrote it does.
    world.phone.sync().await;
    world
        .phone
        .edit(world.people[0])
        .set("address", "沙坪街道良围村旧围村1号之一")
        .done();
    world
        .phone
        .edit(world.people[5])
        .set("phone", "13900074005")
        .done();
    world.phone.edit(new).set("phone", "13900074006").done();
    world.phone.sync().await;
    let item = world.cadre.item(world.people[4], "list_row_missing").await;
    let more = json!({ "reason": "本人在家" });
    world.cadre.decide(&item, "reject", more).await.ok();
    let refused = world.undo(&id).await;
    assert_eq!(refused.code(), "409 built_upon");
    let present = refused.json()["present"].clone();
    assert_eq!(present["records"], 3, "{present}");
    assert_eq!(
        present["reasons"],
        json!({ "decided": 1, "edited": 1, "used": 1 })
    );
    assert!(
        present["examples"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| e["row"] == 6),
        "{present}"
    );
    assert_eq!(world.clerk.list(&id).await["state"], "committed");
    let other = world.county.console("民政").await;
    let path = format!("/api/v1/lists/{id}/undo");
    assert_eq!(other.post(&path, &Value::Null).await.code(), "404 not_found");
    world.runner.stop().await;
}

async fn the_register_before_comes_back(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let bureau = Clerk::new((*county.console("区划管理员").await).clone());
    let of = |month: &'static str, people: &[usize]| {
        let line = |n: &usize| format!("{},{},沙坪街道良围村旧围村{}号\n", NAMES[*n], number(*n), n + 1);
        let lines: String = people.iter().map(line).collect();
        Handed {
            source: "公安",
            kind: "population",
            division: county.place("鹤山市"),
            month,
            name: "list.csv",
            content: format!("姓名,身份证号,现住址\n{lines}").into_bytes(),
        }
    };
    let count = async || {
        api::store::register::count(county.program.db.read())
            .await
            .unwrap()
    };
    bureau.hand_in(&of("2026-10", &[0, 1, 2]), CHANGES).await;
    let id = bureau.hand_in(&of("2026-11", &[1, 2, 3, 4]), CHANGES).await;
    assert_eq!(counts(&bureau.list(&id).await["verdicts"]), "new 2, same 2");
    assert_eq!(count().await, 4);
    let started = bureau
        .post(&format!("/api/v1/lists/{id}/undo"), &Value::Null)
        .await
        .ok();
    bureau.done(&started).await;
    assert_eq!(count().await, 3);
    let again = bureau.hand_in(&of("2026-11", &[1, 2, 3, 4]), CHANGES).await;
    assert_eq!(
        counts(&bureau.list(&again).await["verdicts"]),
        "new 2, same 2",
        "the register before is what it is compared with"
    );
    runner.stop().await;
}
