//! The rules that a county starts with. Numbers are those of the table of comparisons in `docs/matching.md`.

use super::{Cells, Condition, Money, Rule, Severity};

fn on(list: &str) -> Condition {
    Condition::On(list.to_owned())
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn cells(list: &str, column: &str, among: &[&str]) -> Cells {
    Cells {
        list: list.to_owned(),
        column: column.to_owned(),
        among: among.iter().map(|w| (*w).to_owned()).collect(),
    }
}

fn every(list: &str, column: &str, among: &[&str]) -> Condition {
    Condition::Every(cells(list, column, among))
}

fn some(list: &str, column: &str, among: &[&str]) -> Condition {
    Condition::Some(cells(list, column, among))
}

fn differ(list: &str, column: &str) -> Condition {
    Condition::Differ {
        list: list.to_owned(),
        column: column.to_owned(),
    }
}

fn rule(code: &str, number: u8, owner: &str, severity: Severity, says: &str, when: Condition) -> Rule {
    Rule {
        code: code.to_owned(),
        number,
        says: says.to_owned(),
        when,
        severity,
        owner: owner.to_owned(),
        basis: String::new(),
        money: None,
        from: None,
        until: None,
    }
}

/// Lists that pay or entitle, their Chinese names, and the column with the month's amount.
const PAYING: [(&str, &str, Option<&str>); 3] = [
    ("elder", "高龄津贴", Some("月发放标准")),
    ("dibao", "低保", Some("月保障金额")),
    ("disabled", "持证残疾人", None),
];

pub fn rules() -> Vec<Rule> {
    let mut all = Vec::new();
    for (at, (list, name, amount)) in PAYING.iter().enumerate() {
        let mut dead = rule(
            &format!("deceased_on_{list}"),
            [1, 2, 3][at],
            list,
            Severity::Overpaid,
            &format!("死亡登记中已有此人，{name}名册仍在册"),
            Condition::All(vec![on("deaths"), on(list)]),
        );
        dead.money = amount.map(|column| Money {
            list: (*list).to_owned(),
            column: column.to_owned(),
            since_list: Some("deaths".to_owned()),
            since_column: Some("死亡日期".to_owned()),
        });
        all.push(dead);
        all.push(rule(
            &format!("moved_out_on_{list}"),
            4,
            list,
            Severity::Overpaid,
            &format!("户口已迁出或注销，{name}名册仍在册"),
            Condition::All(vec![on("moved_out"), on(list)]),
        ));
        all.push(rule(
            &format!("duplicate_in_{list}"),
            18,
            list,
            Severity::Data,
            &format!("同一人在{name}名册中不止一行"),
            Condition::Twice((*list).to_owned()),
        ));
        all.push(rule(
            &format!("not_in_roster_{list}"),
            23,
            list,
            Severity::Data,
            &format!("{name}名册中的人不在人口底册"),
            Condition::All(vec![on(list), not(Condition::Registered)]),
        ));
        all.push(rule(
            &format!("in_custody_on_{list}"),
            17,
            list,
            Severity::Overpaid,
            &format!("服刑或强制隔离戒毒期间，{name}名册仍在册"),
            Condition::All(vec![on("custody"), on(list)]),
        ));
        all.push(rule(
            &format!("visit_contradicts_{list}"),
            22,
            list,
            Severity::Data,
            &format!("入户走访结果与{name}名册不符"),
            Condition::All(vec![
                on(list),
                some("visits", "走访结果", &["死亡", "迁出", "查无此人"]),
            ]),
        ));
        all.push(rule(
            &format!("gone_from_{list}"),
            23,
            list,
            Severity::Entitled,
            &format!("上期{name}名册有此人，本期没有，也没有死亡或迁出记录"),
            Condition::All(vec![
                on(&format!("{list}_before")),
                not(on(list)),
                not(on("deaths")),
                not(on("moved_out")),
            ]),
        ));
    }
    all.extend(benefits());
    all.extend(means());
    all
}

/// Rules that hold only where a county has not widened a benefit; it switches them on itself.
pub fn optional() -> Vec<Rule> {
    vec![rule(
        "living_subsidy_without_basis",
        8,
        "disabled",
        Severity::Overpaid,
        "享受困难残疾人生活补贴，不在低保、特困或低保边缘名册",
        Condition::All(vec![
            some("disabled", "困难残疾人生活补贴", &["是"]),
            not(on("dibao")),
        ]),
    )]
}

/// What is due and not paid, or paid beside what excludes it.
fn benefits() -> Vec<Rule> {
    let severe = || some("disabled", "残疾等级", &["一级", "二级"]);
    vec![
        Rule {
            basis: "《中华人民共和国老年人权益保障法》第三十三条".to_owned(),
            ..rule(
                "aged80_not_enrolled",
                5,
                "elder",
                Severity::Entitled,
                "户籍人口已满八十周岁，未在高龄津贴名册",
                Condition::All(vec![
                    Condition::Registered,
                    Condition::Aged(80),
                    not(on("deaths")),
                    not(on("elder")),
                ]),
            )
        },
        rule(
            "elder_under_80",
            6,
            "elder",
            Severity::Overpaid,
            "在高龄津贴名册，按身份证号未满八十周岁",
            Condition::All(vec![on("elder"), not(Condition::Aged(80))]),
        ),
        rule(
            "elder_wrong_band",
            6,
            "elder",
            Severity::Data,
            "高龄津贴年龄段与年龄不符",
            Condition::Any(vec![
                Condition::All(vec![
                    Condition::Aged(90),
                    some("elder", "年龄段", &["80-89", "80-89岁"]),
                ]),
                Condition::All(vec![
                    not(Condition::Aged(90)),
                    some("elder", "年龄段", &["90-99", "90-99岁"]),
                ]),
            ]),
        ),
        rule(
            "severe_disabled_no_care_subsidy",
            7,
            "disabled",
            Severity::Entitled,
            "重度残疾（一、二级），未享受护理补贴",
            Condition::All(vec![
                every("disabled", "残疾等级", &["一级", "二级"]),
                every("disabled", "重度残疾人护理补贴", &["否"]),
            ]),
        ),
        rule(
            "disabled_lowincome_no_living_subsidy",
            8,
            "disabled",
            Severity::Entitled,
            "持证残疾人属低保、特困或低保边缘，未享受困难残疾人生活补贴",
            Condition::All(vec![
                on("dibao"),
                every("disabled", "困难残疾人生活补贴", &["否"]),
            ]),
        ),
        rule(
            "certificate_ended_with_subsidy",
            9,
            "disabled",
            Severity::Overpaid,
            "残疾证已过期、注销或冻结，仍享受两项补贴",
            Condition::All(vec![
                some("disabled", "证件状态", &["过期", "注销", "冻结"]),
                Condition::Any(vec![
                    some("disabled", "困难残疾人生活补贴", &["是"]),
                    some("disabled", "重度残疾人护理补贴", &["是"]),
                ]),
            ]),
        ),
        Rule {
            basis: "《社会救助暂行办法》第十四条".to_owned(),
            ..rule(
                "destitute_and_low_income",
                10,
                "dibao",
                Severity::Overpaid,
                "同时在册特困和低保",
                Condition::All(vec![
                    some("dibao", "救助类别", &["特困"]),
                    some("dibao", "救助类别", &["低保"]),
                    differ("dibao", "低保证号"),
                ]),
            )
        },
        rule(
            "orphan_and_destitute",
            10,
            "orphans",
            Severity::Overpaid,
            "同时在册孤儿（或事实无人抚养儿童）和特困",
            Condition::All(vec![on("orphans"), some("dibao", "救助类别", &["特困"])]),
        ),
        rule(
            "two_dibao_households",
            18,
            "dibao",
            Severity::Data,
            "同一人在两个低保户中",
            differ("dibao", "低保证号"),
        ),
        rule(
            "aged80_alone_not_cared",
            21,
            "care",
            Severity::Entitled,
            "八十周岁以上独居，不在关爱走访名单",
            Condition::All(vec![
                Condition::Registered,
                Condition::Aged(80),
                Condition::Household { at_most: 1 },
                not(on("deaths")),
                not(on("care")),
                Condition::Any(vec![on("elder"), on("dibao"), severe()]),
            ]),
        ),
    ]
}

/// Means and accounts: lists of these kinds are handed in from outside, and the rules wait until one is.
fn means() -> Vec<Rule> {
    let beside = |code: &str, number: u8, list: &str, says: &str| {
        rule(
            code,
            number,
            "dibao",
            Severity::Overpaid,
            says,
            Condition::All(vec![on(list), some("dibao", "救助类别", &["低保", "低保边缘"])]),
        )
    };
    let shared = |list: &str, column: &str| {
        rule(
            &format!("shared_account_{list}"),
            24,
            list,
            Severity::Data,
            "同一银行账号收取多人的待遇",
            Condition::Shared {
                list: list.to_owned(),
                column: column.to_owned(),
                more_than: 2,
            },
        )
    };
    vec![
        beside(
            "vehicle_on_dibao",
            11,
            "vehicles",
            "名下有车辆，在册低保或低保边缘",
        ),
        beside(
            "property_on_dibao",
            12,
            "property",
            "名下有其他房产，在册低保或低保边缘",
        ),
        beside(
            "business_on_dibao",
            13,
            "business",
            "登记为企业负责人或股东，在册低保或低保边缘",
        ),
        shared("elder", "银行账号"),
        shared("dibao", "银行账号"),
    ]
}
