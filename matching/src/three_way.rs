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
mod tests;
