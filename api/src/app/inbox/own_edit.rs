//! A decider's own value instead of what waits: an ordinary edit at the record's present version.

use super::apply::Case;
use super::enrolment::enrol;
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use domain::catalogue::{Merge, Role};
use serde_json::{Value as Json, json};
use sync::{Arrived, Door, Writer};
use uuid::Uuid;

/// Writes the chosen value: one of the sides, or what the decider typed.
pub async fn choose(desk: &mut Desk<'_>, case: &Case<'_>, id: Uuid) -> Result<(), Error> {
    let (what, row) = (case.what, case.row);
    let loaded = desk.records.get(&id).ok_or(Error::NotFound)?;
    let value = value(case)?;
    let in_set = value.get("add").is_some() || value.get("remove").is_some();
    let field = desk.program.catalogue.field(&row.key);
    let write = if in_set {
        value.clone()
    } else if let (Some(Merge::Set), Json::Array(whole)) = (field.map(|f| f.merge), &value) {
        whole_set(whole, &case.body["present"])
    } else {
        json!({ "was": loaded.record.fact(&row.key).to_json(), "now": value })
    };
    let edit = json!({
        "id": what.id, "seq": 1, "made_at": desk.now.to_string(), "resident": id,
        "catalogue": desk.program.catalogue.version, "base": loaded.record.version().to_string(),
        "fields": { &row.key: write },
    });
    let Arrived::Edit(edit) = Arrived::parse(edit.to_string().as_bytes()) else {
        return Err(Error::field("wrong_type", "值的类型不对", "value"));
    };
    let writer = Writer {
        account: case.who.account.into(),
        device: None,
        role: Role::Cadre,
        door: Door::Console,
        name: case.who.name.clone(),
    };
    let origin = Origin {
        writer: &writer,
        source: case.source(desk.now),
        kind: "decision",
        skew: 0,
    };
    let (taken, _) = desk.take(&edit, &origin)?;
    if let Some(problem) = taken.problem {
        return Err(Error::field("unfit_value", problem.message, "value"));
    }
    if let Some((category, "status")) = row.key.split_once('.') {
        let status = value.as_str().unwrap_or_default();
        enrol(desk, case.who.account, id, category, status).await?;
    }
    Ok(())
}

/// A whole set as it shall be, written as what the decider would do to the one that was shown; where nothing differs,
/// its elements are confirmed.
fn whole_set(whole: &[Json], present: &Json) -> Json {
    let present: Vec<Json> = present.as_array().cloned().unwrap_or_default();
    let add: Vec<&Json> = whole.iter().filter(|e| !present.contains(e)).collect();
    let remove: Vec<&Json> = present.iter().filter(|e| !whole.contains(e)).collect();
    match add.is_empty() && remove.is_empty() {
        true => json!({ "add": whole, "remove": [] }),
        false => json!({ "add": add, "remove": remove }),
    }
}

/// What was typed, or the value of the side that is named.
fn value(case: &Case<'_>) -> Result<Json, Error> {
    if let Some(value) = &case.what.value {
        return Ok(value.clone());
    }
    let needed = || Error::field("value_required", "请给出采用的值", "value");
    if case.what.edit.is_none() || case.what.choice == "edit" {
        return Err(needed());
    }
    let side = case.side()?;
    let value = side.get("value").or_else(|| side.get("text"));
    value.cloned().ok_or_else(needed)
}
