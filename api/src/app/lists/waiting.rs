//! Rows that wait for a person: whom each may be about, as residents and register know people now.

use super::answering::Place;
use super::evidence;
use super::people::{self, listed, listed_id};
use super::row::identity;
use crate::app::Error;
use crate::app::desk::survivors;
use crate::program::Program;
use crate::store::lists::{self, Content, Row, Seen};
use crate::store::records::{self, Loaded};
use crate::store::register::Entry;
use domain::ResidentId;
use domain::catalogue::Mask;
use domain::mask;
use domain::name::Name;
use domain::text::squeezed;
use matching::link::{Link, Person, link};
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Somebody whom a waiting row may be about.
pub struct Candidate {
    /// How a decision names the candidate.
    pub id: Uuid,
    /// None for a person of the register who is no resident.
    pub resident: Option<Uuid>,
    /// None for a resident.
    pub entry: Option<i64>,
    /// As residents and register have it, unmasked: to be compared, never shown.
    number: Option<String>,
    pub village: Option<Uuid>,
    /// What of it is equal to what the row says.
    pub why: Vec<&'static str>,
    /// What of the person is shown to whoever decides.
    pub shown: Json,
    /// What the evidence says, where it was weighed.
    pub seen: Option<Seen>,
}

/// How many candidates are shown.
pub const SHOWN: usize = 3;

/// Everybody whom the row at a place of a list may be about, those of whom most agrees first.
///
/// # Errors
/// [`Error::NotFound`] where the row is not kept any more.
pub async fn candidates<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    place: Place,
) -> Result<(Row, Vec<Candidate>), Error> {
    let row = lists::row_at(db, &program.keys, place.list, place.sheet, place.row).await?;
    let row = row.ok_or(Error::NotFound)?;
    let rows = std::slice::from_ref(&row);
    let found = people::find(db, program, &people::hashes(program, rows)).await?;
    let mut loaded = records::look_at(db, &program.keys, &found.residents).await?;
    survivors(db, program, &mut loaded, false).await?;
    let residents: Vec<Person<ResidentId>> = loaded.values().map(people::resident).collect();
    let (mut meant, mut of_register) =
        match link(&identity(&row.content), &residents, &listed(&found.register)) {
            Link::Resident(id) => (vec![id.uuid()], Vec::new()),
            Link::Register(key) => (Vec::new(), vec![key]),
            Link::Ambiguous {
                residents, register, ..
            } => (residents.iter().map(|r| r.uuid()).collect(), register),
            Link::New | Link::Invalid => (Vec::new(), Vec::new()),
        };
    let seen: &[Seen] = row.evidence.as_ref().map_or(&[], |said| &said.seen);
    meant.extend(evidence::residents(&row, &residents));
    meant.sort_unstable();
    meant.dedup();
    for seen in seen {
        let is = |entry: &&Entry| match &seen.number {
            Some(number) => entry.get("id_number") == Some(number),
            None => seen.entry == Some(entry.id),
        };
        of_register.extend(found.register.values().find(is).map(|entry| entry.id));
    }
    let mut out: Vec<Candidate> = meant
        .iter()
        .filter_map(|id| Some(of_resident(*id, loaded.get(id)?, &row.content)))
        .collect();
    // Who is a resident and in the register is one person.
    let numbers: Vec<String> = meant
        .iter()
        .filter_map(|id| {
            loaded
                .get(id)?
                .record
                .fact("id_number")
                .as_text()
                .map(str::to_owned)
        })
        .collect();
    let of_register = of_register.iter().filter_map(|key| found.register.get(key));
    out.extend(
        of_register
            .filter(|e| {
                e.get("id_number")
                    .is_none_or(|n| !numbers.iter().any(|own| own == n))
            })
            .map(|entry| of_entry(program, entry, &row.content)),
    );
    for candidate in &mut out {
        let of = |seen: &&Seen| {
            let number = candidate.number.is_some() && candidate.number == seen.number;
            number
                || (candidate.resident.is_some() && candidate.resident == seen.resident)
                || (candidate.entry.is_some() && candidate.entry == seen.entry)
        };
        candidate.seen = seen.iter().find(of).cloned();
    }
    out.sort_by(|a, b| {
        let weight = |c: &Candidate| c.seen.as_ref().map_or(f32::MIN, |seen| seen.weight);
        let agree = || b.why.len().cmp(&a.why.len()).then(a.id.cmp(&b.id));
        weight(b).total_cmp(&weight(a)).then_with(agree)
    });
    let mut known = BTreeSet::new();
    out.retain(|c| known.insert(c.id));
    Ok((row, out))
}

