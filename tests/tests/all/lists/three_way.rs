//! A list is merged three-way: against what the same source said before, and what the field says now.
//!
//! One line is one person with one cell under test: what 残联's October list says, what somebody does in the field,
//! what a later list says, and what that comes to.

use super::{CHANGES, born, number};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(columns_do_what_the_table_says);

const A: &str = "13900071001";
const B: &str = "13900071002";
const C: &str = "13900071003";

struct Case {
    column: &'static str,
    before: &'static str,
    field: &'static str,
    list: &'static str,
    now: &'static str,
    /// Verdict, the value that the record shows, what waits in the village.
    expected: (&'static str, &'static str, &'static str),
}

const fn case(
    column: &'static str,
    before: &'static str,
    field: &'static str,
    list: &'static str,
    now: &'static str,
    expected: (&'static str, &'static str, &'static str),
) -> Case {
    Case {
        column,
        before,
        field,
        list,
        now,
        expected,
    }
}

/// `worker=…` is a phone's edit, `cadre=…` one at the console; `-` as a value clears.
const CASES: &[Case] = &[
    // Unchanged in the list: nothing is written, whatever the field says now.
    case("phone", A, "", "残联", A, ("same", A, "")),
    case("phone", A, "worker=13900071002", "残联", A, ("same", B, "")),
    case("phone", A, "worker=-", "残联", A, ("same", "", "")),
    case(
        "phone",
        A,
        "cadre=13900071002",
        "残联",
        "+86 139 0007 1001",
        ("same", B, ""),
    ),
    // Changed in the list.
    case("phone", A, "", "残联", B, ("changed", B, "")),
    case("phone", A, "worker=13900071002", "残联", B, ("same", B, "")),
    case(
        "phone",
        A,
        "worker=13900071002",
        "残联",
        C,
        ("contradicted", "?", "conflict phone"),
    ),
    case(
        "phone",
        A,
        "worker=-",
        "残联",
        C,
        ("contradicted", "?", "conflict phone"),
    ),
    case(
        "address",
        "旧围村3号",
        "",
        "残联",
        "旧围村5号",
        ("changed", "旧围村5号", ""),
    ),
    // Never written: filled. Cleared is a value, which the list contradicts.
    case("phone", "", "", "残联", A, ("changed", A, "")),
    case(
        "phone",
        "",
        "worker=13900071002",
        "残联",
        A,
        ("contradicted", B, "list_row_contradicted phone"),
    ),
    case(
        "phone",
        "",
        "clears=13900071002",
        "残联",
        A,
        ("contradicted", "", "list_row_contradicted phone"),
    ),
    // Not stated: neither written nor changed nor compared.
    case("phone", A, "", "残联", "", ("same", A, "")),
    case("phone", A, "", "残联", "无", ("same", A, "")),
    case("phone", A, "", "残联", "不详", ("same", A, "")),
    case("phone", A, "", "残联", "待查", ("same", A, "")),
    case("phone", A, "", "残联", "-", ("same", A, "")),
    case("phone", A, "", "残联", "/", ("same", A, "")),
    case("phone", A, "", "残联", "00000000000", ("same", A, "")),
    case("phone", A, "", "残联", "11111111111", ("same", A, "")),
    case("phone", A, "", "残联", "139****1002", ("same", A, "")),
    case("phone", A, "worker=13900071002", "残联", "无", ("same", B, "")),
    case("phone", "139****1001", "", "残联", A, ("changed", A, "")),
    case(
        "phone",
        "无",
        "worker=13900071002",
        "残联",
        "不详",
        ("same", B, ""),
    ),
    case("birth", "", "", "残联", "1900-01-01", ("same", "?", "")),
    // The first list of another source overwrites nothing; what was never written it fills.
    case(
        "phone",
        A,
        "",
        "民政",
        B,
        ("new", A, "list_row_contradicted phone"),
    ),
    case("phone", A, "", "民政", A, ("new", A, "")),
    case(
        "phone",
        A,
        "worker=13900071002",
        "民政",
        A,
        ("new", B, "list_row_contradicted phone"),
    ),
    case("phone", "", "", "民政", B, ("new", B, "")),
    case(
        "phone",
        "",
        "clears=13900071002",
        "民政",
        B,
        ("new", "", "list_row_contradicted phone"),
    ),
    case("phone", A, "", "民政", "无", ("new", A, "")),
    // Facts that the village decides: filled where nobody wrote them, proposed where the list changes its word.
    case("ethnicity", "", "", "残联", "瑶族", ("changed", "瑶", "")),
    case(
        "ethnicity",
        "汉族",
        "",
        "残联",
        "瑶",
        ("changed", "汉", "proposal ethnicity"),
    ),
    case("ethnicity", "汉", "cadre=壮", "残联", "汉", ("same", "壮", "")),
    case(
        "ethnicity",
        "汉",
        "cadre=壮",
        "残联",
        "瑶",
        ("contradicted", "壮", "list_row_contradicted ethnicity"),
    ),
    case(
        "ethnicity",
        "汉",
        "",
        "民政",
        "瑶",
        ("new", "汉", "list_row_contradicted ethnicity"),
    ),
    case("ethnicity", "", "", "民政", "瑶", ("new", "瑶", "")),
    // A department's own fields follow its list.
    case("grade", "二级", "", "残联", "一级", ("changed", "一级", "")),
    case(
        "grade",
        "二级",
        "cadre=三级",
        "残联",
        "一级",
        ("changed", "一级", ""),
    ),
    case(
        "grade",
        "二级",
        "cadre=三级",
        "残联",
        "二级",
        ("same", "三级", ""),
    ),
    case("grade", "二级", "", "残联", "", ("same", "二级", "")),
];

const fn key(column: &str) -> &'static str {
    match column.as_bytes() {
        b"phone" => "phone",
        b"address" => "address",
        b"ethnicity" => "ethnicity",
        b"birth" => "birth_date",
        _ => "disabled.grade",
    }
}

/// One row of a list, whose cells are those of the case.
fn line(n: usize, column: &str, value: &str, disabled: bool) -> String {
    let cell = |name: &str, other: &str| {
        if name == column {
            value.to_owned()
        } else {
            other.to_owned()
        }
    };
    let address = format!(
        "沙坪街道良围村{}",
        cell("address", &format!("旧围村{}号", n % 90 + 1))
    );
    let grade = if disabled {
        cell("grade", "二级")
    } else {
        String::new()
    };
    format!(
        "何{},{},{},{},{},肢体,{grade},{address}\n",
        char::from_u32(0x4e10 + n as u32).unwrap(),
        number(n),
        cell("birth", &born(n)),
        cell("ethnicity", ""),
        cell("phone", ""),
    )
}

fn file(disabled: bool, lines: impl Iterator<Item = String>) -> Vec<u8> {
    let mut text = "姓名,身份证号,出生日期,民族,联系电话,残疾类别,残疾等级,现住址\n".to_owned();
    if !disabled {
        text = "姓名,身份证号,出生日期,民族,联系电话,津贴类别,档次,现住址\n".to_owned();
    }
    lines.for_each(|line| text.push_str(&line));
    text.into_bytes()
}

async fn columns_do_what_the_table_says(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = |client: &tests::console::Console| Clerk::new((**client).clone());
    let (a, b) = (county.console("残联").await, county.console("民政").await);
    let handed = |source, kind, month, content| Handed {
        source,
        kind,
        division: county.place("鹤山市"),
        month,
        name: "list.csv",
        content,
    };
    let all = CASES.iter().enumerate();
    let october = file(true, all.clone().map(|(n, c)| line(n, c.column, c.before, true)));
    let october = clerk(&a)
        .hand_in(&handed("残联", "disabled", "2026-10", october), CHANGES)
        .await;
    let first = clerk(&a).rows(&october, None).await;
    let people: Vec<Uuid> = first
        .iter()
        .map(|row| {
            assert_eq!(row["verdict"], "new", "{row}");
            row["resident"].as_str().unwrap().parse().unwrap()
        })
        .collect();

    let cadre = county.console("陆桂英").await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    for (case, person) in CASES.iter().zip(&people) {
        let key = key(case.column);
        match case.field.split_once('=') {
            None => {}
            Some(("worker", "-")) => drop(phone.edit(*person).clear(key).done()),
            Some(("worker", value)) => drop(phone.edit(*person).set(key, value).done()),
            Some(("clears", value)) => {
                phone.edit(*person).set(key, value).done();
                phone.sync().await;
                phone.edit(*person).clear(key).done();
            }
            Some((_, value)) => {
                let seen = cadre.get(&format!("/api/v1/residents/{person}")).await.ok();
                let edit = json!({
                    "id": Uuid::now_v7(), "base": seen["version"],
                    "fields": { key: { "was": seen["fields"][key], "now": value } },
                });
                let done = cadre
                    .post(&format!("/api/v1/residents/{person}/edits"), &edit)
                    .await
                    .ok();
                assert_eq!(done["receipt"]["outcome"], "merged", "{done}");
            }
        }
    }
    phone.sync().await;

    let later = |source: &'static str| {
        let of_source = all.clone().filter(move |(_, c)| c.list == source);
        file(
            source == "残联",
            of_source.map(move |(n, c)| line(n, c.column, c.now, source == "残联")),
        )
    };
    let second = [
        clerk(&a)
            .hand_in(&handed("残联", "disabled", "2026-11", later("残联")), CHANGES)
            .await,
        clerk(&b)
            .hand_in(
                &handed("民政", "old_age_allowance", "2026-11", later("民政")),
                CHANGES,
            )
            .await,
    ];
    let mut rows = clerk(&a).rows(&second[0], None).await;
    rows.extend(clerk(&b).rows(&second[1], None).await);
    // Who is missing from 残联's second list stands behind its rows, and is another test's.
    rows.retain(|row| row["sheet"].is_number());
    let mut wrong = Vec::new();
    for (case, person) in CASES.iter().zip(&people) {
        let row = rows.iter().find(|row| row["resident"] == person.to_string());
        let Some(row) = row else {
            wrong.push(format!("{}: {} is in no row", case.column, case.now));
            continue;
        };
        let seen = cadre.get(&format!("/api/v1/residents/{person}")).await.ok();
        let value = seen["fields"][key(case.column)].as_str().unwrap_or_default();
        let value = value.trim_start_matches("沙坪街道良围村");
        let mut waiting = cadre.waiting(*person).await;
        // Who is missing from the other department's list is another test's.
        waiting.retain(|item| !item.starts_with("list_row_missing"));
        let value = if case.expected.1 == "?" { "?" } else { value };
        let found = (row["verdict"].as_str().unwrap(), value, waiting.join(", "));
        let expected = (case.expected.0, case.expected.1, case.expected.2.to_owned());
        if found != expected {
            wrong.push(format!(
                "{} {:?}, {:?}, {} {:?}: expected {expected:?}, found {found:?} ({})",
                case.column, case.before, case.field, case.list, case.now, row["reason"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    decide(&cadre, &people).await;
    runner.stop().await;
}

/// What a list contradicted is the village's to decide: it takes the list's value or keeps its own.
async fn decide(cadre: &tests::console::Console, people: &[Uuid]) {
    for (column, key, list, now, choice) in [
        ("phone", "phone", "残联", A, "choose"),
        ("phone", "phone", "民政", B, "reject"),
        ("ethnicity", "ethnicity", "残联", "瑶", "choose"),
    ] {
        let place = CASES.iter().position(|c| {
            c.column == column
                && c.list == list
                && c.now == now
                && c.expected.2.starts_with("list_row_contradicted")
        });
        let person = people[place.unwrap()];
        let before = shown(cadre, person, key).await;
        let item = cadre.item(person, "list_row_contradicted").await;
        assert_eq!(item["content"]["present"].as_str().unwrap_or_default(), before);
        let said = item["content"]["sides"][0]["value"].as_str().unwrap().to_owned();
        let (more, expected) = match choice {
            "choose" => (json!({ "value": said }), said),
            _ => (json!({ "reason": "已上门核实" }), before),
        };
        cadre.decide(&item, choice, more).await.ok();
        assert_eq!(shown(cadre, person, key).await, expected);
        let mut waiting = cadre.waiting(person).await;
        waiting.retain(|item| !item.starts_with("list_row_missing"));
        assert_eq!(waiting, [""; 0]);
    }
}

async fn shown(cadre: &tests::console::Console, person: Uuid, key: &str) -> String {
    let seen: Value = cadre.get(&format!("/api/v1/residents/{person}")).await.ok();
    seen["fields"][key].as_str().unwrap_or_default().to_owned()
}
