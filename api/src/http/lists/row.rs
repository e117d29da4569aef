//! A row of a list as the contract shows it.

use crate::app::lists::{self, LinkedBy, linked_by};
use crate::store::lists::{MISSING_SHEET, Row, in_file};
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListRow")]
pub(super) struct RowView {
    /// The sheet, counted from 0; absent for people whom the file does not name.
    sheet: Option<i32>,
    /// As the spreadsheet counts; absent for people whom the file does not name.
    row: Option<i32>,
    /// Which further member of the household that the file's row names, counted from 1; absent for whom the row is about
    /// and for people whom the file does not name.
    member: Option<i32>,
    /// What became of it: `new`, `same`, `changed`, `missing`, `contradicted`, `ambiguous`, `invalid`; absent before
    /// the commit.
    verdict: Option<String>,
    /// Why, in Chinese.
    reason: Option<String>,
    /// What the newest dry run says that it becomes, in the same words; absent before a dry run.
    planned: Option<String>,
    /// Why, in Chinese.
    planned_reason: Option<String>,
    /// The resident concerned.
    resident: Option<Uuid>,
    /// How the row was linked to the resident; absent where it is linked to nobody.
    linked_by: Option<LinkedByView>,
    /// What a person decided about the row: `choice`, `by`, `at`, `reason`; absent where nobody had to.
    decision: Option<Any<Value>>,
    /// Values in normal form, by standard key.
    values: BTreeMap<String, String>,
    /// Key and code of each value that cannot be.
    faults: Any<Value>,
    /// What the reader noticed.
    notes: Vec<String>,
    /// The cells as handed in: pairs of header and text.
    handed_in: Any<Value>,
}

/// How a row was linked.
#[derive(Object)]
#[oai(rename = "LinkedBy")]
struct LinkedByView {
    /// `id_number`: by a valid ID number; `evidence`: without one, since everything else agrees; `person`: a person said it.
    basis: String,
    /// The same in a Chinese sentence.
    says: String,
    /// What was compared, the weightiest first; empty where a person said it. No value is repeated.
    fields: Vec<ComparedView>,
}

/// One field that the row and the resident both state.
#[derive(Object)]
#[oai(rename = "ComparedField")]
struct ComparedView {
    /// What it is called, in Chinese.
    field: String,
    /// How it compares, in Chinese.
    says: String,
    /// How much that says, in Chinese: 很有力地支持, 支持, 说明不了什么, 不太支持, 明显不支持.
    strength: String,
}

impl From<LinkedBy> for LinkedByView {
    fn from(by: LinkedBy) -> LinkedByView {
        let one = |compared: lists::Compared| ComparedView {
            field: compared.field,
            says: compared.says,
            strength: compared.strength.to_owned(),
        };
        LinkedByView {
            basis: by.basis.to_owned(),
            says: by.says,
            fields: by.fields.into_iter().map(one).collect(),
        }
    }
}

impl RowView {
    pub(super) fn of(row: Row, decision: Option<Value>) -> RowView {
        let (sheet, member) = in_file(row.sheet);
        let named = row.sheet != MISSING_SHEET;
        let linked_by = linked_by(&row, decision.as_ref()).map(LinkedByView::from);
        RowView {
            sheet: named.then_some(sheet),
            row: named.then_some(row.row),
            member: member.filter(|_| named),
            verdict: row.verdict,
            reason: row.reason,
            planned: row.planned,
            planned_reason: row.planned_reason,
            resident: row.resident,
            linked_by,
            decision: decision.map(Any),
            values: row.content.values,
            faults: Any(serde_json::json!(row.content.faults)),
            notes: row.content.notes,
            handed_in: Any(serde_json::json!(row.content.handed_in)),
        }
    }
}
