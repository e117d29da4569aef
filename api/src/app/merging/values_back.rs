//! Writing what the survivor goes back to.

use super::back::{Back, Step, back};
use super::given::{Given, Side};
use super::part::Part;
use super::{Line, derived, source, write_line};
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::app::inbox::{Decider, placing};
use crate::store::edits;
use crate::store::merges;
use domain::catalogue::Role;
use domain::{EditId, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use sync::{Arrived, Door, Writer};
use uuid::Uuid;

/// The survivor's values go back by one authored edit, and so does the place that the merge chose.
pub async fn go_back(
    desk: &mut Desk<'_>,
    who: &Decider,
    what: &Part,
    merge: &merges::Merge,
    body: &merges::Body,
    (given, adopted): (&[Given], &[Side]),
    said: Json,
) -> Result<(), Error> {
    let (program, survivor) = (desk.program, merge.survivor);
    let mut rows = edits::of_record(&*desk.txn, survivor).await?;
    rows.retain(|row| row.n >= merge.n);
    let bodies = rows.iter().map(|row| edits::body(&program.keys, row));
    let bodies = bodies.collect::<Result<Vec<_>, _>>()?;
    let steps: Vec<Step<'_>> = rows
        .iter()
        .zip(&bodies)
        .map(|(row, body)| Step {
            edit: row.id,
            kind: &row.kind,
            body,
        })
        .collect();
    let foreign: BTreeSet<Uuid> = given.iter().map(|given| given.row.id).collect();
    let adopted = adopted
        .iter()
        .map(|side| (side.key.clone(), side.shown["value"].clone()));
    let adopted: Vec<(String, Json)> = adopted.collect();
    let record = &desk.records[&survivor].record;
    let all = back(
        record,
        &program.catalogue,
        &body.before,
        &steps,
        &foreign,
        &adopted,
    );
    let moved = |back: &Back<'_>| {
        back.field
            .category
            .is_some_and(|c| body.categories.iter().any(|m| m == c))
    };
    let (mut fields, mut changes) = (Map::new(), Vec::new());
    for back in all.iter().filter(|back| !moved(back)) {
        let (was, now) = (back.present.to_json(), back.target.to_json());
        if back.field.in_document() {
            fields.insert(back.field.key.into(), written(back));
            continue;
        }
        let loaded = desk.records.get_mut(&survivor).ok_or(Error::NotFound)?;
        fact_back(&mut loaded.record, back.field.key, &back.target, what.id, body);
        changes.push((back.field.key.to_owned(), was, now));
    }
    changes.extend(place_back(desk, survivor, body).await?);
    if !fields.is_empty() {
        let own = derived(desk, b"unmerge values", &[what.id.as_bytes()]);
        write_fields(desk, who, own, survivor, fields)?;
    }
    let line = Line {
        edit: what.id,
        account: who.account,
        kind: "unmerge",
        outcome: "merged",
        said,
        changes,
        source: source(who, what.id, desk.now),
    };
    write_line(desk, survivor, line).map(drop)
}

fn written(back: &Back<'_>) -> Json {
    let elements = |value: &Value| match value {
        Value::Set(set) => set.clone(),
        _ => BTreeSet::new(),
    };
    match back.field.merge {
        domain::catalogue::Merge::Set => {
            let (there, target) = (elements(&back.present), elements(&back.target));
            json!({
                "add": target.difference(&there).collect::<Vec<_>>(),
                "remove": there.difference(&target).collect::<Vec<_>>(),
            })
        }
        _ => json!({ "was": back.present.to_json(), "now": back.target.to_json() }),
    }
}

/// A fact is as it was, and its author's again where it is the very same.
fn fact_back(record: &mut sync::Record, key: &str, target: &Value, own: Uuid, body: &merges::Body) {
    if target.is_null() {
        record.kept.facts.remove(key);
        record.facts_version += 1;
        if key == sync::record::LIFE_STATUS {
            record.follow_life_status();
        }
        return;
    }
    let same = body
        .before
        .get(key)
        .is_some_and(|before| *before == target.to_json());
    let author = body.facts.get(key).filter(|_| same).copied().unwrap_or(own);
    record.set_fact(key, target.clone(), EditId::from(author));
}

async fn place_back(
    desk: &mut Desk<'_>,
    survivor: Uuid,
    body: &merges::Body,
) -> Result<Option<(String, Json, Json)>, Error> {
    let here = desk.records[&survivor].grid;
    let Some(grid) = body
        .survivor_grid
        .filter(|grid| Some(*grid) != here && here == body.placed)
    else {
        return Ok(None);
    };
    let Ok(found) = placing::current(&desk.txn.clone(), grid).await else {
        return Ok(None);
    };
    let change = placing::moved(desk, survivor, found.village, grid)?;
    Ok(Some((change.key, change.from.to_json(), change.to.to_json())))
}

fn write_fields(
    desk: &mut Desk<'_>,
    who: &Decider,
    id: Uuid,
    survivor: Uuid,
    fields: Map<String, Json>,
) -> Result<(), Error> {
    let wire = json!({
        "id": id, "seq": 1, "made_at": desk.now.to_string(), "resident": survivor,
        "catalogue": desk.program.catalogue.version,
        "base": desk.records[&survivor].record.version().to_string(), "fields": fields,
    });
    let Arrived::Edit(edit) = Arrived::parse(wire.to_string().as_bytes()) else {
        return Err(Error::Damaged("what goes back"));
    };
    let writer = Writer {
        account: who.account.into(),
        device: None,
        role: Role::Cadre,
        door: Door::Console,
        name: who.name.clone(),
    };
    let origin = Origin {
        writer: &writer,
        source: source(who, id, desk.now),
        kind: "unmerge",
        skew: 0,
    };
    desk.take(&edit, &origin).map(drop)
}

/// What a department says in a category that goes back is the other's again.
pub fn forget_category(
    desk: &mut Desk<'_>,
    survivor: Uuid,
    category: &str,
    body: &merges::Body,
) -> Result<(), Error> {
    let catalogue = &desk.program.catalogue;
    let keys: Vec<&str> = catalogue
        .fields
        .iter()
        .filter(|field| field.category == Some(category))
        .map(|field| field.key)
        .collect();
    let parsed = |key: &str| {
        let field = catalogue.field(key)?;
        field
            .parse_value(body.before.get(key)?, catalogue.version, catalogue)
            .ok()
    };
    let before: Vec<_> = keys.iter().map(|key| (*key, parsed(key))).collect();
    let loaded = desk.records.get_mut(&survivor).ok_or(Error::NotFound)?;
    for (key, value) in before {
        let value = value.unwrap_or(Value::Null);
        fact_back(&mut loaded.record, key, &value, Uuid::nil(), body);
    }
    Ok(())
}
