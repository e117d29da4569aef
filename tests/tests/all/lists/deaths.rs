//! Deaths that a list reports, and people who live outside the division that a list covers.

use super::{CHANGES, born, number};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    a_deaths_row_asks_as_a_phone_does_and_a_cadre_decides,
    whoever_lives_outside_the_division_is_compared_and_stays_where_they_are
);

const NAMES: [&str; 4] = ["何一新", "何二喜", "何三妹", "何四海"];

fn handed<'a>(
    county: &County,
    source: &'a str,
    kind: &'a str,
    place: &str,
    month: &'a str,
    text: String,
) -> Handed<'a> {
    Handed {
        source,
        kind,
        division: county.place(place),
        month,
        name: "list.csv",
        content: text.into_bytes(),
    }
}

fn disabled(people: &[(usize, &str)]) -> String {
    let line = |(n, phone): &(usize, &str)| {
        let (name, number, born) = (NAMES[*n], number(*n), born(*n));
        format!(
            "{name},{number},{born},{phone},肢体,二级,沙坪街道良围村旧围村{}号\n",
            n + 1
        )
    };
    let lines: String = people.iter().map(line).collect();
    format!("姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n{lines}")
}

async fn seen(cadre: &Console, who: Uuid) -> Value {
    cadre.get(&format!("/api/v1/residents/{who}")).await.ok()
}

async fn a_deaths_row_asks_as_a_phone_does_and_a_cadre_decides(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let bureau = Clerk::new((*county.console("区划管理员").await).clone());
    let cadre = county.console("陆桂英").await;
    let people = [(0, "13900071001"), (1, "13900071002"), (2, "13900071003")];
    let list = handed(
        &county,
        "残联",
        "disabled",
        "鹤山市",
        "2026-10",
        disabled(&people),
    );
    let id = clerk.hand_in(&list, CHANGES).await;
    let rows = clerk.rows(&id, None).await;
    let who: Vec<Uuid> = rows
        .iter()
        .map(|r| r["resident"].as_str().unwrap().parse().unwrap())
        .collect();

    // A phone reports the first death, a list the second and, of the first, another date.
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    let reported = phone.edit(who[0]).report("died").done();
    phone.sync().await;
    let text = format!(
        "姓名,身份证号,死亡日期\n{},{},2026-11-02\n{},{},2026-11-03\n{},{},2026-11-04\n",
        NAMES[0],
        number(0),
        NAMES[1],
        number(1),
        NAMES[3],
        number(3)
    );
    let deaths = handed(&county, "卫健", "deaths", "鹤山市", "2026-11", text);
    let id = bureau.upload(&deaths).await;
    let tried = bureau.dry_run(&id).await;
    assert_eq!(counts(&tried["planned"]), "changed 2, same 1");
    assert_eq!(cadre.waiting(who[1]).await, [""; 0]);
    bureau.commit(&id).await;
    let rows = bureau.rows(&id, None).await;
    assert_eq!(rows[2]["reason"], "不是在册人员，无需处理");

    let by_phone = cadre.item(who[0], "departure").await;
    let by_list = cadre.item(who[1], "departure").await;
    assert_eq!(by_phone["key"], by_list["key"]);
    assert_eq!(
        (&by_phone["level"], &by_phone["village"]),
        (&by_list["level"], &by_list["village"])
    );
    let sides = by_phone["content"]["sides"].as_array().unwrap();
    assert_eq!(sides.len(), 2, "one item, both who say so: {sides:?}");
    assert!(sides.iter().any(|side| side["edit"] == reported.to_string()));
    let side = &by_list["content"]["sides"][0];
    assert_eq!(
        (&side["value"], &side["date"]),
        (&json!("died"), &json!("2026-11-03"))
    );
    let members = |side: &Value| side.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(side), members(&sides[0]), "the same item as a phone's");

    // Whatever a list says, life status is what it was until a cadre decides.
    for person in &who[..2] {
        let now = seen(&cadre, *person).await;
        assert!(
            now["fields"]["life_status"].is_null() && now["state"] == "present",
            "{now}"
        );
    }
    let more = json!({ "reason": "本人健在，同名误报" });
    cadre.decide(&by_list, "reject", more).await.ok();
    let now = seen(&cadre, who[1]).await;
    assert!(
        now["fields"]["life_status"].is_null() && now["state"] == "present",
        "{now}"
    );
    let more = json!({ "edit": reported });
    cadre.decide(&by_phone, "approve", more).await.ok();
    let now = seen(&cadre, who[0]).await;
    assert_eq!(
        (&now["fields"]["life_status"], &now["state"]),
        (&json!("died"), &json!("departed"))
    );

    // The same report a month later asks nothing again; a list that still names the departed one is asked about.
    let again = Handed {
        month: "2026-12",
        ..deaths
    };
    let id = bureau.hand_in(&again, CHANGES).await;
    assert_eq!(counts(&bureau.list(&id).await["verdicts"]), "same 3");
    assert_eq!(cadre.waiting(who[1]).await, [""; 0]);
    let list = handed(
        &county,
        "残联",
        "disabled",
        "鹤山市",
        "2026-11",
        disabled(&people),
    );
    let id = clerk.hand_in(&list, CHANGES).await;
    let rows = clerk.rows(&id, None).await;
    assert_eq!(
        (&rows[0]["verdict"], &rows[0]["reason"]),
        (&json!("ambiguous"), &json!("该人员已离册，名单中仍有其人"))
    );
    let now = seen(&cadre, who[0]).await;
    assert_eq!(now["state"], "departed", "no list brings anybody back");

    // A status word of a list ends the enrolment and says nothing of life and death.
    let text = disabled(&people[1..])
        .replace("残疾等级,", "证件状态,残疾等级,")
        .replace("肢体,二级", "肢体,死亡注销,二级");
    let text = text.replacen("肢体,死亡注销", "肢体,有效", 1);
    let list = handed(&county, "残联", "disabled", "鹤山市", "2026-12", text);
    let id = clerk.hand_in(&list, CHANGES).await;
    assert_eq!(clerk.rows(&id, None).await[1]["verdict"], "changed");
    let now = seen(&cadre, who[2]).await;
    assert!(
        now["fields"]["life_status"].is_null() && now["state"] == "present",
        "{now}"
    );
    assert_eq!(now["fields"]["disabled.status"], "ended");
    runner.stop().await;
}

