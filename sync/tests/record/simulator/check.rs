//! What the design promises (section 11), looked at when all is quiet.

use super::decided::decide;
use super::person::{Person, What};
use super::run::World;
use super::{Broken, Law};
use crate::desk::Desk;
use crate::dice::Dice;
use automerge::{Automerge, ROOT, ReadDoc, Value};
use domain::EditId;
use domain::catalogue::{Catalogue, Merge};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use sync::{ChangeHash, Outcome, Record, document};

pub fn all(world: &mut World) -> Result<(), Broken> {
    projection(world)?;
    policy(world)?;
    once_and_kept(world)?;
    written(world)?;
    converged(world)?;
    order(world)
}

fn broken(law: Law, what: String) -> Result<(), Broken> {
    Err((law, what))
}

fn projection(world: &World) -> Result<(), Broken> {
    for person in world.server.people.values() {
        if person.projection(&world.server.catalogue).open != person.item {
            return broken(Law::Projection, format!("{} is shown otherwise", person.resident));
        }
    }
    Ok(())
}

/// A document holds the catalogue's fields in the form in which they are stored, and nothing else.
fn policy(world: &World) -> Result<(), Broken> {
    let catalogue = &world.server.catalogue;
    for person in world.server.people.values() {
        let doc = person.document();
        let mark = |key: &String| matches!(doc.get(ROOT, key.as_str()), Ok(Some((Value::Scalar(v), _))) if v.is_int());
        if !doc.keys(ROOT).all(|key| key == "fields" || mark(&key)) {
            return broken(
                Law::Policy,
                format!("{}: more than fields at the root", person.resident),
            );
        }
        let (_, fields) = doc.get(ROOT, "fields").unwrap().unwrap();
        for item in doc.map_range(&fields, ..) {
            let field = catalogue
                .fields
                .iter()
                .find(|f| f.key == item.key && f.in_document());
            let sound = field.is_some_and(|field| {
                let value = document::now(&doc, field);
                let read = field.parse_value(&value.to_json(), catalogue.version, catalogue);
                field.merge != Merge::Register || read.is_ok_and(|read| read == value)
            });
            if !sound {
                return broken(
                    Law::Policy,
                    format!("{}: {} may not be there so", person.resident, item.key),
                );
            }
        }
    }
    Ok(())
}

/// Every edit that was ever made on a phone is there once: applied, or kept with its bytes.
fn once_and_kept(world: &World) -> Result<(), Broken> {
    let server = &world.server;
    for device in &world.devices {
        for made in &device.made {
            let id = made.edit.id;
            let row = server.edits.get(&id);
            let held: Vec<_> = server
                .held
                .iter()
                .filter(|h| h.edit == Some(id) && !h.applied)
                .collect();
            if !device.receipts.contains_key(&id) || row.is_none() && held.is_empty() {
                return broken(Law::NothingLost, format!("{id} is nowhere"));
            }
            let times = usize::from(row.is_some()) + held.len();
            if times != 1 {
                return broken(Law::ExactlyOnce, {
                    let why: Vec<&str> = held.iter().map(|h| h.why.as_str()).collect();
                    format!("{id} is there {times} times; held {why:?}")
                });
            }
            let stands = row.map(|row| &row.receipt).or(held.first().map(|h| &h.receipt));
            let told = &device.receipts[&id];
            // A restored server may have to say it anew.
            if server.incarnation == 1 && stands.is_some_and(|stands| stands.outcome != told.outcome) {
                return broken(Law::Convergence, format!("{id} was told {:?}", told.outcome));
            }
            let entered = row.is_some_and(|row| !row.changes.is_empty());
            if !made.edit.changes.is_empty() && !entered && !told.rebuild {
                return broken(
                    Law::Convergence,
                    format!("{id} is not in the document, and nobody said so"),
                );
            }
            if held.iter().any(|h| h.raw != made.raw) || row.is_some_and(|row| row.digest != made.edit.digest)
            {
                return broken(Law::NothingLost, format!("{id} is not what was typed"));
            }
        }
    }
    for person in server.people.values() {
        let mut ids: Vec<EditId> = person.stamps().iter().map(|s| s.edit).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        if ids.len() != all {
            return broken(
                Law::ExactlyOnce,
                format!("{}: an edit counts twice", person.resident),
            );
        }
    }
    Ok(())
}

