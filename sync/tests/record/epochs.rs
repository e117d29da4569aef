//! A new epoch: a fresh document that shows the very same, and edits from both sides of the seam.

use crate::catalogue;
use crate::desk::{Desk, derive, edit, list, phone};
use crate::gate::client::{Client, carrying, note, put, say};
use crate::history::{Step, play, step};
use crate::laws::runner;
use domain::EditId;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use sync::epoch::{self, HARD, SOFT, Size, Stays};
use sync::record::Past;
use sync::{Outcome, State};

/// What a record shows, without the version.
fn shown(desk: &Desk) -> (Json, Json) {
    let projection = desk.projection();
    let mut open = projection.open;
    open["version"] = Json::Null;
    (open, projection.rest)
}

fn begin(desk: &mut Desk) -> Result<(), Stays> {
    let old = epoch::begin(&mut desk.record, &desk.catalogue, &derive)?;
    let epoch = desk.record.epoch - 1;
    desk.record.past.push(Past { epoch, doc: old });
    desk.reload();
    Ok(())
}

/// Values, sources, conflicts and doubts are what they were, whatever happened before.
#[test]
fn a_new_epoch_shows_the_same() {
    let ids = prop::collection::vec(any::<u64>(), 60);
    let cases = (prop::collection::vec(step(), 1..40), any::<bool>(), ids);
    let law = |(steps, created, ids): (Vec<Step>, bool, Vec<u64>)| {
        let (mut desk, _) = play(&steps, created, &ids);
        let (before, version) = (shown(&desk), desk.version());
        let bytes = desk.record.doc.save_nocompress();
        match begin(&mut desk) {
            Ok(()) => {
                prop_assert_eq!(shown(&desk), before.clone());
                prop_assert_ne!(desk.version(), version);
                prop_assert!(begin(&mut desk).is_ok());
                prop_assert_eq!(shown(&desk), before);
            }
            Err(stays) => {
                prop_assert_eq!(stays, Stays::MergedNote);
                prop_assert!(!desk.projection().merged_notes.is_empty());
                prop_assert_eq!(desk.record.doc.save_nocompress(), bytes);
            }
        }
        Ok(())
    };
    runner(300).run(&cases, law).unwrap();
}

/// An edit made at the last version before the seam does what it would have done.
#[test]
fn who_saw_the_last_of_the_old_epoch_is_not_behind() {
    let ids = prop::collection::vec(any::<u64>(), 60);
    let cases = (prop::collection::vec(step(), 1..30), ids, 0..4_usize);
    let law = |(steps, ids, n): (Vec<Step>, Vec<u64>, usize)| {
        let (mut desk, _) = play(&steps, false, &ids);
        let (mut other, _) = play(&steps, false, &ids);
        let version = desk.version();
        prop_assume!(begin(&mut desk).is_ok());
        let parts = [
            json!({ "phone": { "was": null, "now": "13900078419" } }),
            json!({ "remarks": { "was": null, "now": "每周送餐" } }),
            json!({ "needs": { "add": ["送餐"], "remove": ["轮椅"] } }),
            json!({ "guardian_name": { "was": "谁也不是", "now": null } }),
        ];
        let fields = json!({ "fields": parts[n] });
        let said = edit(EditId::from_bytes([0xee; 16]), 900, 8, Some(&version), &fields);
        let (here, there) = (desk.take(&said, &phone(9)), other.take(&said, &phone(9)));
        prop_assert_eq!(here.outcome, there.outcome);
        prop_assert_eq!(shown(&desk), shown(&other));
        Ok(())
    };
    runner(300).run(&cases, law).unwrap();
}

/// A record with a phone and a note, changed until its history is long.
fn old() -> Desk {
    let mut desk = Desk::new(catalogue::at(8), State::Present);
    let first = json!({ "fields": {
        "phone": { "was": null, "now": "13900078411" }, "remarks": { "was": null, "now": "独居" },
        "needs": { "add": ["轮椅"], "remove": [] },
    } });
    desk.says(&list("民政"), None, &first);
    desk
}

