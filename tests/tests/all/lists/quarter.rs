//! A quarter of one town: three departments' lists of three months, what the field does between, who is missing and
//! who is contradicted, one list taken back and handed in again. After every step rosters, counts and exports add up.

use super::{CHANGES, number};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::dice::Dice;
use tests::pulled::{self, Roster};
use uuid::Uuid;

tests::on_both!(a_quarter_of_one_town);

const SURNAMES: [&str; 8] = ["何", "梁", "冯", "任", "温", "陆", "吕", "黄"];
const GIVEN: [&str; 9] = [
    "伟民", "好彩", "志华", "惠贞", "国强", "秋菊", "润生", "金娣", "少芳",
];

/// Somebody of the town, by number: the first 40 live in 良围村, the others in 仙溪村.
fn name(n: usize) -> String {
    format!("{}{}", SURNAMES[n % 8], GIVEN[n / 8 % 9])
}

fn place(n: usize) -> String {
    match n {
        0..40 => format!("良围村旧围村{}号", n + 1),
        _ => format!("仙溪村新屋村{}号", n - 39),
    }
}

/// One department's list: a cell or two of each person.
type Rows = BTreeMap<usize, (String, String)>;

struct Department {
    source: &'static str,
    kind: &'static str,
    header: &'static str,
    /// Of a row: the categories that it may enrol in, by the first own cell.
    category: fn(&str) -> &'static str,
}

const DISABLED: Department = Department {
    source: "残联",
    kind: "disabled",
    header: "残疾类别,残疾等级",
    category: |_| "disabled",
};
const LOW: Department = Department {
    source: "民政",
    kind: "low_income",
    header: "救助类别,保障金额",
    category: |said| match said {
        "低保" => "low_income",
        "特困" => "destitute",
        _ => "low_income_edge",
    },
};
const OLD: Department = Department {
    source: "民政",
    kind: "old_age_allowance",
    header: "津贴类别,发放标准",
    category: |_| "old_age_allowance",
};

struct Town {
    county: County,
    runner: api::jobs::Runner,
    clerks: BTreeMap<&'static str, Clerk>,
    cadres: [Console; 2],
    phones: BTreeMap<usize, String>,
    /// Who is on which roster.
    roster: BTreeMap<&'static str, BTreeSet<usize>>,
    residents: BTreeMap<usize, Uuid>,
    /// The rows that a source handed in last.
    before: BTreeMap<&'static str, Rows>,
    /// What a department pulled once and has kept with the changes since, by category: its rows and the cursor.
    pulled: BTreeMap<&'static str, (Roster, String)>,
}

impl Town {
    fn file(&self, department: &Department, rows: &Rows) -> Vec<u8> {
        let mut text = format!("姓名,身份证号,联系电话,{},现住址\n", department.header);
        for (n, (a, b)) in rows {
            let own = self.phones.get(n).filter(|_| department.source == "残联");
            let phone = own.cloned().unwrap_or_else(|| phone(*n, 0));
            text.push_str(&format!(
                "{},{},{phone},{a},{b},沙坪街道{}\n",
                name(*n),
                number(*n),
                place(*n)
            ));
        }
        text.into_bytes()
    }

    fn handed(&self, department: &Department, month: &'static str, rows: &Rows) -> Handed<'static> {
        Handed {
            source: department.source,
            kind: department.kind,
            division: self.county.place("沙坪街道"),
            month,
            name: "list.csv",
            content: self.file(department, rows),
        }
    }

    /// Hands a list in, holds its verdicts against what must come of it, and keeps who is on the roster now.
    async fn hand_in(&mut self, department: &Department, month: &'static str, rows: &Rows) -> String {
        let clerk = &self.clerks[department.source];
        let id = clerk
            .hand_in(&self.handed(department, month, rows), CHANGES)
            .await;
        let list = clerk.list(&id).await;
        assert_eq!(
            list["planned"], list["verdicts"],
            "{month} {}: the dry run said so",
            department.kind
        );
        let total: i64 = list["verdicts"]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_i64().unwrap())
            .sum();
        let all = clerk.rows(&id, None).await;
        assert_eq!(total, all.len() as i64, "verdicts add up");
        assert_eq!(all.iter().filter(|r| r["row"].is_number()).count(), rows.len());
        let missing: BTreeSet<Uuid> = all
            .iter()
            .filter(|r| r["verdict"] == "missing")
            .map(|r| r["resident"].as_str().unwrap().parse().unwrap())
            .collect();
        for (row, n) in all.iter().zip(rows.keys()) {
            assert!(
                !["ambiguous", "invalid"].contains(&row["verdict"].as_str().unwrap()),
                "{row}"
            );
            let id: Uuid = row["resident"].as_str().unwrap().parse().unwrap();
            assert_eq!(
                *self.residents.entry(*n).or_insert(id),
                id,
                "one person is one resident"
            );
        }
        for (n, (said, _)) in rows {
            let now = (department.category)(said);
            if let Some((was, _)) = self.before.get(department.kind).and_then(|rows| rows.get(n)) {
                let was = (department.category)(was);
                if was != now {
                    self.roster.entry(was).or_default().remove(n);
                }
            }
            self.roster.entry(now).or_default().insert(*n);
        }
        let gone: BTreeSet<Uuid> = self
            .before
            .get(department.kind)
            .into_iter()
            .flat_map(|before| before.keys().filter(|n| !rows.contains_key(n)))
            .map(|n| self.residents[n])
            .collect();
        assert_eq!(missing, gone, "{month} {}", department.kind);
        self.before.insert(department.kind, rows.clone());
        id
    }

