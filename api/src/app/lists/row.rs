//! What a stored row says: who it is about, which category, which field has which value.

use crate::lists::words;
use crate::store::lists::{Content, Head};
use domain::Value;
use domain::amount::parse_yuan;
use domain::catalogue::{Catalogue, Field, Type};
use domain::date::{Date, parse_wire};
use domain::id_number::{IdFault, IdNumber};
use matching::link::Identity;
use matching::three_way::Said;
use serde_json::Value as Json;

/// The fault of rows that contradict another row about the same person.
pub const TWICE: &str = "twice_in_file";

/// What is told of a row that names somebody who has left the rolls; rules know such rows by it.
pub const DEPARTED: &str = "该人员已离册，名单中仍有其人";

/// Whether another row of its file says something else of the same person.
pub fn contradicts_its_file(content: &Content) -> bool {
    content.faults.iter().any(|(_, why)| why == TWICE)
}

/// Whom the row names.
pub fn identity(content: &Content) -> Identity {
    let number = match (content.get("id_number"), content.number_fault.as_deref()) {
        (Some(number), _) => IdNumber::parse(number),
        (None, Some(fault)) => Err(match fault {
            "id_length" => IdFault::Length,
            "id_check_character" => IdFault::CheckCharacter,
            "id_date_impossible" => IdFault::DateImpossible,
            _ => IdFault::DigitsLost,
        }),
        (None, None) => Err(IdFault::NotStated),
    };
    Identity::new(number, &full_name(content), birth_date(content))
}

/// The name with a former one, as [`domain::name::Name`] reads it.
pub fn full_name(content: &Content) -> String {
    let name = content.get("name").unwrap_or_default();
    match content.get(".former_name") {
        Some(former) => format!("{name}（曾用名{former}）"),
        None => name.to_owned(),
    }
}

pub fn birth_date(content: &Content) -> Option<Date> {
    content.get("birth_date").and_then(parse_wire)
}

/// The category that a row enrols in. `None`: the row's own column says none that is known.
pub fn category(kind: &str, content: &Content) -> Option<&'static str> {
    match kind {
        "disabled" => Some("disabled"),
        "old_age_allowance" => Some("old_age_allowance"),
        _ => {
            if let Some(roster) = content.get(".roster") {
                return words::roster_named(roster);
            }
            let own = content.get("category").filter(|said| !said.is_empty());
            match own.or_else(|| content.get(".benefit")) {
                None | Some("") => Some("low_income"),
                Some(said) => words::roster(said),
            }
        }
    }
}

/// The source's status: on the list is active, unless the row says otherwise.
pub fn status(content: &Content) -> &'static str {
    let said = content.get(".status").unwrap_or_default();
    let not = content
        .get(".is_covered")
        .is_some_and(|said| words::text("no").contains(&said));
    if not {
        return "ended";
    }
    if words::holds("suspended", said) {
        "suspended"
    } else if words::holds("ended", said) {
        "ended"
    } else {
        "active"
    }
}

/// One field with what the row says of it.
pub struct Spoken<'a> {
    pub field: &'a Field,
    pub said: Said,
    /// The cell says something that is no value of the field.
    pub unfit: bool,
}

/// Fields beside the enrolment's own that any list of people may speak of.
const BESIDE: [(&str, &str); 6] = [
    ("phone", "phone"),
    ("phone_other", ".phone_other"),
    ("address", "address"),
    ("guardian_name", ".guardian_name"),
    ("guardian_phone", ".guardian_phone"),
    ("ethnicity", ".ethnicity"),
];

/// The standard key behind the last part of an enrolment's field.
const OWN: [(&str, &str); 10] = [
    ("since", "since"),
    ("until", ".until"),
    ("certificate_number", "certificate_number"),
    ("category", "category"),
    ("grade", "grade"),
    ("amount", "amount"),
    ("kind", ".kind"),
    ("living_subsidy", ".living_subsidy"),
    ("care_subsidy", ".care_subsidy"),
    ("certified_date", ".certified_date"),
];

/// What the row says of every field that a list of this category speaks of.
pub fn spoken<'a>(
    catalogue: &'a Catalogue,
    category: &str,
    head: &Head,
    content: &Content,
) -> Vec<Spoken<'a>> {
    let mut out = Vec::new();
    if let Some(field) = catalogue.field(&format!("{category}.status")) {
        out.push(Spoken {
            field,
            said: Said::Value(status(content).into()),
            unfit: false,
        });
    }
    let own = OWN.iter().map(|(part, key)| (format!("{category}.{part}"), *key));
    let beside = BESIDE.iter().map(|(field, key)| ((*field).to_owned(), *key));
    for (name, key) in own.chain(beside) {
        let Some(field) = catalogue.field(&name) else {
            continue;
        };
        let text = content.get(key);
        if text.is_none() && !head.columns.iter().any(|c| c.key == key) {
            continue;
        }
        let value = text.map(|t| value(catalogue, field, t));
        out.push(Spoken {
            field,
            unfit: value == Some(None),
            said: value.flatten().map_or(Said::NotStated, Said::of),
        });
    }
    out
}

/// A cell's text as a value of a field; `None` where it is none.
pub fn value(catalogue: &Catalogue, field: &Field, text: &str) -> Option<Value> {
    let json = match field.kind {
        Type::Amount => Json::from(parse_yuan(text)?),
        Type::Integer => Json::from(text.parse::<i64>().ok()?),
        // A day is more exact than the month that is asked for.
        Type::Month => Json::from(text.get(..7)?),
        // 汉族 is 汉.
        Type::Code if field.key == "ethnicity" => Json::from(text.strip_suffix('族').unwrap_or(text)),
        _ => Json::from(text),
    };
    field.parse_value(&json, catalogue.version, catalogue).ok()
}
