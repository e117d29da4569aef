//! A person's own report: what is held about them, from where, who saw it, and on which phones it is.

use crate::app::Error;
use crate::app::clues::enter::shown;
use crate::app::residents::history_of;
use crate::program::Program;
use crate::store::audit::{self, AuditRow, Entry};
use crate::store::holdings::{self, Carried};
use crate::store::{
    accounts, clues, edits, held, inbox, lists, lookups, of_person, records, register, sealed,
};
use domain::Instant;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Clues of one person at most: each rule has one.
const MOST: u64 = 1000;

/// The residents of an ID number.
pub async fn by_number(program: &Program, number: &str) -> Result<Vec<Uuid>, Error> {
    let hash = program.keys.lookup("id_number", number);
    let found = lookups::find(program.db.read(), "id_number", &[hash]).await?;
    Ok(found.into_iter().map(|row| row.resident).collect())
}

/// The whole report, as JSON with Chinese headings left to whoever prints it. That it was made stands in the trail
/// before it is given out.
///
/// # Errors
/// `NotFound` where there is no such resident.
pub async fn report(program: &Program, id: Uuid) -> Result<Json, Error> {
    let now = program.clock.now();
    let txn = program.db.snapshot().await?;
    let report = read(&txn, program, id, now).await?;
    txn.commit().await?;
    let entry = &Entry {
        action: "person_report",
        subject: Some(("resident", id)),
        outcome: "done",
        ..Entry::default()
    };
    program
        .db
        .write(|txn| async move { Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now.millis()).await?) })
        .await?;
    Ok(report)
}

async fn read<C: ConnectionTrait>(db: &C, program: &Program, id: Uuid, now: Instant) -> Result<Json, Error> {
    let keys = &program.keys;
    let loaded = records::look_at(db, keys, &BTreeSet::from([id])).await?;
    let loaded = loaded.get(&id).ok_or(Error::NotFound)?;
    let item = records::items(db, keys, &[id])
        .await?
        .remove(&id)
        .ok_or(Error::NotFound)?;
    let item: Json = serde_json::from_str(&item).map_err(|_| Error::Damaged("projection"))?;
    let facts: BTreeMap<&String, Json> = loaded
        .record
        .kept
        .facts
        .iter()
        .map(|(key, fact)| (key, fact.value.to_json()))
        .collect();
    let steps = edits::of_record(db, id).await?;
    let trail = of_person::trail(db, id).await?;
    let phones = holdings::carriers(db, id).await?;
    let visits = of_person::visits(db, id).await?;
    let mut people: BTreeSet<Uuid> = steps.iter().map(|row| row.account).collect();
    people.extend(trail.iter().filter_map(|row| row.account));
    people.extend(phones.iter().map(|phone| phone.account));
    people.extend(visits.iter().map(|visit| visit.account));
    let names = names(db, program, people).await?;
    let who = |account: Option<Uuid>| account.map(|a| json!({ "account": a, "name": names.get(&a) }));
    let mut history = Vec::new();
    for row in steps {
        let body = edits::body(keys, &row)?;
        history.push(json!({
            "edit": row.id, "kind": row.kind, "outcome": row.outcome, "by": who(Some(row.account)),
            "device": row.device, "made_at": at(row.made_at), "received_at": at(row.received_at),
            "changes": history_of(body),
        }));
    }
    let mut visited = Vec::new();
    for row in visits {
        let text: Json = sealed::open(keys, "visit", row.id, &row.sealed)?;
        visited.push(json!({
            "visit": row.id, "at": at(row.at), "by": who(Some(row.account)), "means": row.means,
            "outcome": row.outcome, "text": text["text"], "needs": text["needs"],
        }));
    }
    let mut waiting = Vec::new();
    for row in of_person::held(db, id).await? {
        let body = held::body(keys, &row)?;
        waiting.push(json!({
            "edit": row.edit, "reason": row.reason, "state": row.state, "by": who(row.account),
            "received_at": at(row.received_at), "content": body.raw,
        }));
    }
    let mut items = Vec::new();
    for row in of_person::items(db, id).await? {
        let body = inbox::body(keys, &row)?;
        items.push(json!({
            "item": row.id, "reason": row.reason, "field": row.key, "state": row.state,
            "opened_at": at(row.opened_at), "closed_at": row.closed_at.map(at), "content": body,
        }));
    }
    let found = clues::Filter {
        resident: Some(id),
        ..clues::Filter::default()
    };
    let mut doubts = Vec::new();
    for row in clues::page(db, &clues::Reach::All, &found, None, MOST).await? {
        doubts.push(shown(&row, &clues::body(keys, &row)?));
    }
    let number = loaded.record.fact("id_number");
    let numbers: Vec<Vec<u8>> = number
        .as_text()
        .map(|n| register::number_hash(keys, n))
        .into_iter()
        .collect();
    let listed = register::find(db, keys, &numbers, &[]).await?;
    let listed: Vec<Json> = listed
        .into_iter()
        .map(|entry| json!({ "list": entry.list, "values": entry.values }))
        .collect();
    Ok(json!({
        "resident": id, "made_at": now.to_string(),
        "held": { "record": item, "facts": facts, "history": history, "visits": visited, "kept_edits": waiting,
            "items": items, "clues": doubts },
        "from": { "lists": handed_in(db, program, id).await?, "register": listed },
        "seen_by": trail.iter().map(|row| seen(row, who(row.account))).collect::<Vec<_>>(),
        "phones": phones.iter().map(|phone| carried(phone, who(Some(phone.account)))).collect::<Vec<_>>(),
    }))
}

/// What departments handed in about the person, list by list.
async fn handed_in<C: ConnectionTrait>(db: &C, program: &Program, id: Uuid) -> Result<Vec<Json>, Error> {
    let all = of_person::lists(db, id).await?;
    let ids: Vec<Uuid> = all.iter().map(|list| list.id).collect();
    let rows = lists::rows_of(db, &program.keys, &ids, &[id]).await?;
    let mut out = Vec::new();
    for list in all {
        for row in rows.iter().filter(|row| row.list == list.id) {
            out.push(json!({
                "list": list.id, "source": list.source, "kind": list.kind, "month": list.month,
                "state": list.state, "row": row.row, "verdict": row.verdict, "reason": row.reason,
                "values": row.content.values, "handed_in": row.content.handed_in,
            }));
        }
    }
    Ok(out)
}

async fn names<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    people: BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, String>, Error> {
    let people: Vec<Uuid> = people.into_iter().collect();
    let mut names = BTreeMap::new();
    for account in accounts::some(db, &people).await? {
        names.insert(account.id, accounts::person(&program.keys, &account)?.name);
    }
    Ok(names)
}

fn seen(row: &AuditRow, by: Option<Json>) -> Json {
    json!({ "at": at(row.at), "by": by, "device": row.device, "what": row.action, "outcome": row.outcome })
}

fn carried(phone: &Carried, by: Option<Json>) -> Json {
    json!({
        "device": phone.device, "label": phone.label, "state": phone.state, "by": by, "from": at(phone.from_at),
        "told_to_drop": phone.to_at.map(at), "dropped": phone.dropped_at.map(at),
        "last_contact": phone.last_contact_at.map(at),
    })
}

fn at(millis: i64) -> String {
    Instant::from_millis(millis).to_string()
}
