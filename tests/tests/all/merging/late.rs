//! Edits of phones that name somebody who was merged meanwhile: taken by the survivor, or one item, and never nothing.

use super::{loaded, merge, read, told};
use automerge::ReadDoc;
use automerge::transaction::Transactable;
use serde_json::json;
use tests::county::County;
use tests::database::Database;
use tests::full_phone::{note, say};
use tests::on_both;

on_both!(
    what_was_typed_beside_a_merge_is_the_survivors,
    a_full_clients_changes_are_read_and_taken,
    who_has_lost_the_person_proposes
);

async fn what_was_typed_beside_a_merge_is_the_survivors(database: Database) {
    let county = County::start(database).await;
    let one = county.a_resident("黎阿妹").phone("13900078411").made().await;
    let other = county.a_resident("黎阿美").phone("13900078412").made().await;
    let mut a = loaded(&county, "梁少芳").await;
    let equal = a.edit(other).set("phone", "13900078411").done();
    let free = a.edit(other).set("guardian_name", "黎秀").done();
    let needs = a.edit(other).add("needs", &["送餐"]).done();
    let remarks = a.edit(other).set("remarks", "已上门").done();
    let beside = json!({ "phone": { "was": "13900078412", "now": "13900078413" } });
    let beside = a.edit(other).part("fields", beside).done();
    let name = a.edit(other).set("name", "黎亚妹").done();
    let visit = a.edit(other).visit("home", "met", "一切如常").done();
    let confirmed = a.edit(other).confirm(&["phone"]).done();
    let report = a.edit(other).report("moved_out").done();
    let cadre = county.console("陆桂英").await;
    merge(&cadre, one, other).await;
    a.sync().await;
    let all = [
        equal, free, needs, remarks, beside, name, visit, confirmed, report,
    ];
    let outcomes: Vec<&str> = all.iter().map(|edit| a.outcome(*edit)).collect();
    let (merged, conflict, proposed) = ("merged", "conflict", "proposed");
    assert_eq!(
        outcomes,
        [
            merged, merged, merged, merged, conflict, proposed, merged, merged, proposed
        ]
    );
    let now = read(&cadre, one).await;
    assert_eq!(now["fields"]["guardian_name"], "黎秀");
    assert_eq!(now["fields"]["needs"], json!(["送餐"]));
    assert_eq!(now["fields"]["remarks"], "已上门");
    assert_eq!(now["conflicts"]["phone"].as_array().unwrap().len(), 2);
    assert_eq!(now["visits"][0]["visit"], visit.to_string());
    assert!(!a.holds(other) && a.holds(one));
    assert_eq!(a.record(one)["version"], now["version"]);
    let waiting = cadre.waiting(one).await;
    let expected = [
        "conflict phone",
        "departure life_status",
        "proposal name",
        "proposal phone",
    ];
    assert_eq!(waiting, expected);
    // Sent again, they are known.
    a.send_again();
    a.sync().await;
    assert_eq!(read(&cadre, one).await["version"], now["version"]);

    // What comes when the drop was confirmed long ago is the survivor's still.
    let again = a.edit(one).set("phone", "13900078411").done();
    a.sync().await;
    assert_eq!(a.outcome(again), "merged");
    tests::verify(&county).await;
}

async fn a_full_clients_changes_are_read_and_taken(database: Database) {
    let county = County::start(database).await;
    let one = county.a_resident("黎阿妹").phone("13900078411").made().await;
    let other = county
        .a_resident("黎阿美")
        .phone("13900078412")
        .having("needs", &["轮椅"])
        .made()
        .await;
    let mut full = county.phone("吕小燕").await.with_documents();
    full.sync().await;
    let phone = full.types(other, |tx, fields, _| {
        tx.put(fields, "phone", "13900078413").unwrap()
    });
    let needs = full.types(other, |tx, fields, edit| {
        let (_, set) = tx.get(fields, "needs").unwrap().unwrap();
        tx.delete(&set, "轮椅").unwrap();
        say(tx, fields, "needs", "送餐", edit);
    });
    let remarks = full.types(other, |tx, fields, _| note(tx, fields, "remarks", "独居"));
    let refused = full.types(other, |tx, fields, _| tx.put(fields, "shoe_size", "43").unwrap());
    let cadre = county.console("陆桂英").await;
    merge(&cadre, one, other).await;
    full.sync().await;
    for (edit, outcome) in [
        (phone, "conflict"),
        (needs, "merged"),
        (remarks, "merged"),
        (refused, "held"),
    ] {
        let edit = edit.unwrap();
        assert_eq!(full.outcome(edit), outcome);
        assert_eq!(full.receipt(edit).unwrap()["rebuild"], true);
    }
    let now = read(&cadre, one).await;
    assert_eq!(now["fields"]["needs"], json!(["送餐"]));
    assert_eq!(now["fields"]["remarks"], "独居");
    assert_eq!(now["conflicts"]["phone"].as_array().unwrap().len(), 2);
    assert_eq!(told(&full, "drop", other), ["merged"]);
    let refused = format!("held_fields {}", refused.unwrap());
    assert!(
        cadre.waiting(one).await.contains(&refused),
        "one item, with what was typed"
    );
    // Its document of the survivor is the server's.
    let doc = &full.documents.as_ref().unwrap()[&one];
    assert!(doc.get(automerge::ROOT, "fields").unwrap().is_some());
    tests::verify(&county).await;
}

/// A worker who carried the absorbed and may not see the survivor: what was typed before the drop is proposed there,
/// what is typed behind it is kept.
async fn who_has_lost_the_person_proposes(database: Database) {
    let county = County::start(database).await;
    let one = county.a_resident("黎阿妹").phone("13900078411").made().await;
    let other = county
        .a_resident("黎阿美")
        .in_grid("良围二格")
        .phone("13900078412")
        .made()
        .await;
    let mut c = loaded(&county, "冯国强").await;
    let cadre = county.console("陆桂英").await;
    let phone = c.edit(other).set("phone", "13900078413").done();
    merge(&cadre, one, other).await;
    c.sync().await;
    assert_eq!(c.outcome(phone), "proposed");
    assert!(!c.holds(one) && !c.holds(other));
    let items = cadre.items(one).await;
    let item = items.into_iter().find(|item| item["key"] == "phone").unwrap();
    let sides = item["content"]["sides"].as_array().unwrap();
    assert!(
        sides.iter().any(|side| side["edit"] == phone.to_string()),
        "{sides:?}"
    );
    let late = json!({
        "id": uuid::Uuid::now_v7(), "seq": c.made_so_far() + 1, "made_at": "2026-11-12T08:00:00Z", "resident": other,
        "catalogue": 1, "fields": { "phone": { "was": "13900078413", "now": "13900078414" } },
    });
    let answer = c.send_raw(&json!({ "catalogue": 1, "edits": [late] })).await.ok();
    assert_eq!(answer["receipts"][0]["outcome"], "held");
    assert_eq!(answer["receipts"][0]["problem"]["code"], "not_in_scope");
    // Approved, it is written in its author's name, and the author hears of it.
    let more = json!({ "edit": phone });
    cadre.decide(&item, "approve", more).await.ok();
    assert_eq!(read(&cadre, one).await["fields"]["phone"], "13900078413");
    c.sync().await;
    assert_eq!(c.heard("decision").len(), 1);
    tests::verify(&county).await;
}