fn of_resident(id: Uuid, loaded: &Loaded, said: &Content) -> Candidate {
    let record = &loaded.record;
    let fact = |key: &str| record.fact(key).as_text().map(str::to_owned);
    let written = |key: &str| {
        let field = FIELDS.iter().find(|f| f.key == key)?;
        sync::document::now(&record.doc, field)
            .as_text()
            .map(str::to_owned)
    };
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    for key in ["name", "sex", "birth_date", "id_number"] {
        known.extend(fact(key).map(|value| (key, value)));
    }
    for key in ["phone", "address"] {
        known.extend(written(key).map(|value| (key, value)));
    }
    let mut shown = json!(known);
    shown["state"] = record.state.name().into();
    shown["grid"] = json!(loaded.grid);
    Candidate {
        id,
        resident: Some(id),
        entry: None,
        number: known.get("id_number").cloned(),
        seen: None,
        village: loaded.village,
        why: why(said, &known),
        shown,
    }
}

/// A person of the register is no resident: as much is shown as tells people apart.
fn of_entry(program: &Program, entry: &Entry, said: &Content) -> Candidate {
    let keys = ["name", "sex", "birth_date", "id_number", "phone", "address"];
    let known: BTreeMap<&str, String> = keys
        .iter()
        .filter_map(|key| Some((*key, entry.get(key)?.to_owned())))
        .collect();
    let why = why(said, &known);
    let mut shown = json!(known);
    for (key, mask) in [("id_number", Mask::IdNumber), ("phone", Mask::Phone)] {
        if let Some(value) = known.get(key) {
            shown[key] = mask::apply(mask, value).into();
        }
    }
    Candidate {
        id: listed_id(program, entry),
        resident: None,
        entry: Some(entry.id),
        number: known.get("id_number").cloned(),
        seen: None,
        village: None,
        why,
        shown,
    }
}

/// What agrees, in the words of whoever decides.
fn why(said: &Content, known: &BTreeMap<&str, String>) -> Vec<&'static str> {
    let both = |key: &str| Some((said.get(key)?, known.get(key)?.as_str()));
    let equal = |key: &str| both(key).is_some_and(|(a, b)| squeezed(a) == squeezed(b));
    let mut out = Vec::new();
    if equal("id_number") {
        out.push("身份证号相同");
    }
    if both("name").is_some_and(|(a, b)| Name::parse(a).agrees(&Name::parse(b))) {
        out.push("姓名相同");
    }
    let born = |number: &str| {
        domain::id_number::IdNumber::parse(number)
            .ok()
            .map(|n| n.birth_date().to_string())
    };
    let of_known = known
        .get("birth_date")
        .cloned()
        .or_else(|| known.get("id_number").and_then(|n| born(n)));
    let of_row = said
        .get("birth_date")
        .map(str::to_owned)
        .or_else(|| said.get("id_number").and_then(born));
    if of_row.is_some() && of_row == of_known {
        out.push("出生日期相同");
    }
    if equal("phone") {
        out.push("联系电话相同");
    }
    if equal("address") {
        out.push("住址相同");
    }
    out
}

/// Fields of the document that tell people apart.
static FIELDS: std::sync::LazyLock<Vec<domain::catalogue::Field>> = std::sync::LazyLock::new(|| {
    let mut fields = domain::catalogue::Catalogue::built_in().fields;
    fields.retain(|f| matches!(f.key, "phone" | "address"));
    fields
});
