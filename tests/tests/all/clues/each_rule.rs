//! Rules of which a generated county tells no truth: one made by hand for each, through lists as departments hand them in.

use super::{clues, hand_in, night, number, told, worker};
use serde_json::json;
use tests::county::County;
use tests::database::Database;

tests::on_both!(
    lists_from_outside,
    subsidies_and_certificates,
    ages_bands_and_who_lives_alone,
    rows_twice_and_accounts,
    what_visits_say,
    whoever_disappears
);

const PLACE: &str = "沙坪街道良围村旧围村";

/// A line of somebody: name, number, birth date, place, and further cells.
fn line(name: &str, born: &str, n: usize, more: &str) -> String {
    format!("{name},{},{born},{PLACE}{n}号{more}\n", number(born, n))
}

/// A list: its further columns, and lines.
fn list(columns: &str, lines: &[String]) -> String {
    format!("姓名,身份证号,出生日期,现住址{columns}\n{}", lines.concat())
}

fn low_income(lines: &[String]) -> String {
    list(",低保证号,救助类别,月保障金额", lines)
}

async fn found(county: &County) -> Vec<String> {
    night(&county.program).await;
    let bureau = county.console("区划管理员").await;
    told(&clues(&bureau, "").await)
}

/// 4, 10, 11, 12, 13, 17: lists that only rules read.
async fn lists_from_outside(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let born = "1970-05-06";
    let names = ["何一新", "何二喜", "何三妹", "何四海", "何五湖", "何六合"];
    let rows: Vec<String> = (names.iter().enumerate())
        .map(|(n, name)| {
            let benefit = if n == 5 { "特困" } else { "低保" };
            line(name, born, n + 1, &format!(",DB{n},{benefit},600"))
        })
        .collect();
    hand_in(&county, "low_income", "2026-10", &low_income(&rows)).await;
    let kinds = [
        "vehicles",
        "property",
        "business",
        "moved_out",
        "custody",
        "orphans",
    ];
    for (n, kind) in kinds.iter().enumerate() {
        let own = [
            line(names[n], born, n + 1, ""),
            line("别的人", "1960-01-01", 900 + n, ""),
        ];
        let id = hand_in(&county, kind, "2026-11", &list("", &own)).await;
        let clerk = super::bureau(&county).await;
        let rows = clerk.rows(&id, None).await;
        assert_eq!(
            rows[0]["reason"], "已对应到居民，只用于比对，不写入档案",
            "{kind}"
        );
        assert_eq!(rows[1]["reason"], "不是在册人员，只用于比对", "{kind}");
    }
    let expected = [
        "business_on_dibao 何三妹 open",
        "in_custody_on_dibao 何五湖 open",
        "moved_out_on_dibao 何四海 open",
        "orphan_and_destitute 何六合 open",
        "property_on_dibao 何二喜 open",
        "vehicle_on_dibao 何一新 open",
    ];
    assert_eq!(found(&county).await, expected);
    runner.stop().await;
}

/// 7, 8, 9.
async fn subsidies_and_certificates(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let born = "1970-05-06";
    let rows = [
        line("何一新", born, 1, ",肢体,一级,是,否,有效,2030-01-01"),
        line("何二喜", born, 2, ",肢体,三级,否,否,有效,2030-01-01"),
        line("何三妹", born, 3, ",肢体,三级,是,否,有效,2026-01-01"),
        line("何四海", born, 4, ",肢体,一级,是,是,有效,2030-01-01"),
    ];
    let columns = ",残疾类别,残疾等级,困难残疾人生活补贴,重度残疾人护理补贴,证件状态,有效期至";
    hand_in(&county, "disabled", "2026-10", &list(columns, &rows)).await;
    let poor = [line("何二喜", born, 2, ",DB2,低保边缘,600")];
    hand_in(&county, "low_income", "2026-10", &low_income(&poor)).await;
    let expected = [
        "certificate_ended_with_subsidy 何三妹 open",
        "disabled_lowincome_no_living_subsidy 何二喜 open",
        "severe_disabled_no_care_subsidy 何一新 open",
    ];
    assert_eq!(found(&county).await, expected);

    // A rule that a county switches on itself.
    let bureau = county.console("区划管理员").await;
    let rule = json!({
        "code": "living_subsidy_without_basis", "number": 8, "severity": "overpaid", "owner": "disabled",
        "says": "享受困难残疾人生活补贴，不在低保、特困或低保边缘名册",
        "when": { "all": [
            { "some": { "list": "disabled", "column": "困难残疾人生活补贴", "among": ["是"] } },
            { "not": { "on": "dibao" } },
        ] },
    });
    bureau.post("/api/v1/clue-rules", &rule).await.ok();
    let mut all = found(&county).await;
    all.retain(|clue| clue.starts_with("living"));
    let expected = ["何一新", "何三妹", "何四海"].map(|n| format!("living_subsidy_without_basis {n} open"));
    assert_eq!(all, expected);
    // That somebody is on no list of 民政 is nothing that 残联 may be told.
    let department = county.console("残联").await;
    let own = told(&clues(&department, "").await);
    assert_eq!(
        own,
        [
            "certificate_ended_with_subsidy 何三妹 open",
            "severe_disabled_no_care_subsidy 何一新 open"
        ]
    );
    runner.stop().await;
}