    /// Rosters as files, counts and single villages say the same as what was handed in.
    async fn adds_up(&mut self, when: &str) {
        let bureau = self.county.console("区划管理员").await;
        for (category, people) in &self.roster {
            let source = if *category == "disabled" {
                "残联"
            } else {
                "民政"
            };
            let clerk = &self.clerks[source];
            let wanted = json!({
                "category": category, "division": self.county.place("沙坪街道"), "format": "csv", "purpose": "核对",
            });
            let csv = clerk.post("/api/v1/rosters/export", &wanted).await;
            assert_eq!(csv.status, 200, "{when} {category}");
            let text = csv.text();
            // Names may be masked, the header is one line.
            let lines = text.lines().count() - 1;
            assert_eq!(lines, people.len(), "{when} {category}\n{text}");
            let mut sum = 0;
            for village in ["良围村", "仙溪村"] {
                let path = format!(
                    "/api/v1/residents/count?category={category}&division={}",
                    self.county.place(village)
                );
                sum += bureau.get(&path).await.ok()["count"].as_u64().unwrap();
            }
            assert_eq!(sum, people.len() as u64, "{when} {category}: the villages add up");
            let (whole, cursor) = pulled::whole(clerk, category).await;
            let (mut rows, mut cursor) = self.pulled.remove(category).unwrap_or((whole.clone(), cursor));
            pulled::keep_up(clerk, category, &mut rows, &mut cursor, 7).await;
            assert_eq!(rows, whole, "{when} {category}: pulled, with the changes since");
            assert_eq!(rows.len(), people.len(), "{when} {category}");
            self.pulled.insert(category, (rows, cursor));
        }
        tests::verify::agrees(&self.county.program).await;
    }

    fn cadre(&self, n: usize) -> &Console {
        &self.cadres[usize::from(n >= 40)]
    }
}

fn phone(n: usize, month: usize) -> String {
    format!("139{:04}{:04}", 7000 + month, n)
}

