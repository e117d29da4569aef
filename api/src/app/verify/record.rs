//! One record against its rows.

use super::Kind;
use crate::app::desk::show::{OpenItem, show};
use crate::program::Program;
use crate::store::check::{self, Rows};
use crate::store::records::{self, Unreadable};
use crate::store::{cards, inbox, lookups};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use sync::Record;
use sync::project::Projection;

/// What disagrees. A record that does not load is not looked at further.
pub fn check(program: &Program, rows: &Rows) -> Vec<Kind> {
    let (document, facts) = match (&rows.document, &rows.facts) {
        (Some(document), Some(facts)) => (document, facts),
        (document, facts) => {
            let missing = [
                (document.is_none(), Kind::DocumentMissing),
                (facts.is_none(), Kind::FactsMissing),
            ];
            return chosen(missing);
        }
    };
    let record = match records::read(&program.keys, &rows.resident, &document.sealed, facts) {
        Ok(record) => record,
        Err(Unreadable::Document) => return vec![Kind::DocumentUnreadable],
        Err(Unreadable::Facts) => return vec![Kind::FactsUnreadable],
        Err(Unreadable::State) => return vec![Kind::StateUnknown],
    };
    let mut found = numbers(rows, &record);
    if facts.version != rows.resident.facts_version {
        found.push(Kind::FactsVersionDiffers);
    }
    found.extend(look_ups(program, rows, &record));
    found.extend(shown(program, rows, &record));
    found
}

fn chosen<const N: usize>(all: [(bool, Kind); N]) -> Vec<Kind> {
    all.into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, kind)| kind)
        .collect()
}

/// The resident's own row, and the place at which its last edit left it.
fn numbers(rows: &Rows, record: &Record) -> Vec<Kind> {
    let row = &rows.resident;
    let heads = records::joined(&record.doc.get_heads());
    let last = rows.last_edit.as_ref();
    chosen([
        (
            row.birth_year != records::birth_year(record),
            Kind::BirthYearDiffers,
        ),
        (row.version != record.version().to_string(), Kind::VersionDiffers),
        (last.map_or(0, |e| e.n) != row.n, Kind::EditNumberDiffers),
        (
            last.is_some_and(|e| e.facts_version != row.facts_version),
            Kind::EditFactsVersionDiffers,
        ),
        (last.is_some_and(|e| e.heads != heads), Kind::EditHeadsDiffer),
    ])
}

fn look_ups(program: &Program, rows: &Rows, record: &Record) -> Vec<Kind> {
    let wanted: BTreeSet<(String, Vec<u8>)> = lookups::of(&program.keys, record)
        .into_iter()
        .map(|(kind, hash)| (kind.to_owned(), hash))
        .collect();
    chosen([
        (!wanted.is_subset(&rows.lookups), Kind::LookupMissing),
        (!rows.lookups.is_subset(&wanted), Kind::LookupLeftOver),
    ])
}

/// What is shown and searched, against what the desk would save.
fn shown(program: &Program, rows: &Rows, record: &Record) -> Vec<Kind> {
    let bodies: Result<Vec<Json>, _> = rows
        .items
        .iter()
        .map(|row| inbox::body(&program.keys, row))
        .collect();
    let Ok(bodies) = bodies else {
        return vec![Kind::ItemUnreadable];
    };
    let items: Vec<OpenItem<'_>> = rows
        .items
        .iter()
        .zip(&bodies)
        .map(|(row, body)| OpenItem {
            reason: &row.reason,
            key: &row.key,
            body,
        })
        .collect();
    let expected = show(program, record, rows.resident.grid, &items);
    let mut found = conflict_items(&items, &expected);
    let saved = (expected.open.to_string(), expected.rest.to_string());
    match &rows.projection {
        None => found.push(Kind::ProjectionMissing),
        Some(row) => match check::projection(&program.keys, row) {
            Err(_) => found.push(Kind::ProjectionUnreadable),
            Ok(stored) => found.extend(chosen([
                (row.n != rows.resident.n, Kind::ProjectionNumberDiffers),
                (stored != saved, Kind::ProjectionDiffers),
            ])),
        },
    }
    match &rows.card {
        None => found.push(Kind::CardMissing),
        Some(row) => match check::card(&program.keys, row) {
            Err(_) => found.push(Kind::CardUnreadable),
            Ok(card) if card != cards::card(&expected) => found.push(Kind::CardDiffers),
            Ok(_) => {}
        },
    }
    found
}

fn conflict_items(items: &[OpenItem<'_>], expected: &Projection) -> Vec<Kind> {
    let open: BTreeSet<&str> = items
        .iter()
        .filter(|item| item.reason == "conflict")
        .map(|item| item.key)
        .collect();
    let wanted: BTreeSet<&str> = expected.conflicts.iter().copied().collect();
    chosen([
        (!wanted.is_subset(&open), Kind::ConflictItemMissing),
        (!open.is_subset(&wanted), Kind::ConflictItemLeftOver),
    ])
}
