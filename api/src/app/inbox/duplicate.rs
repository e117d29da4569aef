//! Two people who may be one: both shown as far as the decider may see, and the decision.

use super::apply::Case;
use super::{Decider, Decision, ItemView, reaches};
use crate::app::Error;
use crate::app::desk::Desk;
use crate::app::merging;
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::duplicates::{self, REASON, pair};
use crate::store::{audit, merges, records};
use entity::inbox_item;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::{Record, State};
use uuid::Uuid;

/// What of each person is shown, beside state, place and version.
const SHOWN: [&str; 6] = ["name", "sex", "birth_date", "id_number", "phone", "address"];

/// Shows both people of an open item. Of whom the decider does not look after only the name and what agrees.
pub async fn show(
    program: &Program,
    who: &Decider,
    row: &inbox_item::Model,
    item: &mut ItemView,
) -> Result<(), Error> {
    let Some((one, other)) = pair(row).filter(|_| row.reason == REASON && row.state == "open") else {
        return Ok(());
    };
    let ids = BTreeSet::from([one, other]);
    let loaded = records::look_at(program.db.read(), &program.keys, &ids).await?;
    let people = [one, other].into_iter().filter_map(|id| {
        let loaded = loaded.get(&id)?;
        let mut shown = json!({ "state": loaded.record.state.name(), "village": loaded.village });
        let whole = reaches(&who.reach, loaded.village);
        for key in SHOWN.iter().take(if whole { SHOWN.len() } else { 1 }) {
            let value = shown_value(program, &loaded.record, key);
            if !value.is_null() {
                shown[*key] = value;
            }
        }
        if whole {
            shown["resident"] = json!(id);
            shown["grid"] = json!(loaded.grid);
            shown["version"] = loaded.record.version().to_string().into();
        } else {
            shown["elsewhere"] = true.into();
        }
        Some(shown)
    });
    item.body["people"] = people.collect();
    if !reaches(&who.reach, loaded.get(&other).and_then(|l| l.village)) {
        item.key = String::new();
    }
    if !reaches(&who.reach, loaded.get(&one).and_then(|l| l.village)) {
        item.resident = None;
    }
    Ok(())
}

fn shown_value(program: &Program, record: &Record, key: &str) -> Json {
    match program.catalogue.field(key) {
        Some(field) if field.in_document() => sync::document::now(&record.doc, field).to_json(),
        _ => record.fact(key).to_json(),
    }
}

/// With whom somebody may be one, where a decision depends on it: they are locked together.
pub async fn with_whom(txn: &Txn, row: &inbox_item::Model, what: &Decision) -> Result<BTreeSet<Uuid>, Error> {
    let Some(id) = row.resident else {
        return Ok(BTreeSet::new());
    };
    match (row.reason.as_str(), what.choice.as_str()) {
        ("new_resident", "approve" | "reject") => merging::everybody(txn, &[id]).await,
        (REASON, _) => {
            let both = pair(row).map_or(vec![id], |(one, other)| vec![one, other]);
            merging::everybody(txn, &both).await
        }
        _ => Ok(BTreeSet::new()),
    }
}

/// Somebody who may be a person that is on the rolls already is not approved before that is decided; of two who may be
/// one and are both new the first approval goes through.
///
/// # Errors
/// `Conflict` `duplicate_open` with the item and the first one, as far as the decider may see.
pub async fn decided_first(
    desk: &Desk<'_>,
    who: &Decider,
    row: &inbox_item::Model,
    what: &Decision,
) -> Result<(), Error> {
    let Some(id) = row
        .resident
        .filter(|_| row.reason == "new_resident" && what.choice == "approve")
    else {
        return Ok(());
    };
    for item in duplicates::open_of(&*desk.txn, &[id]).await? {
        let Some((one, other)) = pair(&item) else { continue };
        let first = if one == id { other } else { one };
        let Some(loaded) = desk.records.get(&first) else {
            continue;
        };
        if loaded.record.state != State::Present {
            continue;
        }
        let mut shown = json!({
            "item": item.id, "n": item.n, "village": loaded.village,
            "name": loaded.record.fact("name").to_json(),
        });
        if reaches(&who.reach, loaded.village) {
            shown["resident"] = json!(first);
        }
        return Err(Error::Conflict {
            code: "duplicate_open",
            message: "此人可能已在册，请先处理“可能重复”事项，再决定是否核准".into(),
            present: Some(shown),
        });
    }
    Ok(())
}

/// Who decides looks after both.
fn both(desk: &Desk<'_>, case: &Case<'_>) -> Result<(Uuid, Uuid), Error> {
    let pair = pair(case.row).ok_or(Error::Damaged("pair of an item"))?;
    let seen = |id: &Uuid| {
        let loaded = desk.records.get(id);
        loaded.is_some_and(|l| reaches(&case.who.reach, l.village))
    };
    match seen(&pair.0) && seen(&pair.1) {
        true => Ok(pair),
        false => Err(Error::Forbidden {
            code: "other_village",
            message: "另一人不在您的辖区，请由镇街或数据局处理",
        }),
    }
}

/// Merges the two: `value` names the one that stays, the versions of both that were seen, and, if it is to be another
/// than the survivor's, the grid.
pub async fn merge(desk: &mut Desk<'_>, case: &Case<'_>) -> Result<(), Error> {
    let (one, other) = both(desk, case)?;
    let value = case.what.value.clone().unwrap_or_default();
    let id = |name: &str| value[name].as_str().and_then(|id| Uuid::try_parse(id).ok());
    let survivor = id("survivor").filter(|id| *id == one || *id == other);
    let survivor =
        survivor.ok_or_else(|| Error::field("survivor_required", "请指明保留哪一条记录", "value"))?;
    let absorbed = if survivor == one { other } else { one };
    let version = |id: Uuid| {
        let seen = &value["versions"][id.to_string()];
        seen.as_str().unwrap_or_default().to_owned()
    };
    let what = merging::Merge {
        id: case.what.id,
        survivor,
        absorbed,
        survivor_version: version(survivor),
        absorbed_version: version(absorbed),
        grid: id("grid"),
        reason: case.what.reason.clone(),
    };
    merging::join(desk, case.who, &what).await?;
    let now = desk.now.millis();
    let entry = audit::Entry::done("merge_residents", case.who.account).on("resident", absorbed);
    Ok(audit::insert(&*desk.txn, entry.detail(what.id.to_string()), now).await?)
}

/// They are two people: nobody asks again.
pub async fn keep_apart(desk: &mut Desk<'_>, case: &Case<'_>) -> Result<(), Error> {
    let pair = both(desk, case)?;
    merges::keep_apart(&*desk.txn, pair, case.what.id, desk.now.millis()).await?;
    Ok(())
}
