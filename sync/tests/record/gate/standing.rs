//! Changes that stand on nothing, on something unknown, or on too much; and what else meets the gate as a whole.

use super::client::{Client, carrying, note, put};
use super::refused::{ID, OTHER, Say, check, desk};
use crate::catalogue;
use crate::desk::{RESIDENT, phone};
use automerge::transaction::{CommitOptions, Transaction};
use automerge::{ActorId, Automerge, ObjId, PatchLog, ROOT, ReadDoc};
use domain::{EditId, ResidentId};
use serde_json::json;
use sync::{Door, Outcome, Writer, skeleton};

#[test]
fn changes_that_stand_where_they_may_not() {
    let phone_now: Say = |tx, f| put(tx, f, "phone", "13900078412");
    let of = |mut client: Client| client.change(ID, phone_now).unwrap();
    let catalogue = catalogue::at(8);
    let elsewhere = |resident, epoch| of(Client::over(skeleton::document(&catalogue, resident, epoch)));
    let told = json!({ "phone": { "now": "13900078412" } });

    let mut here = desk();
    let forged = Client::of(&here).change(OTHER, phone_now).unwrap();
    check("another edit's", &mut here, &[forged], "change_forged_actor");
    let long = Client::of(&here)
        .change_with(ID, Some(&"x".repeat(65)), phone_now)
        .unwrap();
    check("a long message", &mut here, &[long], "change_message_too_long");
    let nowhere = of(Client::over(Automerge::new()));
    check("on nothing", &mut here, &[nowhere], "change_without_base");
    let stale = check(
        "another epoch",
        &mut here,
        &[elsewhere(RESIDENT, 2)],
        "change_stale_epoch",
    );
    assert_eq!(stale, told);
    let other = elsewhere(ResidentId::from_bytes([9; 16]), 1);
    assert_eq!(
        check("another resident", &mut here, &[other], "changes_missing"),
        told
    );

    let mut ahead = Client::of(&here);
    ahead
        .change(OTHER, |tx, f| put(tx, f, "address", "仙溪村3号"))
        .unwrap();
    // Whole values need no past to be read: they stand beside what is there.
    let taken = here.take(&carrying(ID, 1, &[of(ahead)]), &phone(1));
    assert_eq!((taken.outcome, taken.rebuild), (Outcome::Conflict, true));
    let writes = json!({ "phone": { "was": null, "now": "13900078412" } });
    assert_eq!(taken.writes.unwrap(), writes);
    // Letters do.
    let mut ahead = Client::of(&here);
    let words = |text: &'static str| move |tx: &mut Transaction<'_>, f: &ObjId| note(tx, f, "remarks", text);
    ahead.change(OTHER, words("独居")).unwrap();
    let late = ahead.change(ID, words("独居，有护工")).unwrap();
    check(
        "letters in what never came",
        &mut here,
        &[late],
        "changes_missing",
    );
    let mut here = desk();

    let mut client = Client::of(&here);
    let one = client.change(ID, phone_now).unwrap();
    let two = client.change(ID, words("独居")).unwrap();
    check(
        "the second first",
        &mut here,
        &[two, one.clone()],
        "changes_missing",
    );
    check("one twice", &mut here, &[one.clone(), one], "change_not_replayed");

    let mut empty = Client::of(&here);
    empty.doc.set_actor(ActorId::from(ID.bytes().to_vec()));
    let hash = empty.doc.empty_commit(CommitOptions::default());
    let bytes = empty.doc.get_change_by_hash(&hash).unwrap().bytes().into_owned();
    check("nothing said", &mut here, &[bytes], "change_empty");
}

/// What an old version is written at must not depend on what else has arrived.
#[test]
fn operation_numbers_of_another_time() {
    let mut here = desk();
    let old = here.record.doc.get_heads();
    here.says(
        &phone(2),
        None,
        &json!({"fields": {"address": {"was": null, "now": "仙溪村3号"}}}),
    );
    let mut client = Client::of(&here);
    client.doc.set_actor(ActorId::from(ID.bytes().to_vec()));
    let mut tx = client.doc.transaction_at(PatchLog::inactive(), &old).unwrap();
    let (_, fields) = tx.get(ROOT, "fields").unwrap().unwrap();
    put(&mut tx, &fields, "phone", "13900078412");
    let hash = tx.commit().0.unwrap();
    let bytes = client.doc.get_change_by_hash(&hash).unwrap().bytes().into_owned();
    check("numbers that skip", &mut here, &[bytes], "change_not_replayed");
}

#[test]
fn more_than_an_edit_may_be() {
    let mut here = desk();
    let start = here.record.doc.get_heads();
    // Each change of the edit stands on another version: what somebody else wrote in between.
    let mut client = Client::of(&here);
    let mut changes = Vec::new();
    for n in 0..6_u8 {
        let parts = json!({"fields": {"address": {"was": null, "now": format!("仙溪村{n}号")}}});
        here.says(&phone(2), None, &parts);
        client.pull(&here);
        changes.extend(client.change(ID, |tx, f| put(tx, f, "phone", format!("1390007842{n}"))));
    }
    check("six versions", &mut here, &changes, "change_too_many_bases");

    let mut here = desk();
    for n in 0..70_u8 {
        let id = EditId::from_bytes([0x60 + n; 16]);
        let put = sync::write::Put::Register(domain::Value::from(format!("139000784{n:02}").as_str()));
        let puts = [("phone".to_owned(), put)].into();
        sync::write::write_at(&mut here.record.doc, id, 0, 0, &start, &puts).unwrap();
    }
    let over_all = Client::of(&here)
        .change(ID, |tx, f| put(tx, f, "phone", "13900078412"))
        .unwrap();
    check(
        "seventy authors",
        &mut here,
        &[over_all],
        "change_too_many_actors",
    );
}

/// Who still carries a person that has left the grid proposes by either door.
#[test]
fn a_leaving_full_client_proposes() {
    let mut here = desk();
    let change = Client::of(&here)
        .change(ID, |tx, f| put(tx, f, "phone", "13900078412"))
        .unwrap();
    let before = here.record.doc.get_heads();
    let leaving = Writer {
        door: Door::LeavingPhone,
        ..phone(1)
    };
    let taken = here.take(&carrying(ID, 1, &[change]), &leaving);
    assert_eq!((taken.outcome, taken.rebuild), (Outcome::Proposed, true));
    assert_eq!(here.record.doc.get_heads(), before);
    assert_eq!(here.open(), [format!("proposal phone \"13900078412\" {ID}")]);
    let fields = json!({ "phone": { "was": "13900078411", "now": "13900078412" } });
    assert_eq!(taken.writes.unwrap(), fields);
}

/// Every reason has a name of its own.
#[test]
fn every_reason_has_its_own_name() {
    let codes: std::collections::BTreeSet<_> = sync::gate::Refusal::ALL.iter().map(|r| r.code()).collect();
    assert_eq!(codes.len(), sync::gate::Refusal::ALL.len());
}
