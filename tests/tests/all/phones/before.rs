//! Edits about a reported person that come before the person does, from other phones than the one that reported: so it is
//! after a restore, whoever syncs first.

use serde_json::json;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(whoever_comes_before_the_person_waits_for_nobody);

async fn whoever_comes_before_the_person_waits_for_nobody(database: Database) {
    let county = County::start(database).await;
    let mut a = county.phone("梁少芳").await;
    let (mut b, mut ended) = (county.phone("吕小燕").await, county.phone("吕小燕").await);
    let mut foreign = county.phone("任国华").await;
    for phone in [&mut a, &mut b, &mut ended, &mut foreign] {
        phone.sync().await;
    }
    let create = a.create(county.place("良围一格")).set("name", "温好彩").done();
    let who = a.made(create).resident;
    let edits: Vec<Uuid> = [
        (&mut b, "13900078411"),
        (&mut ended, "13900078412"),
        (&mut foreign, "13900078413"),
    ]
    .into_iter()
    .map(|(phone, number)| phone.edit(who).set("phone_other", number).done())
    .collect();
    // What was typed after it stands on it.
    let visit = b.edit(who).visit("home", "met", "独居").done();
    for phone in [&mut b, &mut ended, &mut foreign] {
        phone.sync().await;
    }
    for (phone, edit) in [(&b, edits[0]), (&ended, edits[1]), (&foreign, edits[2])] {
        assert_eq!(phone.receipt(edit).unwrap()["problem"]["code"], "not_in_scope");
    }
    let admin = county.console("区划管理员").await;
    let devices = format!("/api/v1/devices?account={}", county.account("吕小燕").await);
    let devices = admin.get(&devices).await.ok();
    let newest = devices.as_array().unwrap().last().unwrap()["id"]
        .as_str()
        .unwrap();
    admin
        .send("POST", &format!("/api/v1/devices/{newest}/end"), None)
        .await
        .ok();

    a.sync().await;
    assert_eq!(a.shows(who, "phone_other"), "13900078411", "with the very answer");
    b.sync().await;
    assert_eq!((b.outcome(edits[0]), b.outcome(visit)), ("merged", "merged"));
    assert_eq!(b.record(who), a.record(who));
    assert_eq!(b.record(who)["visits"][0]["by"], "吕小燕");
    foreign.sync().await;
    assert_eq!(foreign.outcome(edits[2]), "held");
    // Of whom the grid is not, and whose registration has ended: a person decides.
    let held = admin.get("/api/v1/inbox?reason=held_edit").await.ok();
    let items = held["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{held}");
    let is = |edit: Uuid| {
        items.iter().any(|item| {
            item["content"]["raw"]
                .as_str()
                .unwrap()
                .contains(&json!(edit).to_string())
        })
    };
    assert!(is(edits[1]) && is(edits[2]), "{held}");
    tests::verify(&county).await;
}
