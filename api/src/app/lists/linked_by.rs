//! How a row was linked: by which evidence, as words, for the department that handed it in.
//!
//! The words say what was compared and how it came out. They repeat no value, and of candidates nothing is told: whom a
//! waiting row may be about is between the village and its people.

use super::row::identity;
use crate::store::lists::{MISSING_SHEET, Row};
use matching::explain::strength;
use serde_json::Value;

/// How a row was linked.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkedBy {
    /// `id_number`, `evidence` or `person`.
    pub basis: &'static str,
    /// In one Chinese sentence.
    pub says: String,
    /// What was compared, the weightiest first; empty where a person said it.
    pub fields: Vec<Compared>,
}

/// One field that row and person both state.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub field: String,
    pub says: String,
    pub strength: &'static str,
}

/// How a row was linked to its resident; `None` where it is linked to nobody, or says nothing itself.
pub fn linked_by(row: &Row, decision: Option<&Value>) -> Option<LinkedBy> {
    row.resident.filter(|_| row.sheet != MISSING_SHEET)?;
    let by = |basis, says: &str, fields| LinkedBy {
        basis,
        says: says.to_owned(),
        fields,
    };
    if decision.is_some() {
        return Some(by("person", "由人工确认", Vec::new()));
    }
    if identity(&row.content).number().is_some() {
        let compared = |field: &str, says: &str, weight| Compared {
            field: field.to_owned(),
            says: says.to_owned(),
            strength: strength(weight),
        };
        let fields = vec![
            compared("身份证号", "相同", f32::MAX),
            compared("姓名", "相符", f32::MAX),
        ];
        return Some(by("id_number", "按有效的身份证号认定，姓名相符", fields));
    }
    if let Some(said) = &row.evidence
        && let Some(seen) = said.target()
    {
        let compared = seen.lines.iter().map(|line| Compared {
            field: line.field.clone(),
            says: line.says.clone(),
            strength: strength(line.weight),
        });
        return Some(by("evidence", &said.says, compared.collect()));
    }
    Some(by("person", "以前由人工确认过的同样的行", Vec::new()))
}
