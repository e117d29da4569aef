//! Comparison rules on small cases made by hand.

use domain::date::Date;
use matching::clues::catalogue::rules;
use matching::clues::{Condition, Person, Rule, Sheet, Sheets, run};
use matching::record::Born;

/// A person, a list, and cells by column.
type Parsed<'a> = (usize, &'a str, Vec<(&'a str, &'a str)>);

/// Lists that are there, if only with nobody on them.
const LISTS: [&str; 6] = ["elder", "dibao", "disabled", "deaths", "moved_out", "care"];

/// Lists as `list: column=value column=value`, one line for a row; each row belongs to the person numbered before it.
fn sheets(lines: &[(usize, &str)]) -> (Sheets, Vec<(usize, u32)>) {
    let mut kinds: Vec<Sheet> = LISTS
        .iter()
        .map(|list| Sheet {
            list: (*list).to_owned(),
            columns: Vec::new(),
        })
        .collect();
    let parsed: Vec<Parsed<'_>> = lines
        .iter()
        .map(|(person, line)| {
            let (list, cells) = line.split_once(':').unwrap();
            let cells = cells
                .split_whitespace()
                .map(|c| c.split_once('=').unwrap())
                .collect();
            (*person, list, cells)
        })
        .collect();
    for (_, list, cells) in &parsed {
        let at = kinds.iter().position(|s| s.list == *list).unwrap_or_else(|| {
            kinds.push(Sheet {
                list: (*list).to_owned(),
                columns: Vec::new(),
            });
            kinds.len() - 1
        });
        for (column, _) in cells {
            if !kinds[at].columns.iter().any(|c| c == column) {
                kinds[at].columns.push((*column).to_owned());
            }
        }
    }
    let mut sheets = Sheets::new(kinds.clone());
    let mut rows = Vec::new();
    for (person, list, cells) in parsed {
        let at = kinds.iter().position(|s| s.list == list).unwrap();
        let line = kinds[at]
            .columns
            .iter()
            .map(|column| {
                let cell = cells.iter().find(|(c, _)| c == column);
                sheets.word(cell.map_or("", |(_, v)| v))
            })
            .collect();
        rows.push((person, sheets.lines.len() as u32));
        sheets.lines.push((at as u16, line));
    }
    (sheets, rows)
}

/// People born in these years, the first in the register and so on while `registered` is true.
fn found(years: &[(u32, bool)], lines: &[(usize, &str)]) -> Vec<String> {
    let (sheets, rows) = sheets(lines);
    let people = people(years, &rows);
    let rules = rules();
    let clues = run(&rules, &sheets, &people, Date::constant(2025, 12, 31));
    clues
        .iter()
        .map(|c| format!("{} {}", rules[c.rule].code, c.person))
        .collect()
}

fn people(years: &[(u32, bool)], rows: &[(usize, u32)]) -> Vec<Person> {
    (0u32..)
        .zip(years)
        .map(|(n, (year, registered))| Person {
            register: if *registered { vec![n] } else { Vec::new() },
            rows: rows
                .iter()
                .filter(|(p, _)| *p == n as usize)
                .map(|(_, r)| *r)
                .collect(),
            born: Born::new(*year, 6, 15),
            household: registered.then_some(1),
            ..Person::default()
        })
        .collect()
}

