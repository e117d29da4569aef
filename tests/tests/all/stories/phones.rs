//! A phone that begins again.

use entity::holding;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(the_app_was_deleted_and_installed_again);

/// accounts-2: the app was deleted and installed again on the same phone.
async fn the_app_was_deleted_and_installed_again(database: Database) {
    let county = County::start(database).await;
    let qiuju = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let haocai = county.a_resident("温好彩").made().await;
    let mut old = county.phone("梁少芳").await;
    old.sync().await;
    // Seven edits arrive; of the five that did not, two are written down in a notebook.
    for n in 0..7 {
        old.edit(qiuju).set("phone", format!("1390007840{n}")).done();
        old.sync().await;
    }
    old.edit(haocai).set("phone", "13900078413").done();
    old.edit(haocai).add("needs", &["送餐"]).done();
    let before = old.record(qiuju).clone();
    drop(old);

    let mut new = county.phone("梁少芳").await;
    assert!(!new.holds(qiuju), "an empty phone");
    new.sync().await;
    assert_eq!(
        *new.record(qiuju),
        before,
        "the first load gives the grid, and empties nothing"
    );
    assert!(new.holds(haocai));
    let first = new.edit(qiuju).set("phone", "13900078499").done();
    assert_eq!(new.made(first).seq, 1);
    let answer = new.exchange().await.unwrap();
    let receipt = &answer["receipts"][0];
    assert_eq!(
        (&receipt["outcome"], receipt.get("repeat")),
        (&json!("merged"), None)
    );
    assert_eq!(
        answer["standing"],
        json!({ "received": 1, "through": 1, "safe": null })
    );

    // Typed again from the notebook, and then once more, because one is never sure.
    for turn in 0..2 {
        let typed = [
            new.edit(haocai).set("phone", "13900078413").done(),
            new.edit(haocai).add("needs", &["送餐"]).done(),
        ];
        new.sync().await;
        for edit in typed {
            assert_eq!(new.outcome(edit), "merged", "{turn}");
        }
        assert_eq!(new.shows(haocai, "phone"), "13900078413");
        assert_eq!(new.shows(haocai, "needs"), json!(["送餐"]), "nothing is doubled");
        assert!(new.conflict(haocai, "phone").is_empty() && new.conflict(haocai, "needs").is_empty());
    }
    let cadre = county.console("陆桂英").await;
    assert_eq!(cadre.waiting(haocai).await, [""; 0]);

    // The administrator sees both registrations, and what the old one last did.
    let admin = county.console("区划管理员").await;
    let account = county.account("梁少芳").await;
    let path = format!("/api/v1/devices?account={account}");
    let devices = async || {
        let listed = admin.get(&path).await.ok();
        let listed = listed["items"].as_array().or(listed.as_array()).unwrap().clone();
        assert_eq!(listed.len(), 2);
        listed
    };
    let listed = devices().await;
    let of = |device: &Value| (device["state"].clone(), device["received"].clone());
    assert_eq!(of(&listed[0]), (json!("active"), json!(7)));
    assert_eq!(of(&listed[1]), (json!("active"), json!(5)));
    let seen = |device: &Value| device["last_contact_at"].as_str().unwrap().to_owned();
    assert!(seen(&listed[0]) <= seen(&listed[1]));

    let id: Uuid = listed[0]["id"].as_str().unwrap().parse().unwrap();
    let held = async || {
        let rows = holding::Entity::find()
            .filter(holding::Column::Device.eq(id))
            .filter(holding::Column::DroppedAt.is_null());
        rows.all(county.program.db.read()).await.unwrap().len()
    };
    assert_eq!(
        held().await,
        2,
        "the new registration closes nothing of the old one"
    );
    let ended = admin.post(&format!("/api/v1/devices/{id}/end"), &json!({})).await;
    assert_eq!(ended.code(), "204");
    let listed = devices().await;
    assert_eq!(of(&listed[0]), (json!("ended"), json!(7)), "nothing came after");
    assert_eq!(
        held().await,
        2,
        "nor does its end: somebody must say that the phone is the same"
    );
    new.edit(qiuju).visit("home", "met", "一切如常").done();
    new.sync().await;
}
