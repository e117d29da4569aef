//! Columns in every state of list and field, and what they do.

use super::*;
use domain::catalogue::Catalogue;

/// `-` is no column, empty is not stated.
fn said(text: &str) -> Said {
    match text {
        "-" => Said::NoColumn,
        "" => Said::NotStated,
        text => Said::Value(value(text)),
    }
}

fn value(text: &str) -> Value {
    text.parse().map_or_else(|_| Value::from(text), Value::Integer)
}

/// `never` and `cleared`, or a value.
fn present(text: &str) -> Present {
    match text {
        "never" => Present::NeverWritten,
        "cleared" => Present::Cleared,
        text => Present::Value(value(text)),
    }
}

fn shown(step: &Step) -> String {
    let v = |value: &Value| match value {
        Value::Null => "null".to_owned(),
        Value::Integer(n) => n.to_string(),
        other => other.as_text().unwrap().to_owned(),
    };
    match step {
        Step::Nothing(quiet) => format!("nothing: {quiet:?}"),
        Step::Fill { now } => format!("fill {}", v(now)),
        Step::Edit {
            was,
            now,
            contradicted,
        } => {
            let beside = if *contradicted { ", contradicted" } else { "" };
            format!("edit {} to {}{beside}", v(was), v(now))
        }
        Step::Propose { was, now } => format!("propose {} to {}", v(was), v(now)),
        Step::Decide { was, now } => format!("decide {} to {}", v(was), v(now)),
        Step::Contradicted { present, now } => format!("contradicted {} by {}", v(present), v(now)),
    }
}

fn step(key: &str, source: &str, before: &str, now: &str, field: &str) -> Step {
    let catalogue = Catalogue::built_in();
    let row = catalogue.field(key).unwrap();
    let column = Column {
        field: row,
        source,
        before: &said(before),
        said: &said(now),
        present: &present(field),
    };
    decide(&column, |a, b| row.same(a, b))
}

#[test]
fn columns_of_every_kind() {
    // field, source, previous row, row, field now.
    let cases = [
        // Registers: workers write them too.
        ("phone_other", "残联", "", "", "never", "nothing: NotStated"),
        ("address", "残联", "", "甲路1号", "never", "fill 甲路1号"),
        ("address", "残联", "-", "甲路1号", "never", "fill 甲路1号"),
        (
            "address",
            "残联",
            "",
            "甲路1号",
            "cleared",
            "contradicted null by 甲路1号",
        ),
        ("address", "残联", "", "甲路1号", "甲路 1号", "nothing: Agrees"),
        (
            "address",
            "残联",
            "",
            "甲路1号",
            "乙路2号",
            "contradicted 乙路2号 by 甲路1号",
        ),
        (
            "address",
            "残联",
            "甲路1号",
            "甲路1号",
            "乙路2号",
            "nothing: Unchanged",
        ),
        (
            "address",
            "残联",
            "甲路1号",
            "甲路1号",
            "cleared",
            "nothing: Unchanged",
        ),
        (
            "address",
            "残联",
            "甲路1号",
            "丙路3号",
            "甲路1号",
            "edit 甲路1号 to 丙路3号",
        ),
        (
            "address",
            "残联",
            "甲路1号",
            "丙路3号",
            "乙路2号",
            "edit 甲路1号 to 丙路3号, contradicted",
        ),
        (
            "address",
            "残联",
            "甲路1号",
            "丙路3号",
            "cleared",
            "edit 甲路1号 to 丙路3号, contradicted",
        ),
        (
            "address",
            "残联",
            "甲路1号",
            "丙路3号",
            "丙路3号",
            "nothing: Agrees",
        ),
        ("address", "残联", "甲路1号", "", "甲路1号", "nothing: NotStated"),
        ("address", "残联", "甲路1号", "-", "甲路1号", "nothing: NotStated"),
        // Facts that the village decides.
        ("ethnicity", "残联", "", "瑶", "never", "fill 瑶"),
        ("ethnicity", "残联", "", "瑶", "汉", "contradicted 汉 by 瑶"),
        ("ethnicity", "残联", "汉", "瑶", "汉", "propose 汉 to 瑶"),
        ("ethnicity", "残联", "汉", "瑶", "壮", "contradicted 壮 by 瑶"),
        ("ethnicity", "残联", "汉", "汉", "壮", "nothing: Unchanged"),
        // A department's own facts.
        (
            "disabled.grade",
            "残联",
            "",
            "二级",
            "never",
            "decide null to 二级",
        ),
        (
            "disabled.grade",
            "残联",
            "",
            "二级",
            "三级",
            "decide 三级 to 二级",
        ),
        (
            "disabled.grade",
            "残联",
            "三级",
            "二级",
            "一级",
            "decide 一级 to 二级",
        ),
        (
            "disabled.grade",
            "残联",
            "三级",
            "三级",
            "一级",
            "nothing: Unchanged",
        ),
        ("disabled.grade", "残联", "三级", "", "三级", "nothing: NotStated"),
        (
            "disabled.grade",
            "民政",
            "",
            "二级",
            "三级",
            "contradicted 三级 by 二级",
        ),
        (
            "low_income.amount",
            "民政",
            "84500",
            "90000",
            "84500",
            "decide 84500 to 90000",
        ),
        (
            "low_income.amount",
            "民政",
            "84500",
            "",
            "84500",
            "decide 84500 to null",
        ),
        (
            "low_income.amount",
            "民政",
            "84500",
            "-",
            "84500",
            "nothing: NotStated",
        ),
        (
            "low_income.amount",
            "民政",
            "84500",
            "",
            "cleared",
            "nothing: NotStated",
        ),
        ("low_income.amount", "民政", "", "", "84500", "nothing: NotStated"),
        (
            "low_income.amount",
            "残联",
            "84500",
            "",
            "84500",
            "nothing: NotStated",
        ),
    ];
    for (key, source, before, now, field, expected) in cases {
        let step = step(key, source, before, now, field);
        assert_eq!(
            shown(&step),
            expected,
            "{key} {source} {before:?} {now:?} {field:?}"
        );
    }
}

#[test]
fn verdicts_of_rows() {
    let same = step("address", "残联", "甲", "甲", "乙");
    let changed = step("address", "残联", "甲", "丙", "甲");
    let contradicted = step("address", "残联", "甲", "丙", "乙");
    let cases: [(&[&Step], &str); 4] = [
        (&[], "same"),
        (&[&same, &same], "same"),
        (&[&same, &changed], "changed"),
        (&[&contradicted, &changed], "contradicted"),
    ];
    for (steps, expected) in cases {
        assert_eq!(verdict(steps.iter().copied()).name(), expected);
    }
}