#[test]
fn each_rule_finds_its_case_and_no_other() {
    let cases: [(&str, u32, bool, &[&str]); 20] = [
        (
            "deceased_on_elder",
            1940,
            true,
            &["deaths:死亡日期=2025-03-01", "elder:月发放标准=100"],
        ),
        (
            "deceased_on_dibao",
            1960,
            true,
            &["deaths:死亡日期=2025-03-01", "dibao:救助类别=低保边缘"],
        ),
        (
            "deceased_on_disabled",
            1960,
            true,
            &["deaths:死亡日期=2025-03-01", "disabled:残疾等级=三级"],
        ),
        (
            "moved_out_on_dibao",
            1960,
            true,
            &["moved_out:日期=2025-03-01", "dibao:救助类别=低保边缘"],
        ),
        (
            "in_custody_on_dibao",
            1980,
            true,
            &["custody:起=2025-03-01", "dibao:救助类别=低保边缘"],
        ),
        ("aged80_not_enrolled", 1940, true, &["care:x=1"]),
        ("elder_under_80", 1950, true, &["elder:月发放标准=100"]),
        (
            "elder_wrong_band",
            1930,
            true,
            &["elder:年龄段=80-89", "care:x=1"],
        ),
        (
            "severe_disabled_no_care_subsidy",
            1960,
            true,
            &["disabled:残疾等级=一级 重度残疾人护理补贴=否"],
        ),
        (
            "disabled_lowincome_no_living_subsidy",
            1960,
            true,
            &[
                "disabled:残疾等级=三级 困难残疾人生活补贴=否",
                "dibao:救助类别=低保边缘",
            ],
        ),
        (
            "certificate_ended_with_subsidy",
            1960,
            true,
            &["disabled:残疾等级=三级 证件状态=注销 困难残疾人生活补贴=是"],
        ),
        (
            "orphan_and_destitute",
            2015,
            true,
            &["orphans:x=1", "dibao:救助类别=特困"],
        ),
        ("not_in_roster_disabled", 1960, false, &["disabled:残疾等级=三级"]),
        (
            "gone_from_elder",
            1950,
            true,
            &["elder_before:月发放标准=100", "elder:月发放标准="],
        ),
        (
            "visit_contradicts_dibao",
            1960,
            true,
            &["visits:走访结果=查无此人", "dibao:救助类别=低保边缘"],
        ),
        (
            "vehicle_on_dibao",
            1960,
            true,
            &["vehicles:车牌=x", "dibao:救助类别=低保边缘"],
        ),
        (
            "property_on_dibao",
            1960,
            true,
            &["property:房产=x", "dibao:救助类别=低保边缘"],
        ),
        (
            "business_on_dibao",
            1960,
            true,
            &["business:企业=x", "dibao:救助类别=低保"],
        ),
        (
            "deceased_on_elder",
            1945,
            true,
            &["deaths:死亡日期=2025-12-30", "elder:月发放标准=100"],
        ),
        (
            "aged80_alone_not_cared",
            1940,
            true,
            &["care:x=", "elder:月发放标准=100"],
        ),
    ];
    for (rule, year, registered, lines) in cases {
        // The list that is gone and the care list have rows of somebody else, so that they are there.
        let other = |line: &&str| line.starts_with("elder:月发放标准=") && rule == "gone_from_elder";
        let care = |line: &&str| line.starts_with("care:x=") && rule == "aged80_alone_not_cared";
        let placed: Vec<(usize, &str)> = lines
            .iter()
            .map(|line| {
                (
                    usize::from((other(line) && line.ends_with('=')) || care(line)),
                    *line,
                )
            })
            .collect();
        let others = [(year, registered), (1940, true)];
        let mut placed = placed;
        if rule == "aged80_not_enrolled" {
            placed.push((1, "elder:月发放标准=100"));
            placed.push((1, "care:x=1"));
        }
        let all = found(&others, &placed);
        let own: Vec<&String> = all.iter().filter(|c| c.ends_with(" 0")).collect();
        assert_eq!(own, [&format!("{rule} 0")], "{lines:?}");
    }
}

#[test]
fn rows_that_stand_twice() {
    let all = found(
        &[(1960, true), (1961, true)],
        &[
            (0, "dibao:低保证号=A 救助类别=低保"),
            (0, "dibao:低保证号=B 救助类别=特困"),
            (1, "dibao:低保证号=C 救助类别=低保"),
            (1, "dibao:低保证号=C 救助类别=特困"),
            (0, "disabled:残疾等级=三级"),
        ],
    );
    assert_eq!(
        all,
        [
            "duplicate_in_dibao 0",
            "duplicate_in_dibao 1",
            "destitute_and_low_income 0",
            "two_dibao_households 0"
        ]
    );
}

#[test]
fn accounts_that_many_share() {
    let years = [(1940, true); 4];
    let line = |n: usize| {
        (
            n,
            if n < 3 {
                "elder:银行账号=6222"
            } else {
                "elder:银行账号=7333"
            },
        )
    };
    let mut lines: Vec<(usize, &str)> = (0..4).map(line).collect();
    lines.push((0, "care:x=1"));
    for n in 1..4 {
        lines.push((n, "care:x=1"));
    }
    let all = found(&years, &lines);
    assert_eq!(
        all,
        [
            "shared_account_elder 0",
            "shared_account_elder 1",
            "shared_account_elder 2"
        ]
    );
}

