//! What the absorbed record says otherwise than the survivor: offered value by value, as proposals of nobody's.

use super::{Line, derived, write_line};
use crate::app::Error;
use crate::app::desk::Desk;
use domain::catalogue::{Catalogue, Field};
use domain::{EditId, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use sync::record::Source;
use sync::{Arrived, Record, document};
use uuid::Uuid;

/// What a record shows of every field that is written today.
pub fn values(record: &Record, catalogue: &Catalogue) -> BTreeMap<&'static str, Value> {
    let alive = catalogue.fields.iter().filter(|f| !f.ended(catalogue.version));
    let mut out = BTreeMap::new();
    for field in alive {
        let value = value(record, field);
        if !value.is_null() {
            out.insert(field.key, value);
        }
    }
    out
}

/// What a record shows of one field.
pub fn value(record: &Record, field: &Field) -> Value {
    match field.in_document() {
        true => document::now(&record.doc, field),
        false => record.fact(field.key),
    }
}

/// One value of the absorbed, with the edit that wrote it there.
struct Offer<'c> {
    field: &'c Field,
    present: Value,
    offered: Value,
    wrote: Option<EditId>,
}

/// Offers what differs; `taken` are categories that went over whole, and `on` those in which the absorbed is. Answers
/// the edits that offer, and how many values.
pub fn offer(
    desk: &mut Desk<'_>,
    (merge, absorbed, survivor): (Uuid, Uuid, Uuid),
    taken: &[String],
    on: &BTreeSet<String>,
) -> Result<(Vec<Uuid>, usize), Error> {
    let catalogue = desk.program.catalogue.clone();
    let (from, to) = (&desk.records[&absorbed].record, &desk.records[&survivor].record);
    let mut layers: Vec<Vec<Offer<'_>>> = Vec::new();
    let shown = document::shown(&from.doc, &catalogue);
    for field in &catalogue.fields {
        let own = |category: &str| taken.iter().any(|t| t == category) || !on.contains(category);
        if field.ended(catalogue.version) || field.category.is_some_and(own) {
            continue;
        }
        let present = value(to, field);
        let mut all = match (field.in_document(), shown.get(field.key)) {
            (true, Some(shown)) => {
                let mut all: Vec<_> = shown.value.iter().cloned().collect();
                all.extend(shown.conflict.iter().cloned());
                all.into_iter().map(|said| (said.value, said.edit)).collect()
            }
            (true, None) => Vec::new(),
            (false, _) => vec![(
                from.fact(field.key),
                from.kept.facts.get(field.key).map(|fact| fact.edit),
            )],
        };
        all.retain(|(offered, _)| differs(field, &present, offered));
        let mut seen: Vec<Value> = Vec::new();
        for (offered, wrote) in all {
            if seen.iter().any(|s| field.same(s, &offered)) {
                continue;
            }
            if layers.len() == seen.len() {
                layers.push(Vec::new());
            }
            layers[seen.len()].push(Offer {
                field,
                present: present.clone(),
                offered: offered.clone(),
                wrote,
            });
            seen.push(offered);
        }
    }
    let (mut edits, mut count) = (Vec::new(), 0);
    for (n, layer) in layers.iter().enumerate() {
        let edit = derived(desk, b"offer", &[merge.as_bytes(), &(n as u32).to_be_bytes()]);
        write(desk, edit, absorbed, survivor, layer)?;
        edits.push(edit);
        count += layer.len();
    }
    Ok((edits, count))
}

/// Whether the survivor does not say it already.
fn differs(field: &Field, present: &Value, offered: &Value) -> bool {
    match (present, offered) {
        (_, Value::Null) => false,
        (Value::Set(there), Value::Set(offered)) => !offered.is_subset(there),
        _ => !field.same(present, offered),
    }
}

fn write(
    desk: &mut Desk<'_>,
    edit: Uuid,
    absorbed: Uuid,
    survivor: Uuid,
    layer: &[Offer<'_>],
) -> Result<(), Error> {
    let mut fields = Map::new();
    for offer in layer {
        let write = match (&offer.present, &offer.offered) {
            (present, Value::Set(offered)) => {
                let there = match present {
                    Value::Set(there) => there.clone(),
                    _ => BTreeSet::new(),
                };
                json!({ "add": offered.difference(&there).collect::<Vec<_>>(), "remove": [] })
            }
            (present, offered) => json!({ "was": present.to_json(), "now": offered.to_json() }),
        };
        fields.insert(offer.field.key.into(), write);
    }
    let wire = json!({
        "id": edit, "seq": 1, "made_at": desk.now.to_string(), "resident": survivor,
        "catalogue": desk.program.catalogue.version, "base": "of-another", "fields": fields,
    });
    let Arrived::Edit(read) = Arrived::parse(wire.to_string().as_bytes()) else {
        return Err(Error::Damaged("an offer's edit"));
    };
    let canonical: Json = serde_json::from_str(&read.canonical).unwrap_or(Json::Null);
    let sources = desk.records[&absorbed].record.kept.sources.clone();
    let line = Line {
        edit,
        account: Uuid::nil(),
        kind: "offer",
        outcome: "proposed",
        said: canonical,
        changes: Vec::new(),
        source: Source::Edit {
            edit: EditId::from(edit),
            by: MERGED.into(),
            at: desk.now,
        },
    };
    write_line(desk, survivor, line)?;
    for offer in layer {
        let wrote = offer.wrote.and_then(|edit| sources.get(&edit));
        let mut side = wrote.map_or_else(|| json!({ "by": MERGED }), |source| json!(source));
        if side["by"].is_null() {
            side["by"] = side["list"].clone();
        }
        side["wrote"] = json!(offer.wrote.map(|edit| edit.to_string()));
        side["edit"] = edit.to_string().into();
        side["merged_from"] = absorbed.to_string().into();
        side["was"] = offer.present.to_json();
        side["value"] = whole(offer).to_json();
        let around = json!({ "present": offer.present.to_json() });
        desk.add_side(survivor, "proposal", offer.field.key, side, around);
    }
    Ok(())
}

/// What the field would show: of a set all elements of both.
fn whole(offer: &Offer<'_>) -> Value {
    match (&offer.present, &offer.offered) {
        (Value::Set(there), Value::Set(offered)) => Value::Set(there.union(offered).cloned().collect()),
        (_, offered) => offered.clone(),
    }
}

/// What an offer's author is called.
const MERGED: &str = "合并前的另一条记录";