/// What was said to be written is in the document's past as it was typed.
fn written(world: &World) -> Result<(), Broken> {
    let server = &world.server;
    for device in &world.devices {
        for made in &device.made {
            let Some(row) = server.edits.get(&made.edit.id) else {
                continue;
            };
            // It is in the document of the epoch in which it was written.
            let docs = server.people[&row.resident].documents();
            let there = |doc: &&Automerge| {
                let mut changes = row.changes.iter();
                changes.all(|hash| doc.get_change_meta_by_hash(hash).is_some())
            };
            let Some(doc) = docs.iter().find(there) else {
                return broken(Law::NothingLost, format!("{}'s change is gone", made.edit.id));
            };
            let typed: Json = serde_json::from_str(&made.raw).unwrap();
            for (key, outcome) in &row.fields {
                let field = server.catalogue.field(key).filter(|f| f.in_document());
                let (Some(field), true) = (field, *outcome <= Outcome::Conflict && !row.changes.is_empty())
                else {
                    continue;
                };
                let then = |doc: &Automerge, hash: ChangeHash| {
                    document::at(doc, field, &[hash]).unwrap_or(domain::Value::Null)
                };
                let write = &typed["fields"][key];
                let shows = |doc: &Automerge, hash: &ChangeHash| match field.merge {
                    Merge::Set => {
                        let there = then(doc, *hash).to_json();
                        let has = |e: &Json| there.as_array().is_some_and(|all| all.contains(e));
                        write["add"].as_array().is_none_or(|all| all.iter().all(has))
                    }
                    _ => {
                        let now = field.parse_value(&write["now"], 8, &server.catalogue);
                        now.is_ok_and(|now| field.same(&then(doc, *hash), &now))
                    }
                };
                // Where the author's version is not known, what is there already need not be written again.
                let lost = server.people[&row.resident]
                    .arrivals
                    .iter()
                    .any(|a| a.lost && a.is(made.edit.id));
                let past = |doc: &Automerge| {
                    let mut all = doc.get_changes(&[]).into_iter();
                    all.any(|change| shows(doc, &change.hash()))
                };
                let written = row.changes.iter().any(|hash| shows(doc, hash));
                let same = written || lost && docs.iter().any(past);
                // A note that asked instead of being written, and what a full client wrote, are looked at elsewhere.
                let asks = *outcome == Outcome::Conflict && field.merge == Merge::Note;
                if !same && !asks && !write.is_null() {
                    return broken(
                        Law::NothingLost,
                        format!("{} of {} was not written", key, made.edit.id),
                    );
                }
            }
        }
    }
    Ok(())
}

/// Every phone has the records of its grids as the server shows them, and nothing else.
fn converged(world: &World) -> Result<(), Broken> {
    let server = &world.server;
    for device in &world.devices {
        let mut expected: BTreeMap<_, &Json> = BTreeMap::new();
        for person in server.people.values() {
            if server.may(device.worker, person) && person.in_feed().is_some() {
                expected.insert(person.resident, &person.item);
            }
        }
        let there: BTreeMap<_, &Json> = device.items.iter().map(|(id, item)| (*id, item)).collect();
        if there != expected {
            let what = format!(
                "phone {} has {} of {}, or others",
                device.id,
                there.len(),
                expected.len()
            );
            return broken(Law::Convergence, what);
        }
        for (id, doc) in &device.documents {
            if doc.get_heads() != server.people[id].document().get_heads() {
                return broken(Law::Convergence, format!("{id} has other heads on {}", device.id));
            }
        }
    }
    Ok(())
}

/// The same arrivals, in another order that respects what each had seen, give the same record.
fn order(world: &mut World) -> Result<(), Broken> {
    let catalogue = world.server.catalogue.clone();
    for person in world.server.people.values() {
        let first: Vec<usize> = (0..person.arrivals.len()).collect();
        let one = replay(person, &catalogue, &first);
        if one.record.doc.get_heads() != person.document().get_heads() {
            return broken(
                Law::Order,
                format!("{} does not come out the same again", person.resident),
            );
        }
        let shuffled = another_order(person, &mut world.dice);
        if shuffled == first {
            continue;
        }
        let other = replay(person, &catalogue, &shuffled);
        let (one, other) = (end(&one), end(&other));
        if one != other {
            let what = format!("{} in order {shuffled:?}:\n{one}\n{other}", person.resident);
            return broken(Law::Order, what);
        }
    }
    Ok(())
}

fn another_order(person: &Person, dice: &mut Dice) -> Vec<usize> {
    let all = &person.arrivals;
    let before = |a: usize, b: usize| {
        a < b
            && (a < all[b].seen
                || all[a].barrier
                || all[b].barrier
                || all[a].lost
                || all[b].lost
                || all[a].ordered && all[b].ordered)
    };
    let mut order = Vec::new();
    while order.len() < all.len() {
        let free =
            |n: &usize| !order.contains(n) && (0..all.len()).all(|a| !before(a, *n) || order.contains(&a));
        let next: Vec<usize> = (0..all.len()).filter(free).collect();
        order.push(*dice.one_of(&next));
    }
    order
}

fn replay(person: &Person, catalogue: &Catalogue, order: &[usize]) -> Desk {
    let mut desk = Desk::new(catalogue.clone(), person.began);
    desk.record = Record::new(person.resident, catalogue, person.began);
    for place in order {
        match &person.arrivals[*place].what {
            What::Edit(edit, writer, stood) => drop(desk.take_at(edit, &stood.base(), writer)),
            What::Admit(decision) => sync::decide::admit(&mut desk.record, *decision),
            what => decide(&mut desk.record, what, catalogue),
        }
    }
    desk
}

/// What must not depend on the order.
fn end(desk: &Desk) -> Json {
    let projection = desk.projection();
    let mut item = projection.open.clone();
    for about in ["version", "grid", "open"] {
        item.as_object_mut().unwrap().remove(about);
    }
    let heads: Vec<String> = desk
        .record
        .doc
        .get_heads()
        .iter()
        .map(ToString::to_string)
        .collect();
    let history: BTreeMap<String, _> = desk
        .history
        .iter()
        .map(|((edit, key), step)| (format!("{edit} {key}"), step))
        .collect();
    json!({ "heads": heads, "item": item, "open": desk.open_in(&projection), "history": history })
}
