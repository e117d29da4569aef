//! The demo's residents, written through the desk like everybody else's, and a few open questions.

use super::people::{Dice, Person, person};
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::enrolments::{self, NewEnrolment};
use domain::catalogue::Role;
use domain::{AccountId, EditId, Instant, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::record::{EnrolmentLine, Source};
use sync::{Arrived, Door, Edit, State, Writer};
use uuid::Uuid;

/// A grid with the address text of its houses.
pub struct Place {
    pub grid: Uuid,
    pub village: Uuid,
    pub text: String,
}

/// Records of one commit: phones never wait long for it.
const BATCH: usize = 100;
const LISTS: &str = "演示名单";
const MONTH: &str = "2026-10";

pub async fn fill(program: &Program, dice: &mut Dice, places: &[Place], size: usize) -> Result<(), Error> {
    let now = program.clock.now();
    let mut number = 0;
    let mut shown = Vec::new();
    while number < size {
        let people: Vec<(Uuid, Person, usize, usize)> = (number..size.min(number + BATCH))
            .map(|n| (Uuid::now_v7(), person(dice, n), dice.roll(10), dice.roll(180)))
            .collect();
        let (people_of, first) = (&people, number);
        program
            .db
            .write(|txn| async move { batch(&txn, program, places, people_of, first, now).await })
            .await?;
        if number == 0 {
            shown.extend(
                people
                    .iter()
                    .enumerate()
                    .filter(|(n, _)| n % places.len() == 0)
                    .map(|(_, p)| p.0),
            );
        }
        number += people.len();
    }
    questions(program, &shown, now).await
}

async fn batch(
    txn: &Txn,
    program: &Program,
    places: &[Place],
    people: &[(Uuid, Person, usize, usize)],
    first: usize,
    now: Instant,
) -> Result<(), Error> {
    let mut desk = Desk::open(txn, program, &BTreeSet::new(), &[], now).await?;
    for (n, (id, p, kind, door)) in people.iter().enumerate() {
        let place = &places[(first + n) % places.len()];
        desk.create(*id, State::Present, Some(place.village), Some(place.grid));
        let edit = Uuid::now_v7();
        for (key, value) in facts(p, *kind) {
            desk.set_fact(*id, key, value, EditId::from(edit));
        }
        if let Some((category, source)) = category(*kind, p.age) {
            enrol(txn, program, &mut desk, *id, category, source).await?;
        }
        let fields = json!({
            "phone": { "was": null, "now": p.phone },
            "address": { "was": null, "now": format!("{}{}号", place.text, door + 1) },
            "living_arrangement": { "was": null, "now": if kind % 3 == 0 { "独居" } else { "与子女同住" } },
        });
        let edit = read(edit, *id, now, None, &fields);
        let writer = writer("系统", Door::List { source: LISTS.into() });
        let source = Source::List {
            list: LISTS.into(),
            month: MONTH.into(),
        };
        desk.take(
            &edit,
            &Origin {
                writer: &writer,
                source,
                kind: "list",
                skew: 0,
            },
        )?;
    }
    desk.save().await
}

/// Who is looked after as what: roughly as in a real county.
fn category(kind: usize, age: i16) -> Option<(&'static str, &'static str)> {
    match kind {
        0 | 1 => Some(("disabled", "残联")),
        2..=4 => Some(("low_income", "民政")),
        5 => Some(("destitute", "民政")),
        _ if age >= 80 => Some(("old_age_allowance", "民政")),
        _ => Some(("low_income_edge", "民政")),
    }
}

fn facts(p: &Person, kind: usize) -> Vec<(&'static str, Value)> {
    let text = |t: &str| Value::from(t);
    let mut out = vec![
        ("name", text(&p.name)),
        ("sex", text(p.sex)),
        ("birth_date", text(&p.birth_date)),
        ("id_number", text(&p.id_number)),
        ("life_status", text("living")),
    ];
    match category(kind, p.age).map(|(c, _)| c) {
        Some("disabled") => out.extend([
            ("disabled.status", text("active")),
            ("disabled.since", text("2024-05")),
            ("disabled.category", text("肢体")),
            ("disabled.grade", text(["二级", "三级"][kind % 2])),
        ]),
        Some("low_income") => out.extend([
            ("low_income.status", text("active")),
            ("low_income.since", text("2025-01")),
            ("low_income.amount", Value::Integer(84_500 - 1_000 * kind as i64)),
        ]),
        Some("old_age_allowance") => out.extend([
            ("old_age_allowance.status", text("active")),
            ("old_age_allowance.since", text("2025-01")),
            (
                "old_age_allowance.amount",
                Value::Integer(if p.age >= 90 { 10_000 } else { 3_000 }),
            ),
        ]),
        Some("destitute") => {
            out.extend([
                ("destitute.status", text("active")),
                ("destitute.since", text("2023-07")),
            ]);
        }
        _ => out.extend([
            ("low_income_edge.status", text("active")),
            ("low_income_edge.since", text("2025-06")),
        ]),
    }
    out
}

async fn enrol(
    txn: &Txn,
    program: &Program,
    desk: &mut Desk<'_>,
    id: Uuid,
    category: &'static str,
    source: &'static str,
) -> Result<(), Error> {
    let new = NewEnrolment {
        resident: id,
        category,
        source,
        since: "2025-01",
        source_status: "active",
        village_status: "confirmed",
        list: None,
        handed_in: &json!({}),
    };
    enrolments::begin(&**txn, &program.keys, &new).await?;
    if let Some(loaded) = desk.records.get_mut(&id) {
        loaded.record.kept.enrolments.push(EnrolmentLine {
            category: category.into(),
            source: source.into(),
            since: "2025-01".into(),
            until: None,
            status: "active".into(),
            village: "confirmed".into(),
        });
    }
    Ok(())
}

/// Two workers who did not see each other, a proposal, and a report, for the inbox to show.
async fn questions(program: &Program, ids: &[Uuid], now: Instant) -> Result<(), Error> {
    let Some(id) = ids.first().copied() else {
        return Ok(());
    };
    program
        .db
        .write(|txn| async move {
            let mut desk = Desk::open(&txn, program, &BTreeSet::from([id]), &[], now).await?;
            let Some(loaded) = desk.records.get(&id) else {
                return Ok(());
            };
            let base = loaded.record.version().to_string();
            let phone = sync::document::now(
                &loaded.record.doc,
                program.catalogue.field("phone").ok_or(Error::NotFound)?,
            );
            let was = phone.to_json();
            let edits = [
                (
                    "网格员01",
                    json!({ "phone": { "was": was, "now": "13900078412" } }),
                    None,
                ),
                ("网格员02", json!({ "phone": { "was": was, "now": null } }), None),
                (
                    "网格员01",
                    json!({ "ethnicity": { "was": null, "now": "壮" } }),
                    None,
                ),
                (
                    "网格员02",
                    json!({}),
                    Some(json!({ "kind": "moved_out", "place": "佛山" })),
                ),
            ];
            for (name, fields, report) in edits {
                let mut edit = body(Uuid::now_v7(), id, now, Some(&base), &fields);
                if let Some(report) = report {
                    edit["report"] = report;
                }
                let edit = parse(&edit);
                let writer = writer(name, Door::Phone);
                let source = Source::Edit {
                    edit: edit.id,
                    by: name.into(),
                    at: now,
                };
                // The second writer had not seen the first: its base is named before anything was written.
                stamp_first(&mut desk, id);
                desk.take(
                    &edit,
                    &Origin {
                        writer: &writer,
                        source,
                        kind: "phone",
                        skew: 0,
                    },
                )?;
            }
            desk.save().await
        })
        .await
}

/// The version that both saw stays nameable after the first of them wrote.
fn stamp_first(desk: &mut Desk<'_>, id: Uuid) {
    let Some(loaded) = desk.records.get_mut(&id) else {
        return;
    };
    let record = &mut loaded.record;
    if record.stamps.is_empty() {
        record.stamps.push(sync::record::Stamp {
            edit: EditId::from_bytes([0; 16]),
            device: None,
            seq: None,
            n: record.n,
            heads: record.doc.get_heads(),
            changes: Vec::new(),
            facts_version: record.facts_version,
        });
    }
}

fn writer(name: &str, door: Door) -> Writer {
    Writer {
        account: AccountId::from_bytes([0; 16]),
        device: None,
        role: Role::Worker,
        door,
        name: name.into(),
    }
}

fn body(edit: Uuid, id: Uuid, now: Instant, base: Option<&str>, fields: &Json) -> Json {
    let mut out = json!({
        "id": edit, "seq": 1, "made_at": now.to_string(), "resident": id, "catalogue": 1, "fields": fields,
    });
    if let Some(base) = base {
        out["base"] = base.into();
    }
    out
}

fn read(edit: Uuid, id: Uuid, now: Instant, base: Option<&str>, fields: &Json) -> Box<Edit> {
    parse(&body(edit, id, now, base, fields))
}

fn parse(json: &Json) -> Box<Edit> {
    match Arrived::parse(json.to_string().as_bytes()) {
        Arrived::Edit(edit) => edit,
        Arrived::Unreadable { why, .. } => unreachable!("the demo's own edits are well formed: {why:?}"),
    }
}
