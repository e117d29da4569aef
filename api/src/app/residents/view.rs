//! What of a record an actor may see.
//!
//! Who is in the village's chain sees records whole. A department sees the fields that are open to everybody, who the
//! person is behind a mask, and its own categories; what hints at other categories is left out.

use crate::actor::Scope;
use domain::catalogue::{Field, Mask, Sensitivity};
use domain::mask;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// How a field is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Whole,
    Masked(Mask),
    /// As if it did not exist.
    Absent,
}

/// How somebody with this scope sees a field.
pub fn sight(scope: &Scope, field: &Field) -> Sight {
    if field.sensitivity == Sensitivity::Hidden {
        return Sight::Absent;
    }
    let Scope::Categories { categories, .. } = scope else {
        return match scope {
            Scope::Nothing => Sight::Absent,
            _ => Sight::Whole,
        };
    };
    match field.category {
        Some(category) if categories.iter().any(|own| own == category) => Sight::Whole,
        Some(_) => Sight::Absent,
        None if field.sensitivity == Sensitivity::Open => Sight::Whole,
        // A mask that leaves nothing would still tell that there is something.
        None if matches!(field.mask, Mask::None | Mask::Whole) => Sight::Absent,
        None => Sight::Masked(field.mask),
    }
}

/// A value as this scope sees it.
pub fn seen(scope: &Scope, field: &Field, value: &Json) -> Option<Json> {
    match (sight(scope, field), value) {
        (Sight::Absent, _) | (_, Json::Null) => None,
        (Sight::Whole, value) => Some(value.clone()),
        (Sight::Masked(how), Json::String(text)) => Some(mask::apply(how, text).into()),
        (Sight::Masked(_), _) => Some("***".into()),
    }
}

/// Members of an item that a department may know of: those that say nothing about other lists.
const OF_A_DEPARTMENT: [&str; 3] = ["resident", "grid", "state"];

/// The stored item as this scope sees it, with the village that the row names.
pub fn shown(scope: &Scope, fields: &[Field], item: &Json, village: Option<Uuid>) -> Map<String, Json> {
    let mut out = Map::new();
    let whole = !matches!(scope, Scope::Categories { .. } | Scope::Nothing);
    for (name, value) in item.as_object().into_iter().flatten() {
        if name != "kind" && (whole || OF_A_DEPARTMENT.contains(&name.as_str())) {
            out.insert(name.clone(), value.clone());
        }
    }
    out.insert("village".into(), village.map(|v| v.to_string()).into());
    if let Scope::Categories { categories, .. } = scope {
        let mut seen_fields = Map::new();
        for field in fields {
            if let Some(value) = seen(scope, field, &item["fields"][field.key]) {
                seen_fields.insert(field.key.into(), value);
            }
        }
        out.insert("fields".into(), seen_fields.into());
        let own = |line: &&Json| categories.iter().any(|c| line["category"] == c.as_str());
        let lines = item["enrolments"].as_array().into_iter().flatten();
        out.insert("enrolments".into(), lines.filter(own).cloned().collect());
    }
    out
}

/// Fields of a line in a list.
const OF_A_LINE: [&str; 6] = ["name", "sex", "birth_date", "phone", "address", "life_status"];

/// The part of [`shown`] that a list needs.
pub fn line(mut item: Map<String, Json>) -> Map<String, Json> {
    for name in ["conflicts", "pending", "sources", "from", "confirmed", "visits"] {
        item.remove(name);
    }
    if let Some(Json::Object(fields)) = item.get_mut("fields") {
        fields.retain(|key, _| OF_A_LINE.contains(&key.as_str()));
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::Catalogue;

    #[test]
    fn what_a_department_sees_of_fields() {
        let catalogue = Catalogue::built_in();
        let department = Scope::Categories {
            categories: vec!["disabled".into()],
            department: "残联".into(),
            villages: None,
        };
        for (key, expected) in [
            ("name", Sight::Masked(Mask::Name)),
            ("id_number", Sight::Masked(Mask::IdNumber)),
            ("phone", Sight::Masked(Mask::Phone)),
            ("address", Sight::Masked(Mask::Address)),
            ("ethnicity", Sight::Whole),
            ("life_status", Sight::Whole),
            ("birth_date", Sight::Absent),
            ("needs", Sight::Absent),
            ("self_care", Sight::Absent),
            ("remarks", Sight::Absent),
            ("disabled.grade", Sight::Whole),
            ("low_income.amount", Sight::Absent),
        ] {
            let field = catalogue.field(key).unwrap();
            assert_eq!(sight(&department, field), expected, "{key}");
            let village = Scope::Villages(Vec::new());
            assert_eq!(sight(&village, field), Sight::Whole, "{key}");
            assert_eq!(sight(&Scope::Nothing, field), Sight::Absent, "{key}");
        }
    }
}
