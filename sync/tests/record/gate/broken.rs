//! Bytes that break the library: the gate says no, and the process goes on.

use super::client::carrying;
use super::mutated::framed;
use super::{bytes, quietly};
use crate::catalogue;
use crate::desk::Desk;
use automerge::Automerge;
use domain::EditId;
use sync::State;
use sync::gate::{admit, scan};

const INPUTS: &str = include_str!("../../fixtures/changes-that-break-the-library.txt");

fn rows() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let lines = INPUTS.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.split(" | ").collect();
            (parts[0], parts[1], bytes(parts[2]))
        })
        .collect()
}

#[test]
fn what_breaks_the_library_stops_at_the_gate() {
    let rows = rows();
    let doc = Automerge::load(&rows[0].2).unwrap();
    assert_eq!(rows.len(), 12);
    let mut told = Vec::new();
    for (what, expected, change) in &rows[1..] {
        let mut desk = Desk::new(catalogue::at(8), State::Present);
        desk.record.doc = doc.clone();
        let codes = [change.clone(), repaired(change)].map(|change| {
            // In the name that it was made in, so that nothing but the change is wrong.
            let actor = scan(&change)
                .ok()
                .and_then(|s| <[u8; 16]>::try_from(s.actor.as_slice()).ok());
            let id = EditId::from_bytes(actor.unwrap_or([5; 16]));
            let edit = carrying(id, 1, &[change]);
            let refused = quietly(|| admit(&desk.record, &edit, &desk.catalogue));
            refused.err().map_or("taken", |r| r.why.code())
        });
        if codes.join(", ") != *expected {
            told.push(format!("{what}: {}, not {expected}", codes.join(", ")));
        }
        assert_eq!(desk.record.doc.get_heads(), doc.get_heads());
        Automerge::load(&desk.record.doc.save()).unwrap();
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// With the length and the checksum that its body should have.
fn repaired(change: &[u8]) -> Vec<u8> {
    let length = 9 + change[9..].iter().position(|b| *b < 0x80).unwrap() + 1;
    framed(1, &change[length..])
}