async fn whoever_lives_outside_the_division_is_compared_and_stays_where_they_are(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let cadre = county.console("陆桂英").await;
    let people = [(0, "13900071001"), (1, "13900071002")];
    let list = handed(
        &county,
        "残联",
        "disabled",
        "鹤山市",
        "2026-10",
        disabled(&people),
    );
    let id = clerk.hand_in(&list, CHANGES).await;
    let who: Uuid = clerk.rows(&id, None).await[0]["resident"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let before = seen(&cadre, who).await;

    // 仙溪村's list names one of 良围村 with a new phone: one person, one enrolment, still in 良围村.
    let list = handed(
        &county,
        "残联",
        "disabled",
        "仙溪村",
        "2026-11",
        disabled(&[(0, "13900071009")]),
    );
    let id = clerk.hand_in(&list, CHANGES).await;
    let row = &clerk.rows(&id, None).await[0];
    assert_eq!(
        (&row["verdict"], &row["resident"]),
        (&json!("changed"), &json!(who))
    );
    assert_eq!(
        clerk.list(&id).await["verdicts"],
        json!({ "changed": 1 }),
        "nobody of 良围村 is missing"
    );
    let after = seen(&cadre, who).await;
    assert_eq!(after["fields"]["phone"], "13900071009");
    assert_eq!(
        (&after["grid"], &after["enrolments"]),
        (&before["grid"], &before["enrolments"])
    );

    // Without them in the next one, nobody of 良围村 is missing either.
    let list = handed(
        &county,
        "残联",
        "disabled",
        "仙溪村",
        "2026-12",
        disabled(&[(2, "13900071003")]),
    );
    let id = clerk.hand_in(&list, CHANGES).await;
    assert_eq!(clerk.list(&id).await["verdicts"], json!({ "new": 1 }));
    assert_eq!(cadre.waiting(who).await, [""; 0]);
    runner.stop().await;
}