#[test]
fn a_long_history_ends() {
    let mut desk = old();
    for n in 0..40 {
        let text = ["平安", "外出", "住院"][n % 3].repeat(200);
        let said = json!({ "fields": { "remarks": { "was": null, "now": text } } });
        desk.says(&phone(1), None, &said);
        let phone_now = json!({ "fields": { "phone": { "was": null, "now": format!("139000784{n:02}") } } });
        desk.says(&phone(2), None, &phone_now);
    }
    let (before, size) = (shown(&desk), Size::of(&desk.record.doc));
    assert!(
        size.passes(&Size {
            operations: 1_000,
            ..SOFT
        }),
        "{size:?}"
    );
    assert!(epoch::has_history(&desk.record, &desk.catalogue, &derive));
    begin(&mut desk).unwrap();
    let after = Size::of(&desk.record.doc);
    assert!(
        after.bytes * 4 < size.bytes && !after.passes(&SOFT) && !after.passes(&HARD),
        "{after:?}"
    );
    assert_eq!(shown(&desk), before);
    assert!(!epoch::has_history(&desk.record, &desk.catalogue, &derive));
}

/// Whoever had not seen the last of it is asked for what it was.
#[test]
fn older_edits_merge_by_what_they_saw() {
    let mut desk = old();
    let version = desk.version();
    let newer = json!({ "fields": { "phone": { "was": "13900078411", "now": "13900078412" } } });
    desk.says(&phone(1), None, &newer);
    begin(&mut desk).unwrap();
    let late = |seq, parts: Json| {
        edit(
            EditId::from_bytes([0x70 + seq as u8; 16]),
            seq,
            8,
            Some(&version),
            &json!({ "fields": parts }),
        )
    };
    let same = late(1, json!({ "remarks": { "was": "独居", "now": "与儿子同住" } }));
    assert_eq!(desk.take(&same, &phone(3)).outcome, Outcome::Merged);
    let other = late(
        2,
        json!({ "phone": { "was": "13900078411", "now": "13900078413" } }),
    );
    assert_eq!(desk.take(&other, &phone(3)).outcome, Outcome::Conflict);
    assert_eq!(desk.fields()["remarks"], "与儿子同住");
    assert_eq!(
        desk.projection().open["conflicts"]["phone"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

/// A full client's changes on the old document are read there, and written by what they say.
#[test]
fn changes_over_the_old_document() {
    let id = |n: u8| EditId::from_bytes([n; 16]);
    let mut desk = old();
    let behind = Client::of(&desk);
    let newer = json!({ "fields": { "remarks": { "was": "独居", "now": "独居，有护工" } } });
    desk.says(&phone(1), None, &newer);
    let mut client = Client::of(&desk);
    let mut behind = Client::over(behind.doc);
    begin(&mut desk).unwrap();

    // It had seen the last: its letters and elements go where it typed them.
    let one = client.change(id(0x81), |tx, f| {
        note(tx, f, "remarks", "独居，有护工两名");
        say(tx, f, "needs", "送餐", id(0x81));
    });
    let taken = desk.take(&carrying(id(0x81), 1, &[one.unwrap()]), &phone(4));
    assert_eq!((taken.outcome, taken.rebuild), (Outcome::Merged, true));
    assert_eq!(desk.fields()["remarks"], "独居，有护工两名");
    assert_eq!(desk.fields()["needs"], json!(["轮椅", "送餐"]));

    // It had not: by what the note was.
    let two = behind.change(id(0x82), |tx, f| note(tx, f, "remarks", "去世"));
    let taken = desk.take(&carrying(id(0x82), 1, &[two.unwrap()]), &phone(5));
    assert_eq!((taken.outcome, taken.rebuild), (Outcome::Conflict, true));
    assert_eq!(
        taken.writes.unwrap(),
        json!({ "remarks": { "was": "独居", "now": "去世" } })
    );
    assert_eq!(desk.fields()["remarks"], "独居，有护工两名");
    assert!(
        desk.open()
            .iter()
            .any(|line| line.starts_with("note beside remarks"))
    );

    // The old document is there no more: what they say is kept for a person.
    desk.record.past.clear();
    let three = behind.change(id(0x83), |tx, f| put(tx, f, "phone", "13900078420"));
    let taken = desk.take(&carrying(id(0x83), 2, &[three.unwrap()]), &phone(5));
    assert_eq!((taken.outcome, taken.rebuild), (Outcome::Held, true));
    assert_eq!(taken.problem.unwrap().code, "change_stale_epoch");
    assert_eq!(
        taken.writes.unwrap(),
        json!({ "phone": { "now": "13900078420" } })
    );
}
