//! What a column of a list's row does to a field: the row is compared with that source's previous row and with the
//! field as it stands now (design, "Lists").
//!
//! A list is no witness of the present: what it says again it does not say anew. So an unchanged value writes nothing,
//! whatever a worker wrote since, and a changed one is an edit that starts from what the list said before.

use domain::Value;
use domain::catalogue::{Field, Merge};
use std::fmt;

/// What a row says in the column of a field.
#[derive(Clone, PartialEq, Eq)]
pub enum Said {
    /// The list has no such column: it never speaks of the field.
    NoColumn,
    /// Empty, masked or a filler word.
    NotStated,
    Value(Value),
}

impl Said {
    /// A value, or the lack of one where it is null.
    pub fn of(value: Value) -> Said {
        if value.is_null() {
            Said::NotStated
        } else {
            Said::Value(value)
        }
    }

    const fn value(&self) -> Option<&Value> {
        match self {
            Said::Value(value) => Some(value),
            Said::NoColumn | Said::NotStated => None,
        }
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Said::NoColumn => "NoColumn",
            Said::NotStated => "NotStated",
            Said::Value(_) => "Value(…)",
        })
    }
}

/// A field as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Present {
    /// Nobody ever wrote it.
    NeverWritten,
    /// Somebody emptied it, which is a value.
    Cleared,
    Value(Value),
}

impl Present {
    fn value(&self) -> Value {
        match self {
            Present::NeverWritten | Present::Cleared => Value::Null,
            Present::Value(value) => value.clone(),
        }
    }
}

/// One column of one row, with all that decides what it does.
pub struct Column<'a> {
    pub field: &'a Field,
    /// The department that hands the list in.
    pub source: &'a str,
    /// What the same source said about this person in its latest committed month before the list's own; `NotStated`
    /// where there was no row.
    pub before: &'a Said,
    pub said: &'a Said,
    pub present: &'a Present,
}

/// What a column does. Values are in the list's words; `was` is what an edit without a base starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Nothing(Quiet),
    /// Writes a field that nobody ever wrote.
    Fill {
        now: Value,
    },
    /// The list changed its word: an edit from its previous value. `contradicted`: the field has another value
    /// since, so that the edit makes a conflict and hides nothing.
    Edit {
        was: Value,
        now: Value,
        contradicted: bool,
    },
    /// The list changed its word on a fact that is the village's to decide.
    Propose {
        was: Value,
        now: Value,
    },
    /// The department's own fact: it follows its list at once.
    Decide {
        was: Value,
        now: Value,
    },
    /// The list says something else than the field, and may not write it: a person must know.
    Contradicted {
        present: Value,
        now: Value,
    },
}

/// Why a column writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    NotStated,
    /// The field says so already.
    Agrees,
    /// The list says what it said before; the field may say something else since.
    Unchanged,
}

/// What the columns of a row come to, where the person was enrolled before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Same,
    Changed,
    Contradicted,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Changed => "changed",
            Verdict::Contradicted => "contradicted",
        }
    }
}

/// Decides one column. `same` compares two values of the field in its type's normal form; places need the gazetteer
/// for it, all other fields `Field::same`.
pub fn decide(column: &Column<'_>, same: impl Fn(&Value, &Value) -> bool) -> Step {
    let Column {
        field,
        source,
        before,
        said,
        present,
    } = *column;
    let own = field.owner == Some(source);
    let Some(now) = said.value().cloned() else {
        return emptied(column, own);
    };
    let value = present.value();
    if same(&value, &now) {
        return Step::Nothing(Quiet::Agrees);
    }
    let was = match before.value() {
        Some(was) if same(was, &now) => return Step::Nothing(Quiet::Unchanged),
        was => was.cloned(),
    };
    match (was, present) {
        _ if own => Step::Decide { was: value, now },
        (None, Present::NeverWritten) => Step::Fill { now },
        // The first list of another source overwrites nothing, and what a person cleared is not filled again.
        (None, _) => Step::Contradicted { present: value, now },
        (Some(was), _) if field.merge != Merge::Guarded => {
            let contradicted = !same(&was, &value);
            Step::Edit {
                was,
                now,
                contradicted,
            }
        }
        (Some(was), _) if same(&was, &value) => Step::Propose { was, now },
        (Some(_), _) => Step::Contradicted { present: value, now },
    }
}

/// Silence writes nothing, except where the department empties a column of its own that the catalogue marks.
fn emptied(column: &Column<'_>, own: bool) -> Step {
    let empties = own && column.field.may_be_emptied && *column.said == Said::NotStated;
    match (column.before.value(), column.present) {
        (Some(_), Present::Value(present)) if empties => Step::Decide {
            was: present.clone(),
            now: Value::Null,
        },
        _ => Step::Nothing(Quiet::NotStated),
    }
}

/// The verdict of a row from the steps of its columns.
pub fn verdict<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Verdict {
    let of = |step: &Step| match step {
        Step::Nothing(_) => Verdict::Same,
        Step::Contradicted { .. }
        | Step::Edit {
            contradicted: true, ..
        } => Verdict::Contradicted,
        Step::Fill { .. } | Step::Edit { .. } | Step::Propose { .. } | Step::Decide { .. } => {
            Verdict::Changed
        }
    };
    steps.into_iter().map(of).max().unwrap_or(Verdict::Same)
}

#[cfg(test)]
mod tests {
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
}