/// 5, 6, 21: people of the register.
async fn ages_bands_and_who_lives_alone(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let person = |name: &str, born: &str, n: usize, house: &str| line(name, born, n, &format!(",{house}"));
    let register = [
        person("何一新", "1940-05-06", 1, "H1"),
        person("何二喜", "1941-05-06", 2, "H2"),
        person("何三妹", "1970-05-06", 3, "H2"),
        person("何四海", "1930-05-06", 4, "H4"),
        person("何五湖", "1950-05-06", 5, "H5"),
        person("何六合", "1942-05-06", 6, "H6"),
    ];
    hand_in(&county, "population", "2026-10", &list(",户号", &register)).await;
    let allowance = [
        line("何二喜", "1941-05-06", 2, ",80-89,100"),
        line("何四海", "1930-05-06", 4, ",80-89,100"),
        line("何五湖", "1950-05-06", 5, ",70-79,100"),
    ];
    hand_in(
        &county,
        "old_age_allowance",
        "2026-10",
        &list(",年龄段,月发放标准", &allowance),
    )
    .await;
    hand_in(
        &county,
        "low_income",
        "2026-10",
        &low_income(&[line("何三妹", "1970-05-06", 3, ",DB3,低保,600")]),
    )
    .await;
    let disabled = [line("何三妹", "1970-05-06", 3, ",肢体,三级")];
    hand_in(
        &county,
        "disabled",
        "2026-10",
        &list(",残疾类别,残疾等级", &disabled),
    )
    .await;
    // 何六合 has died, and nobody pays her.
    let dead = format!(
        "姓名,身份证号,死亡日期\n何六合,{},2026-09-01\n",
        number("1942-05-06", 6)
    );
    hand_in(&county, "deaths", "2026-10", &dead).await;
    hand_in(
        &county,
        "care",
        "2026-10",
        &list("", &[line("何五湖", "1950-05-06", 5, "")]),
    )
    .await;
    let expected = [
        "aged80_alone_not_cared 何四海 open",
        "aged80_not_enrolled 何一新 open",
        "elder_under_80 何五湖 open",
        "elder_wrong_band 何四海 open",
    ];
    assert_eq!(found(&county).await, expected);
    runner.stop().await;
}

/// 10, 18, 19, 24.
async fn rows_twice_and_accounts(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let born = "1970-05-06";
    let poor = [
        line("何一新", born, 1, ",DB1,低保,600,62220001"),
        line("何一新", born, 1, ",DB9,特困,900,62220002"),
        line("何二喜", born, 2, ",DB2,低保,600,62229999"),
        line("何三妹", born, 3, ",DB3,低保,600,62229999"),
        line("何四海", born, 4, ",DB4,低保,600,62229999"),
    ];
    let columns = ",低保证号,救助类别,月保障金额,银行账号";
    hand_in(&county, "low_income", "2026-10", &list(columns, &poor)).await;
    // Another name under a number that is somebody's: nobody is linked, and a person is asked who it is.
    let disabled = [line("郑十全", born, 3, ",肢体,三级")];
    hand_in(
        &county,
        "disabled",
        "2026-10",
        &list(",残疾类别,残疾等级", &disabled),
    )
    .await;
    let all = found(&county).await;
    let of = |rule: &str| -> Vec<&String> { all.iter().filter(|c| c.starts_with(rule)).collect() };
    assert_eq!(of("shared_account").len(), 3, "{all:?}");
    assert_eq!(of("other_name_of_number").len(), 1, "{all:?}");
    runner.stop().await;
}

/// 22.
async fn what_visits_say(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let born = "1970-05-06";
    let rows: Vec<String> = ["何一新", "何二喜", "何三妹"]
        .iter()
        .enumerate()
        .map(|(n, name)| line(name, born, n + 1, &format!(",DB{n},低保,600")))
        .collect();
    let id = hand_in(&county, "low_income", "2026-10", &low_income(&rows)).await;
    let clerk = super::bureau(&county).await;
    let who = |n: usize, rows: &[serde_json::Value]| rows[n]["resident"].as_str().unwrap().parse().unwrap();
    let listed = clerk.rows(&id, None).await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    phone
        .edit(who(0, &listed))
        .visit("home", "not_found", "查无此人")
        .done();
    phone.edit(who(1, &listed)).report("moved_out").done();
    phone.edit(who(2, &listed)).visit("home", "met", "在家").done();
    phone.sync().await;
    let expected = [
        "visit_contradicts_dibao 何一新 open",
        "visit_contradicts_dibao 何二喜 open",
    ];
    assert_eq!(found(&county).await, expected);
    // The next visit meets them: what was said is no more.
    phone.edit(who(0, &listed)).visit("home", "met", "回来了").done();
    phone.sync().await;
    let expected = [
        "visit_contradicts_dibao 何一新 closed",
        "visit_contradicts_dibao 何二喜 open",
    ];
    assert_eq!(found(&county).await, expected);
    runner.stop().await;
}

/// 23: on the list of the month before, and on no list that says why not.
async fn whoever_disappears(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let born = "1940-05-06";
    let people = |names: &[(&str, usize)]| -> Vec<String> {
        names
            .iter()
            .map(|(name, n)| line(name, born, *n, ",100"))
            .collect()
    };
    let all = [("何一新", 1), ("何二喜", 2), ("何三妹", 3)];
    hand_in(
        &county,
        "old_age_allowance",
        "2026-10",
        &list(",月发放标准", &people(&all)),
    )
    .await;
    hand_in(
        &county,
        "moved_out",
        "2026-10",
        &list("", &[line("何二喜", born, 2, "")]),
    )
    .await;
    let dead = format!(
        "姓名,身份证号,死亡日期\n别的人,{},2026-09-01\n",
        number("1942-05-06", 9)
    );
    hand_in(&county, "deaths", "2026-10", &dead).await;
    let left = people(&all[2..]);
    hand_in(
        &county,
        "old_age_allowance",
        "2026-11",
        &list(",月发放标准", &left),
    )
    .await;
    let mut all = found(&county).await;
    all.retain(|clue| clue.starts_with("gone_from"));
    assert_eq!(all, ["gone_from_elder 何一新 open"]);
    runner.stop().await;
}