#[test]
fn a_row_that_may_be_theirs_silences_a_rule() {
    let (sheets, rows) = sheets(&[(1, "elder:月发放标准=100"), (1, "care:x=1")]);
    let mut people = people(&[(1940, true), (1930, true)], &rows);
    let rules: Vec<Rule> = rules()
        .into_iter()
        .filter(|r| r.code == "aged80_not_enrolled")
        .collect();
    let at = Date::constant(2025, 12, 31);
    assert_eq!(run(&rules, &sheets, &people, at).len(), 1);
    people[0].maybe = vec![0];
    assert_eq!(run(&rules, &sheets, &people, at).len(), 0);
}

#[test]
fn a_clue_keeps_its_identity_and_knows_its_inputs() {
    let run_with = |amount: &str, year: u32| {
        let elder = format!("elder:月发放标准={amount}");
        let (sheets, rows) = sheets(&[(0, "deaths:死亡日期=2025-03-10"), (0, &elder)]);
        let clues = run(
            &rules(),
            &sheets,
            &people(&[(year, true)], &rows),
            Date::constant(2025, 12, 31),
        );
        clues.into_iter().next().unwrap()
    };
    let (first, again, other, born) = (
        run_with("100", 1940),
        run_with("100", 1940),
        run_with("200", 1940),
        run_with("100", 1941),
    );
    assert_eq!(first, again);
    assert_ne!(first.inputs, other.inputs);
    assert_ne!(first.inputs, born.inputs);
    // April to December, a hundred yuan each.
    let stake = first.stake.unwrap();
    assert_eq!((stake.months, stake.fen), (9, 90_000));
}

#[test]
fn a_rule_is_a_row() {
    let rules = rules();
    let written = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Rule>>(&written).unwrap(), rules);
    let rule = rules.iter().find(|r| r.code == "deceased_on_elder").unwrap();
    assert_eq!(rule.inputs(), ["deaths", "elder"]);
    let mut limited = rule.clone();
    limited.from = Some("2026-01-01".to_owned());
    assert!(!limited.is_valid_at("2025-12-31") && limited.is_valid_at("2026-01-01"));
    let unknown = Condition::On("nothing".to_owned());
    let (sheets, rows) = sheets(&[(0, "elder:月发放标准=100")]);
    let dry = Rule {
        when: unknown,
        ..rule.clone()
    };
    let nobody = run(
        std::slice::from_ref(&dry),
        &sheets,
        &people(&[(1940, true)], &rows),
        Date::constant(2025, 12, 31),
    );
    assert!(nobody.is_empty());
    // That nobody stands on a list that nobody has handed in says nothing.
    let absent = Rule {
        when: Condition::Not(Box::new(dry.when.clone())),
        ..rule.clone()
    };
    let nobody = run(
        &[absent],
        &sheets,
        &people(&[(1940, true)], &rows),
        Date::constant(2025, 12, 31),
    );
    assert!(nobody.is_empty());
}

#[test]
fn amounts_and_months() {
    let finds = |when: Condition, line: &str| {
        let rule = Rule {
            code: "tried".to_owned(),
            when,
            money: None,
            ..rules()[0].clone()
        };
        let (sheets, rows) = sheets(&[(0, line)]);
        let people = people(&[(1940, true)], &rows);
        !run(&[rule], &sheets, &people, Date::constant(2025, 12, 31)).is_empty()
    };
    let at_least = |yuan| Condition::AtLeast {
        list: "elder".to_owned(),
        column: "月发放标准".to_owned(),
        yuan,
    };
    assert!(finds(at_least(100), "elder:月发放标准=100"));
    assert!(!finds(at_least(101), "elder:月发放标准=100"));
    assert!(!finds(at_least(1), "elder:月发放标准=无"));
    let passed = |months| Condition::Passed {
        list: "disabled".to_owned(),
        column: "有效期至".to_owned(),
        months,
    };
    assert!(finds(passed(0), "disabled:有效期至=2025-12-30"));
    assert!(!finds(passed(0), "disabled:有效期至=2025-12-31"));
    assert!(!finds(passed(0), "disabled:有效期至=2025-12"));
    assert!(finds(passed(12), "disabled:有效期至=2024-12-30"));
    assert!(!finds(passed(12), "disabled:有效期至=2025-01-01"));
}