async fn a_quarter_of_one_town(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerks = BTreeMap::from([
        ("残联", Clerk::new((*county.console("残联").await).clone())),
        ("民政", Clerk::new((*county.console("民政").await).clone())),
    ]);
    let cadres = [county.console("陆桂英").await, county.console("任仲文").await];
    let mut town = Town {
        county,
        runner,
        clerks,
        cadres,
        phones: BTreeMap::new(),
        roster: BTreeMap::new(),
        residents: BTreeMap::new(),
        before: BTreeMap::new(),
        pulled: BTreeMap::new(),
    };
    let mut dice = Dice::seeded(20261);
    let of = |people: &[usize], cells: &dyn Fn(usize) -> (&'static str, &'static str)| -> Rows {
        let one = |n: &usize| {
            let (a, b) = cells(*n);
            (*n, (a.to_owned(), b.to_owned()))
        };
        people.iter().map(one).collect()
    };
    let everybody: Vec<usize> = (0..64).collect();
    let disabled: Vec<usize> = everybody.iter().copied().filter(|n| n % 2 == 0).collect();
    let low: Vec<usize> = everybody.iter().copied().filter(|n| n % 3 == 0).collect();
    let old: Vec<usize> = everybody.iter().copied().filter(|n| n % 5 == 0).collect();

    // October.
    let grade = |n: usize| ("肢体", if n.is_multiple_of(4) { "一级" } else { "二级" });
    let help = |n: usize| match n % 9 {
        0 => ("特困", "1352"),
        3 => ("低保边缘", "0"),
        _ => ("低保", "845"),
    };
    let mut of_disabled = of(&disabled, &grade);
    let mut of_low = of(&low, &help);
    let of_old = of(&old, &|_| ("高龄津贴", "100"));
    town.hand_in(&DISABLED, "2026-10", &of_disabled).await;
    town.hand_in(&LOW, "2026-10", &of_low).await;
    town.hand_in(&OLD, "2026-10", &of_old).await;
    town.adds_up("October").await;

    // Workers correct phones; November changes some of these, some others, and leaves two people out.
    let mut worker = town.county.phone("梁少芳").await;
    worker.sync().await;
    let mut corrected = BTreeSet::new();
    while corrected.len() < 6 {
        let n = disabled[dice.roll(20)];
        if corrected.insert(n) {
            worker
                .edit(town.residents[&n])
                .set("phone", phone(n, 9).as_str())
                .done();
        }
    }
    worker.sync().await;
    let contradicted: BTreeSet<usize> = corrected.iter().copied().take(3).collect();
    for n in &contradicted {
        town.phones.insert(*n, phone(*n, 11));
    }
    let left: Vec<usize> = disabled
        .iter()
        .copied()
        .filter(|n| !corrected.contains(n))
        .take(2)
        .collect();
    for n in &left {
        of_disabled.remove(n);
    }
    let before_roster = town.roster.clone();
    let before_rows = town.before.clone();
    let november = town.hand_in(&DISABLED, "2026-11", &of_disabled).await;
    let clerk = Clerk::new((*town.county.console("残联").await).clone());
    let list = clerk.list(&november).await;
    assert_eq!(
        counts(&list["verdicts"]),
        format!("contradicted 3, missing 2, same {}", of_disabled.len() - 3)
    );
    for n in &contradicted {
        assert_eq!(
            town.cadre(*n).waiting(town.residents[n]).await,
            ["conflict phone"],
            "{n}"
        );
    }
    for n in &left {
        let waiting = town.cadre(*n).waiting(town.residents[n]).await;
        assert_eq!(waiting, ["list_row_missing disabled.status"]);
    }
    town.adds_up("November").await;

    // It was the wrong file: taken back, everything is October's; handed in again it comes to the same.
    let started = clerk
        .post(&format!("/api/v1/lists/{november}/undo"), &Value::Null)
        .await
        .ok();
    clerk.done(&started).await;
    town.roster = before_roster;
    town.before = before_rows;
    for n in contradicted.iter().chain(&left) {
        assert_eq!(town.cadre(*n).waiting(town.residents[n]).await, [""; 0], "{n}");
    }
    worker.sync().await;
    for n in &contradicted {
        assert_eq!(worker.shows(town.residents[n], "phone"), phone(*n, 9), "{n}");
    }
    town.adds_up("November undone").await;
    let again = town.hand_in(&DISABLED, "2026-11", &of_disabled).await;
    assert_eq!(clerk.list(&again).await["verdicts"], list["verdicts"]);

    // Categories change in one file, and somebody new comes.
    let moved: Vec<usize> = low.iter().copied().filter(|n| n % 9 == 6).take(3).collect();
    for n in &moved {
        of_low.insert(*n, ("特困".to_owned(), "1352".to_owned()));
    }
    of_low.insert(70, ("低保".to_owned(), "845".to_owned()));
    let id = town.hand_in(&LOW, "2026-11", &of_low).await;
    let list = town.clerks["民政"].list(&id).await;
    assert_eq!(
        counts(&list["verdicts"]),
        format!("changed 3, new 1, same {}", low.len() - 3)
    );
    town.hand_in(&OLD, "2026-11", &of_old).await;
    town.adds_up("November again").await;

    // The villages decide: one of the two has left, the other has not; a conflict is settled for the worker's number.
    let (gone, stays) = (left[0], left[1]);
    let item = town
        .cadre(gone)
        .item(town.residents[&gone], "list_row_missing")
        .await;
    town.cadre(gone).decide(&item, "approve", json!({})).await.ok();
    town.roster.get_mut("disabled").unwrap().remove(&gone);
    let item = town
        .cadre(stays)
        .item(town.residents[&stays], "list_row_missing")
        .await;
    let more = json!({ "reason": "证件有效，部门漏报" });
    town.cadre(stays).decide(&item, "reject", more).await.ok();
    let settled = *contradicted.first().unwrap();
    let item = town
        .cadre(settled)
        .item(town.residents[&settled], "conflict")
        .await;
    let more = json!({ "value": phone(settled, 9) });
    town.cadre(settled).decide(&item, "choose", more).await.ok();
    town.adds_up("decided").await;
    let refused = clerk
        .post(&format!("/api/v1/lists/{again}/undo"), &Value::Null)
        .await;
    assert_eq!(refused.code(), "409 built_upon");

    // December: who was left out is named again, and nobody is asked twice.
    of_disabled.insert(stays, {
        let (a, b) = grade(stays);
        (a.to_owned(), b.to_owned())
    });
    let id = town.hand_in(&DISABLED, "2026-12", &of_disabled).await;
    let verdicts = counts(&clerk.list(&id).await["verdicts"]);
    assert_eq!(verdicts, format!("same {}", of_disabled.len()));
    town.hand_in(&LOW, "2026-12", &of_low).await;
    town.hand_in(&OLD, "2026-12", &of_old).await;
    town.adds_up("December").await;
    let path = format!("/api/v1/lists/{id}/difference");
    let difference = clerk.get(&path).await.ok();
    assert_eq!(
        (&difference["joined"], &difference["left"], &difference["changed"]),
        (&json!(1), &json!(0), &json!(0))
    );
    town.runner.stop().await;
}
